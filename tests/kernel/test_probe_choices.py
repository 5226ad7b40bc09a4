# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What applications say of the source without binding to it: IP_UNICAST_IF, IP_PKTINFO, RFC 5014."""

from __future__ import annotations

import re
import time

import pytest

from tests.lab.kernel import LEADS_CONNECTED
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host
from tests.lab.probing import PEER, Result, calls, heard, listener, one


@pytest.mark.parametrize("family", [4, 6])
def test_a_unicast_device_chooses_the_source_of_udp_alone(routed: Host, module: ModuleRunner, family: int) -> None:
    routed.batch(
        [f"route add {routed.P4} via {routed.G4_V1} metric 9", f"route add {routed.P6} via {routed.G6_V1} metric 2000"]
    )
    plain, led = {4: "10.0.0.1", 6: "2001:db8::2"}[family], {4: "10.1.0.1", 6: "2001:db8:1::1"}[family]
    probe = one(module, PEER[family], unicast_device="v1", capture=True)
    source, device = (led, "v1") if LEADS_CONNECTED[family] else (plain, "v0")
    assert (probe["source"], probe["wire"]["source"], probe["wire"]["device"]) == (source, source, device)
    assert calls(probe)[1] == f"setsockopt {'IP' if family == 4 else 'IPV6'}_UNICAST_IF, v1 -> ok"
    over_tcp = one(module, PEER[family], unicast_device="v1", protocol="tcp", port=7)
    assert over_tcp["source"] == plain


@pytest.mark.parametrize("family", [4, 6])
def test_what_is_said_beside_a_packet_is_seen_on_the_wire(routed: Host, module: ModuleRunner, family: int) -> None:
    source = {4: routed.S4, 6: routed.S6}[family]
    with listener(routed.peer, 7777) as peer:
        probe = one(module, PEER[family], port=7777, packet_source=source, packet_device="v0", capture=True)
        _name, address, *_rest = heard(peer)
    assert (probe["source"], address, probe["wire"]["source"]) == (None, source, source)
    name = "IP_PKTINFO" if family == 4 else "IPV6_PKTINFO"
    assert calls(probe)[-2:] == [
        f"sendmsg 39 bytes to {PEER[family]}, 7777, {name}, {source}, v0 -> ok",
        "getsockname -> ok",
    ]


@pytest.mark.parametrize("family", [4, 6])
def test_a_device_beside_a_packet_leads_it_there(routed: Host, module: ModuleRunner, family: int) -> None:
    routed.batch(
        [f"route add {routed.P4} via {routed.G4_V1} metric 9", f"route add {routed.P6} via {routed.G6_V1} metric 2000"]
    )
    probe = one(module, PEER[family], packet_device="v1", capture=True)
    source = {4: "10.1.0.1", 6: "2001:db8:1::1"}[family]
    assert (probe["wire"]["source"], probe["wire"]["device"]) == (source, "v1")


def test_a_foreign_address_beside_a_packet_is_the_kernels_to_refuse(routed: Host, module: ModuleRunner) -> None:
    for family, address in ((4, "192.0.2.99"), (6, "2001:db8:ff::99")):
        probe = one(module, PEER[family], packet_source=address, capture=True)
        assert re.match(r"E[A-Z]+: .* \(sendmsg 39 bytes to .*; the address must be one of this host\)", probe["error"])
        assert probe["wire"] is None


def test_preferences_decide_among_addresses(routed: Host, module: ModuleRunner) -> None:
    """A temporary address (IFA_F_TEMPORARY) is made by the kernel from a managed one with a prefix of 64 bits."""
    routed.sysctl({"ipv6/conf/v0/use_tempaddr": 1})
    routed.ip("address add 2001:db8::abcd/64 dev v0 nodad mngtmpaddr preferred_lft 3600 valid_lft 7200")
    for _wait in range(200):
        found = [
            address["local"]
            for link in routed.ip_json("-6 address show dev v0")
            for address in link["addr_info"]
            if address.get("temporary") and not address.get("tentative")
        ]
        if found:
            break
        time.sleep(0.02)
    assert found
    assert one(module, PEER[6])["source"] not in found
    probe = one(module, PEER[6], preferences=["temporary"])
    assert probe["source"] in found
    assert calls(probe)[1] == "setsockopt IPV6_ADDR_PREFERENCES, temporary -> ok"
    assert one(module, PEER[6], preferences=["public"])["source"] not in found
    assert calls(one(module, PEER[4], preferences=["temporary"]))[1].startswith("connect ")
    both = one(module, PEER[6], preferences=["temporary", "public"])
    assert both["error"].startswith("EINVAL: Invalid argument (setsockopt IPV6_ADDR_PREFERENCES, temporary public;")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"packet_source": "192.0.2.2"}, "packet_source is for a datagram that is captured"),
        ({"packet_device": "v0", "capture": True, "protocol": "tcp", "port": 7}, "packet_device is for a datagram"),
        ({"packet_source": "2001:db8::1", "capture": True}, "needs a destination address of its family"),
        ({"packet_source": "here", "capture": True}, "packet_source 'here' is not an IP address"),
        ({"unicast_device": "nosuch0"}, "unicast_device 'nosuch0'"),
        ({"preferences": ["cheap"]}, "must be one or more of"),
    ],
)
def test_other_choices_are_checked(ns: Host, module: ModuleRunner, options: Result, words: str) -> None:
    assert words in module.fails("probe", {"probes": [{"destination": PEER[4], **options}]})["msg"]
