# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Payloads of rules there and back, and the messages that change the rules of one priority."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.rule_text import canonical, read_rule
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, Rule, parse_prefix
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import rules as decode
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.rules import RuleEntry
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.wire import RTM_DELRULE, Message, attribute
from ansible_collections.l3host.source_ip.plugins.module_utils._rules.groups import messages, takes
from ansible_collections.l3host.source_ip.plugins.module_utils._rules.payload import new_payload, restoring_payload

SELECTORS: tuple[dict[str, Any], ...] = (
    {},
    {"source": parse_prefix("192.0.2.2", "test")},
    {"source": parse_prefix("192.0.2.2", "test"), "invert": True},
    {"destination": parse_prefix("198.51.100.0/24", "test")},
    {"source": parse_prefix("192.0.2.2", "test"), "iif": "lo"},
    {"mark": 1},
    {"mark": 1, "mask": 0xFF},
    {"mark": 0},
    {"dscp": 0},
    {"suppress_prefixlength": 0},
    {"realms": 3 << 16 | 4, "protocol": 133},
)


def entry(**fields: Any) -> RuleEntry:
    payload = new_payload(Rule(INET, 300, "lookup", 5, **fields))
    return RuleEntry(decode.rule(payload), payload)


class Kernel:
    """The rules of one priority, as ``fib_nl_newrule()`` and ``rule_find()`` change them."""

    def __init__(self, entries: list[RuleEntry]) -> None:
        self.payloads = [restoring_payload(one.payload) for one in entries]

    def take(self, sent: list[Message]) -> list[bytes]:
        for message in sent:
            if message.kind == RTM_DELRULE:
                wanted = decode.rule(message.payload)
                at = next(at for at, one in enumerate(self.payloads) if takes(wanted, decode.rule(one)))
                del self.payloads[at]
            else:
                self.payloads.append(message.payload)
        return self.payloads


@given(
    st.lists(st.integers(0, len(SELECTORS) - 1), max_size=6),
    st.lists(st.integers(0, len(SELECTORS) - 1), max_size=3),
    st.data(),
)
def test_any_list_becomes_any_other_and_comes_back(there: list[int], new: list[int], data: st.DataObject) -> None:
    before = [entry(**SELECTORS[at]) for at in there]
    kept = [one for one in before if data.draw(st.booleans())]
    after = [*kept, *(entry(**SELECTORS[at]) for at in new)]
    kernel = Kernel(before)
    assert kernel.take(messages(before, after)) == [one.payload for one in after]
    assert kernel.take(messages(after, before)) == [one.payload for one in before]


def test_what_comes_is_there_before_anything_goes() -> None:
    old, new = entry(**SELECTORS[1]), entry(**SELECTORS[3])
    assert [one.kind for one in messages([old], [new])] == [32, 33]


def test_attributes_without_a_name_are_kept_to_the_byte_and_are_part_of_the_rule() -> None:
    plain = entry(**SELECTORS[1]).payload
    dumped = plain + attribute(26, b"\x00\x01\x02\x03") + attribute(28, b"\xff\xff")
    rule = decode.rule(dumped)
    assert rule.other == ((26, b"\x00\x01\x02\x03"),)
    assert attribute(26, b"\x00\x01\x02\x03") in restoring_payload(dumped)
    assert canonical(rule) != canonical(decode.rule(plain))


@pytest.mark.parametrize(
    "given",
    [
        {"from": "192.0.2.2", "table": 5},
        {"from": "2001:db8::/32", "not": True, "oif": "v0", "fwmark": "0/0x10", "priority": 0},
        {"family": "ipv4", "tos": 16, "uidrange": "0-5", "sport": 5, "dport": "7-9", "ipproto": "udp", "realms": "3/4"},
        {"family": "ipv6", "suppress_prefixlength": 0, "suppress_ifgroup": "default", "dscp": "AF41", "tun_id": 1 << 9},
        {"family": "ipv4", "l3mdev": True, "fwmark": "0/0xffffffff"},
        {"family": "ipv6", "goto": 70000, "priority": 9},
        {"family": "ipv6", "action": "prohibit"},
    ],
)
def test_there_and_back(given: dict[str, Any]) -> None:
    (text,) = read_rule(given, "rules[0]")
    payload = new_payload(text.rule)
    assert decode.rule(payload) == text.rule == canonical(decode.rule(restoring_payload(payload, 133)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"from": "192.0.2.2"}, {"from": "192.0.2.2/32", "to": "0.0.0.0/0", "table": "main", "not": False}),
        ({"family": "ipv4", "fwmark": "0x10"}, {"from": "0.0.0.0/0", "fwmark": "16/0xffffffff"}),
        ({"to": "2001:db8::1"}, {"to": "2001:0DB8:0::1/128", "fwmark": "0/0", "action": "lookup"}),
        ({"family": "ipv6", "dscp": "EF"}, {"from": "::/0", "dscp": "0x2e"}),
        ({"family": "ipv4", "goto": 9, "ipproto": "icmp"}, {"family": "ipv4", "goto": "9", "ipproto": 1}),
    ],
)
def test_two_spellings_are_one_rule(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert read_rule(one, "")[0].rule == read_rule(other, "")[0].rule
