# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intent, BIRD and kernel compared, route by route; what is reported of it, and what would repair it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.answers import Exported
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.compare import (
    Compared,
    Difference,
    compare,
    key,
    packed_address,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.repairs import kernel_edits
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.finding import PROBLEMS, Finding
from tests.unit.backends.bird.common import DATA, VERSIONS, exported, intent

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


def scope(number: str, own: bool = False, **more: Any) -> dict[str, Any]:
    family = f"ipv{number}"
    policies = [policy for policy in intent(policies=POLICIES)["policies"] if policy["family"] == family]
    routes = [{"destination": to, "source": source, "vrf": None} for to, source in OWN[family].items()]
    place = {"family": family, "kernel_table": 254, "bird_table": f"master{number}"}
    return {**place, "policies": policies, "routes": routes if own else [], **more}


def as_kernel(routes: dict[str, tuple[str, str | None]]) -> dict[bytes, tuple[int, bytes | None]]:
    """Routes as a dump of the kernel's has them: type and source, by destination."""
    types = {"unicast": 1, "blackhole": 6}
    return {
        key(destination): (types[kind], packed_address(source) if source else None)
        for destination, (kind, source) in routes.items()
    }


def kernel(number: str) -> dict[bytes, tuple[int, bytes | None]]:
    routes = json.loads((DATA / f"kernel{number}.json").read_text(encoding="utf-8"))
    lengths = {"4": "/32", "6": "/128"}
    texts = {route["dst"] + ("" if "/" in route["dst"] else lengths[number]): route for route in routes}
    return as_kernel({text: ("unicast", route.get("prefsrc")) for text, route in texts.items()})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("number", ["4", "6"])
def test_nothing_differs_where_all_agree(version: str, number: str) -> None:
    assert compare(scope(number, own=True), exported(version, number), kernel(number)) == []


PLAIN = Exported("198.51.100.0/24", "router4", "bgp", "unicast", "192.0.2.1")
STATIC = Exported("100.64.10.0/24", "source_ip_254_static_ipv4", "static", "unicast", "192.0.2.2")
CASES: dict[str, tuple[list[Exported], dict[str, Any], str | None]] = {
    "all agree": ([PLAIN], {PLAIN.destination: ("unicast", "192.0.2.1")}, None),
    "a filter overrides us": ([PLAIN._replace(source="192.0.2.9")], {PLAIN.destination: ("unicast", None)}, "filter"),
    "a filter does not call us": ([PLAIN._replace(source=None)], {PLAIN.destination: ("unicast", None)}, "filter"),
    "BIRD 3 did not write it again": ([PLAIN], {PLAIN.destination: ("unicast", None)}, "unset"),
    "the kernel has the old source": ([PLAIN], {PLAIN.destination: ("unicast", "192.0.2.2")}, "different"),
    "the operator's own source where the intent is silent": (
        [PLAIN._replace(protocol="rip", source="192.0.2.9")],
        {PLAIN.destination: ("unicast", "192.0.2.9")},
        None,
    ),
    "the operator's own source that BIRD 3 did not write again": (
        [PLAIN._replace(protocol="rip", source="192.0.2.9")],
        {PLAIN.destination: ("unicast", "192.0.2.1")},
        "different",
    ),
    "an old source without a policy": (
        [PLAIN._replace(protocol="rip", source=None)],
        {PLAIN.destination: ("unicast", "192.0.2.1")},
        "leftover",
    ),
    "the kernel refused it": ([PLAIN], {}, "absent"),
    "without a source it is not our concern": ([PLAIN._replace(protocol="rip", source=None)], {}, None),
    "a blackhole has no source": ([PLAIN], {PLAIN.destination: ("blackhole", None)}, None),
}


@pytest.mark.parametrize("case", CASES)
def test_each_kind_of_difference(case: str) -> None:
    routes, actual, problem = CASES[case]
    found = compare(scope("4"), routes, as_kernel(actual))
    assert [difference.problem for difference in found] == ([problem] if problem else [])


def test_our_own_static_route_must_be_exported_with_its_own_source() -> None:
    actual = as_kernel({STATIC.destination: ("unicast", "192.0.2.2")})
    assert compare(scope("4", own=True), [STATIC], actual) == []
    assert [found.problem for found in compare(scope("4", own=True), [], actual)] == ["not_exported"]
    wrong = compare(scope("4", own=True), [STATIC._replace(source=None)], actual)
    assert [found.problem for found in wrong] == ["filter"]


def test_addresses_are_compared_as_addresses() -> None:
    route = PLAIN._replace(destination="2001:db8:1::/48", source="2001:DB8:FFFF:0::1")
    actual = as_kernel({route.destination: ("unicast", "2001:db8:ffff::1")})
    assert compare(scope("6"), [route], actual) == []


OLD, NEW = "192.0.2.1", "192.0.2.2"
MAIN = Compared(
    scope("4"),
    "kernel1",
    4,
    [
        Difference("198.51.100.0/24", "bgp", NEW, NEW, OLD, "different"),
        Difference("198.51.101.0/24", "bgp", NEW, None, None, "filter"),
        Difference("198.51.102.0/24", "ospf", None, None, OLD, "leftover"),
    ],
)


def test_the_kernel_gets_what_bird_exports_and_nothing_where_the_filter_is_wrong() -> None:
    place = {"table": "254", "protocol": "bird"}
    assert kernel_edits(MAIN) == [
        {**place, "destination": "198.51.100.0/24", "source": NEW},
        {**place, "destination": "198.51.102.0/24", "state": "absent"},
    ]
    assert kernel_edits(MAIN._replace(differences=[])) == []


def test_a_difference_is_told_as_every_back_end_tells_it() -> None:
    found = list(MAIN.findings())
    assert found[0] == Finding(
        destination="198.51.100.0/24",
        expected=NEW,
        actual=OLD,
        problem="different",
        why=f"kernel1: BIRD exports it with source {NEW}, the kernel's route has another",
        protocol="bgp",
    )
    assert found[1].why == "kernel1: BIRD exports it with no source: a filter does not call us, or overrides us"
    assert found[1].repair == "source_ip();"
    assert {finding.problem for finding in found} <= set(PROBLEMS)
    other = MAIN._replace(scope=scope("4", kernel_table=100))
    assert {finding.table for finding in other.findings()} == {100}
    vrf = MAIN._replace(scope=scope("4", kernel_table=100, routes=[{"vrf": "red"}], policies=[]))
    assert {(finding.vrf, finding.table) for finding in vrf.findings()} == {("red", None)}
