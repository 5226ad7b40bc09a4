# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that choose a source besides bind: what source_info says of them, the socket, and the packet on the wire."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.kernel.test_source_info_truth import one, wire
from tests.lab.kernel import LEADS_CONNECTED
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

TO = {4: "198.51.100.34", 6: "2001:db8:100::34"}
V0, V1 = {4: "10.0.0.1", 6: "2001:db8::2"}, {4: "10.1.0.1", 6: "2001:db8:1::1"}
OWN, ELSEWHERE = {4: Host.S4, 6: Host.S6}, {4: "192.0.2.99", 6: "2001:db8:ff::99"}
PKTINFO = {4: "IP_PKTINFO", 6: "IPV6_PKTINFO"}


@pytest.fixture(params=[4, 6], ids=["IPv4", "IPv6"])
def family(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.fixture
def uplinks(ns: Host, family: int) -> Host:
    """A route by v0, and a worse one by v1."""
    gateways, prefix = {4: (ns.G4, ns.G4_V1), 6: (ns.G6, ns.G6_V1)}[family], {4: ns.P4, 6: ns.P6}[family]
    ns.batch([f"route add {prefix} via {via} metric {n}" for n, via in enumerate(gateways, 1)])
    return ns


def temporary(ns: Host) -> str:
    """A temporary address of v0, which the kernel makes of a managed one."""
    ns.sysctl({"ipv6/conf/v0/use_tempaddr": 1})
    ns.ip("address add 2001:db8::abcd/64 dev v0 nodad mngtmpaddr preferred_lft 3600 valid_lft 7200")
    for _wait in range(400):
        for address in ns.ip_json("-6 address show dev v0")[0]["addr_info"]:
            if address.get("temporary") and not address.get("tentative"):
                return str(address["local"])
        time.sleep(0.02)
    raise AssertionError(ns.ip("-6 address show dev v0"))


@pytest.mark.parametrize("family", [6], indirect=True)
def test_preferences_turn_rule_7_round(uplinks: Host, module: ModuleRunner) -> None:
    made = temporary(uplinks)
    found = one(module, TO[6], preferences=["temporary"])
    assert found["source"] == found["socket"]["source"] == made
    assert wire(uplinks, TO[6], preferences=["temporary"]) == (made, "v0")
    assert (found["reason"], found["rfc6724"]["rule"]) == ("rfc6724", "7")
    assert found["rfc6724"]["prefers"] == "a temporary address"
    assert "rule 7 (a temporary address, as the socket prefers (IPV6_ADDR_PREFERENCES)) prefers" in found["explanation"]
    uplinks.sysctl({"ipv6/conf/v0/use_tempaddr": 2})
    assert one(module, TO[6])["source"] == made
    found = one(module, TO[6], preferences=["public"])
    assert found["source"] == found["socket"]["source"] != made
    uplinks.batch(["address delete 2001:db8::1/64 dev v0", "address delete 2001:db8::2/64 dev v0"])
    found = one(module, TO[6], preferences=["public"])
    assert (found["source"], found["rfc6724"]["runner_up"]) == ("2001:db8::abcd", made)
    assert "rule 7 (a public address, as the socket prefers" in found["explanation"]
    assert one(module, TO[6], preferences=["public_or_temporary", "home"])["source"] == made


@pytest.mark.parametrize("family", [6], indirect=True)
def test_preferences_turn_rule_4_round_where_the_kernel_has_it(uplinks: Host, module: ModuleRunner) -> None:
    uplinks.ip("address add 2001:db8::7/64 dev v1 home nodad")
    has_it = one(module, TO[6])["source"] == "2001:db8::7"
    found = one(module, TO[6], preferences=["care_of"])
    assert found["source"] == found["socket"]["source"] != "2001:db8::7"
    assert wire(uplinks, TO[6], preferences=["care_of"]) == (found["source"], "v0")
    found = one(module, TO[6], preferences=["home"])
    assert (found["source"] == "2001:db8::7") == has_it
    uplinks.batch(["address flush dev v0 scope global", "address add 2001:db8::1/64 dev v0 home nodad"])
    found = one(module, TO[6], preferences=["care_of"])
    assert found["source"] == found["socket"]["source"]
    assert (found["source"] != "2001:db8::1") == has_it
    if has_it:
        assert "rule 4 (a care-of address, as the socket prefers" in found["explanation"]


def test_preferences_are_nothing_to_a_route_that_carries_a_source(ns: Host, module: ModuleRunner) -> None:
    made = temporary(ns)
    ns.ip(f"-6 route add {ns.P6} via {ns.G6} src {ns.S6}")
    found = one(module, TO[6], preferences=["temporary"])
    assert (found["source"], found["reason"]) == (ns.S6, "prefsrc")
    assert found["socket"]["source"] == ns.S6 != made


def test_preferences_choose_among_two_next_hops(ns: Host, module: ModuleRunner) -> None:
    """Of the other next hop, too, it is said what such a socket gets."""
    made = temporary(ns)
    ns.ip(f"-6 route add {ns.P6} nexthop via {ns.G6} nexthop via {ns.G6_V1}")
    found = one(module, TO[6], preferences=["temporary"])
    sources = {(each["device"], each["source"]) for each in (found, *found["also"])}
    # No candidate on v1 is temporary, but rule 5 comes before rule 7.
    assert sources == {("v0", made), ("v1", V1[6])}


def test_a_unicast_device_leads_the_look_up(uplinks: Host, module: ModuleRunner, family: int) -> None:
    found = one(module, TO[family], unicast_device="v1")
    name = "IP_UNICAST_IF" if family == 4 else "IPV6_UNICAST_IF"
    assert (found["source"], found["device"]) == (V1[family], "v1")
    assert found["reason"] == ("interface" if family == 4 else "rfc6724")
    assert f"{name} leads the look-up to v1; the route carries no preferred source" in found["explanation"]
    led = V1[family] if LEADS_CONNECTED[family] else V0[family]
    assert found["socket"] == {"source": led, "error": None}
    assert wire(uplinks, TO[family], unicast_device="v1") == (led, "v1" if LEADS_CONNECTED[family] else "v0")
    assert bool(found["warnings"]) == (not LEADS_CONNECTED[family])


def test_a_unicast_device_without_a_route(ns: Host, module: ModuleRunner, family: int) -> None:
    found = one(module, TO[family], unicast_device="v1")
    if family == 4:
        assert (found["source"], found["table"], found["reason"]) == (V1[4], None, "interface")
        assert "no route leads there by v1, but because of IP_UNICAST_IF IPv4 assumes" in found["explanation"]
    else:
        assert found["reason"] == "no_route"


def test_a_source_beside_the_packet(uplinks: Host, module: ModuleRunner, family: int) -> None:
    found = one(module, TO[family], packet_source=OWN[family])
    assert (found["source"], found["device"]) == wire(uplinks, TO[family], packet_source=OWN[family])
    assert (found["source"], found["reason"], found["stale"]) == (OWN[family], "pktinfo", False)
    assert found["explanation"].endswith(f": the packet is given the source {OWN[family]} in {PKTINFO[family]}.")
    assert found["socket"] == {"source": None, "error": None}
    assert found["warnings"] == []


def test_a_source_beside_the_packet_that_the_host_lacks(uplinks: Host, module: ModuleRunner, family: int) -> None:
    found = one(module, TO[family], packet_source=ELSEWHERE[family])
    with pytest.raises(OSError):
        wire(uplinks, TO[family], packet_source=ELSEWHERE[family])
    if family == 4:
        assert (found["reason"], found["source"]) == ("no_route", None)
        assert f"{ELSEWHERE[4]} is not an address of this host" in found["explanation"]
    else:
        assert (found["reason"], found["stale"]) == ("pktinfo", True)
        assert "a look-up answers, but the kernel refuses such a packet" in found["explanation"]


def test_a_device_beside_the_packet(uplinks: Host, module: ModuleRunner, family: int) -> None:
    found = one(module, TO[family], packet_device="v1")
    assert (found["source"], found["device"]) == wire(uplinks, TO[family], packet_device="v1") == (V1[family], "v1")
    assert f"{PKTINFO[family]} leads the look-up to v1" in found["explanation"]


def test_a_device_beside_the_packet_of_a_bound_socket(uplinks: Host, module: ModuleRunner, family: int) -> None:
    """IP_PKTINFO says a source with every device, be it none; IPV6_PKTINFO leaves the socket its own."""
    found = one(module, TO[family], packet_device="v1", **{"from": OWN[family]})
    sent = wire(uplinks, TO[family], source=OWN[family], packet_device="v1")
    assert (found["source"], found["device"]) == sent == {4: (V1[4], "v1"), 6: (OWN[6], "v0")}[family]
    if family == 4:
        aside = f"IP_PKTINFO leads the look-up to v1 and, as it names no source, puts {OWN[4]} aside"
        assert aside in found["explanation"] and found["reason"] == "interface"


def test_a_device_beside_the_packet_of_a_socket_that_cannot_be_bound(
    uplinks: Host, module: ModuleRunner, family: int
) -> None:
    found = one(module, TO[family], packet_device="v1", **{"from": ELSEWHERE[family]})
    with pytest.raises(OSError):
        wire(uplinks, TO[family], source=ELSEWHERE[family], packet_device="v1")
    if family == 4:
        assert (found["reason"], found["source"], found["device"]) == ("no_route", None, None)
        assert f"{ELSEWHERE[4]} is not an address of this host" in found["explanation"]
    else:
        assert (found["reason"], found["stale"]) == ("bound", True)


def test_source_and_device_beside_the_packet(uplinks: Host, module: ModuleRunner, family: int) -> None:
    query = {"packet_source": OWN[family], "packet_device": "v1"}
    found = one(module, TO[family], **query)
    assert (found["source"], found["device"]) == wire(uplinks, TO[family], **query)
    assert (found["source"], found["reason"]) == (OWN[family], "pktinfo")


def test_no_second_look_up_for_a_packet_of_a_socket_that_is_not_connected(ns: Host, module: ModuleRunner) -> None:
    ns.batch(
        [
            f"route add {ns.P4} via {ns.G4_V1}",
            f"route add {ns.P4} dev v1 table 100 src {V1[4]}",
            f"route add prohibit {ns.P4} table 101",
            f"rule add priority 50 from {V1[4]} lookup 101",
        ]
    )
    assert one(module, TO[4])["reason"] == "prohibited"
    found = one(module, TO[4], packet_device="v1")
    assert (found["source"], found["device"]) == wire(ns, TO[4], packet_device="v1") == (V1[4], "v1")
    assert found["egress"] is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"preferences": ["temporary", "public"]}, "preferences: temporary, public: RFC 5014"),
        ({"preferences": ["home", "care_of"]}, "preferences: home, care_of: RFC 5014"),
        ({"preferences": ["cheap"]}, "must be one or more of"),
        ({"unicast_device": "nosuch0"}, "queries[0].unicast_device: there is no device 'nosuch0'"),
        ({"unicast_device": "v1", "device": "v0"}, "queries[0].unicast_device: the socket's device, v0, which leaves"),
        ({"packet_device": "v1", "unicast_device": "v0"}, "packet_device: unicast_device beside packet_device: leaves"),
        ({"unicast_device": "v1", "ip_protocol": "tcp"}, "queries[0].unicast_device: TCP does not follow it"),
        ({"packet_source": "2001:db8::1"}, "queries[0].packet_source: 2001:db8::1 is IPv6, but the destination"),
        ({"packet_source": "here"}, "queries[0].packet_source: 'here' is not an IP address"),
        ({"packet_source": "192.0.2.2", "from": "192.0.2.2"}, "queries[0].packet_source: it decides, whatever"),
    ],
)
def test_what_no_socket_can_have_is_refused(ns: Host, module: ModuleRunner, query: dict[str, Any], words: str) -> None:
    assert words in module.fails("source_info", {"queries": [{"destination": TO[4], **query}]})["msg"]
