# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The walk through the policy rules, as the kernel makes it. PRIVATE to the collection.

The kernel does not tell which rule led to a route, so the walk is made again from the rules themselves:
``fib_rules_lookup()`` and ``fib_rule_match()`` in net/core/fib_rules.c, ``fib4_rule_match()``, ``fib6_rule_match()``.
"""

from __future__ import annotations

import errno
import typing as t
from dataclasses import dataclass

from .._base.values import BITS, INET, Prefix, Rule
from .line import mark_of

#: The rules that every host has: priority -> table.
DEFAULTS = {0: 255, 32766: 254, 32767: 253}
#: What a rule that is itself the answer makes of a packet: ``fib4_rule_action()``, ``__fib6_rule_action()``.
ERRORS = {"blackhole": errno.EINVAL, "unreachable": errno.ENETUNREACH, "prohibit": errno.EACCES}


@dataclass(frozen=True)
class Flow:
    """What the rules see of a packet that this host sends. ``source`` None: not chosen yet.

    ``vrf`` and ``vrf_table`` are those of ``oif``: the VRF itself or the one it is enslaved to.
    """

    family: int
    destination: bytes
    source: bytes | None = None
    oif: str | None = None
    vrf: str | None = None
    vrf_table: int | None = None
    mark: int = 0
    uid: int = 0
    ip_protocol: int = 0
    source_port: int = 0
    destination_port: int = 0
    tos: int = 0


class Match(t.NamedTuple):
    """A rule that the packet matched; ``table`` is the one it looks up, None where the rule ends the walk."""

    rule: Rule
    table: int | None


def walk(rules: t.Sequence[Rule], flow: Flow) -> t.Iterator[Match]:
    """The rules that matter for this packet, in the order the kernel comes to them.

    ``rules`` are ordered by priority. The walk ends behind a rule that is itself the answer (blackhole, unreachable,
    prohibit); whether a looked-up table holds a route is for the caller to see.
    """
    position = 0
    while position < len(rules):
        rule = rules[position]
        position += 1
        if not matches(rule, flow):
            continue
        if rule.action == "goto":
            # A target that is missing makes the rule a nop. Targets are always behind it.
            targets = (at for at, other in enumerate(rules[position:], position) if other.priority == rule.goto)
            position = next(targets, position)
        elif rule.action == "lookup":
            yield Match(rule, flow.vrf_table if rule.l3mdev else rule.table)
        elif rule.action != "nop":
            yield Match(rule, None)
            return


def leads_to(rules: t.Sequence[Rule], flow: Flow, table: int, prefix_length: int) -> Rule | None:
    """The rule behind an answer from ``table`` by a route of this length; None where no rule explains it."""
    for match in walk(rules, flow):
        suppressed = match.rule.suppress_prefixlength
        if match.table == table and (suppressed is None or prefix_length > suppressed):
            return match.rule
    return None


def matches(rule: Rule, flow: Flow) -> bool:
    """Whether the packet has everything that the rule selects by, or lacks it where the rule says ``not``."""
    return _selects(rule, flow) != rule.invert


def _selects(rule: Rule, flow: Flow) -> bool:
    if rule.detached:
        return False
    # "iif lo" is how rules name packets of the host itself. A VRF stands for the devices in it.
    if rule.iif and rule.iif not in ("lo", flow.vrf):
        return False
    if rule.oif and rule.oif not in (flow.oif, flow.vrf):
        return False
    mark, mask = mark_of(rule)
    if (mark ^ flow.mark) & mask:
        return False
    if rule.l3mdev and flow.vrf_table is None:
        return False
    if not _within(rule.uids, flow.uid):
        return False
    if not _from(rule, flow):
        return False
    if rule.destination and not _covers(rule.destination, flow.destination):
        return False
    if rule.tos and (rule.tos ^ flow.tos) & 0xFC:
        return False
    if rule.dscp is not None and rule.dscp != flow.tos >> 2:
        return False
    # Only what comes out of a tunnel has the number of one.
    if rule.tun_id:
        return False
    if rule.ip_protocol and rule.ip_protocol != flow.ip_protocol:
        return False
    return _within(rule.source_ports, flow.source_port) and _within(rule.destination_ports, flow.destination_port)


def _from(rule: Rule, flow: Flow) -> bool:
    if rule.source is None or rule.source.length == 0:
        return True
    if flow.source is None:
        # IPv4 compares with 0.0.0.0; IPv6 lets such a rule wait until the source is known.
        return flow.family == INET and _covers(rule.source, bytes(4))
    return _covers(rule.source, flow.source)


def _covers(prefix: Prefix, packed: bytes) -> bool:
    return prefix.covers(Prefix(prefix.family, packed, BITS[prefix.family]))


def _within(limits: tuple[int, int] | None, value: int) -> bool:
    return limits is None or limits[0] <= value <= limits[1]


def is_default(rule: Rule) -> bool:
    """Whether this is one of the rules that every host has, which nobody needs to be told about."""
    return rule == Rule(rule.family, rule.priority, "lookup", DEFAULTS.get(rule.priority, 0), protocol=rule.protocol)


def by_source(rules: t.Iterable[Rule]) -> bool:
    """Whether any rule selects by source: then a packet may leave elsewhere than where its source came from."""
    return any(rule.source is not None and rule.source.length for rule in rules)
