# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What birdc of three versions printed in the lab."""

from __future__ import annotations

import time

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import answers
from tests.unit.backends.bird.common import DATA, VERSIONS, exported


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
def test_kernel_protocols(version: str) -> None:
    assert answers.kernel_protocols((DATA / f"protocols-{version}.txt").read_text(encoding="utf-8")) == {
        "master4": "kernel4",
        "master6": "kernel6",
        "mgmt4": "kernel_mgmt4",
        "mgmt6": "kernel_mgmt6",
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
    assert [(route.destination, route.kind, route.protocol) for route in answers.exported_routes(answer)] == [
        ("198.51.100.0/24", "unicast", "bgp"),
        ("198.51.100.0/24", "blackhole", "static"),
    ]


def test_ten_thousand_routes_are_read_within_a_second() -> None:
    one = (DATA / "export4-2.17.6.txt").read_text(encoding="utf-8")
    many = one.partition("\n")[0] + "\n" + "".join(one.partition("Table")[2].partition("\n")[2] for _ in range(1700))
    start = time.process_time()
    assert len(answers.exported_routes(many)) == 10200
    assert time.process_time() - start < 1
