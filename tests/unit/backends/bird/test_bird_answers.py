# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What birdc of three versions printed in the lab, and the comparison of intent, BIRD and kernel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import answers
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.answers import Exported
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.policy import Place, Statement
from tests.unit.backends.bird.common import DATA, intent

VERSIONS = ["2.0.12", "2.17.6", "3.1.8"]
POLICIES = [
    {
        "name": "bgp",
        "protocols": ["bgp"],
        "destinations": ["0.0.0.0/0", "::/0"],
        "match": "orlonger",
        "except": ["2001:db8:200::/48"],
        "source": {"ipv4": "192.0.2.1", "ipv6": "2001:db8:ffff::1"},
    },
    {"name": "one", "destinations": ["203.0.113.128/25"], "match": "exact", "source": "192.0.2.2"},
    {
        "name": "ospf",
        "protocols": ["ospf", "static"],
        "destinations": ["10.50.0.0/16", "2001:db8:50::/48", "2001:db8:c000::/48"],
        "match": "orlonger",
        "source": {"ipv4": "192.0.2.2", "ipv6": "2001:db8:ffff::2"},
    },
]
OWN = {"ipv4": {"100.64.10.0/24": "192.0.2.2"}, "ipv6": {"2001:db8:a000::/48": "2001:db8:ffff::2"}}


def exported(version: str, number: str) -> list[Exported]:
    return answers.exported_routes((DATA / f"export{number}-{version}.txt").read_text(encoding="utf-8"))


def kernel(number: str) -> dict[str, Any]:
    routes = json.loads((DATA / f"kernel{number}.json").read_text(encoding="utf-8"))
    return answers.kernel_sources(routes, f"ipv{number}")


def place(number: str) -> Place:
    family = f"ipv{number}"
    policies = intent(policies=POLICIES)["policies"]
    return Place(family, [Statement(policy) for policy in policies if policy["family"] == family])


@pytest.mark.parametrize("version", VERSIONS)
def test_exported_routes_of_every_version(version: str) -> None:
    """Trap 8: `Kernel.prefsrc:` of BIRD 2 and `krt_prefsrc:` of BIRD 3."""
    assert sorted(exported(version, "4")) == [
        ("10.50.0.0/16", "ospf4", "ospf", "unicast", "192.0.2.2"),
        ("100.64.10.0/24", "source_ip_254_static_ipv4", "static", "unicast", "192.0.2.2"),
        ("100.64.200.0/24", "statics4", "static", "unicast", None),
        ("198.51.100.0/24", "router4", "bgp", "unicast", "192.0.2.1"),
        ("203.0.113.0/24", "router4", "bgp", "unicast", "192.0.2.1"),
        ("203.0.113.128/25", "router4", "bgp", "unicast", "192.0.2.2"),
    ]
    assert ("2001:db8:200::/48", "router6", "bgp", "unicast", None) in exported(version, "6")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("number", ["4", "6"])
def test_nothing_differs_where_all_agree(version: str, number: str) -> None:
    assert answers.compare(exported(version, number), kernel(number), place(number), OWN[f"ipv{number}"]) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_kernel_protocols(version: str) -> None:
    found = answers.kernel_protocols((DATA / f"protocols-{version}.txt").read_text(encoding="utf-8"))
    assert {(row["name"], row["bird_table"], row["state"]) for row in found} == {
        ("kernel4", "master4", "up"),
        ("kernel6", "master6", "up"),
        ("kernel_mgmt4", "mgmt4", "up"),
        ("kernel_mgmt6", "mgmt6", "up"),
    }


def test_versions_and_symbols() -> None:
    assert answers.version_of("BIRD 2.0.12 ready.\nBIRD 2.0.12\nRouter ID is 192.0.2.12") == "2.0.12"
    assert answers.version_of("BIRD version 3.1.8\n") == "3.1.8"
    assert answers.version_of("") == ""
    answer = "BIRD 2.0.12 ready.\nsource_ip_100\tfunction\nis_bogon4\tfunction\n"
    assert answers.symbols(answer) == ["source_ip_100", "is_bogon4"]


def test_a_second_route_for_the_same_destination_leaves_the_destination_out() -> None:
    answer = (
        "Table master4:\n"
        "198.51.100.0/24      unicast [a 18:16:32.016] * (100) [AS1i]\n\tvia 10.0.0.2 on eth0\n\tType: BGP univ\n"
        "                     blackhole [b 18:16:32.016 from 10.0.0.3] (100)\n\tType: static univ\n"
    )
    assert [(route.destination, route.kind) for route in answers.exported_routes(answer)] == [
        ("198.51.100.0/24", "unicast"),
        ("198.51.100.0/24", "blackhole"),
    ]


PLAIN = Exported("198.51.100.0/24", "router4", "bgp", "unicast", "192.0.2.1")
STATIC = Exported("100.64.10.0/24", "source_ip_254_static_ipv4", "static", "unicast", "192.0.2.2")
CASES: dict[str, tuple[list[Exported], dict[str, Any], str | None]] = {
    "all agree": ([PLAIN], {PLAIN.destination: ("unicast", "192.0.2.1")}, None),
    "a filter overrides us": ([PLAIN._replace(source="192.0.2.9")], {PLAIN.destination: ("unicast", None)}, "filter"),
    "a filter does not call us": ([PLAIN._replace(source=None)], {PLAIN.destination: ("unicast", None)}, "filter"),
    "BIRD 3 did not write it again": ([PLAIN], {PLAIN.destination: ("unicast", None)}, "differs"),
    "the kernel has the old source": ([PLAIN], {PLAIN.destination: ("unicast", "192.0.2.2")}, "differs"),
    "the operator's own source where the intent is silent": (
        [PLAIN._replace(protocol="rip", source="192.0.2.9")],
        {PLAIN.destination: ("unicast", "192.0.2.9")},
        None,
    ),
    "the operator's own source that BIRD 3 did not write again": (
        [PLAIN._replace(protocol="rip", source="192.0.2.9")],
        {PLAIN.destination: ("unicast", "192.0.2.1")},
        "differs",
    ),
    "an old source without a policy": (
        [PLAIN._replace(protocol="rip", source=None)],
        {PLAIN.destination: ("unicast", "192.0.2.1")},
        "differs",
    ),
    "the kernel refused it": ([PLAIN], {}, "absent"),
    "without a source it is not our concern": ([PLAIN._replace(protocol="rip", source=None)], {}, None),
    "a blackhole has no source": ([PLAIN], {PLAIN.destination: ("blackhole", None)}, None),
}


@pytest.mark.parametrize("case", CASES)
def test_each_kind_of_difference(case: str) -> None:
    routes, actual, problem = CASES[case]
    found = answers.compare(routes, actual, place("4"), {})
    assert [difference.problem for difference in found] == ([problem] if problem else [])


def test_our_own_static_route_must_be_exported_with_its_own_source() -> None:
    actual = {STATIC.destination: ("unicast", "192.0.2.2")}
    own = {STATIC.destination: "192.0.2.2"}
    assert answers.compare([STATIC], actual, place("4"), own) == []
    assert [found.problem for found in answers.compare([], actual, place("4"), own)] == ["not_exported"]


def test_addresses_are_compared_as_addresses() -> None:
    route = PLAIN._replace(destination="2001:db8:1::/48", source="2001:DB8:FFFF:0::1")
    assert answers.compare([route], {route.destination: ("unicast", "2001:db8:ffff::1")}, place("6"), {}) == []
