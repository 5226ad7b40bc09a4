# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which source the policies of an intent give a route: the one evaluator, and the order for those that compile. Pure.

What a policy means is said in `normal`. Policies are taken in normal form; their texts are not checked again. Standard
library only: services of ours that run without Ansible import it.
"""

from __future__ import annotations

import socket
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .._base.cover import Cover
from .._base.protocols import one_word
from .._base.values import BITS, INET, INET6, Prefix

_BITS = {"ipv4": BITS[INET], "ipv6": BITS[INET6]}
# (vrf, table, family) as the normal form has them: None is the default VRF, and main or the VRF's own table.
Where = tuple["str | None", "int | None", str]


def prefix_of(text: str) -> Prefix:
    """A prefix of the normal form, or as `ip` prints it but for `default`: a bare address is one host."""
    address, _slash, length = text.partition("/")
    family = INET6 if ":" in address else INET
    return Prefix(family, socket.inet_pton(family, address), int(length) if length else BITS[family])


class Statement:
    """One policy, parsed. ``exempt`` is sorted, as it is in the normal form."""

    def __init__(self, policy: Mapping[str, Any]) -> None:
        self.name: str | None = policy.get("name")
        self.vrf: str | None = policy.get("vrf")
        self.table: int | None = policy.get("table")
        self.family = "ipv6" if ":" in policy["destinations"][0] else "ipv4"
        self.exact: bool = policy["match"] == "exact"
        self.protocols: list[str] = policy["protocols"]
        self._words = None if "any" in self.protocols else frozenset(map(one_word, self.protocols))
        self.source: str = policy["source"]
        self.destinations = [prefix_of(text) for text in policy["destinations"]]
        self.exempt = [prefix_of(text) for text in policy["except"]]

    def speaks_of(self, word: str) -> bool:
        """Whether it is for routes of this protocol; ``word``: as `_base.protocols.word_of` has it."""
        return self._words is None or word in self._words


class Rule(NamedTuple):
    """One destination of one policy: the smallest thing that can match a route."""

    prefix: Prefix
    policy: Statement

    @property
    def source(self) -> str:
        return self.policy.source

    @property
    def exempt(self) -> list[Prefix]:
        """The policy's exemptions inside this destination; no other can concern a route that matches."""
        policy, prefix = self.policy, self.prefix
        if policy.exact or not policy.exempt:
            return []
        bits = BITS[prefix.family]
        last = prefix.start | ((1 << (bits - prefix.length)) - 1)
        low = bisect_left(policy.exempt, (prefix.family, prefix.packed, 0))
        high = bisect_right(policy.exempt, (prefix.family, last.to_bytes(bits // 8, "big"), bits))
        return policy.exempt[low:high]

    @property
    def order(self) -> tuple[Any, ...]:
        """Lower goes first where several match a route: the longer destination, then exact."""
        return -self.prefix.length, not self.policy.exact, self.prefix.packed, self.policy.protocols


class Place:
    """The policies of one family in one table or VRF.

    A question costs one look-up for each prefix length that there is, for destinations and for exemptions.
    """

    def __init__(self, family: str, policies: Iterable[Statement]) -> None:
        self._rules: Cover[list[Rule]] = Cover(_BITS[family], list)
        self._exempt: Cover[set[Statement]] = Cover(_BITS[family], set)
        for policy in policies:
            for prefix in policy.destinations:
                rules = self._rules.at(prefix.start, prefix.length)
                rules.append(Rule(prefix, policy))
                if len(rules) > 1:
                    rules.sort(key=lambda rule: rule.order)
            for prefix in policy.exempt:
                self._exempt.at(prefix.start, prefix.length).add(policy)

    def rule(self, start: int, length: int, word: str) -> Rule | None:
        """The rule whose source the route to (first address as a number, length) of this protocol gets, if any.

        ``word``: as `_base.protocols.word_of` has it.
        """
        exempted: list[set[Statement]] | None = None
        for size, rules in self._rules.over(start, length):
            for rule in rules:
                policy = rule.policy
                if (policy.exact and size != length) or not policy.speaks_of(word):
                    continue
                if not policy.exempt:
                    return rule
                if exempted is None:
                    exempted = [found for _size, found in self._exempt.over(start, length)]
                if not any(policy in found for found in exempted):
                    return rule
        return None


class Policy:
    """The policies of an intent."""

    def __init__(self, policies: Iterable[Mapping[str, Any]]) -> None:
        self._statements: dict[Where, list[Statement]] = {}
        for policy in map(Statement, policies):
            self._statements.setdefault((policy.vrf, policy.table, policy.family), []).append(policy)
        self._places: dict[Where, Place] = {}

    @property
    def places(self) -> set[Where]:
        """Where there are policies."""
        return set(self._statements)

    def rule(self, vrf: str | None, table: int | None, family: str, start: int, length: int, word: str) -> Rule | None:
        """As `Place.rule`, for a route of this VRF and table."""
        where = (vrf, table, family)
        place = self._places.get(where)
        if place is None:
            place = self._places[where] = Place(family, self._statements.get(where, ()))
        return place.rule(start, length, word)

    def rules(self) -> list[Rule]:
        """All rules by vrf, table and family, and in each of these in order: the first that matches a route counts."""
        found: list[Rule] = []
        for _where, policies in sorted(
            self._statements.items(), key=lambda item: (item[0][0] or "", item[0][1] or 0, item[0][2])
        ):
            here = [Rule(prefix, policy) for policy in policies for prefix in policy.destinations]
            found += sorted(here, key=lambda rule: rule.order)
        return found
