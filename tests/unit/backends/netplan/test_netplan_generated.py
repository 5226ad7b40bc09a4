# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What netplan has generated, and what it says of its files, as they are read."""

from __future__ import annotations

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.pieces import Piece
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._netplan.generated import (
    definition_of,
    definitions,
    holds,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._netplan.place import lost
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._netplan.render import METRICS
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.managers import MANAGERS

# As `netplan get` of 0.106 and 1.1 prints it.
GET = """network:
  version: 2
  renderer: networkd
  ethernets:
    uplink:
      match:
        name: "eth0"
      addresses:
      - "10.9.1.2/24"
      routes:
      - to: "default"
        via: "10.9.1.1"
    "eth0:1":
      dhcp4: true
    spare: {}
  openvswitch:
    protocols:
    - OpenFlow13
  vlans:
    eth0.100:
      id: 100
      link: "uplink"
"""
NETWORKD = "/run/systemd/network/10-netplan-eth0.network"
PROFILE = "/run/NetworkManager/system-connections/netplan-eth0.nmconnection"
FILES = {
    NETWORKD: b"""[Match]
Name=eth0
[Network]
Address=10.0.0.2/24
Address=fd00::2/64
[Route]
Destination=0.0.0.0/0
Gateway=10.0.0.1
[Route]
Destination=203.0.113.0/24
Gateway=10.0.0.1
PreferredSource=192.0.2.2
Metric=50
Table=100
""",
    PROFILE: b"""[ipv4]
method=manual
address1=10.0.0.2/24
route1=0.0.0.0/0,10.0.0.1,0
route2=203.0.113.0/24,10.0.0.1,50
route2_options=table=100,src=192.0.2.2
[ipv6]
address1=fd00::2/64
""",
}


def test_the_definitions_and_their_kinds() -> None:
    assert definitions(GET) == {
        "uplink": "ethernets",
        "eth0:1": "ethernets",
        "spare": "ethernets",
        "eth0.100": "vlans",
    }
    assert definitions("network: {}\n") == definitions("") == {}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (NETWORKD, "eth0"),
        (PROFILE, "eth0"),
        ("/run/systemd/network/10-netplan-eth0.100.network", "eth0.100"),
        ("/run/systemd/network/10-netplan-eth1.network", ""),
        ("/etc/systemd/network/10-netplan-eth0.network", ""),
        ("/run/NetworkManager/system-connections/netplan-eth0-home.nmconnection", "eth0"),
        ("/run/NetworkManager/system-connections/netplan-eth0%3A1.nmconnection", "eth0:1"),
        ("/run/NetworkManager/system-connections/netplan-eth01.nmconnection", ""),
        ("", ""),
    ],
)
def test_the_definition_of_a_generated_file(path: str, name: str) -> None:
    assert definition_of(path, ["eth0", "eth0.100", "eth0:1"]) == name


@pytest.mark.parametrize("path", [NETWORKD, PROFILE])
def test_both_renderers_files_say_the_same(path: str) -> None:
    found = holds(path, FILES[path])
    assert found.addresses == {"10.0.0.2/24", "fd00::2/64"}
    assert found.routes == {
        ("0.0.0.0/0", "254", "0"): ("10.0.0.1", ""),
        ("203.0.113.0/24", "100", "50"): ("10.0.0.1", "192.0.2.2"),
    }


@pytest.mark.parametrize("path", [NETWORKD, PROFILE])
def test_what_netplan_takes_and_does_not_pass_on_is_named(path: str) -> None:
    route = {"destination": "203.0.113.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2", "table": 100, "metric": 50}
    other = {**route, "destination": "2001:db8::/32", "source": "2001:db8::1", "gateway": "fd00::1"}
    piece = Piece("eth0", ({"address": "fd00::2/64"},), (route,))
    assert lost({path: piece}, FILES) == []
    piece = Piece("eth0", ({"address": "fd00::3/64"},), (route, other, {**route, "source": "192.0.2.3"}))
    first, second, third = lost({path: piece}, FILES)
    assert first.startswith("source_ip_addresses[fd00::3/64]: netplan takes it") and path in first
    assert second.startswith("source_ip_routes[2001:db8::/32]: ") and third.startswith(
        "source_ip_routes[203.0.113.0/24]"
    )


def test_what_the_intent_lets_pass_is_what_the_renderer_knows() -> None:
    assert set(METRICS) == set(MANAGERS["netplan"].metrics)
