# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short form for several uplinks: what it stands for, and what is refused."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.l3host.source_ip.plugins.filter.uplinks import uplinks
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import IntentError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

FIBRE: dict[str, Any] = {
    "name": "fibre",
    "device": "eth0",
    "gateway": {"ipv4": "198.51.100.1", "ipv6": "fe80::1"},
    "addresses": ["198.51.100.2/30", "2001:db8:a::2/64"],
}
CABLE: dict[str, Any] = {"name": "cable", "device": "eth1", "gateway": "203.0.113.1", "addresses": "203.0.113.9/24"}


def test_what_two_uplinks_stand_for() -> None:
    of4 = {"destination": "0.0.0.0/0", "gateway": "198.51.100.1", "device": "eth0", "source": "198.51.100.2"}
    of6 = {"destination": "::/0", "gateway": "fe80::1", "device": "eth0", "source": "2001:db8:a::2"}
    other = {"destination": "0.0.0.0/0", "gateway": "203.0.113.1", "device": "eth1", "source": "203.0.113.9"}
    assert uplinks([FIBRE, CABLE]) == {
        "source_ip_addresses": [
            {"address": "198.51.100.2/30", "device": "eth0"},
            {"address": "2001:db8:a::2/64", "device": "eth0"},
            {"address": "203.0.113.9/24", "device": "eth1"},
        ],
        "source_ip_routes": [
            {**of4, "table": 101},
            {**of6, "table": 101},
            {"destination": "198.51.100.0/30", "device": "eth0", "source": "198.51.100.2", "table": 101},
            {"destination": "2001:db8:a::/64", "device": "eth0", "source": "2001:db8:a::2", "table": 101},
            {**other, "table": 102},
            {"destination": "203.0.113.0/24", "device": "eth1", "source": "203.0.113.9", "table": 102},
            {**of4, "metric": 10},
            {**other, "metric": 20},
            {**of6, "metric": 10},
        ],
        "source_ip_rules": [
            {"from": "198.51.100.2", "table": 101, "priority": 1000},
            {"from": "2001:db8:a::2", "table": 101, "priority": 1000},
            {"from": "203.0.113.9", "table": 102, "priority": 1000},
        ],
    }


def test_the_intent_is_that_of_the_long_form() -> None:
    long = {name[len("source_ip_") :]: entries for name, entries in uplinks([FIBRE, CABLE]).items()}
    assert normalise(uplinks=[FIBRE, CABLE], backend="kernel") == normalise(**long, backend="kernel")
    also = {"destination": "192.0.2.0/24", "gateway": "198.51.100.1", "source": "198.51.100.2"}
    assert len(normalise(routes=[also], uplinks=[FIBRE])["routes"]) == 7


def metrics(*given: dict[str, Any]) -> list[tuple[str, int]]:
    found = uplinks([FIBRE, *given])["source_ip_routes"]
    return [(one["device"], one["metric"]) for one in found if "metric" in one and one["destination"] == "0.0.0.0/0"]


def test_the_weight_is_the_rank_of_new_connections() -> None:
    assert metrics({**CABLE, "weight": 5}) == [("eth1", 10), ("eth0", 20)]
    assert metrics({**CABLE, "weight": 1}) == [("eth0", 10), ("eth1", 20)]
    assert metrics({**CABLE, "weight": 0}) == [("eth0", 10)]


def test_an_uplink_in_a_vrf_has_no_rules_and_no_route_in_main() -> None:
    found = uplinks([{**FIBRE, "vrf": "mgmt"}])
    assert found["source_ip_rules"] == []
    assert [(one["destination"], one["vrf"], "table" in one) for one in found["source_ip_routes"]] == [
        ("0.0.0.0/0", "mgmt", False),
        ("::/0", "mgmt", False),
    ]
    # Every back end that has VRFs holds it; rules only the kernel.
    normalise(uplinks=[{**FIBRE, "vrf": "mgmt"}], backend="frr")
    with pytest.raises(IntentError, match=r"source_ip_uplinks\[0\] \(cable\): the back end frr does not hold"):
        normalise(uplinks=[CABLE], backend="frr")


def test_onlink_and_single_addresses() -> None:
    found = uplinks([{**CABLE, "addresses": ["203.0.113.9"], "onlink": True, "table": 7}])
    assert [one.get("onlink") for one in found["source_ip_routes"]] == [True, True]
    assert {one["table"] for one in found["source_ip_rules"]} == {7}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"name": None}, "source_ip_uplinks[1].name: is required"),
        ({"device": None}, "source_ip_uplinks[1] (cable).device: is required"),
        ({"gateway": None}, "source_ip_uplinks[1] (cable).gateway: is required"),
        (
            {"gateway": "dhcp"},
            "source_ip_uplinks[1] (cable).gateway: 'dhcp': a gateway that DHCP or",
        ),
        (
            {"gateway": {"ipv4": "203.0.113.1", "ipv6": "ra"}},
            "source_ip_uplinks[1] (cable).gateway.ipv6: 'ra': a",
        ),
        (
            {"gateway": {"ipv6": "203.0.113.1"}},
            "source_ip_uplinks[1] (cable).gateway.ipv6: 203.0.113.1 is not of",
        ),
        ({"gateway": "192.0.2.1"}, "source_ip_uplinks[1] (cable).gateway: 192.0.2.1 is in no subnet of 203.0.113.9/24"),
        ({"gateway": "2001:db8::1"}, "source_ip_uplinks[1] (cable).gateway: there is none for 203.0.113.9; name it as"),
        ({"addresses": []}, "source_ip_uplinks[1] (cable).addresses: is required"),
        (
            {"addresses": ["203.0.113.9/24", "198.51.100.2/30"]},
            "source_ip_uplinks[1] (cable).addresses: 198.51",
        ),
        ({"table": 101}, "source_ip_uplinks[1] (cable).table: 101 is that of source_ip_uplinks[0] (fibre) already"),
        ({"table": 254}, "source_ip_uplinks[1] (cable).table: 254 is a table of the kernel's own"),
        ({"table": 9, "vrf": "red"}, "source_ip_uplinks[1] (cable).table: cannot be set together with vrf"),
        ({"weight": -1}, "source_ip_uplinks[1] (cable).weight: -1 is outside 0 to 256"),
        ({"name": "fibre"}, "source_ip_uplinks[1] (fibre).name: fibre is that of source_ip_uplinks[0] (fibre) already"),
    ],
)
def test_what_is_wrong_is_named(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        uplinks([FIBRE, {**CABLE, **entry}])
    assert words in str(caught.value)
    with pytest.raises(IntentError) as refused:
        normalise(uplinks=[FIBRE, {**CABLE, **entry}])
    assert any(problem.startswith(words) for problem in refused.value.problems)


GUIDE = Path(__file__).resolve().parents[3] / "docs" / "uplinks.md"


def examples() -> list[dict[str, Any]]:
    """The intents of the guide, each as the lists of a host."""
    found = []
    for text in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL):
        read = yaml.safe_load(textwrap.dedent(text))
        if isinstance(read, list):
            read = read[0].get("vars") or ({"source_ip_uplinks": read} if "device" in read[0] else None)
        if read:
            found.append({name[len("source_ip_") :]: entries for name, entries in read.items()})
    return found


def test_the_guide_is_right() -> None:
    intents = examples()
    assert len(intents) == 5
    for intent in intents:
        normalise(**intent, backend="kernel")
