# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items of tasks to values, and what is refused before anything is read from the routing tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._base.names import TABLES
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Address, Link, Prefix
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import Host
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.runs import WantedRoute
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.values import Hop
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.wanted import routes as runs
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.wanted import selections
from tests.unit.host.hosts import view
from tests.unit.routes import routes as R

P4, P6, G4, G6 = "198.51.100.0/24", "2001:db8:100::/64", "10.0.0.254", "2001:db8::fe"
LINKS = (
    Link(1, "lo"),
    Link(2, "v0"),
    Link(3, "v1", master=9),
    Link(9, "blue", table=100),
)
ADDRESSES = (
    Address("192.0.2.2", 32, INET, 1, "lo"),
    Address("10.0.0.1", 24, INET, 2, "v0"),
    Address("10.1.0.1", 24, INET, 3, "v1"),
    Address("10.0.0.9", 24, INET, 2, "v0", flags=Address.DEPRECATED),
    Address("127.0.0.1", 8, INET, 1, "lo"),
    Address("2001:db8:ff::2", 128, INET6, 1, "lo"),
    Address("2001:db8::77", 64, INET6, 2, "v0", flags=Address.TENTATIVE),
    Address("2001:db8::78", 64, INET6, 2, "v0", flags=Address.DADFAILED),
    Address("2001:db8::79", 64, INET6, 2, "v0", flags=Address.TENTATIVE | Address.OPTIMISTIC),
)


def local_prefixes(family: int, table: int) -> list[Prefix]:
    found = {(INET, 255): ["203.0.113.0/24"], (INET, 77): ["203.0.113.128/25", "192.88.99.1"]}
    return [R.prefix(text) for text in found.get((family, table), [])]


def routes(items: Sequence[Mapping[str, Any]], asked: Host) -> list[WantedRoute]:
    """The entries one by one."""
    return [item for run in runs(items, asked) for item in run]


def host(**options: Any) -> Host:
    return view(LINKS, ADDRESSES, local_prefixes, tables={**TABLES, "green": 1000}, **options)


GOOD = {"destination": "198.18.0.0/24", "gateway": G4}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"destination": None}, "routes[1].destination: is required"),
        ({"destination": "198.51.100.1/24"}, "did you mean 198.51.100.0/24?"),
        ({"destination": "default", "gateway": None, "device": "v0"}, "does not say which family"),
        ({"gateway": "10.0.0"}, "routes[1].gateway: '10.0.0' is not an IP address"),
        ({"destination": P6}, "routes[1].gateway: 10.0.0.254 is IPv4, but the destination is IPv6"),
        ({"gateway": "fe80::1"}, "fe80::1 is link-local; say on which device"),
        ({"device": "nosuch0"}, "routes[1].device: there is no device 'nosuch0'; this host has blue, lo, v0, v1"),
        ({"onlink": True}, "routes[1].onlink: needs both a gateway and a device"),
        ({"nexthops": [{"gateway": G4}]}, "give nexthops, or gateway, not both"),
        ({"device": "v0", "nexthops": []}, "give nexthops, or gateway and device, not both"),
        ({"gateway": None, "nexthops": []}, "routes[1].nexthops: is empty"),
        ({"gateway": None, "nexthops": [{"weight": 1}]}, "routes[1].nexthops[0]: needs a gateway, a device, or both"),
        ({"gateway": None, "nexthops": [{"gateway": G4, "weight": 0}]}, "weight: 0 is not between 1 and 256"),
        ({"gateway": None, "nexthops": [{"gateway": G4}] * 2}, "names the same gateway and device twice"),
        ({"nexthop_id": 7}, "give one of them"),
        ({"gateway": None, "nexthop_id": 0}, "routes[1].nexthop_id: 0 is not between 1 and"),
        ({"metric": -1}, "routes[1].metric: -1 is not between 0 and 4294967295"),
        ({"metric": 2**32}, "routes[1].metric: 4294967296 is not between"),
        ({"metric": "many"}, "routes[1].metric: 'many' is not a whole number"),
        ({"tos": 1}, "routes[1].tos: 1 is refused by the kernel"),
        ({"tos": 256}, "routes[1].tos: 256 is not between 0 and 255"),
        ({"destination": P6, "gateway": G6, "tos": 16}, "IPv6 routes have none"),
        ({"table": 5, "vrf": "blue"}, "routes[1]: give table or vrf, not both"),
        ({"table": "nosuch"}, "routes[1].table: 'nosuch' is unknown"),
        ({"table": "0"}, "routes[1].table: 0 is no table"),
        ({"vrf": "v0"}, "routes[1].vrf: 'v0' is a device, but not a VRF"),
        ({"vrf": "red"}, "routes[1].vrf: there is no device 'red'"),
        ({"protocol": "nosuch"}, "routes[1].protocol: 'nosuch' is unknown"),
        ({"protocol": 256}, "routes[1].protocol: 256 is not between 0 and 255"),
        ({"scope": "everywhere"}, "routes[1].scope: 'everywhere' is unknown"),
        ({"type": "nat"}, "routes[1].type: 'nat' is not one of"),
        ({"type": "blackhole"}, "a blackhole route has no gateway"),
        ({"type": "throw", "gateway": None, "source": "192.0.2.2"}, "a throw route has no gateway"),
        ({"metrics": {"mtu": "big"}}, "routes[1].metrics.mtu: 'big' is not a whole number"),
        ({"metrics": {"rtt": 2**29}}, "routes[1].metrics.rtt: 536870912 is not between 0 and 536870911"),
        ({"metrics": {"speed": 1}}, "routes[1].metrics.speed: is no route metric; use one of advmss"),
        ({"source": "192.0.2.9"}, "routes[1].source: 192.0.2.9 is not an address of this host; add it first"),
        ({"source": "192.0.2.2/32"}, "without a prefix length"),
        ({"source": "2001:db8:ff::2"}, "is IPv6, but the destination is IPv4"),
        ({"source": "0.0.0.0"}, "means no source"),
        ({"source": "224.0.0.1"}, "multicast or broadcast"),
        ({"source": "255.255.255.255"}, "multicast or broadcast"),
        ({"source": "239.255.255.255"}, "multicast or broadcast"),
        ({"destination": P6, "gateway": G6, "source": "ff02::1"}, "multicast or broadcast"),
        ({"destination": P6, "gateway": G6, "source": "2001:db8::77"}, "is tentative"),
        ({"destination": P6, "gateway": G6, "source": "2001:db8::78"}, "failed duplicate address detection"),
        ({"source": "10.1.0.1"}, "10.1.0.1 belongs to vrf blue, but the route is in table main"),
        ({"source": "192.88.99.1"}, "is not an address of this host"),
        ({"destination": "198.18.0.0/24"}, "routes[1]: names the same route as routes[0]"),
        ({"destination": "198.18.0.0/24", "state": "absent"}, "routes[1]: names the same route as routes[0]"),
    ],
)
def test_a_route_that_cannot_be_is_refused_by_its_number(item: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        routes([GOOD, {"destination": P4, "gateway": G4, **item}], host())
    assert caught.value.message.startswith("routes[1]")
    assert words in caught.value.message


def test_a_whole_route() -> None:
    (found,) = routes(
        [
            {
                "destination": P4,
                "nexthops": [{"gateway": G4, "weight": 256}, {"gateway": G6, "device": "v0", "onlink": True}],
                "source": "192.0.2.2",
                "metric": 0,
                "table": "green",
                "protocol": "0x85",
                "scope": "site",
                "type": "local",
                "tos": "0x10",
                "metrics": {"mtu": 1400, "rtt": 100, "rttvar": 50, "congctl": "cubic", "advmss": None},
            }
        ],
        host(),
    )
    shape = found.shape
    assert (found.number, str(found.prefix), found.absent) == (0, P4, False)
    assert shape.hops == (
        Hop((INET, R.packed(G4)), None, 256, None),
        Hop((INET6, R.packed(G6)), 2, 1, True),
    )
    assert (shape.table, shape.metric, shape.protocol, shape.scope, shape.type, shape.tos) == (1000, 0, 133, 200, 2, 16)
    assert shape.source == R.packed("192.0.2.2")
    assert shape.metrics == ((2, R.u32(1400)), (4, R.u32(800)), (5, R.u32(200)), (16, b"cubic\0"))


@pytest.mark.parametrize(
    ("item", "family"),
    [
        ({"gateway": G4}, INET),
        ({"gateway": G6}, INET6),
        ({"device": "v0", "source": "2001:db8:ff::2"}, INET6),
        ({"nexthops": [{"device": "v0"}, {"gateway": G6}]}, INET6),
        # An IPv4 default by way of an IPv6 gateway is known by its source.
        ({"gateway": G6, "source": "192.0.2.2"}, INET),
    ],
)
def test_default_takes_its_family_from_the_other_addresses(item: dict[str, Any], family: int) -> None:
    (found,) = routes([{"destination": "default", **item}], host())
    assert found.prefix.family == family


def test_ipv6_metric_of_zero_is_1024() -> None:
    items = [{"destination": P6, "gateway": G6, "metric": metric} for metric in (0, None)]
    assert [routes([item], host())[0].shape.metric for item in items] == [1024, None]
    for other in (items[0], items[1]):
        with pytest.raises(InvalidInput, match="names the same route"):
            routes([{**items[0], "metric": 1024}, other], host())


def test_routes_alike_share_one_shape_and_others_do_not() -> None:
    alike = [{"destination": f"198.18.{at}.0/24", "gateway": G4, "metrics": {"mtu": 1400}} for at in range(3)]
    others = [{**alike[0], "metric": 1}, {**alike[0], "metric": 2, "metrics": {"mtu": 1300}}]
    found = routes([*alike, *others, {**alike[0], "metric": 3, "state": "absent"}], host())
    assert found[0].shape is found[1].shape is found[2].shape
    assert len({id(one.shape) for one in found}) == 4
    assert [one.absent for one in found] == [False] * 5 + [True]


def test_the_same_destination_of_another_table_metric_or_tos_is_another_route() -> None:
    items = [{"destination": P4, "gateway": G4, **more} for more in ({}, {"table": 5}, {"metric": 5}, {"tos": 16})]
    assert len(routes(items, host())) == 4


class TestSources:
    @pytest.mark.parametrize(
        ("source", "table"),
        [
            ("192.0.2.2", "main"),
            ("10.0.0.9", "main"),
            ("203.0.113.7", "main"),
            ("203.0.113.200", "77"),
            ("192.88.99.1", "77"),
            ("10.1.0.1", "100"),
            ("10.0.0.1", "100"),
        ],
    )
    def test_that_the_kernel_takes_are_taken(self, source: str, table: str) -> None:
        assert routes([{"destination": P4, "gateway": G4, "source": source, "table": table}], host())

    def test_that_are_optimistic_are_taken(self) -> None:
        assert routes([{"destination": P6, "gateway": G6, "source": "2001:db8::79"}], host())

    def test_that_are_doubtful_are_warned_of_once(self) -> None:
        asked = host()
        for source in ("10.0.0.9", "127.0.0.1", "127.0.0.1"):
            routes([{"destination": P4, "gateway": G4, "source": source}], asked)
        assert len(asked.warnings) == 2
        assert "10.0.0.9 is deprecated" in asked.warnings[0]
        assert "never leaves the host" in asked.warnings[1]

    def test_that_are_planned_count(self) -> None:
        planned = host(planned=frozenset({R.packed("192.0.2.77")}))
        assert routes([{"destination": P4, "gateway": G4, "source": "192.0.2.77"}], planned)

    def test_of_what_shall_go_need_not_be_there(self) -> None:
        assert routes([{"destination": P4, "source": "192.0.2.9", "state": "absent"}], host())
        assert selections([{"destination": P4, "source": "192.0.2.9", "state": "absent"}], host())


class TestSelections:
    @pytest.mark.parametrize(
        ("item", "words"),
        [
            ({"source": None}, "routes[1].source: is required; use state: absent"),
            ({"source": "192.0.2.9"}, "routes[1].source: 192.0.2.9 is not an address of this host"),
            ({"device": "nosuch0"}, "routes[1].device: there is no device"),
            ({"gateway": "x"}, "routes[1].gateway: 'x' is not an IP address"),
            ({"metric": "x"}, "routes[1].metric: 'x' is not a whole number"),
            ({"protocol": "x"}, "routes[1].protocol: 'x' is unknown"),
            ({"except": ["10.0.0.1/8"]}, "routes[1].except[0]: 10.0.0.1/8 has bits set"),
            ({"except_protocols": ["x"]}, "routes[1].except_protocols: 'x' is unknown"),
            ({"vrf": "v0"}, "routes[1].vrf: 'v0' is a device, but not a VRF"),
        ],
    )
    def test_that_cannot_be_are_refused_by_their_number(self, item: dict[str, Any], words: str) -> None:
        good = {"destination": P4, "source": "192.0.2.2"}
        with pytest.raises(InvalidInput) as caught:
            selections([good, {**good, **item}], host())
        assert words in caught.value.message

    def test_that_differ_in_nothing_but_the_destination(self) -> None:
        texts = [P4, P6, "203.0.113.7"]
        found = selections([{"destination": text, "metric": 7, "state": "absent"} for text in texts], host())
        assert [(item.number, str(item.prefix), item.metric) for item in found] == [
            (0, P4, 7),
            (1, P6, 7),
            (2, "203.0.113.7/32", 7),
        ]
        families = [{"destination": text, "source": "192.0.2.2"} for text in (P4, "default", "203.0.113.7")]
        assert [str(item.prefix) for item in selections(families, host())] == [P4, "0.0.0.0/0", "203.0.113.7/32"]

    def test_the_first_that_cannot_be_is_named_among_such(self) -> None:
        items = [{"destination": text, "source": "192.0.2.2"} for text in (P4, P6)]
        with pytest.raises(InvalidInput, match=re.escape("routes[1].source: 192.0.2.2 is IPv4")):
            selections(items, host())
        items = [{"destination": text, "source": "192.0.2.2"} for text in (P4, "x", "y")]
        with pytest.raises(InvalidInput, match=re.escape("routes[1].destination: 'x'")):
            selections(items, host())

    def test_a_whole_one(self) -> None:
        (found,) = selections(
            [
                {
                    "destination": "198.0.0.0/8",
                    "within": True,
                    "source": "10.1.0.1",
                    "vrf": "blue",
                    "protocol": "static",
                    "device": "v1",
                    "gateway": G4,
                    "metric": 7,
                    "except": [P4],
                    "except_protocols": ["bgp", 133],
                }
            ],
            host(),
        )
        assert (found.within, found.table, found.device, found.metric) == (True, 100, 3, 7)
        assert found.protocols == {4}
        assert (found.gateway, found.source, found.only_source) == (
            (INET, R.packed(G4)),
            R.packed("10.1.0.1"),
            None,
        )
        assert found.spared == (R.prefix(P4),)
        assert found.spared_protocols == frozenset({186, 133})

    def test_absent_with_a_source_means_that_source_only(self) -> None:
        (found,) = selections([{"destination": P4, "source": "192.0.2.2", "state": "absent"}], host())
        assert (found.source, found.only_source) == (None, R.packed("192.0.2.2"))

    def test_the_closest_comes_first(self) -> None:
        setting = {"source": "192.0.2.2"}
        items: list[dict[str, Any]] = [
            {"destination": P4, "state": "absent"},
            {"destination": "198.0.0.0/8", "within": True, **setting},
            {"destination": P4, "within": True, **setting},
            {"destination": P4, **setting},
        ]
        ranked = sorted(selections(items, host()), key=lambda one: one.rank)
        assert [one.number for one in ranked] == [3, 2, 1, 0]


@pytest.mark.parametrize(
    ("options", "table"),
    [({"type": "local"}, 255), ({"type": "unicast"}, 254), ({}, 254), ({"type": "local", "table": "main"}, 254)],
)
def test_the_table_where_none_is_named(options: dict[str, Any], table: int) -> None:
    (found,) = routes([{"destination": P4, "device": "v0", **options}], host())
    assert found.shape.table == table


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"destination": "127.5.0.0/16", "gateway": G4}, "is loopback: no other host takes packets from 192.0.2.2"),
        ({"destination": "::1", "device": "v0", "source": "2001:db8:ff::2"}, "::1/128 is loopback"),
        (
            {"destination": "239.1.0.0/16", "device": "v0"},
            "is multicast: sockets would send by the device that has 192",
        ),
        ({"destination": "239.1.0.0/16", "gateway": G4}, "name that device, or give the route a source of its device"),
        ({"destination": "ff05::/16", "device": "v0", "source": "2001:db8:ff::2"}, "name table: local"),
    ],
)
def test_destinations_that_no_packet_can_use_from_here(item: dict[str, Any], words: str) -> None:
    usual = [{"destination": f"198.51.{at}.0/24", "gateway": G4, "source": "192.0.2.2"} for at in range(3)]
    with pytest.raises(InvalidInput) as caught:
        routes([*usual, {"source": "192.0.2.2", **item}], host())
    assert caught.value.message.startswith(f"routes[3].destination: {item['destination']}")
    assert words in caught.value.message


@pytest.mark.parametrize(
    "item",
    [
        {"destination": "127.5.0.0/16", "gateway": G4},
        {"destination": "127.5.0.0/16", "type": "blackhole"},
        {"destination": "127.5.0.0/16", "type": "local", "device": "lo", "source": "127.0.0.1"},
        {"destination": "127.5.0.0/16", "gateway": G4, "source": "192.0.2.2", "state": "absent"},
        {"destination": "239.1.0.0/16", "device": "lo", "source": "192.0.2.2"},
        {"destination": "ff05::/16", "device": "v0", "source": "2001:db8:ff::2", "table": "local"},
        {"destination": "ff05::/16", "device": "v0"},
        {"destination": "0.0.0.0/0", "gateway": G4, "source": "192.0.2.2"},
    ],
)
def test_destinations_that_are_no_business_of_ours(item: dict[str, Any]) -> None:
    assert len(routes([item], host())) == 1
