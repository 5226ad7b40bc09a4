# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer is what the packet does: states in which a look-up by itself says something else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab import netns
from tests.lab.kernel import OPTIMISTIC_DAD, PREFERS_HOP_WITH_SOURCE
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host
from tests.lab.sent import Sent, Watch

Found = dict[str, Any]
TO6 = "2001:db8:100::34"


def one(module: ModuleRunner, destination: str, **query: Any) -> Found:
    (found,) = module.ok("source_info", {"queries": [{"destination": destination, **query}]})["sources"]
    result: Found = found
    return result


def wire(host: Host, destination: str, **query: Any) -> Sent | None:
    """Source and device of the packet that a socket's ``send`` puts on the wire."""

    def send() -> Sent | None:
        with Watch() as watch:
            return watch.send(destination, **query)

    return netns.within(host.name, send)


# RFC 6724


def test_rule_7_goes_by_the_settings_of_every_candidate_s_device(ns: Host, module: ModuleRunner) -> None:
    """No temporary address anywhere: v0, which would prefer one, is passed over for v1 all the same."""
    ns.sysctl({"ipv6/conf/v0/use_tempaddr": 2})
    ns.batch(
        [
            "address flush dev lo scope global",
            "address flush dev v0 scope global",
            "address flush dev v1 scope global",
            "address add 2001:db8:100::9/64 dev v0 nodad noprefixroute",
            "address add 2001:db8:1::1/64 dev v1 nodad noprefixroute",
            # By lo, so that no candidate is on the outgoing device.
            "route add 2001:db8:100::/48 dev lo",
        ]
    )
    found = one(module, TO6)
    assert found["source"] == found["socket"]["source"] == "2001:db8:1::1"
    assert (found["rfc6724"]["rule"], found["rfc6724"]["runner_up"]) == ("7", "2001:db8:100::9")
    assert "use_tempaddr prefers temporary addresses on v0" in found["explanation"]
    ns.ip("address delete 2001:db8:1::1/64 dev v1")
    assert one(module, TO6)["source"] == "2001:db8:100::9"


def test_home_addresses_are_explained_by_the_rules_of_this_kernel(ns: Host, module: ModuleRunner) -> None:
    ns.batch(["address change 2001:db8::1/64 dev v0 home", f"route add {ns.P6} via {ns.G6}"])
    found = one(module, TO6)
    assert found["source"] == found["socket"]["source"]
    decision = found["rfc6724"]
    if found["source"] == "2001:db8::1":  # a kernel with CONFIG_IPV6_MIP6
        assert decision["rule"] == "4"
    else:
        assert (decision["rule"], decision["runner_up"]) == ("order", "2001:db8::1")
    ns.batch(
        [
            "address delete 2001:db8::1/64 dev v0",
            "address delete 2001:db8:1::1/64 dev v1",
            "address add 2001:db8:1::1/64 dev v1 home nodad",
        ]
    )
    found = one(module, TO6)
    assert found["source"] == found["socket"]["source"]
    assert found["rfc6724"]["rule"] == ("4" if found["source"] == "2001:db8:1::1" else "5")


def test_rule_4_where_sockets_do_not_tell_of_it(ns: Host, module: ModuleRunner) -> None:
    """They are refused where there is no rule 4: it would choose the only address that has a route."""
    ns.batch(
        [
            "address flush dev lo scope global",
            "address flush dev v0 scope global",
            "address flush dev v1 scope global",
            "address add 2001:db8:1::7/64 dev v0 home nodad noprefixroute",
            "address add 2001:db8:100::9/64 dev v0 nodad noprefixroute",
            "route add default from 2001:db8:1::7/128 dev v0",
        ]
    )
    has_it = one(module, TO6)["source"] is not None
    for preferences, leads in ([], has_it), (["home"], has_it), (["care_of"], False):
        found = one(module, TO6, preferences=preferences)
        assert found["source"] == found["socket"]["source"] == ("2001:db8:1::7" if leads else None), found
        assert found["warnings"] == []
        assert leads or "2001:db8:100::9, which RFC 6724 would choose" in found["explanation"]
    ns.ip("-6 route delete default from 2001:db8:1::7/128 dev v0")
    chosen = "2001:db8:1::7" if has_it else "2001:db8:100::9"
    assert f"{chosen}, which RFC 6724 would choose" in one(module, TO6)["explanation"]


def test_the_runner_up_by_rule_4_where_another_rule_decided(ns: Host, module: ModuleRunner) -> None:
    """Sockets that prefer home or care-of addresses get the same, so only the kernel's functions tell."""
    ns.batch(
        [
            "address flush dev v0 scope global",
            "address add 2001:db8:100::9/64 dev v0 nodad noprefixroute",
            "address add 2001:db8:1::7/64 dev v0 home preferred_lft 0 nodad noprefixroute",
            "address add 2001:db8:1::8/64 dev v0 preferred_lft 0 nodad noprefixroute",
            "address flush dev lo scope global",
            "address flush dev v1 scope global",
            f"route add {ns.P6} via fe80::fe dev v0 onlink",
        ]
    )
    found = one(module, TO6)
    assert (found["source"], found["rfc6724"]["rule"]) == ("2001:db8:100::9", "3")
    ns.ip("address delete 2001:db8:100::9/64 dev v0")
    assert one(module, TO6)["source"] == found["rfc6724"]["runner_up"]


@pytest.mark.parametrize("where", [("v0", "all"), ("all", "v0")])
def test_optimistic_addresses_count_where_either_setting_is_on(
    ns: Host, module: ModuleRunner, where: tuple[str, str]
) -> None:
    """``optimistic_dad`` of the device and ``use_optimistic`` of all, or the other way round."""
    dad, use = where
    if OPTIMISTIC_DAD:
        ns.sysctl({f"ipv6/conf/{dad}/optimistic_dad": 1, f"ipv6/conf/{use}/use_optimistic": 1})
    # Detection would last for minutes: the address stays optimistic.
    ns.sysctl({"ipv6/conf/v0/dad_transmits": 600})
    ns.batch([f"route add {ns.P6} via {ns.G6}", "address add 2001:db8:100::9/64 dev v0 optimistic"])
    found = one(module, TO6)
    if not OPTIMISTIC_DAD:  # then it counts as deprecated for as long as it is tentative
        assert found["source"] == found["socket"]["source"] == "2001:db8::2"
        return
    assert found["source"] == found["socket"]["source"] == "2001:db8:100::9"
    assert found["rfc6724"]["rule"] == "8"


# The source comes first


@pytest.fixture
def two_uplinks(ns: Host) -> Host:
    """No default route for everybody, but one for each uplink's addresses."""
    ns.batch(["address flush dev lo scope global"])
    for source, gateway in (("2001:db8::/64", ns.G6), ("2001:db8:1::/64", ns.G6_V1)):
        ns.ip(f"-6 route add default from {source} via {gateway}")
    return ns


def test_ipv6_chooses_the_source_before_a_route_from_it(two_uplinks: Host, module: ModuleRunner) -> None:
    two_uplinks.ip("address delete 2001:db8::2/64 dev v0")
    found = one(module, TO6)
    assert (found["source"], found["device"]) == wire(two_uplinks, TO6) == ("2001:db8::1", "v0")
    assert found["socket"] == {"source": "2001:db8::1", "error": None}
    assert (found["reason"], found["table"], found["gateway"]) == ("rfc6724", 254, two_uplinks.G6)
    assert found["route"]["line"].startswith("default from 2001:db8::/64 via")
    assert "no route is found until the source is known" in found["explanation"]
    assert found["warnings"] == []
    two_uplinks.ip("address add 2001:db8:100::9/128 dev v1 nodad")
    found = one(module, TO6)
    assert (found["source"], found["reason"]) == (None, "no_route")
    assert found["socket"]["error"].startswith("ENETUNREACH")
    assert "2001:db8:100::9" in found["explanation"]


def test_ipv6_chooses_the_source_before_a_rule_from_it(ns: Host, module: ModuleRunner) -> None:
    ns.batch(["address flush dev lo scope global", "address delete 2001:db8::2/64 dev v0"])
    ns.ip("-6 rule add priority 100 from 2001:db8::/64 lookup 100")
    ns.ip("-6 rule add priority 101 from 2001:db8:1::/64 lookup 101")
    ns.ip(f"-6 route add default via {ns.G6} table 100")
    ns.ip(f"-6 route add default via {ns.G6_V1} table 101")
    found = one(module, TO6)
    assert (found["source"], found["device"]) == wire(ns, TO6) == ("2001:db8::1", "v0")
    assert (found["table"], found["rule"]["priority"]) == (100, 100)
    # A route that refuses everybody is forgotten as well.
    ns.ip("-6 route add unreachable default metric 4096")
    found = one(module, TO6)
    assert (found["source"], found["socket"]["source"], found["table"]) == ("2001:db8::1", "2001:db8::1", 100)
    # Bound to a device, the source is chosen among all the same, and has no route by that device.
    found = one(module, TO6, device="v1")
    assert (found["source"], found["socket"]["source"]) == (None, None)
    assert "by v1" in found["explanation"] or found["reason"] == "unreachable"


def test_ipv6_rule_not_from_refuses_only_who_has_no_source(ns: Host, module: ModuleRunner) -> None:
    ns.ip("-6 rule add priority 100 not from 2001:db8::/32 unreachable")
    ns.ip(f"-6 route add default via {ns.G6}")
    found = one(module, TO6)
    assert found["source"] == found["socket"]["source"] is not None
    assert found["warnings"] == []
    assert (found["source"], found["device"]) == wire(ns, TO6)


def test_ipv6_does_not_look_again_for_a_rule_by_source(ns: Host, module: ModuleRunner) -> None:
    ns.ip("-6 rule add priority 100 from 2001:db8:1::/64 lookup 101")
    ns.batch(
        [
            f"neigh replace {TO6} lladdr 02:00:00:00:00:01 dev v0",
            "route add 2001:db8:100::/48 dev v0 src 2001:db8:1::1",
            f"route add default via {ns.G6_V1} dev v1 table 101",
        ]
    )
    found = one(module, TO6)
    assert (found["source"], found["device"], found["egress"]) == ("2001:db8:1::1", "v0", None)
    assert wire(ns, TO6) == ("2001:db8:1::1", "v0")
    assert "table 101" not in found["explanation"]


@pytest.mark.parametrize("kind", ["of the route", "of the hop", "of the hop of an object"])
def test_ipv4_looks_again_among_several_next_hops(ns: Host, module: ModuleRunner, kind: str) -> None:
    """Which hop a flow takes goes by its source as well, and only the second look-up has that."""
    hops = f"nexthop via {ns.G4} nexthop via {ns.G4_V1}"
    if kind == "of the hop of an object":
        ns.batch(
            [
                f"nexthop add id 1 via {ns.G4} dev v0",
                f"nexthop add id 2 via {ns.G4_V1} dev v1",
                "nexthop add id 3 group 1/2",
            ]
        )
        ns.sysctl({"ipv4/nexthop_compat_mode": 0})
        hops = "nhid 3"
    ns.ip(f"route add {ns.P4} {f'src {ns.S4} ' if kind == 'of the route' else ''}{hops}")
    destinations = [f"198.51.100.{number}" for number in range(1, 25)]
    answers = module.ok("source_info", {"destinations": destinations})["sources"]
    for found in answers:
        leaves = (found["egress"] or found)["device"]
        assert wire(ns, found["destination"]) == (found["source"], leaves), found
    moved = [found for found in answers if found["egress"]]
    assert bool(moved) == (kind != "of the hop" or not PREFERS_HOP_WITH_SOURCE)
    for found in moved:
        assert found["egress"]["device"] != found["device"] and found["egress"]["table"] == 254
        assert f"packets from {found['source']} then leave by" in found["explanation"]


def test_ipv6_bound_to_a_source_and_a_device(ns: Host, module: ModuleRunner) -> None:
    """A look-up with both only prefers the device; a socket takes no other."""
    ns.batch([f"route add {ns.P6} via {ns.G6} metric 10", f"route add {ns.P6} via {ns.G6_V1} metric 20"])
    both = {"from": "2001:db8::1", "device": "v1"}
    found = one(module, TO6, **both)
    assert (found["device"], found["gateway"], found["route"]["metric"]) == ("v1", ns.G6_V1, 20)
    assert wire(ns, TO6, source="2001:db8::1", device="v1") == ("2001:db8::1", "v1")
    ns.ip(f"-6 route delete {ns.P6} metric 20")
    found = one(module, TO6, **both)
    assert (found["device"], found["reason"]) == (None, "no_route")
    assert found["socket"]["error"].startswith("ENETUNREACH")
    assert "by v1" in found["explanation"]


def test_a_socket_that_fails_beside_an_answer_is_told(ns: Host, module: ModuleRunner) -> None:
    """Nothing is stale: to a broadcast address a look-up answers, and a socket without SO_BROADCAST may not."""
    found = one(module, "10.0.0.255")
    assert (found["source"], found["socket"]["source"], found["stale"]) == ("10.0.0.1", None, False)
    assert found["warnings"] == ["the look-up says 10.0.0.1, but a socket fails: EACCES: Permission denied"]


def test_mapped_addresses_are_ipv4_and_none_is_loopback(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4}")
    found = one(module, "::ffff:198.51.100.34")
    assert (found["destination"], found["family"]) == ("198.51.100.34", "ipv4")
    assert (found["source"], found["device"]) == wire(ns, "::ffff:198.51.100.34") == ("10.0.0.1", "v0")
    assert found["query"]["destination"] == "::ffff:198.51.100.34"
    bound = one(module, "::ffff:198.51.100.34", **{"from": "::ffff:10.0.0.2"})
    assert bound["source"] == bound["socket"]["source"] == "10.0.0.2"
    for text, source in (("::", "::1"), ("0.0.0.0", "127.0.0.1")):
        found = one(module, text)
        assert found["source"] == found["socket"]["source"] == source, found
        assert wire(ns, text) == (source, "lo")


def test_bound_to_a_broadcast_address_a_socket_sends_as_if_it_were_not(ns: Host, module: ModuleRunner) -> None:
    ns.batch(
        [f"route add {ns.P4} via {ns.G4_V1}", "address add 192.0.2.9/29 dev v1", "address add 192.0.2.15/32 dev lo"]
    )
    found = one(module, "198.51.100.34", **{"from": "192.0.2.15"})
    assert (found["source"], found["device"]) == wire(ns, "198.51.100.34", source="192.0.2.15") == ("10.1.0.1", "v1")
    assert found["socket"]["source"] == "192.0.2.15"
    assert any("192.0.2.15 is a broadcast address" in text for text in found["warnings"])


@pytest.mark.parametrize(
    ("family", "objects", "destination", "inside"),
    [
        ("-4", ["id 9 blackhole"], "198.51.100.0/24", "198.51.100.7"),
        ("-4", ["id 8 blackhole", "id 9 group 8"], "198.51.100.0/24", "198.51.100.7"),
        ("-6", ["id 9 blackhole"], "2001:db8:100::/64", "2001:db8:100::7"),
        ("-6", ["id 8 blackhole", "id 9 group 8"], "2001:db8:100::/64", "2001:db8:100::7"),
    ],
    ids=["v4", "v4 group", "v6", "v6 group"],
)
def test_a_nexthop_object_that_is_a_blackhole(
    ns: Host, module: ModuleRunner, family: str, objects: list[str], destination: str, inside: str
) -> None:
    for text in objects:
        # A group has no family of its own.
        ns.ip(f"{'' if 'group' in text else family} nexthop add {text}")
    ns.ip(f"{family} route add {destination} nhid 9")
    found = one(module, inside)
    assert (found["reason"], found["source"], found["table"]) == ("blackhole", None, 254)
    assert found["route"]["destination"] == destination and found["route"]["nexthop_id"] == 9
    assert found["socket"]["error"].startswith("EINVAL")
    listed = {
        kind: [route["destination"] for route in module.ok("route_info", {"type": kind})["routes"]]
        for kind in ("blackhole", "unicast")
    }
    assert listed["blackhole"] == [destination]
    assert destination not in listed["unicast"] and "10.0.0.0/24" in listed["unicast"]


def test_an_address_to_which_the_kernel_made_no_local_route(ns: Host, module: ModuleRunner) -> None:
    """192.0.2.23 is the first address of its subnet, and another's broadcast address: its secondary gets no route."""
    ns.batch([f"address add {text} dev v1" for text in ("192.0.2.22/29", "192.0.2.23/28", "192.0.2.25/28")])
    found = one(module, "10.1.0.254", **{"from": "192.0.2.25"})
    local = "local 192.0.2.25" in ns.ip("route show table local")
    assert bool(found["warnings"]) == bool(found["socket"]["error"]) == (not local)
    if not local:
        assert "a socket fails: EADDRNOTAVAIL" in found["warnings"][0]
