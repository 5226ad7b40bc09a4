# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""source_info against a real kernel: the look-up, the reasons, the refusals, compared with ``ip`` and with sockets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.modules import source_info
from tests.lab.modules import ModuleRunner, run_forked
from tests.lab.pair import Host
from tests.lab.privileges import drop_capabilities
from tests.lab.topology import Lab

Found = dict[str, Any]

_SOCKET = """
import socket, sys
family, address, source, device = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
with socket.socket(family, socket.SOCK_DGRAM) as sock:
    if device: sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    if source: sock.bind((source, 0))
    sock.connect((address, 0))
    print(sock.getsockname()[0])
"""


def ask(module: ModuleRunner, *destinations: str, **query: Any) -> list[Found]:
    """Results for the destinations, all with the same options (``from_`` is ``from``)."""
    options = {key.rstrip("_"): value for key, value in query.items()}
    result = module.ok("source_info", {"queries": [{"destination": each, **options} for each in destinations]})
    assert result["changed"] is False
    found: list[Found] = result["sources"]
    return found


def one(module: ModuleRunner, destination: str, **query: Any) -> Found:
    (found,) = ask(module, destination, **query)
    return found


def route_get(host: Host, destination: str, options: str = "") -> Found:
    """What ``ip route get`` says, ``fibmatch`` included."""
    (found,) = host.ip_json(f"route get {options} {destination}")
    return found


def agrees(host: Host, found: Mapping[str, Any], options: str = "") -> None:
    """The same source, device and gateway as ``ip route get`` says, and the same source as a socket of our own gets."""
    shown = route_get(host, found["destination"], options)
    gateway = shown.get("gateway") or shown.get("via", {}).get("host")
    assert (found["device"], found["gateway"]) == (shown["dev"], gateway)
    if "from" not in options:
        assert found["source"] == shown["prefsrc"]
    assert found["socket"] == {"source": real_socket(host, found), "error": None}
    assert found["socket"]["source"] == found["source"]


def real_socket(host: Host, found: Mapping[str, Any]) -> str:
    query = found["query"]
    family = "10" if found["family"] == "ipv6" else "2"
    argv = ["python3", "-c", _SOCKET, family, found["destination"], query.get("from", ""), query.get("device", "")]
    return host.run(argv).stdout.strip()


# Facts, section C: the look-up


def test_plain_prefsrc_and_fib_match_prefsrc_absent_is_the_kernels_choice(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"route add {ns.P4} via {ns.G4}", f"route add {ns.P6} via {ns.G6}"])
    four, six = ask(module, "198.51.100.7", "2001:db8:100::7")
    assert (four["source"], four["configured"], four["reason"]) == ("10.0.0.1", None, "interface")
    assert (six["source"], six["configured"], six["reason"]) == ("2001:db8::2", None, "rfc6724")
    assert (four["table"], four["route"]["destination"]) == (254, ns.P4)
    assert four["explanation"] == (
        "table main, 198.51.100.0/24 via 10.0.0.254 dev v0: the route carries no preferred source, so the kernel uses "
        "10.0.0.1, the first address of v0 whose subnet holds the gateway."
    )
    for found in (four, six):
        agrees(ns, found)


def test_plain_prefsrc_and_fib_match_prefsrc_equal_is_configured(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"route add {ns.P4} via {ns.G4} src {ns.S4}", f"route add {ns.P6} via {ns.G6} src {ns.S6}"])
    for found, source in zip(ask(module, "198.51.100.7", "2001:db8:100::7"), (ns.S4, ns.S6)):
        assert (found["source"], found["configured"], found["reason"]) == (source, source, "prefsrc")
        assert found["explanation"].endswith(f"dev v0: the route carries src {source}.")
        assert (found["stale"], found["warnings"]) == (False, [])
        agrees(ns, found)


def test_with_from_the_source_is_from_whatever_the_route_carries(ns: Host, module: ModuleRunner) -> None:
    # IPv4 then names no source at all, IPv6 the route's, which is not used.
    ns.batch([f"route add {ns.P4} via {ns.G4} src {ns.S4}", f"route add {ns.P6} via {ns.G6} src {ns.S6}"])
    for destination, source in (("198.51.100.7", ns.S4_OTHER), ("2001:db8:100::7", ns.S6_OTHER)):
        found = one(module, destination, from_=source)
        assert (found["source"], found["reason"], found["stale"]) == (source, "bound", False)
        assert f"the socket is bound to {source}" in found["explanation"]
        agrees(ns, found, f"from {source}")


def test_v4_oif_without_a_route_is_an_invented_answer(ns: Host, module: ModuleRunner) -> None:
    found = one(module, "203.0.113.5", device="v1")
    assert (found["table"], found["route"], found["rule"]) == (None, None, None)
    assert (found["source"], found["reason"]) == ("10.1.0.1", "interface")
    assert found["explanation"].startswith("no route leads there by v1, but for a socket bound to v1 IPv4 assumes")
    agrees(ns, found, "oif v1")
    six = one(module, "2001:db8:999::5", device="v1")
    assert (six["reason"], six["source"], six["socket"]["source"]) == ("no_route", None, None)
    assert "has a route to 2001:db8:999::5 by v1" in six["explanation"]
    assert six["socket"]["error"].startswith("ENETUNREACH: ")


def test_v4_from_non_local_is_refused_and_v6_answers(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"route add {ns.P4} via {ns.G4}", f"route add {ns.P6} via {ns.G6}"])
    four = one(module, "198.51.100.7", from_="192.0.2.99")
    assert (four["reason"], four["source"], four["stale"]) == ("no_route", None, False)
    assert four["explanation"] == "192.0.2.99 is not an address of this host, so the kernel refuses it as a source."
    six = one(module, "2001:db8:100::7", from_="2001:db8:ff::99")
    assert (six["reason"], six["source"], six["stale"]) == ("bound", "2001:db8:ff::99", True)
    assert "no socket can be bound to it" in six["explanation"]
    for found in (four, six):
        assert found["socket"]["error"].startswith("EADDRNOTAVAIL: ")


@pytest.mark.parametrize(
    ("kind", "reason", "error"),
    [
        ("blackhole", "blackhole", "EINVAL"),
        ("unreachable", "unreachable", "EHOSTUNREACH"),
        ("prohibit", "prohibited", "EACCES"),
        ("throw", "no_route", "ENETUNREACH"),
    ],
)
def test_refusals_are_read_by_dump(ns: Host, module: ModuleRunner, kind: str, reason: str, error: str) -> None:
    # A shorter entry of another type, and a longer one in a table that comes later: neither is the answer.
    shorter = "unreachable" if kind == "blackhole" else "blackhole"
    ns.batch(
        [
            f"route add {shorter} 198.51.0.0/16 table 100",
            f"route add {shorter} 2001:db8:100::/40 table 100",
            f"route add {shorter} 198.51.100.7",
            f"route add {shorter} 2001:db8:100::7",
            f"route add {kind} {ns.P4} table 100",
            f"route add {kind} {ns.P6} table 100",
            "rule add priority 50 to 198.51.100.0/24 lookup 100",
        ]
        if kind != "throw"
        else [f"route add throw {ns.P4}", f"route add throw {ns.P6}"]
    )
    if kind != "throw":
        ns.ip("-6 rule add priority 50 to 2001:db8:100::/64 lookup 100")
    for found, destination in zip(ask(module, "198.51.100.7", "2001:db8:100::7"), (ns.P4, ns.P6)):
        assert (found["reason"], found["source"], found["device"]) == (reason, None, None)
        assert found["socket"]["source"] is None and found["socket"]["error"].startswith(f"{error}: ")
        assert f"{kind} {destination}" in found["explanation"]
        if kind == "throw":
            assert found["route"] is None and "ends the search in table main" in found["explanation"]
        else:
            assert (found["route"]["type"], found["route"]["destination"]) == (kind, destination)
            assert (found["table"], found["rule"]["priority"]) == (100, 50)


def test_no_route_names_the_tables_that_were_searched(ns: Host, module: ModuleRunner) -> None:
    ns.ip("rule add priority 50 lookup 100")
    four, six = ask(module, "203.0.113.1", "2001:db8:999::1")
    assert "(local, 100, main, default) has a route to 203.0.113.1" in four["explanation"]
    assert "(local, main) has a route to 2001:db8:999::1" in six["explanation"]
    for found in (four, six):
        assert (found["reason"], found["route"], found["rule"], found["stale"]) == ("no_route", None, None, False)


@pytest.mark.parametrize(
    ("action", "reason", "error"),
    [
        ("blackhole", "blackhole", "EINVAL"),
        ("unreachable", "unreachable", "ENETUNREACH"),
        ("prohibit", "prohibited", "EACCES"),
    ],
)
def test_rules_that_refuse(ns: Host, module: ModuleRunner, action: str, reason: str, error: str) -> None:
    ns.batch([f"route add {ns.P4} via {ns.G4}", f"route add {ns.P6} via {ns.G6}"])
    ns.ip(f"rule add priority 60 to {ns.P4} {action}")
    ns.ip(f"-6 rule add priority 60 to {ns.P6} {action}")
    for found in ask(module, "198.51.100.7", "2001:db8:100::7"):
        assert (found["reason"], found["rule"]["action"], found["rule"]["priority"]) == (reason, action, 60)
        assert found["explanation"].startswith("rule 60 (from all to ")
        assert found["socket"]["error"].startswith(f"{error}: ")


STEERED: list[tuple[dict[str, Any], str]] = [
    ({"mark": 100}, "fwmark 100"),
    ({"uid": 101}, "uidrange 101-101"),
    ({"ip_protocol": "tcp", "destination_port": 443}, "ipproto tcp dport 443"),
    ({"source_port": 53}, "sport 53"),
    ({"device": "v1"}, "oif v1"),
    ({"ip_protocol": "icmp"}, "ipproto icmp"),
    ({}, "ipproto udp"),
    ({"from": "192.0.2.3"}, "from 192.0.2.3"),
]


@pytest.mark.parametrize(("query", "selector"), STEERED, ids=[selector for _query, selector in STEERED])
def test_selectors_steer_the_look_up_and_a_real_socket(
    ns: Host, module: ModuleRunner, query: dict[str, Any], selector: str
) -> None:
    gateways = {"from": ns.G4} if "from" in query else {}
    ns.batch(
        [
            f"route add {ns.P4} via {ns.G4}",
            f"route add {ns.P4} via {gateways.get('from', ns.G4_V1)} src {ns.S4} table 100",
            f"rule add priority 100 {selector} lookup 100",
        ]
    )
    found = one(module, "198.51.100.7", **query)
    assert (found["table"], found["source"]) == (100, query.get("from", ns.S4))
    assert found["socket"] == {"source": query.get("from", ns.S4), "error": None}
    shown = ns.ip("rule show").splitlines()
    assert found["rule"]["line"] in [line.replace(":\t", ": ").strip() for line in shown]
    assert found["explanation"].startswith("rule 100 (")
    if selector not in ("ipproto udp",):
        assert one(module, "198.51.100.7")["table"] == 254


def test_selectors_steer_ipv6(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"route add {ns.P6} via {ns.G6}", f"route add {ns.P6} via {ns.G6_V1} src {ns.S6} table 100"])
    for number, selector in enumerate(("fwmark 100", "uidrange 101-101", "ipproto tcp dport 443"), 100):
        ns.ip(f"-6 rule add priority {number} {selector} lookup 100")
    for query, priority in (
        ({"mark": 100}, 100),
        ({"uid": 101}, 101),
        ({"ip_protocol": "tcp", "destination_port": 443}, 102),
        ({}, 32766),
    ):
        found = one(module, "2001:db8:100::7", **query)
        assert found["rule"]["priority"] == priority
        assert found["socket"] == {"source": found["source"], "error": None}
        assert found["source"] == (ns.S6 if query else "2001:db8::2")


def test_v4_tos(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"route add {ns.P4} via {ns.G4}", f"route add {ns.P4} tos 0x10 via {ns.G4_V1}"])
    found = one(module, "198.51.100.7", tos=0x10)
    assert (found["device"], found["route"]["tos"], found["socket"]["source"]) == ("v1", 0x10, "10.1.0.1")
    assert one(module, "198.51.100.7")["device"] == "v0"


def test_a_rule_by_source_moves_packets_after_the_choice(ns: Host, module: ModuleRunner) -> None:
    """The look-up that chooses the source has none yet; the packets have it, and may leave elsewhere."""
    ns.batch(
        [
            f"route add {ns.P4} via {ns.G4} src {ns.S4}",
            f"route add {ns.P4} via {ns.G4_V1} table 100",
            f"rule add priority 100 from {ns.S4} lookup 100",
        ]
    )
    found = one(module, "198.51.100.7")
    assert (found["source"], found["device"], found["reason"]) == (ns.S4, "v0", "prefsrc")
    assert (found["egress"]["device"], found["egress"]["gateway"], found["egress"]["table"]) == ("v1", ns.G4_V1, 100)
    assert found["egress"]["rule"]["priority"] == 100
    assert route_get(ns, f"198.51.100.7 from {ns.S4}")["dev"] == "v1"
    assert f"packets from {ns.S4} then leave by rule 100" in found["explanation"]
    ns.ip("route add blackhole 198.51.100.7 table 100")
    found = one(module, "198.51.100.7")
    assert (found["source"], found["device"], found["reason"], found["table"]) == (None, None, "blackhole", 100)
    assert found["socket"]["error"].startswith("EINVAL") and found["warnings"] == []
    assert f"but packets from {ns.S4} are refused: rule 100" in found["explanation"]


# Facts, section B: without prefsrc


def test_v4_first_primary_whose_subnet_holds_the_gateway(ns: Host, module: ModuleRunner) -> None:
    ns.batch(["address add 10.7.0.1/24 dev v0", f"route add {ns.P4} via 10.7.0.254"])
    found = one(module, "198.51.100.7")
    assert (found["source"], found["reason"]) == ("10.7.0.1", "interface")
    assert "10.7.0.1, the first address of v0 whose subnet holds the gateway" in found["explanation"]
    agrees(ns, found)


def test_v4_else_the_devices_first_and_never_a_secondary(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"route add {ns.P4} via 10.77.0.254 dev v0 onlink"])
    found = one(module, "198.51.100.7")
    assert (found["source"], found["reason"]) == ("10.0.0.1", "interface")
    assert "the first address of v0, whose subnets do not hold the gateway" in found["explanation"]
    agrees(ns, found)


def test_v4_unnumbered_borrows_from_lo(ns: Host, module: ModuleRunner) -> None:
    ns.batch(["address flush dev v1", f"route add {ns.P4} dev v1"])
    found = one(module, "198.51.100.7")
    assert (found["source"], found["reason"]) == (ns.S4, "borrowed")
    assert f"v1 has no address that would do, so the kernel borrows {ns.S4} of lo" in found["explanation"]
    agrees(ns, found)


def test_v4_unnumbered_without_an_address_on_lo_borrows_from_any_device(ns: Host, module: ModuleRunner) -> None:
    ns.batch(
        [
            "address flush dev v1",
            f"address delete {ns.S4}/32 dev lo",
            f"address delete {ns.S4_OTHER}/32 dev lo",
            f"route add {ns.P4} dev v1",
        ]
    )
    found = one(module, "198.51.100.7")
    assert (found["source"], found["reason"]) == ("10.0.0.1", "borrowed")
    assert "borrows 10.0.0.1 of v0" in found["explanation"]
    agrees(ns, found)


def test_v4_deprecated_is_ignored(ns: Host, module: ModuleRunner) -> None:
    ns.batch(
        [
            "address flush dev v1",
            "address add 10.9.0.1/24 dev v1 preferred_lft 0",
            "address add 10.1.0.1/24 dev v1",
            f"route add {ns.P4} dev v1",
        ]
    )
    found = one(module, "198.51.100.7")
    assert (found["source"], found["reason"]) == ("10.9.0.1", "interface")
    assert [text for text in found["warnings"] if "10.9.0.1 is deprecated" in text]
    agrees(ns, found)


def test_v4_follows_address_changes(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} dev v1")
    assert one(module, "198.51.100.7")["source"] == "10.1.0.1"
    ns.batch(["address add 10.8.0.1/24 dev v1", "address delete 10.1.0.1/24 dev v1"])
    found = one(module, "198.51.100.7")
    assert found["source"] == "10.8.0.1"
    agrees(ns, found)


def test_v4_gateway_of_the_other_family(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via inet6 {ns.G6} dev v0")
    found = one(module, "198.51.100.7")
    assert (found["gateway"], found["source"]) == (ns.G6, "10.0.0.1")
    assert f"via inet6 {ns.G6} dev v0: " in found["explanation"]
    agrees(ns, found)


def test_explicit_src_beats_all_even_deprecated(ns: Host, module: ModuleRunner) -> None:
    ns.ip("address add 2001:db8:ff::60/128 dev lo nodad preferred_lft 0")
    ns.ip(f"route add {ns.P6} via {ns.G6} src 2001:db8:ff::60")
    found = one(module, "2001:db8:100::7")
    assert (found["source"], found["reason"]) == ("2001:db8:ff::60", "prefsrc")
    assert found["warnings"] == [
        "2001:db8:ff::60 is deprecated: meant for no new connection, and yet the source of this one"
    ]
    agrees(ns, found)


def test_v4_src_of_127_8_is_accepted_by_the_route_and_by_nothing_else(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} src 127.0.0.1")
    found = one(module, "198.51.100.7")
    assert (found["source"], found["reason"], found["socket"]["source"]) == ("127.0.0.1", "prefsrc", None)
    assert found["socket"]["error"].startswith("EINVAL: ")
    assert "IPv4 sends nothing from 127.0.0.1 by a device other than lo" in found["explanation"]
    assert found["warnings"] and found["route"]["destination"] == ns.P4


def test_own_destinations(ns: Host, module: ModuleRunner) -> None:
    ns.ip("route add local 203.0.113.0/28 dev lo")
    for found in ask(module, "10.0.0.2", "127.0.0.1", "2001:db8::2", "::1", "203.0.113.5"):
        agrees(ns, found)
        assert (found["table"], found["stale"], found["device"]) == (255, False, "lo")
        assert found["rule"]["priority"] == 0 and found["route"]["table"] == 255
    ns.ip("route add local 203.0.113.32/28 dev lo table main")
    assert one(module, "203.0.113.33")["table"] == 254
    any_ip = one(module, "203.0.113.5")
    assert (any_ip["source"], any_ip["reason"], any_ip["configured"]) == ("203.0.113.5", "interface", None)
    bound = one(module, "10.0.0.254", from_="203.0.113.6")
    assert (bound["stale"], bound["socket"]["source"]) == (False, "203.0.113.6")


def test_connected_routes_carry_the_kernels_own_source(ns: Host, module: ModuleRunner) -> None:
    found = one(module, ns.G4)
    assert (found["reason"], found["gateway"], found["source"]) == ("prefsrc", None, "10.0.0.1")
    assert "the kernel's own route, made with the address 10.0.0.1, carries src 10.0.0.1" in found["explanation"]
    agrees(ns, found)


# Multipath


def test_v6_ecmp_shows_the_hidden_source_of_each_sibling(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P6} via {ns.G6} src {ns.S6}")
    ns.ip(f"route append {ns.P6} via {ns.G6_V1} src {ns.S6_OTHER}")
    expected = {"v0": (ns.S6, ns.G6), "v1": (ns.S6_OTHER, ns.G6_V1)}
    answers = ask(module, *(f"2001:db8:100::{number:x}" for number in range(1, 17)))
    assert {found["device"] for found in answers} == set(expected)
    for found in answers:
        other = "v1" if found["device"] == "v0" else "v0"
        assert (found["source"], found["gateway"]) == expected[found["device"]]
        assert found["reason"] == "prefsrc" and found["configured"] == found["source"]
        source, gateway = expected[other]
        assert found["also"] == [{"source": source, "device": other, "gateway": gateway}]
        assert f"for other flows {source} by {other}" in found["explanation"]
        assert found["socket"]["source"] in (ns.S6, ns.S6_OTHER)
        shown = route_get(ns, f"{found['destination']} oif {other}")
        assert shown["prefsrc"] == source


def test_v4_multipath_without_a_source_depends_on_the_next_hop(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} nexthop via {ns.G4} nexthop via {ns.G4_V1}")
    found = one(module, "198.51.100.7")
    sources = {"v0": "10.0.0.1", "v1": "10.1.0.1"}
    assert found["source"] == sources.pop(found["device"])
    assert {(each["device"], each["source"]) for each in found["also"]} == set(sources.items())
    assert "(one of 2 next hops)" in found["explanation"]
    ns.ip(f"route replace {ns.P4} src {ns.S4} nexthop via {ns.G4} nexthop via {ns.G4_V1}")
    assert (one(module, "198.51.100.7")["also"], one(module, "198.51.100.7")["source"]) == ([], ns.S4)


def test_nexthop_objects_are_named(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"nexthop add id 7 via {ns.G4} dev v0", f"route add {ns.P4} nhid 7 src {ns.S4}"])
    found = one(module, "198.51.100.7")
    assert (found["source"], found["route"]["nexthop_id"], found["device"]) == (ns.S4, 7, "v0")
    assert "(nexthop 7)" in found["explanation"]
    agrees(ns, found)


# The module


def test_destinations_are_short_for_queries(ns: Host, module: ModuleRunner) -> None:
    args = {"destinations": [ns.G4, ns.G6], "queries": [{"destination": ns.G4_V1}]}
    found = module.ok("source_info", args)["sources"]
    assert [each["destination"] for each in found] == [ns.G4_V1, ns.G4, ns.G6]
    assert module.ok("source_info", args, check=True)["sources"] == found
    assert module.fails("source_info", {})["msg"].startswith("one of the following is required")


def test_netns_is_entered_and_never_made(ns: Host, module: ModuleRunner, other_ns: Any) -> None:
    args = {"netns": ns.name, "destinations": [ns.G4]}
    assert module.ok("source_info", args, ns=other_ns)["sources"][0]["source"] == "10.0.0.1"
    assert "no network namespace" in module.fails("source_info", {**args, "netns": "l3h-none"}, ns=other_ns)["msg"]


def test_host_names_are_resolved_and_each_address_answered(ns: Host, module: ModuleRunner) -> None:
    found = ask(module, "localhost")
    assert {each["name"] for each in found} == {"localhost"}
    assert "127.0.0.1" in [each["source"] for each in found]


def test_input_is_checked_before_the_first_query(ns: Host, module: ModuleRunner) -> None:
    queries = [{"destination": ns.G4}, {"destination": ns.G4, "device": "v9"}]
    assert module.fails("source_info", {"queries": queries})["msg"] == (
        "queries[1].device: there is no device 'v9'; this host has lo, v0, v1"
    )
    assert "sources" not in module.fails("source_info", {"queries": queries})


def test_rows_of_rules_read_as_ip_rule_prints_them(ns: Host, module: ModuleRunner) -> None:
    lines = [
        "from 192.0.2.2 to 198.51.100.0/24 iif lo oif v1 lookup 100",
        "not from all fwmark 0x64/0xff lookup 100",
        "from all tos 0x10 lookup 100",
        "from all uidrange 5-10 ipproto tcp sport 5-9 dport 443 lookup 100",
        "from all lookup main suppress_prefixlength 3",
        "from all lookup default",
    ]
    ns.batch([f"rule add priority {number} {text}" for number, text in enumerate(lines, 10)])
    ns.ip("route add default via 10.0.0.254 table 100")
    shown = {line.replace(":\t", ": ").strip() for line in ns.ip("rule show").splitlines()}
    assert {f"{number}: {text}" for number, text in enumerate(lines, 10)} <= shown
    queries: list[dict[str, Any]] = [
        {"destination": "203.0.113.1", "mark": 100, **extra}
        for extra in ({"tos": 0x10}, {"uid": 7, "ip_protocol": "tcp", "source_port": 6, "destination_port": 443})
    ]
    queries += [{"destination": "198.51.100.1", "mark": 100, "from": "192.0.2.2", "device": "v1"}]
    queries += [{"destination": "198.51.100.1"}]
    ns.ip("route add 198.51.100.0/24 dev v1 table 100")
    found = module.ok("source_info", {"queries": queries})["sources"]
    assert [each["rule"]["priority"] for each in found] == [12, 13, 10, 11]
    assert {each["rule"]["line"] for each in found} <= shown


def test_many_queries_in_one_task(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"route add 10.{number >> 8}.{number & 255}.0/24 via {ns.G4} src {ns.S4}" for number in range(512, 1024)])
    destinations = [f"10.{number >> 8}.{number & 255}.9" for number in range(512, 1024)]
    found = module.ok("source_info", {"destinations": destinations})["sources"]
    assert {each["socket"]["source"] for each in found} == {ns.S4} and len(found) == len(destinations)


def test_works_without_privilege(ns: Host, module: ModuleRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look-ups with a foreign uid and a mark are allowed to anybody, sockets of that kind are not."""
    ns.batch([f"route add {ns.P4} via {ns.G4} src {ns.S4}", f"route add {ns.P4} via {ns.G4_V1} table 100"])
    ns.batch(["rule add priority 100 fwmark 100 lookup 100", "rule add priority 101 uidrange 77-77 lookup 100"])
    queries = [{"destination": "198.51.100.7", **extra} for extra in ({}, {"mark": 100}, {"uid": 77})]

    def without_privilege() -> None:
        drop_capabilities()
        main()

    main = source_info.main
    monkeypatch.setattr(source_info, "main", without_privilege)
    plain, marked, other = run_forked("source_info", {"queries": queries}, ns)["sources"]
    assert (plain["source"], plain["socket"]) == (ns.S4, {"source": ns.S4, "error": None})
    for each, call in ((marked, "SO_MARK"), (other, "fchown")):
        assert (each["source"], each["table"], each["socket"]["source"]) == ("10.1.0.1", 100, None)
        assert each["socket"]["error"].startswith("EPERM: ") and call in each["socket"]["error"]


def test_in_the_lab_the_web_server_sees_what_was_answered(lab: Lab, module: ModuleRunner) -> None:
    lab.host.ip("route add 198.51.100.0/24 via 172.20.20.1 src 192.0.2.2")
    for found, url in zip(
        ask(module, "198.51.100.34", "203.0.113.80", "2001:db8:100::34"),
        ("198.51.100.34", "203.0.113.80", "[2001:db8:100::34]"),
    ):
        seen = lab.host.run(["curl", "-sS", "--max-time", "5", f"http://{url}/"]).stdout.strip()
        assert found["source"] == found["socket"]["source"] == seen
