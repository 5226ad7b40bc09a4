# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether rules of NAT replace the source that the routes have chosen. Pure. PRIVATE to the collection.

Judged is a packet that an application of the host sends: it has come in by no device, and nothing has marked it. What
else a rule asks for (protocols, ports, sets, time …) some packets may have, and others not.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ..._base.values import BITS, Prefix

#: How many of the packets a rule is for.
NONE, SOME, ALL = 0, 1, 2
#: As far as chains lead to chains: the kernel's own limit.
_DEPTH = 16
#: First and last address, as numbers, of one family.
Span = tuple[int, int, int]


class Packets(t.NamedTuple):
    """Packets to judge: from ``source`` to ``destination``, out of one of ``devices`` (empty: not known).

    ``replacing``: the addresses that `masquerade` would choose among on these devices.
    """

    source: Prefix
    destination: Prefix
    devices: tuple[str, ...]
    replacing: tuple[str, ...] = ()


@dataclass
class NatRule:
    """``line``: the rule in the words of its tool. Conditions that it does not have are None.

    ``sources``, ``destinations``, ``devices``: what it is for, and whether it is for all others. ``family``: it is for
    packets of this one alone. ``never``: for none of the host's own; ``more``: there are conditions beside these.
    ``verdict``: `masquerade`, `snat`, `jump`, `goto`, `return`, `accept`, or empty where the walk goes on; ``target``:
    the chain, or the source to be.
    """

    line: str
    sources: tuple[list[Span], bool] | None = None
    destinations: tuple[list[Span], bool] | None = None
    devices: tuple[list[str], bool] | None = None
    family: int | None = None
    never: bool = False
    more: bool = False
    verdict: str = ""
    target: str = ""


@dataclass
class Ruleset:
    """``place``: the table in the words of its tool; ``bases``: the chains that packets come to when they leave."""

    place: str
    chains: dict[str, list[NatRule]] = field(default_factory=dict)
    bases: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(map(len, self.chains.values()))


class Hit(t.NamedTuple):
    """A rule that replaces the source of packets, or (not ``certain``) of some."""

    place: str
    base: str
    chain: str
    line: str
    source: str
    devices: tuple[str, ...]
    certain: bool


def span(prefix: Prefix) -> Span:
    return prefix.family, prefix.start, prefix.start + (1 << (BITS[prefix.family] - prefix.length)) - 1


def hits(rules: Ruleset, packets: Packets) -> list[Hit]:
    """The rules that replace the source of these packets."""
    found: list[Hit] = []
    for base in rules.bases:
        walk = _Walk(rules, packets, base)
        walk.through(base, ALL, 0)
        found += walk.hits
    return found


class _Walk:
    """The way of packets from a base chain on; ``hits`` are what it has come by."""

    def __init__(self, rules: Ruleset, packets: Packets, base: str) -> None:
        self._rules = rules
        self._packets = packets
        self._base = base
        self.hits: list[Hit] = []

    def through(self, chain: str, come: int, depth: int) -> int:
        """How many of the packets go on behind the chain, of those (ALL or SOME) that come to it."""
        if depth > _DEPTH:
            return SOME
        for rule in self._rules.chains.get(chain, ()):
            here = min(come, matches(rule, self._packets))
            if here == NONE or not rule.verdict:
                continue
            whole = here == come == ALL
            if rule.verdict in ("jump", "goto"):
                back = self.through(rule.target, here, depth + 1)
                if rule.verdict == "goto" and whole:
                    return back
                come = back if whole else SOME
            elif rule.verdict == "return":
                if whole:
                    return come
                come = SOME
            else:
                if rule.verdict in ("masquerade", "snat"):
                    self._hit(rule, chain, here)
                come = NONE if whole else SOME
            if come == NONE:
                return NONE
        return come

    def _hit(self, rule: NatRule, chain: str, here: int) -> None:
        packets, source = self._packets, str(self._packets.source).partition("/")[0]
        instead = packets.replacing if rule.verdict == "masquerade" else tuple(filter(None, [rule.target]))
        if instead == (source,):
            return  # by itself
        certain = here == ALL and source not in instead
        hit = Hit(self._rules.place, self._base, chain, rule.line, source, packets.devices, certain)
        self.hits.append(hit)


def matches(rule: NatRule, packets: Packets) -> int:
    """How many of these packets the rule is for."""
    if rule.never or rule.family not in (None, packets.source.family):
        return NONE
    parts = [SOME if rule.more else ALL]
    for asked, spoken in ((rule.sources, packets.source), (rule.destinations, packets.destination)):
        if asked is not None:
            parts.append(_flipped(_share(asked[0], span(spoken)), asked[1]))
    if rule.devices is not None:
        names, others = rule.devices
        met = [any(_named(device, name) for name in names) for device in packets.devices]
        parts.append(_flipped(SOME if not met or len(set(met)) > 1 else ALL if met[0] else NONE, others))
    return min(parts)


def _share(asked: t.Sequence[Span], spoken: Span) -> int:
    """How much of the second lies in the first."""
    family, first, last = spoken
    if any(one[0] == family and one[1] <= first and last <= one[2] for one in asked):
        return ALL
    return SOME if any(one[0] == family and one[1] <= last and first <= one[2] for one in asked) else NONE


def _flipped(share: int, others: bool) -> int:
    return ALL - share if others else share


def _named(device: str, name: str) -> bool:
    """Of nft `eth*`, of iptables `eth+`, stands for all that begin so."""
    return device.startswith(name[:-1]) if name[-1:] in ("*", "+") else device == name
