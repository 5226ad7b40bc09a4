# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a condition of BIRD's filter language says of a static route of ours. PRIVATE to the collection. Pure.

Known are ``source``, ``proto`` and ``net``; whatever hangs on anything else is not known (None), never guessed.
``filter/config.Y`` of BIRD has the grammar: ``&&`` and ``||`` bind alike, from left to right.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
import typing as t

Net = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

_TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<net>(?:\d+\.\d+\.\d+\.\d+|(?:(?:[0-9a-fA-F]*:){3,}|[0-9a-fA-F]*::)(?:\d+\.\d+\.\d+\.\d+|[0-9a-fA-F]*))(?:/\d+)?)
    |(?P<number>0x[0-9a-fA-F]+|\d+)
    |(?P<word>\w+)
    |(?P<string>"[^"\n]*")
    |(?P<sign>\|\||&&|!=|!~|<=|>=|\.\.|.)""",
    re.S | re.X,
)
_COMPARISONS = ("=", "!=", "<", ">", "<=", ">=", "~", "!~")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class Route(t.NamedTuple):
    """A static route of ours: its destination, and the BIRD protocol that holds it."""

    net: Net
    proto: str


class Enum(t.NamedTuple):
    """A word of BIRD's own, such as RTS_STATIC."""

    name: str


class Text(t.NamedTuple):
    """A string."""

    text: str


class Prefixes:
    """A set of prefix patterns; ``complete``: everything in it was understood."""

    def __init__(self) -> None:
        self.complete = True
        self._by_length: dict[tuple[int, int], dict[int, list[tuple[int, int]]]] = {}
        self._shorter: list[tuple[Net, int, int]] = []

    def add(self, net: Net, low: int, high: int) -> None:
        """``net{low,high}``."""
        level = self._by_length.setdefault((net.version, net.prefixlen), {})
        level.setdefault(_bits(net, net.prefixlen), []).append((low, high))
        if low < net.prefixlen:
            self._shorter.append((net, low, high))

    def has(self, net: Net) -> bool | None:
        length = net.prefixlen
        for (version, own_length), level in self._by_length.items():
            if version == net.version and own_length <= length:
                for low, high in level.get(_bits(net, own_length), ()):
                    if low <= length <= high:
                        return True
        for other, low, high in self._shorter:
            fits = other.version == net.version and low <= length <= high and length < other.prefixlen
            if fits and _bits(other, length) == _bits(net, length):
                return True
        return False if self.complete else None


class Values(t.NamedTuple):
    """A set of words, texts and numbers; a range of numbers is a pair."""

    values: frozenset[t.Any]
    ranges: tuple[tuple[int, int], ...]
    complete: bool

    def has(self, value: t.Any) -> bool | None:
        if value in self.values or (isinstance(value, int) and any(a <= value <= b for a, b in self.ranges)):
            return True
        return False if self.complete else None


#: What a term is for a route: True or False, a number, Enum, Text, a Net, a set; None where that is not known.
Value = t.Any
Term = t.Callable[[Route], Value]


class _NotRead(Exception):
    """A form that is not understood."""


def compile_term(text: str, defines: t.Mapping[str, str], depth: int = 0) -> Term:
    """The meaning of a term of BIRD's filter language. ``defines``: the text that stands for a name."""
    try:
        parser = _Parser(text, defines, depth)
        term = parser.term()
        if parser.peek():
            return _unknown
        return term
    except (_NotRead, ValueError, RecursionError):
        return _unknown


def _unknown(_route: Route) -> None:
    return None


def _constant(value: Value) -> Term:
    return lambda _route: value


def _bits(net: Net, length: int) -> int:
    return int(net.network_address) >> (net.max_prefixlen - length)


class _Parser:
    """Recursive descent over the tokens of one term."""

    def __init__(self, text: str, defines: t.Mapping[str, str], depth: int) -> None:
        found = [(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(text)]
        self._tokens = [token for token in found if token[0] != "blank"]
        self._at = 0
        self._defines = defines
        self._depth = depth

    def peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _NotRead
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, text: str) -> None:
        if self._next()[1] != text:
            raise _NotRead

    def term(self) -> Term:
        left = self._comparison()
        while self.peek() in ("&&", "||"):
            left = _both(left, self._next()[1] == "&&", self._comparison())
        return left

    def _comparison(self) -> Term:
        left = self._sum()
        if self.peek() in _COMPARISONS:
            return _compared(left, self._next()[1], self._sum())
        return left

    def _sum(self) -> Term:
        left = self._single()
        while self.peek() and self.peek() in "+-*/%":
            self._next()
            self._single()
            left = _unknown
        return left

    def _single(self) -> Term:
        if self.peek() == "!":
            self._next()
            inner = self._single()
            return lambda route: _negated(inner(route))
        found = self._primary()
        while self.peek() == ".":
            self._next()
            found = _property(found, self._next()[1])
            if self.peek() == "(":
                self._skip()
                found = _unknown
        return found

    def _primary(self) -> Term:
        kind, text = self._next()
        if text == "(":
            inner = self.term()
            self._expect(")")
            return inner
        if text == "[":
            self._at -= 1
            return _constant(self._set())
        if kind == "net":
            return _constant(ipaddress.ip_network(text) if "/" in text else None)
        if kind == "number":
            return _constant(int(text, 0))
        if kind == "string":
            return _constant(Text(text[1:-1]))
        if kind != "word":
            raise _NotRead
        if self.peek() == "(":
            self._skip()
            return _unknown
        return self._name(text)

    def _name(self, name: str) -> Term:
        if name == "net":
            return lambda route: route.net
        if name == "proto":
            return lambda route: Text(route.proto)
        if name == "source":
            return _constant(Enum("RTS_STATIC"))
        if name in ("true", "false"):
            return _constant(name == "true")
        if name in self._defines and self._depth < 8:
            return compile_term(self._defines[name], self._defines, self._depth + 1)
        return _constant(Enum(name)) if name.startswith(("RTS_", "NET_")) else _unknown

    def _skip(self) -> None:
        """Behind the bracket that closes the one here."""
        waiting = []
        while True:
            text = self._next()[1]
            if text in _CLOSING:
                waiting.append(_CLOSING[text])
            elif waiting and text == waiting[-1]:
                waiting.pop()
                if not waiting:
                    return

    def _set(self) -> Prefixes | Values:
        start = self._at
        self._skip()
        items: list[list[tuple[str, str]]] = [[]]
        depth = 0
        for token in self._tokens[start + 1 : self._at - 1]:
            depth += (token[1] in _CLOSING) - (token[1] in _CLOSING.values())
            if token[1] == "," and depth == 0:
                items.append([])
            else:
                items[-1].append(token)
        prefixes, any_prefix = Prefixes(), False
        values: set[t.Any] = set()
        ranges: list[tuple[int, int]] = []
        complete = True
        for item in items:
            texts = [text for _kind, text in item]
            if item and item[0][0] == "net" and "/" in texts[0]:
                any_prefix = True
                prefixes.complete = _pattern(prefixes, texts) and prefixes.complete
            elif len(item) == 1 and item[0][0] in ("word", "number", "string"):
                value = _Parser(texts[0], self._defines, self._depth).term()(_NOBODY)
                values.add(value)
                complete = complete and value is not None
            elif len(item) == 3 and texts[1] == ".." and item[0][0] == item[2][0] == "number":
                ranges.append((int(texts[0], 0), int(texts[2], 0)))
            else:
                complete = False
        if any_prefix:
            prefixes.complete = prefixes.complete and complete and not values
            return prefixes
        return Values(frozenset(values - {None}), tuple(ranges), complete)


_NOBODY = Route(ipaddress.ip_network("0.0.0.0/0"), "")


def _pattern(prefixes: Prefixes, texts: list[str]) -> bool:
    """One prefix of a set with what stands behind it; whether it was understood."""
    net = ipaddress.ip_network(texts[0], strict=False)
    length, longest = net.prefixlen, net.max_prefixlen
    rest = texts[1:]
    if rest == ["+"]:
        prefixes.add(net, length, longest)
    elif rest == ["-"]:
        prefixes.add(net, 0, length)
    elif len(rest) == 5 and rest[0] == "{" and rest[2] == "," and rest[4] == "}":
        prefixes.add(net, int(rest[1], 0), int(rest[3], 0))
    elif rest:
        return False
    else:
        prefixes.add(net, length, length)
    return True


def _negated(value: Value) -> bool | None:
    return not value if isinstance(value, bool) else None


def _both(left: Term, both: bool, right: Term) -> Term:
    """``left && right`` (``both``) or ``left || right``."""

    def found(route: Route) -> bool | None:
        values = (left(route), right(route))
        if any(value is (not both) for value in values):
            return not both
        return both if all(value is both for value in values) else None

    return found


def _property(of: Term, name: str) -> Term:
    def found(route: Route) -> Value:
        value = of(route)
        if not isinstance(value, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
            return None
        return {"len": value.prefixlen, "type": Enum(f"NET_IP{value.version}")}.get(name)

    return found


def _compared(left: Term, sign: str, right: Term) -> Term:
    def found(route: Route) -> bool | None:
        one, other = left(route), right(route)
        if one is None or other is None:
            return None
        if sign == "~":
            return _matches(one, other)
        if sign == "!~":
            return _negated(_matches(one, other))
        if sign in ("=", "!="):
            if type(one) is not type(other) and not (isinstance(one, _NETS) and isinstance(other, _NETS)):
                return None
            return bool(one == other) == (sign == "=")
        if any(isinstance(value, bool) or not isinstance(value, int) for value in (one, other)):
            return None
        return bool({"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}[sign])

    return found


_NETS = (ipaddress.IPv4Network, ipaddress.IPv6Network)


def _matches(one: Value, other: Value) -> bool | None:
    if isinstance(other, Prefixes):
        return other.has(one) if isinstance(one, _NETS) else None
    if isinstance(other, Values):
        return None if isinstance(one, _NETS) else other.has(one)
    if isinstance(one, Text) and isinstance(other, Text):
        return fnmatch.fnmatchcase(one.text, other.text.replace("[", "[[]"))
    if isinstance(one, _NETS) and isinstance(other, _NETS):
        return one.version == other.version and bool(one.subnet_of(t.cast(t.Any, other)))
    return None
