# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the managers of devices can hold of policy rules, and the refusals for what they cannot. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from .entry import Read
from .policy import prefix_of

#: What both networkd (249 and later) and NetworkManager (1.36 and later) know: selectors, and actions but the look-up.
COMMON = frozenset(
    "not from to tos fwmark iif oif uidrange ipproto sport dport table vrf suppress_prefixlength".split()
    + "blackhole unreachable prohibit".split()
)
_ALWAYS = ("family", "priority")
_DOES = ("table", "vrf", "l3mdev", "suppress_prefixlength", "suppress_ifgroup", "realms", "action", "goto")


def rule_refusals(name: str, held: Collection[str], rules: list[Read]) -> list[str]:
    """The reasons why the manager ``name``, which knows what is ``held``, cannot hold these rules."""
    problems = [problem for where, _order, rule in rules for problem in _unknown(name, held, where, rule)]
    for _place, alike in itertools.groupby(sorted(rules, key=_place_of), key=_place_of):
        problems += _in_no_order(name, list(alike))
    return problems


def _place_of(read: Read) -> tuple[int, str]:
    return read.entry["priority"], read.entry["family"]


def _unknown(name: str, held: Collection[str], where: str, rule: dict[str, Any]) -> Iterator[str]:
    for key, value in rule.items():
        if value is None or key in _ALWAYS:
            continue
        word = value if key == "action" else key
        if word not in held:
            yield f"{where}.{key}: {name} has no rules with {word}; use the kernel back end for it"


def _in_no_order(name: str, alike: list[Read]) -> Iterable[str]:
    """Rules of one priority, of which more than one may take a packet: the kernel asks the older one first."""
    for one, other in itertools.combinations(alike, 2):
        if all(one.entry[key] == other.entry[key] for key in _DOES) or _apart(one.entry, other.entry):
            continue
        yield (
            f"{other.where}.priority: {other.entry['priority']} is that of {one.where} too, and both may take one "
            f"packet: {name} brings rules of one priority in no certain order; give each its own"
        )


def _apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether no packet is taken by both, as far as prefixes, devices and protocols tell."""
    if one["not"] or other["not"]:
        return False
    if any(one[key] and other[key] and one[key] != other[key] for key in ("iif", "oif", "ipproto")):
        return True
    for key in ("from", "to"):
        if one[key] and other[key]:
            first, second = prefix_of(one[key]), prefix_of(other[key])
            if not first.covers(second) and not second.covers(first):
                return True
    return False
