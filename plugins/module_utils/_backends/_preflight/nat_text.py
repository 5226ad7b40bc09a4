# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of NAT as `nft -a list table` and `iptables-save -t nat` write them. Pure. PRIVATE to the collection."""

from __future__ import annotations

import re
import shlex
import typing as t
from dataclasses import replace

from ..._base.values import INET, INET6, NoPrefix, read_address, read_prefix
from .nat import NatRule, Ruleset, Span, span

_TOKEN = re.compile(r'"[^"]*"|\{[^}]*\}|[^\s{}]+')
_COUNTER = re.compile(r"\s*\bcounter packets \d+ bytes \d+|\s*# handle \d+$")
_HANDLE = re.compile(r"# handle (\d+)$")
_FAMILIES = {"ip": INET, "ip6": INET6}
#: Statements that change nothing for the packet, and the words behind them.
_WITHOUT_EFFECT = {"counter": 0, "comment": 1, "log": 0, "prefix": 1, "level": 1}
_VERDICTS = ("return", "accept", "drop", "masquerade", "snat")
_OF_THEIR_OWN = ("ct", "fib", "socket", "rt")
_INCOMING = ("iifname", "iif", "iifgroup", "iiftype", "iifkind", "ibrname")


def of_nft(text: str, place: str) -> Ruleset:
    """A table; ``place``: its name for messages (`nft table ip nat`)."""
    found = Ruleset(place)
    chain, waiting = None, ""
    for raw in text.splitlines():
        line = f"{waiting} {raw.strip()}".strip()
        words = line.split()
        if chain is None:
            if words[:1] == ["chain"]:
                chain = words[1]
                found.chains[chain] = []
            continue
        waiting = line if line.count("{") > line.count("}") else ""
        if waiting or not line or words[0] == "comment":
            continue
        if words[0] == "}":
            chain = None
        elif words[0] == "type" and "hook" in words:
            if words[1] == "nat" and words[words.index("hook") + 1] == "postrouting":
                found.bases.append(chain)
        else:
            found.chains[chain] += _Rule(line).rules()
    return found


class _Rule:
    """One rule of nft, read from left to right."""

    def __init__(self, line: str) -> None:
        handle = _HANDLE.search(line)
        self._line = _COUNTER.sub("", _COUNTER.sub("", line)) + (f" (handle {handle.group(1)})" if handle else "")
        self._words = [word.strip('"') if word[0] == '"' else word for word in _TOKEN.findall(_HANDLE.sub("", line))]
        self._at = 0
        self._rule = NatRule(self._line.strip())
        self._branches: list[NatRule] = []

    def rules(self) -> list[NatRule]:
        """The rule; for one that leads to several chains, one for each."""
        while self._at < len(self._words) and not self._rule.verdict and not self._branches:
            self._statement(self._next())
        return self._branches or [self._rule]

    def _next(self) -> str:
        self._at += 1
        return self._words[self._at - 1] if self._at <= len(self._words) else ""

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _statement(self, word: str) -> None:
        rule = self._rule
        if word in _FAMILIES:
            rule.family = _FAMILIES[word]
            self._field(self._next())
        elif word == "meta":
            if self._peek() == "nfproto":
                self._next()
                rule.family = {"ipv4": INET, "ipv6": INET6}.get(self._next())
        elif word in _INCOMING:
            rule.never = True
        elif word in ("oifname", "oif"):
            self._devices()
        elif word == "mark":
            self._mark()
        elif word in ("jump", "goto"):
            rule.verdict, rule.target = word, self._next()
        elif word in _VERDICTS:
            rule.verdict = word
            rule.target = _one_address(self._words[self._at :]) if word == "snat" else ""
        elif word == "xt":
            self._extension()
        elif word == "vmap":
            self._branch(lambda _key, branch: setattr(branch, "more", True))
        elif word in _WITHOUT_EFFECT:
            self._at += _WITHOUT_EFFECT[word]
            if word == "counter" and self._peek() == "packets":
                self._at += 4
        else:
            rule.more = True
            if word in _OF_THEIR_OWN:
                self._skip()

    def _skip(self) -> None:
        """To the verdict: what stands before it has words that mean something else here."""
        while self._peek() and self._peek() not in (*_VERDICTS, "jump", "goto"):
            self._next()

    def _values(self) -> tuple[list[str], bool] | None:
        """What a field is compared with, and whether it may not be that; None of what only the packet shows."""
        others = self._peek() == "!="
        if self._peek() in ("!=", "=="):
            self._next()
        word = self._peek()
        if not word or word in ("&", "and", "map", "vmap") or word[0] == "@":
            self._at += 0 if word == "vmap" else 1
            return None
        self._next()
        return [one.strip().strip('"') for one in word.strip("{}").split(",")], others

    def _field(self, name: str) -> None:
        found = self._values() if name in ("saddr", "daddr") else None
        spans = _spans(found[0]) if found else None
        if found is None or spans is None:
            self._rule.more = True
        elif name == "saddr":
            self._rule.sources = (spans, found[1])
        else:
            self._rule.destinations = (spans, found[1])

    def _devices(self) -> None:
        if self._peek() == "vmap":
            self._next()
            self._branch(lambda key, branch: setattr(branch, "devices", ([key], False)))
            return
        found = self._values()
        if found is None:
            self._rule.more = True
        else:
            self._rule.devices = found

    def _mark(self) -> None:
        """A condition, or (`mark set …`) a statement without effect here."""
        if self._peek() == "set":
            self._skip()
            return
        if self._peek() in ("&", "and"):
            self._at += 2  # of no mark no bit is left, whatever the mask
        found = self._values()
        numbers = [_number(text) for text in found[0]] if found else [None]
        if found is None or None in numbers:
            self._rule.more = True
        elif (0 in numbers) == found[1]:
            self._rule.never = True

    def _extension(self) -> None:
        """What nft has no words for, by iptables: `xt target "MASQUERADE"`."""
        kind, name = self._next(), self._next()
        if kind == "target" and name in ("MASQUERADE", "SNAT"):
            self._rule.verdict = name.lower()
        elif kind == "match" and name != "comment":
            self._rule.more = True

    def _branch(self, ask: t.Callable[[str, NatRule], None]) -> None:
        for pair in self._next().strip("{}").split(","):
            key, _colon, verdict = pair.rpartition(":")
            words = verdict.split()
            if not words or words[0] not in (*_VERDICTS, "jump", "goto"):
                continue  # to go on, or a map of the table's that is not shown with the rule
            branch = replace(self._rule, verdict=words[0], target=words[1] if len(words) > 1 else "")
            ask(key.strip().strip('"'), branch)
            self._branches.append(branch)
        self._at = len(self._words)


def of_iptables(text: str, place: str, family: int) -> Ruleset:
    """The table nat; ``place``: the command that shows it (`iptables -t nat`)."""
    found = Ruleset(place, bases=["POSTROUTING"])
    for line in text.splitlines():
        if line.startswith("-A "):
            words = shlex.split(line)
            found.chains.setdefault(words[1], []).append(_of_words(words[2:], line, family))
    return found


def _of_words(words: list[str], line: str, family: int) -> NatRule:
    rule = NatRule(line, family=family)
    at, others, match = 0, False, ""
    while at < len(words):
        word, value = words[at], words[at + 1] if at + 1 < len(words) else ""
        at += 2
        if word == "!":
            others, at = True, at - 1
            continue
        if word in ("-s", "-d"):
            spans = _spans([value])
            if spans is None:
                rule.more = True
            elif word == "-s":
                rule.sources = (spans, others)
            else:
                rule.destinations = (spans, others)
        elif word == "-o":
            rule.devices = ([value], others)
        elif word == "-m":
            match = value
            rule.more = rule.more or value not in ("mark", "comment")
        elif word == "--mark" and match == "mark":
            wanted = _number(value.partition("/")[0])
            rule.more = rule.more or wanted is None
            rule.never = rule.never or (wanted is not None and (wanted == 0) == others)
        elif word in ("-j", "-g"):
            _verdict(rule, word, value, words[at:])
            break
        elif word != "--comment":
            rule.more, at = True, at - 1
        others = False
    return rule


def _verdict(rule: NatRule, word: str, value: str, rest: list[str]) -> None:
    if value in ("MASQUERADE", "SNAT", "RETURN", "ACCEPT", "DROP"):
        rule.verdict = value.lower()
        rule.target = _one_address(rest) if value == "SNAT" else ""
    elif word == "-g" or value not in ("MARK", "CONNMARK", "LOG", "NFLOG", "TRACE", "NOTRACK", "CT", "NETMAP"):
        rule.verdict, rule.target = ("goto" if word == "-g" else "jump"), value
    elif value == "NETMAP":
        rule.verdict = "snat"


def _one_address(words: t.Iterable[str]) -> str:
    """The source that packets get, where it is one; ports are left out."""
    for word in words:
        text = word.partition("]")[0].lstrip("[") if word[0] == "[" else word
        for candidate in (text, text.partition(":")[0]):
            if read_address(candidate):
                return candidate
    return ""


def _spans(texts: t.Iterable[str]) -> list[Span] | None:
    """Prefixes and ranges; None where one is neither."""
    found = []
    for text in texts:
        first, dash, last = (part.strip() for part in text.partition("-"))
        try:
            if dash:
                low, high = (read_prefix(part) for part in (first, last))
                found.append((low.family, low.start, high.start))
            else:
                found.append(span(read_prefix(text.strip())))
        except NoPrefix:
            return None
    return found


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None
