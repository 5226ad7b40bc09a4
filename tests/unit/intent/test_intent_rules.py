# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules and labels of an intent: normal form, document, names of devices, and who does not hold them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import IntentError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.rule_text import read_rule
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.devices import with_first_names
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.document import pack, unpack
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

RULES: list[dict[str, Any]] = [
    {"family": "both", "priority": 20, "table": "main", "suppress_prefixlength": 0, "suppress_ifgroup": "default"},
    {"from": "192.0.2.2", "priority": 10, "table": "100", "fwmark": "16/255", "sport": 5, "uidrange": "7-9"},
    {"to": "2001:DB8::/32", "priority": "10", "not": "yes", "action": "blackhole", "dscp": "EF", "ipproto": "tcp"},
    {"family": "ipv4", "priority": 30, "goto": 40, "realms": "3/4", "iif": "lo", "tos": "0x10", "tun_id": 9},
    {"family": "ipv6", "priority": 40, "vrf": "red", "oif": "eth0"},
    {"family": "ipv6", "priority": 41, "l3mdev": True},
]


#: What no manager has, and a value.
UNKNOWN = {"dscp": 5, "tun_id": 5, "l3mdev": True, "suppress_ifgroup": 5, "realms": "5"}


def said(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}


def test_the_normal_form() -> None:
    found = [said(entry) for entry in normalise(rules=RULES)["rules"]]
    assert [(entry["priority"], entry["family"]) for entry in found] == [
        *((10, "ipv4"), (10, "ipv6"), (20, "ipv4"), (20, "ipv6"), (30, "ipv4"), (40, "ipv6"), (41, "ipv6")),
    ]
    assert found[0] == {
        "family": "ipv4",
        "from": "192.0.2.2/32",
        "priority": 10,
        "table": 100,
        "fwmark": "0x10/0xff",
        "sport": "5-5",
        "uidrange": "7-9",
    }
    assert found[1] == {
        "family": "ipv6",
        "to": "2001:db8::/32",
        "priority": 10,
        "not": True,
        "action": "blackhole",
        "dscp": 46,
        "ipproto": 6,
    }
    assert found[2]["table"] == 254 and found[2]["suppress_ifgroup"] == 0


def test_the_normal_form_of_the_normal_form_is_itself() -> None:
    intent = normalise(rules=RULES, labels=[{"prefix": "2001:db8::/32", "label": 5, "device": "eth0"}])
    again = normalise(rules=[said(entry) for entry in intent["rules"]], labels=intent["labels"])
    assert again == intent == unpack(pack(intent))
    # What the kernel back end makes of an entry is the rule that was written.
    for entry in intent["rules"]:
        assert len(read_rule(said(entry), "")) == 1


def test_devices_by_their_first_names() -> None:
    intent = normalise(rules=RULES, labels=[{"prefix": "2001:db8::/32", "label": 5, "device": "eth0"}])
    renamed = with_first_names(intent, {"eth0": "enp1s0", "red": "vrf-red"}.get)  # type: ignore[arg-type]
    assert [entry["oif"] for entry in renamed["rules"] if entry["oif"]] == ["enp1s0"]
    assert [entry["vrf"] for entry in renamed["rules"] if entry["vrf"]] == ["vrf-red"]
    assert renamed["labels"][0]["device"] == "enp1s0"
    twice = normalise(rules=[{"family": "ipv6", "priority": 4, "oif": name} for name in ("eth0", "enp1s0")])
    with pytest.raises(IntentError, match=r"source_ip_rules\[4\]: is there twice"):
        with_first_names(twice, lambda name: "enp1s0")


@pytest.mark.parametrize(
    ("intent", "problems"),
    [
        ({"rules": [{"from": "192.0.2.2"}]}, ["source_ip_rules[0].priority: is required"]),
        ({"rules": [{"from": "192.0.2.2", "priority": 1, "x": 1}]}, ["source_ip_rules[0]: 'x' is not a known key"]),
        ({"rules": ["x"]}, ["source_ip_rules[0]: 'x' is not a mapping"]),
        ({"rules": [RULES[0], RULES[0]]}, ["source_ip_rules[1]: is the same rule as source_ip_rules[0]"]),
        ({"rules": [{**RULES[1], "not": 7}]}, ["source_ip_rules[0].not: 7 is not true or false"]),
        ({"rules": [{**RULES[1], "sport": "x"}]}, ["source_ip_rules[0].sport: 'x' is neither a number nor a range"]),
        ({"labels": [{"prefix": "::/0"}]}, ["source_ip_labels[0].label: is required"]),
        (
            {"labels": [{"prefix": "::/0", "label": 1}, {"prefix": "::/0", "label": 2}]},
            ["source_ip_labels[1].prefix: ::/0 is already in source_ip_labels[0]"],
        ),
    ],
)
def test_every_problem_is_named(intent: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(IntentError) as caught:
        normalise(**intent)
    assert [text.startswith(begin) for text, begin in zip(caught.value.problems, problems)] == [True], str(caught.value)


@pytest.mark.parametrize("backend", ["frr", "bird"])
def test_who_does_not_hold_them_says_so_by_entry(backend: str) -> None:
    addresses = [{"address": "192.0.2.2", "device": "lo", "preferred_lifetime": 0}]
    with pytest.raises(IntentError) as caught:
        normalise(addresses, backend=backend, rules=RULES[1:2], labels=[{"prefix": "::/0", "label": 9}])
    assert [text.partition(": ")[0] for text in caught.value.problems] == [
        *("source_ip_rules[0]", "source_ip_labels[0]", "source_ip_addresses[0].preferred_lifetime"),
    ]
    assert all("use the kernel back end for it" in text for text in caught.value.problems)


@pytest.mark.parametrize(("backend", "name"), [("networkd", "systemd-networkd"), ("networkmanager", "NetworkManager")])
def test_what_a_manager_cannot_hold_of_rules_it_says_by_entry(backend: str, name: str) -> None:
    addresses = [{"address": "192.0.2.2", "device": "lo", "preferred_lifetime": 0}]
    common = {"family": "ipv4", "priority": 5}
    rules = [
        *({**common, "priority": at, key: value} for at, (key, value) in enumerate(UNKNOWN.items(), start=10)),
        {**common, "priority": 20, "action": "nop"},
        {**common, "priority": 21, "goto": 30},
        {"from": "192.0.2.0/24", "to": "198.51.100.0/24", "iif": "eth0", "table": 5, "priority": 22},
    ]
    with pytest.raises(IntentError) as caught:
        normalise(addresses, backend=backend, rules=rules, labels=[{"prefix": "::/0", "label": 9}])
    instead = "use the kernel back end for it, or the modules rule, label and address"
    assert caught.value.problems == [
        f"source_ip_labels[0]: the back end {backend} does not hold labels of the RFC 6724 policy table; {instead}",
        f"source_ip_addresses[0].preferred_lifetime: the back end {backend} does not hold lifetimes of addresses; "
        f"{instead}",
        *(
            f"source_ip_rules[{at}].{key}: {name} has no rules with {key}; use the kernel back end for it"
            for at, key in enumerate(UNKNOWN)
        ),
        f"source_ip_rules[5].action: {name} has no rules with nop; use the kernel back end for it",
        f"source_ip_rules[6].goto: {name} has no rules with goto; use the kernel back end for it",
    ]


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        ({"from": "192.0.2.0/25"}, True),
        ({"to": "198.51.100.0/24"}, True),
        ({"from": "192.0.2.128/25"}, False),
        ({"from": "192.0.2.128/25", "not": True}, True),
        ({"from": "192.0.2.0/26", "table": 101}, False),
        ({"from": "192.0.2.0/25", "ipproto": "udp"}, False),
        ({"from": "192.0.2.0/25", "priority": 6}, False),
        ({"from": "2001:db8::/32"}, False),
    ],
)
def test_managers_bring_rules_of_one_priority_in_no_order(other: dict[str, Any], refused: bool) -> None:
    rules = [
        {"from": "192.0.2.0/25", "ipproto": "tcp", "table": 101, "priority": 5},
        {"to": "203.0.113.0/24", "ipproto": "icmp", "table": 103, "priority": 5},
        {"table": 102, "priority": 5, "ipproto": "tcp", **other},
    ]
    if not refused:
        assert len(normalise(backend="networkd", rules=rules)["rules"]) == 3
        return
    with pytest.raises(IntentError, match=r"source_ip_rules\[2\].priority: 5 is that of source_ip_rules\[0\] too"):
        normalise(backend="networkd", rules=rules)
    assert len(normalise(backend="kernel", rules=rules)["rules"]) == 3
