# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The walk through the policy rules: which rule matches, and where goto, not and suppress_prefixlength lead."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import (
    INET,
    INET6,
    Prefix,
    Rule,
    parse_prefix,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._rules.line import line, result
from ansible_collections.l3host.source_ip.plugins.module_utils._rules.walk import (
    Flow,
    by_source,
    is_default,
    leads_to,
    matches,
    walk,
)


def rule(priority: int = 100, table: int | None = 7, family: int = INET, **fields: Any) -> Rule:
    return Rule(family, priority, fields.pop("action", "lookup" if table else "nop"), table, **fields)


def flow(destination: str = "198.51.100.1", source: str | None = None, **fields: Any) -> Flow:
    family = INET6 if ":" in destination else INET
    packed = socket.inet_pton(family, source) if source else None
    return Flow(family, socket.inet_pton(family, destination), packed, **fields)


def prefix(text: str) -> Prefix:
    return parse_prefix(text, "test")


DEFAULT4 = (rule(0, 255, protocol=2), rule(32766, 254, protocol=2), rule(32767, 253, protocol=2))


@pytest.mark.parametrize(
    ("selector", "hit", "miss"),
    [
        ({"destination": prefix("198.51.100.0/24")}, {}, {"destination": "198.51.101.1"}),
        ({"source": prefix("192.0.2.0/24")}, {"source": "192.0.2.2"}, {"source": "10.0.0.1"}),
        ({"iif": "lo"}, {}, None),
        ({"iif": "v0"}, None, {}),
        ({"oif": "v0"}, {"oif": "v0"}, {"oif": "v1"}),
        ({"oif": "v0"}, {"oif": "v0"}, {}),
        ({"oif": "v0", "detached": True}, None, {"oif": "v0"}),
        ({"oif": "blue"}, {"oif": "v0", "vrf": "blue", "vrf_table": 9}, {"oif": "v0"}),
        ({"l3mdev": True}, {"vrf": "blue", "vrf_table": 9}, {}),
        ({"mark": 0x64}, {"mark": 0x64}, {"mark": 0x65}),
        ({"mark": 0x60, "mask": 0xF0}, {"mark": 0x6F}, {"mark": 0x74}),
        ({"mark": None, "mask": 0xFF}, {"mark": 0x100}, {"mark": 0x101}),
        ({"tos": 0x10}, {"tos": 0x11}, {"tos": 0x08}),
        ({"ip_protocol": 6}, {"ip_protocol": 6}, {"ip_protocol": 17}),
        ({"source_ports": (50, 60)}, {"source_port": 60}, {"source_port": 61}),
        ({"destination_ports": (443, 443)}, {"destination_port": 443}, {"destination_port": 442}),
        ({"destination_ports": (1, 65535)}, {"destination_port": 1}, {}),
        ({"uids": (1000, 1001)}, {"uid": 1001}, {"uid": 999}),
    ],
)
def test_selectors(selector: dict[str, Any], hit: dict[str, Any] | None, miss: dict[str, Any] | None) -> None:
    plain, inverted = rule(**selector), rule(invert=True, **selector)
    for wanted, fields in ((True, hit), (False, miss)):
        if fields is not None:
            assert matches(plain, flow(**fields)) is wanted
            assert matches(inverted, flow(**fields)) is not wanted


def test_all_selectors_must_agree() -> None:
    both = rule(mark=1, uids=(5, 5))
    assert matches(both, flow(mark=1, uid=5))
    assert not matches(both, flow(mark=1)) and not matches(both, flow(uid=5))
    assert matches(replace(both, invert=True), flow(uid=5))


def test_from_before_the_source_is_known() -> None:
    # IPv4 compares with 0.0.0.0, IPv6 lets such a rule wait (fib4_rule_match, fib6_rule_match).
    assert not matches(rule(source=prefix("192.0.2.0/24")), flow())
    assert matches(rule(source=prefix("0.0.0.0/1")), flow())
    assert not matches(rule(family=INET6, source=prefix("::/1")), flow("2001:db8::1"))
    assert matches(rule(family=INET6, source=prefix("::/0")), flow("2001:db8::1"))


def tables(rules: tuple[Rule, ...], packet: Flow) -> list[int | None]:
    return [step.table for step in walk(rules, packet)]


def test_walk_is_by_priority_and_ends_at_a_verdict() -> None:
    rules = (
        DEFAULT4[0],
        rule(10, 100, mark=1),
        rule(11, None, action="prohibit", mark=2),
        *DEFAULT4[1:],
    )
    assert tables(rules, flow()) == [255, 254, 253]
    assert tables(rules, flow(mark=1)) == [255, 100, 254, 253]
    assert tables(rules, flow(mark=2)) == [255, None]


def test_walk_jumps_and_passes_over() -> None:
    rules = (
        rule(1, None, action="nop"),
        rule(2, None, action="goto", goto=20),
        rule(10, 100),
        rule(20, 101, mark=1),
        rule(20, 102),
        rule(30, None, action="goto", goto=31),
        rule(40, 103),
    )
    # A target that does not exist makes a goto a nop; the target itself must match like any other rule.
    assert tables(rules, flow()) == [102, 103]
    assert tables(rules, flow(mark=1)) == [101, 102, 103]


def test_l3mdev_rule_leads_to_the_table_of_the_vrf() -> None:
    rules = (rule(1000, None, action="lookup", l3mdev=True), *DEFAULT4[1:])
    assert tables(rules, flow(oif="blue", vrf="blue", vrf_table=77)) == [77, 254, 253]
    assert tables(rules, flow()) == [254, 253]


def test_leads_to_minds_suppressed_lengths() -> None:
    rules = (rule(10, 254, suppress_prefixlength=0), rule(11, 100), *DEFAULT4[1:])
    short, long = leads_to(rules, flow(), 254, 0), leads_to(rules, flow(), 254, 24)
    assert short is rules[2] and long is rules[0]
    assert leads_to(rules, flow(), 999, 24) is None


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (DEFAULT4[1], "32766: from all lookup main"),
        (rule(5, 100, mark=0x64, mask=0xFF), "5: from all fwmark 0x64/0xff lookup 100"),
        (rule(5, 100, mark=None, mask=0xFF), "5: from all fwmark 0/0xff lookup 100"),
        (rule(5, 100, mark=0x64, invert=True), "5: not from all fwmark 0x64 lookup 100"),
        (
            rule(6, 100, source=prefix("192.0.2.2/32"), destination=prefix("198.51.100.0/24"), iif="lo", oif="v1"),
            "6: from 192.0.2.2 to 198.51.100.0/24 iif lo oif v1 lookup 100",
        ),
        (
            rule(7, 254, uids=(5, 10), ip_protocol=6, destination_ports=(443, 443), suppress_prefixlength=0),
            "7: from all uidrange 5-10 ipproto tcp dport 443 lookup main suppress_prefixlength 0",
        ),
        (rule(8, None, action="goto", goto=100, tos=0x10), "8: from all tos 0x10 goto 100"),
        (rule(9, None, action="blackhole", source_ports=(5, 9)), "9: from all sport 5-9 blackhole"),
        (rule(1000, None, action="lookup", l3mdev=True), "1000: from all lookup [l3mdev-table]"),
    ],
)
def test_line(given: Rule, text: str) -> None:
    assert line(given) == text
    assert result(given, 3) == {"priority": given.priority, "action": given.action, "table": 3, "line": text}


def test_default_rules_are_known() -> None:
    assert all(is_default(each) for each in DEFAULT4)
    assert not is_default(rule(32766, 254, mark=1)) and not is_default(rule(100, 254)) and not is_default(rule(0, 254))


def test_rules_by_source_are_noticed() -> None:
    assert by_source([*DEFAULT4, rule(source=prefix("192.0.2.2/32"))])
    assert not by_source([*DEFAULT4, rule(destination=prefix("192.0.2.2/32"))])
