# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources that a route names and the host no longer has: the rows of "Address goes away"."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.lab.kernel import STRIPS_EVERY_IPV6_ROUTE
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

Found = dict[str, Any]


def one(module: ModuleRunner, destination: str) -> Found:
    (found,) = module.ok("source_info", {"destinations": [destination]})["sources"]
    result: Found = found
    return result


def shown(host: Host, destination: str) -> str:
    (found,) = host.ip_json(f"route get {destination}")
    source: str = found["prefsrc"]
    return source


def fresh(module: ModuleRunner, destination: str, source: str) -> None:
    found = one(module, destination)
    assert (found["source"], found["reason"], found["stale"]) == (source, "prefsrc", False)
    assert found["socket"] == {"source": source, "error": None}


def stale(host: Host, module: ModuleRunner, destination: str, source: str, *, got: bool) -> None:
    """The look-up still says ``source``; a socket gets it all the same (``got``) or cannot connect."""
    found = one(module, destination)
    assert (found["source"], found["configured"], found["reason"]) == (source, source, "prefsrc")
    assert shown(host, destination) == source
    assert found["stale"] is True
    assert f"but the host does not have {source} any more" in found["explanation"]
    if got:
        assert found["socket"] == {"source": source, "error": None}
        assert "sockets get it all the same" in found["explanation"]
    else:
        assert found["socket"]["source"] is None and found["socket"]["error"].startswith("ENETUNREACH: ")
        assert "a socket fails: ENETUNREACH" in found["explanation"]


def test_v4_in_another_table_stays_dangling_until_the_address_is_back(ns: Host, module: ModuleRunner) -> None:
    ns.batch(
        [
            "address add 192.0.2.50/32 dev lo",
            f"route add {ns.P4} via {ns.G4} src 192.0.2.50 table 100",
            "rule add priority 100 lookup 100",
        ]
    )
    fresh(module, "198.51.100.7", "192.0.2.50")
    ns.ip("address delete 192.0.2.50/32 dev lo")
    stale(ns, module, "198.51.100.7", "192.0.2.50", got=False)
    ns.ip("address add 192.0.2.50/32 dev lo")
    fresh(module, "198.51.100.7", "192.0.2.50")


def test_v4_any_ip_local_prefix_removed_stays_dangling(ns: Host, module: ModuleRunner) -> None:
    ns.batch(["route add local 203.0.113.0/28 dev lo", f"route add {ns.P4} via {ns.G4} src 203.0.113.1"])
    fresh(module, "198.51.100.7", "203.0.113.1")
    ns.ip("route delete local 203.0.113.0/28 dev lo")
    stale(ns, module, "198.51.100.7", "203.0.113.1", got=False)


def test_v6_nexthop_object_stays_dangling_and_sockets_use_it(ns: Host, module: ModuleRunner) -> None:
    ns.batch(
        [
            "address add 2001:db8:ff::50/128 dev lo nodad",
            f"nexthop add id 6 via {ns.G6} dev v0",
            f"route add {ns.P6} nhid 6 src 2001:db8:ff::50",
        ]
    )
    fresh(module, "2001:db8:100::7", "2001:db8:ff::50")
    ns.ip("address delete 2001:db8:ff::50/128 dev lo")
    stale(ns, module, "2001:db8:100::7", "2001:db8:ff::50", got=True)


def test_v6_link_down_and_up_loses_the_address_and_leaves_src(ns: Host, module: ModuleRunner) -> None:
    ns.batch(["address add 2001:db8::51/64 dev v0 nodad", f"route add {ns.P6} via {ns.G6_V1} src 2001:db8::51"])
    fresh(module, "2001:db8:100::7", "2001:db8::51")
    ns.ip("link set v0 down")
    stale(ns, module, "2001:db8:100::7", "2001:db8::51", got=True)
    ns.ip("link set v0 up")
    stale(ns, module, "2001:db8:100::7", "2001:db8::51", got=True)


def test_v6_keep_addr_on_down_keeps_it(ns: Host, module: ModuleRunner) -> None:
    ns.sysctl({"ipv6/conf/v0/keep_addr_on_down": 1})
    ns.batch(["address add 2001:db8::51/64 dev v0 nodad", f"route add {ns.P6} via {ns.G6_V1} src 2001:db8::51"])
    ns.batch(["link set v0 down", "link set v0 up"])
    fresh(module, "2001:db8:100::7", "2001:db8::51")


@pytest.mark.parametrize("kind", ["plain", "multipath", "nhid"])
def test_v4_main_route_is_deleted(ns: Host, module: ModuleRunner, kind: str) -> None:
    hops = {"plain": f"via {ns.G4}", "multipath": f"nexthop via {ns.G4} nexthop via {ns.G4_V1}", "nhid": "nhid 6"}
    lines = ["address add 192.0.2.50/32 dev lo", f"nexthop add id 6 via {ns.G4} dev v0"]
    ns.batch([*lines, f"route add {ns.P4} src 192.0.2.50 {hops[kind]}"])
    fresh(module, "198.51.100.7", "192.0.2.50")
    ns.ip("address delete 192.0.2.50/32 dev lo")
    found = one(module, "198.51.100.7")
    assert (found["reason"], found["source"], found["stale"]) == ("no_route", None, False)
    ns.ip("address add 192.0.2.50/32 dev lo")
    assert one(module, "198.51.100.7")["reason"] == "no_route"


@pytest.mark.parametrize("device", ["v0", "lo"])
def test_v6_plain_route_is_stripped_of_its_source(ns: Host, module: ModuleRunner, device: str) -> None:
    """On every kernel where the route leads by the address's own device, else from 6.6 on; before, it is stale."""
    ns.batch(
        [f"address add 2001:db8:ff::50/128 dev {device} nodad", f"route add {ns.P6} via {ns.G6} src 2001:db8:ff::50"]
    )
    fresh(module, "2001:db8:100::7", "2001:db8:ff::50")
    ns.ip(f"address delete 2001:db8:ff::50/128 dev {device}")
    if device != "v0" and not STRIPS_EVERY_IPV6_ROUTE:
        stale(ns, module, "2001:db8:100::7", "2001:db8:ff::50", got=True)
        ns.ip(f"address add 2001:db8:ff::50/128 dev {device} nodad")
        fresh(module, "2001:db8:100::7", "2001:db8:ff::50")
        return
    found = one(module, "2001:db8:100::7")
    assert (found["reason"], found["configured"], found["stale"]) == ("rfc6724", None, False)
    assert found["source"] == found["socket"]["source"] == shown(ns, "2001:db8:100::7") == "2001:db8::2"


@pytest.mark.parametrize("family", [4, 6])
def test_the_same_address_on_another_interface_keeps_it(ns: Host, module: ModuleRunner, family: int) -> None:
    source, gateway, prefix, destination = (
        ("192.0.2.50/32", ns.G4, ns.P4, "198.51.100.7")
        if family == 4
        else ("2001:db8:ff::50/128", ns.G6, ns.P6, "2001:db8:100::7")
    )
    nodad = " nodad" if family == 6 else ""
    bare = source.partition("/")[0]
    ns.batch(
        [
            f"address add {source} dev lo{nodad}",
            f"address add {source} dev v1{nodad}",
            f"route add {prefix} via {gateway} src {bare}",
            f"address delete {source} dev lo",
        ]
    )
    fresh(module, destination, bare)


def test_an_address_that_failed_duplicate_detection_is_had_and_warned_of(ns: Host, module: ModuleRunner) -> None:
    ns.batch(["address add 2001:db8::51/64 dev v0 nodad", f"nexthop add id 6 via {ns.G6} dev v0"])
    ns.ip(f"route add {ns.P6} nhid 6 src 2001:db8::51")
    ns.ip("address delete 2001:db8::51/64 dev v0")
    stale(ns, module, "2001:db8:100::7", "2001:db8::51", got=True)
    ns.peer.ip("address add 2001:db8::51/64 dev v0 nodad")
    ns.ip("address add 2001:db8::51/64 dev v0")
    while "dadfailed" not in (state := ns.ip("address show dev v0 to 2001:db8::51")):
        assert "tentative" in state
        time.sleep(0.05)
    found = one(module, "2001:db8:100::7")
    assert [text for text in found["warnings"] if "2001:db8::51 of v0 failed duplicate detection" in text]
