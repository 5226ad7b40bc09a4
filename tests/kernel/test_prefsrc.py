# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module prefsrc on a real kernel: everything about a route is kept but its source."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest

from tests.lab import raw
from tests.lab.modules import ModuleRunner
from tests.lab.monitor import route_notifications
from tests.lab.netns import NamespaceError
from tests.lab.pair import Host

# Every kind of route of the measured facts: name -> (commands, destination).
KINDS = {
    "plain": (["route add 198.51.100.0/24 via 10.0.0.254"], "198.51.100.0/24"),
    "metric": (["route add 198.51.100.0/24 via 10.0.0.254 metric 77 proto static"], "198.51.100.0/24"),
    "all metrics": (
        [
            "route add 198.51.100.0/24 via 10.0.0.254 mtu 1400 advmss 1200 window 9000 rtt 100ms rttvar 50ms cwnd 10 "
            "ssthresh 20 reordering 4 hoplimit 9 initcwnd 12 initrwnd 13 rto_min 30ms quickack 1 features ecn"
        ],
        "198.51.100.0/24",
    ),
    "locked metrics": (["route add 198.51.100.0/24 via 10.0.0.254 mtu lock 1300 hoplimit lock 7"], "198.51.100.0/24"),
    "congctl": (["route add 198.51.100.0/24 via 10.0.0.254 congctl cubic"], "198.51.100.0/24"),
    "congctl locked": (["route add 198.51.100.0/24 via 10.0.0.254 congctl lock reno"], "198.51.100.0/24"),
    "fastopen_no_cookie": (["route add 198.51.100.0/24 via 10.0.0.254 fastopen_no_cookie 1"], "198.51.100.0/24"),
    "realm": (["route add 198.51.100.0/24 via 10.0.0.254 realm 3/4"], "198.51.100.0/24"),
    "tos": (["route add 198.51.100.0/24 tos 0x10 via 10.0.0.254"], "198.51.100.0/24"),
    "weights": (
        ["route add 198.51.100.0/24 nexthop via 10.0.0.254 weight 5 nexthop via 10.1.0.254 weight 250"],
        "198.51.100.0/24",
    ),
    "onlink": (["route add 198.51.100.0/24 via 172.16.9.9 dev v0 onlink"], "198.51.100.0/24"),
    "onlink hops": (
        [
            "route add 198.51.100.0/24 nexthop via 172.16.9.9 dev v0 onlink nexthop via 10.1.0.254 dev v1 weight 3",
        ],
        "198.51.100.0/24",
    ),
    "via inet6": (["route add 198.51.100.0/24 via inet6 2001:db8::fe dev v0"], "198.51.100.0/24"),
    "nexthop object": (
        ["nexthop add id 7 via 10.0.0.254 dev v0", "route add 198.51.100.0/24 nhid 7 proto bgp"],
        "198.51.100.0/24",
    ),
    "nexthop group": (
        [
            "nexthop add id 7 via 10.0.0.254 dev v0",
            "nexthop add id 8 via 10.1.0.254 dev v1",
            "nexthop add id 9 group 7,3/8,1",
            "route add 198.51.100.0/24 nhid 9",
        ],
        "198.51.100.0/24",
    ),
    "encap ip": (["route add 198.51.100.0/24 encap ip id 5 dst 10.9.9.9 via 10.0.0.254 dev v0"], "198.51.100.0/24"),
    "encap ip with all": (
        [
            "route add 198.51.100.0/24 encap ip id 5 src 10.0.0.1 dst 10.9.9.9 tos 4 ttl 64 key csum seq "
            "via 10.0.0.254 dev v0"
        ],
        "198.51.100.0/24",
    ),
    "encap ip6": (
        [
            "route add 198.51.100.0/24 encap ip6 id 3 src 2001:db8::1 dst 2001:db8:5::2 tc 7 hoplimit 33 key "
            "via 10.0.0.254 dev v0"
        ],
        "198.51.100.0/24",
    ),
    "encap seg6": (
        ["route add 198.51.100.0/24 encap seg6 mode encap segs 2001:db8:5::1,2001:db8:5::2 via 10.0.0.254 dev v0"],
        "198.51.100.0/24",
    ),
    "encap seg6 l2encap": (
        ["route add 198.51.100.0/24 encap seg6 mode l2encap segs 2001:db8:5::1 dev v0"],
        "198.51.100.0/24",
    ),
    "encap and tos": (
        ["route add 198.51.100.0/24 tos 0x10 encap ip id 5 dst 10.9.9.9 via 10.0.0.254 dev v0"],
        "198.51.100.0/24",
    ),
    "encap of one hop": (
        [
            "route add 198.51.100.0/24 nexthop encap ip id 7 dst 10.8.8.8 via 10.0.0.254 dev v0 "
            "nexthop via 10.1.0.254 dev v1 weight 3"
        ],
        "198.51.100.0/24",
    ),
    "encap of a nexthop object": (
        [
            "nexthop add id 11 encap ip id 3 dst 10.7.7.7 via 10.0.0.254 dev v0",
            "route add 198.51.100.0/24 tos 0x10 nhid 11",
        ],
        "198.51.100.0/24",
    ),
    "realms of hops": (
        [
            "route add 198.51.100.0/24 nexthop via 10.0.0.254 dev v0 realm 3/4 "
            "nexthop via 10.1.0.254 dev v1 weight 3 realm 5"
        ],
        "198.51.100.0/24",
    ),
    "realm from one": (["route add 198.51.100.0/24 via 10.0.0.254 realm 3/0"], "198.51.100.0/24"),
    "locked without a value": (["route add 198.51.100.0/24 via 10.0.0.254 mtu lock 0"], "198.51.100.0/24"),
    "locked among others": (
        ["route add 198.51.100.0/24 via 10.0.0.254 mtu lock 1400 hoplimit lock 7 features ecn congctl lock reno"],
        "198.51.100.0/24",
    ),
    "named tos": (["route add 198.51.100.0/24 tos EF via 10.0.0.254"], "198.51.100.0/24"),
    "hops via inet6": (
        ["route add 198.51.100.0/24 nexthop via inet6 2001:db8::fe dev v0 nexthop via 10.1.0.254 dev v1 onlink"],
        "198.51.100.0/24",
    ),
    "scope by number": (["route add 198.51.100.0/24 dev v0 scope 100"], "198.51.100.0/24"),
    "device route": (["route add 198.51.100.0/24 dev v0"], "198.51.100.0/24"),
    "connected": ([], "10.0.0.0/24"),
    "default": (["route add default via 10.0.0.254"], "0.0.0.0/0"),
    "IPv6 plain": (["route add 2001:db8:100::/64 via 2001:db8::fe"], "2001:db8:100::/64"),
    "IPv6 default": (["route add default via 2001:db8::fe dev v0 metric 5"], "::/0"),
    "IPv6 device route": (["route add 2001:db8:100::/64 dev v1 metric 9"], "2001:db8:100::/64"),
    "IPv6 metrics": (
        ["route add 2001:db8:100::/64 via 2001:db8::fe mtu lock 1400 advmss 1000 congctl cubic metric 12"],
        "2001:db8:100::/64",
    ),
    "IPv6 expires": (["-6 route add 2001:db8:100::/64 via 2001:db8::fe expires 600"], "2001:db8:100::/64"),
    "IPv6 pref": (["route add 2001:db8:100::/64 via 2001:db8::fe pref high"], "2001:db8:100::/64"),
    "IPv6 from": (["route add 2001:db8:100::/64 from 2001:db8:7::/64 via 2001:db8::fe"], "2001:db8:100::/64"),
    "IPv6 weights": (
        ["route add 2001:db8:100::/64 nexthop via 2001:db8::fe weight 4 nexthop via 2001:db8:1::fe weight 2"],
        "2001:db8:100::/64",
    ),
    "IPv6 onlink": (["route add 2001:db8:100::/64 via 2001:db8:9::9 dev v0 onlink"], "2001:db8:100::/64"),
    "IPv6 nexthop object": (
        ["nexthop add id 7 via 2001:db8::fe dev v0", "route add 2001:db8:100::/64 nhid 7 proto bgp"],
        "2001:db8:100::/64",
    ),
    "IPv6 encap seg6": (
        ["route add 2001:db8:100::/64 encap seg6 mode encap segs 2001:db8:5::1 via 2001:db8::fe dev v0"],
        "2001:db8:100::/64",
    ),
    "IPv6 encap ip6": (
        ["route add 2001:db8:100::/64 encap ip6 id 3 dst 2001:db8:5::2 via 2001:db8::fe dev v0"],
        "2001:db8:100::/64",
    ),
    "IPv6 encap seg6 inline": (
        ["route add 2001:db8:100::/64 encap seg6 mode inline segs 2001:db8:5::1,2001:db8:5::2 via 2001:db8::fe dev v0"],
        "2001:db8:100::/64",
    ),
    "IPv6 encap seg6 hmac": (
        ["route add 2001:db8:100::/64 encap seg6 mode encap segs 2001:db8:5::1 hmac 0xabcd via 2001:db8::fe dev v0"],
        "2001:db8:100::/64",
    ),
    "IPv6 encap seg6 reduced": (
        [
            "route add 2001:db8:100::/64 encap seg6 mode encap.red segs 2001:db8:5::1,2001:db8:5::2 "
            "via 2001:db8::fe dev v0"
        ],
        "2001:db8:100::/64",
    ),
    **{
        f"IPv6 encap seg6local {rest}": (
            [f"-6 route add 2001:db8:100::/64 encap seg6local action {rest} dev v0"],
            "2001:db8:100::/64",
        )
        for rest in (
            "End",
            "End.X nh6 2001:db8::7",
            "End.T table 100",
            "End.T table main",
            "End.DX2 oif v1",
            "End.DX6 nh6 ::",
            "End.DX4 nh4 10.0.0.254",
            "End.DT6 table 100",
            "End.B6 srh segs 2001:db8:5::1,2001:db8:5::2",
            "End.B6.Encaps srh segs 2001:db8:5::1",
            "End flavors next-csid lblen 32 nflen 16",
            "End flavors psp",
            "End.X nh6 2001:db8::7 count",
        )
    },
    "IPv6 encap ip": (
        ["route add 2001:db8:100::/64 encap ip id 3 dst 10.3.3.3 via 2001:db8::fe dev v0"],
        "2001:db8:100::/64",
    ),
    "IPv6 encap of one hop": (
        [
            "route add 2001:db8:100::/64 nexthop encap seg6 mode encap segs 2001:db8:5::9 via 2001:db8::fe dev v0 "
            "nexthop via 2001:db8:1::fe dev v1"
        ],
        "2001:db8:100::/64",
    ),
    "IPv6 from and encap": (
        ["route add 2001:db8:100::/64 from 2001:db8:7::/64 encap ip6 id 3 dst 2001:db8:5::2 via 2001:db8::fe dev v0"],
        "2001:db8:100::/64",
    ),
    "IPv6 nexthop group": (
        [
            "-6 nexthop add id 7 via 2001:db8::fe dev v0",
            "-6 nexthop add id 8 via 2001:db8:1::fe dev v1",
            "nexthop add id 9 group 7/8,2",
            "route add 2001:db8:100::/64 nhid 9",
        ],
        "2001:db8:100::/64",
    ),
    "IPv6 pref and expires": (
        ["-6 route add 2001:db8:100::/64 via 2001:db8::fe expires 600 pref low mtu 1400"],
        "2001:db8:100::/64",
    ),
    "IPv6 RA": (
        ["-6 route add 2001:db8:100::/64 via 2001:db8::fe proto ra metric 1024 expires 900"],
        "2001:db8:100::/64",
    ),
}


def packed(text: str) -> str:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text).hex()


def source_for(destination: str) -> str:
    return Host.S6 if ":" in destination else Host.S4


def make(ns: Host, commands: Sequence[str]) -> None:
    """Makes a route of KINDS. A kernel that is built without its encapsulation says so, and nothing can be tested."""
    try:
        for command in commands:
            ns.ip(command)
    except NamespaceError as error:
        if "lwt encapsulation type not supported" not in str(error):
            raise
        pytest.skip(f"this kernel is built without {commands[-1].partition('encap ')[2].split()[0]}")


@pytest.mark.parametrize("kind", KINDS)
def test_everything_but_the_source_is_kept(ns: Host, module: ModuleRunner, kind: str) -> None:
    commands, destination = KINDS[kind]
    make(ns, commands)
    before = raw.routes(ns)
    source = source_for(destination)
    routes = [{"destination": destination, "source": source}]
    if destination.startswith("10."):
        routes[0]["protocol"] = "kernel"
    task = {"routes": routes, "force": True}
    assert module.ok("prefsrc", task, check=True)["changed"]
    assert raw.routes(ns) == before
    first = module.ok("prefsrc", task, diff=True)
    assert [entry["action"] for entry in first["results"]] == ["changed"]
    assert f"src {source}" in first["diff"]["after"]
    after = raw.routes(ns)
    assert [(header, attrs) for header, attrs, _source in after] == [(header, attrs) for header, attrs, _s in before]
    changed = [route for route, old in zip(after, before) if route != old]
    assert [source for _header, _attrs, source in changed] == [packed(source)]
    second = module.ok("prefsrc", task, diff=True)
    assert not second["changed"]
    assert second["diff"] == {"before": "", "after": ""}
    module.ok("prefsrc", {"routes": [{"destination": destination, "state": "absent"}], "force": True})
    cleared = raw.routes(ns)
    assert [route[:2] for route in cleared] == [route[:2] for route in before]
    assert packed(source) not in [source for _header, _attrs, source in cleared]


@pytest.mark.parametrize(
    ("protocol", "owner", "advice"),
    [
        ("bgp", "bgp", "set src"),
        ("ospf", "ospf", "set src"),
        ("zebra", "zebra", "set src"),
        ("196", "zstatic", "set src"),
        ("190", "ripng", "set src"),
        ("198", "srte", "set src"),
        ("bird", "bird", "krt_prefsrc"),
        ("dhcp", "dhcp", "DHCP"),
        ("ra", "ra", "advertisements"),
        ("keepalived", "keepalived", "virtual_routes"),
        ("kernel", "kernel", "link flap"),
    ],
)
def test_a_daemons_route_is_refused_unless_forced(
    ns: Host, module: ModuleRunner, protocol: str, owner: str, advice: str
) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} proto {protocol}")
    task = {"routes": [{"destination": ns.P4, "source": ns.S4}]}
    refused = module.fails("prefsrc", task)
    assert refused["owner"] == owner
    assert advice in refused["msg"]
    assert "force: true" in refused["msg"]
    assert ns.S4 not in ns.ip(f"route show {ns.P4}")
    forced = module.ok("prefsrc", {**task, "force": True})
    assert forced["changed"]
    assert owner in str(forced["warnings"])
    # What is there already needs no force.
    assert not module.ok("prefsrc", task)["changed"]


def test_a_source_that_was_reserved_once(ns: Host, module: ModuleRunner) -> None:
    """240.0.0.0/4 is neither multicast nor broadcast: the kernel takes it as any other address."""
    ns.ip("address add 240.0.0.1/32 dev lo")
    ns.ip(f"route add {ns.P4} via {ns.G4}")
    assert module.ok("prefsrc", {"routes": [{"destination": ns.P4, "source": "240.0.0.1"}]})["changed"]
    assert "src 240.0.0.1" in ns.ip(f"route show {ns.P4}")


def test_a_route_of_ripng_is_refused_unless_forced(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"-6 route add {ns.P6} via {ns.G6} proto 190")
    task = {"routes": [{"destination": ns.P6, "source": ns.S6}]}
    refused = module.fails("prefsrc", task)
    assert refused["owner"] == "ripng"
    assert "set src" in refused["msg"]
    assert ns.S6 not in ns.ip(f"-6 route show {ns.P6}")
    assert module.ok("prefsrc", {**task, "force": True})["changed"]


@pytest.mark.parametrize("protocol", ["static", "boot", "133", "77"])
def test_nobodys_route_needs_no_force(ns: Host, module: ModuleRunner, protocol: str) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} proto {protocol}")
    assert module.ok("prefsrc", {"routes": [{"destination": ns.P4, "source": ns.S4}]})["changed"]


def test_selecting_nothing_fails_and_shows_what_is_near(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} proto boot metric 5")
    task = {"routes": [{"destination": ns.P4, "source": ns.S4, "protocol": "static"}]}
    failed = module.fails("prefsrc", task)
    assert f"{ns.P4} via {ns.G4} dev v0 proto boot metric 5" in failed["msg"]
    assert "missing: ignore" in failed["msg"]
    ignored = module.ok("prefsrc", {**task, "missing": "ignore"})
    assert [(entry["destination"], entry["action"]) for entry in ignored["results"]] == [(ns.P4, "missing")]
    assert not ignored["changed"]


def test_within_takes_everything_inside_and_the_prefix_itself(ns: Host, module: ModuleRunner) -> None:
    for prefix in ("198.51.0.0/16", "198.51.100.0/24", "198.51.100.7", "198.52.0.0/16"):
        ns.ip(f"route add {prefix} via {ns.G4} proto static")
    result = module.ok("prefsrc", {"routes": [{"destination": "198.51.0.0/16", "within": True, "source": ns.S4}]})
    assert sorted(entry["destination"] for entry in result["results"]) == [
        "198.51.0.0/16",
        "198.51.100.0/24",
        "198.51.100.7/32",
    ]
    assert "src" not in ns.ip("route show 198.52.0.0/16")


def test_the_filters_of_an_entry(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} metric 10 proto static")
    ns.ip(f"route add {ns.P4} via {ns.G4_V1} metric 20 proto boot")
    for chosen, metric in (
        ({"metric": 20}, 20),
        ({"device": "v1"}, 20),
        ({"gateway": ns.G4}, 10),
        ({"protocol": 4}, 10),
    ):
        result = module.ok("prefsrc", {"routes": [{"destination": ns.P4, "source": ns.S4, **chosen}]})
        assert [entry["after"].split("metric ")[1] for entry in result["results"]] == [str(metric)], chosen
    both = module.ok("prefsrc", {"routes": [{"destination": ns.P4, "state": "absent"}]})
    assert len(both["results"]) == 2


def test_absent_with_a_source_clears_only_that_one(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} src {ns.S4} metric 1")
    ns.ip(f"route add {ns.P4} via {ns.G4} src {ns.S4_OTHER} metric 2")
    module.ok("prefsrc", {"routes": [{"destination": ns.P4, "source": ns.S4, "state": "absent"}]})
    lines = ns.ip(f"route show {ns.P4}")
    assert ns.S4 + " " not in lines
    assert ns.S4_OTHER in lines


def test_two_entries_that_contradict_are_refused(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} proto static")
    failed = module.fails(
        "prefsrc",
        {
            "routes": [
                {"destination": ns.P4, "source": ns.S4, "protocol": "static"},
                {"destination": ns.P4, "source": ns.S4_OTHER},
            ],
            "missing": "ignore",
        },
    )
    assert "routes[0]" in failed["msg"]
    assert "routes[1]" in failed["msg"]
    assert "src" not in ns.ip(f"route show {ns.P4}")


def test_the_closest_entry_counts(ns: Host, module: ModuleRunner) -> None:
    """Longest destination, exact before within, setting before clearing, whatever the order of the entries."""
    for prefix in ("198.51.100.0/24", "198.51.100.128/25", "198.51.0.0/16", "198.0.0.0/8"):
        ns.ip(f"route add {prefix} via {ns.G4} proto static src 10.0.0.1")
    result = module.ok(
        "prefsrc",
        {
            "routes": [
                {"destination": "198.51.100.0/24", "within": True, "state": "absent"},
                {"destination": "198.0.0.0/8", "within": True, "source": ns.S4},
                {"destination": "198.51.100.0/24", "within": True, "source": ns.S4_OTHER},
                {"destination": "198.51.100.0/24", "source": ns.S4},
            ],
        },
    )
    assert {entry["destination"]: entry["after"].split("src ")[1].split()[0] for entry in result["results"]} == {
        "198.0.0.0/8": ns.S4,
        "198.51.0.0/16": ns.S4,
        "198.51.100.0/24": ns.S4,
        "198.51.100.128/25": ns.S4_OTHER,
    }


def test_exemptions_are_left_alone(ns: Host, module: ModuleRunner) -> None:
    for prefix, protocol in (("198.51.100.0/24", "static"), ("198.51.101.0/24", "133"), ("198.52.0.0/24", "static")):
        ns.ip(f"route add {prefix} via {ns.G4} proto {protocol}")
    entry = {"destination": "198.0.0.0/8", "within": True, "source": ns.S4}
    result = module.ok("prefsrc", {"routes": [{**entry, "except": ["198.52.0.0/16"], "except_protocols": ["133"]}]})
    assert [(one["destination"], one["action"]) for one in result["results"]] == [("198.51.100.0/24", "changed")]
    failed = module.fails("prefsrc", {"routes": [{**entry, "except": ["198.52.0.1/16"]}]})
    assert "routes[0].except[0]" in failed["msg"]


def test_hidden_sources_of_ipv6_siblings_come_to_light(ns: Host, module: ModuleRunner) -> None:
    """A dump shows the first sibling's source only; flows used the other one as well."""
    ns.ip(f"route add {ns.P6} via {ns.G6} src {ns.S6}")
    ns.ip(f"-6 route append {ns.P6} via {ns.G6_V1} src {ns.S6_OTHER}")
    assert f"from :: via {ns.G6_V1} dev v1 src {ns.S6_OTHER}" in ns.ip("route get 2001:db8:100::1 oif v1")
    task = {"routes": [{"destination": ns.P6, "source": ns.S6}]}
    assert module.ok("prefsrc", task)["changed"]
    assert f"src {ns.S6} " in ns.ip("route get 2001:db8:100::1 oif v1")
    assert not module.ok("prefsrc", task)["changed"]


def test_a_refused_batch_restores_hidden_sources(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P6} via {ns.G6} src {ns.S6}")
    ns.ip(f"-6 route append {ns.P6} via {ns.G6_V1} src {ns.S6_OTHER}")
    ns.ip(f"route add 2001:db8:101::/64 via {ns.G6}")
    # A link-local source of another device passes validation and is refused by the kernel.
    link_local = next(
        entry["local"]
        for entry in ns.ip_json("address show dev v1")[0]["addr_info"]
        if entry["local"].startswith("fe80")
    )
    failed = module.fails(
        "prefsrc",
        {
            "routes": [
                {"destination": ns.P6, "source": ns.S6},
                {"destination": "2001:db8:101::/64", "source": link_local},
            ]
        },
    )
    assert "Invalid source address" in failed["msg"]
    assert "the host is as before" in failed["msg"]
    assert f"src {ns.S6_OTHER}" in ns.ip("route get 2001:db8:100::1 oif v1")
    assert f"src {ns.S6} " in ns.ip("route get 2001:db8:100::1 oif v0")


def test_an_alias_behind_the_first_is_refused(ns: Host, module: ModuleRunner) -> None:
    """NLM_F_REPLACE on IPv4 aliases changes the first one, whichever was meant."""
    ns.ip(f"route add {ns.P4} via {ns.G4} proto static")
    ns.ip(f"route append {ns.P4} via {ns.G4_V1} proto static")
    before = raw.routes(ns)
    failed = module.fails("prefsrc", {"routes": [{"destination": ns.P4, "gateway": ns.G4_V1, "source": ns.S4}]})
    assert "only the first" in failed["msg"]
    assert raw.routes(ns) == before
    assert module.ok("prefsrc", {"routes": [{"destination": ns.P4, "gateway": ns.G4, "source": ns.S4}]})["changed"]
    assert [source for _h, _a, source in raw.routes(ns)].count(packed(ns.S4)) == 1


def _twins(ns: Host) -> list[str]:
    return ns.ip(f"route show exact {ns.P4}").splitlines()


@pytest.mark.parametrize("first", [True, False])
def test_a_route_that_its_owner_wrote_again_becomes_one_with_the_source(
    ns: Host, module: ModuleRunner, first: bool
) -> None:
    """As networkd does at each renewal of a lease: its own is added behind the one that has another source."""
    ours = f"{ns.P4} via {ns.G4} dev v0 proto dhcp src {ns.S4} metric 9"
    again = ours.replace(f"src {ns.S4}", "src 10.0.0.1")
    for one in (ours, again) if first else (again, ours):
        ns.ip(f"route append {one}")
    ns.ip(f"route add {ns.P6} via {ns.G6} dev v0")
    before = _twins(ns)
    entry = {"destination": ns.P4, "protocol": "dhcp", "source": ns.S4}
    wanted = {"routes": [entry], "force": True}
    assert "belongs to dhcp" in module.fails("prefsrc", {**wanted, "force": False})["msg"]
    # What the kernel refuses after it: the address is another device's, and of that link alone.
    own = ns.ip("-6 address show dev v1 scope link").split()
    refused = {"destination": ns.P6, "source": next(word for word in own if word.startswith("fe80")).partition("/")[0]}
    assert "the host is as before" in module.fails("prefsrc", {**wanted, "routes": [entry, refused]})["msg"]
    checked = module.ok("prefsrc", wanted, check=True)
    assert _twins(ns) == before
    done = module.ok("prefsrc", wanted)
    assert _twins(ns) == [f"{ours} "] and done["counts"]["removed"] == 1 == checked["counts"]["removed"]
    assert not module.ok("prefsrc", wanted)["changed"]

    ns.ip(f"route append {again}")
    absent = {**wanted, "routes": [{**entry, "state": "absent"}]}
    assert module.ok("prefsrc", absent)["counts"]["removed"] == 1
    assert _twins(ns) == [f"{again} "], "the owner's own is left"


def test_an_ipv6_device_route_behind_the_first_is_refused(ns: Host, module: ModuleRunner) -> None:
    """``replace dev v1`` replaced the first device route and left two of v1."""
    ns.ip(f"route add {ns.P6} dev v0")
    ns.ip(f"-6 route append {ns.P6} dev v1")
    before = raw.routes(ns)
    failed = module.fails("prefsrc", {"routes": [{"destination": ns.P6, "device": "v1", "source": ns.S6}]})
    assert "only the first" in failed["msg"]
    assert raw.routes(ns) == before


def test_a_device_and_a_gateway_route_of_one_ipv6_key_are_told_apart(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P6} dev v0 metric 1024")
    ns.ip(f"-6 route append {ns.P6} via {ns.G6_V1} metric 1024")
    module.ok("prefsrc", {"routes": [{"destination": ns.P6, "device": "v1", "source": ns.S6}]})
    found = {
        tuple(value for kind, value in attrs if kind == 4): source
        for header, attrs, source in raw.routes(ns)
        if header[0] == socket.AF_INET6 and (1, packed("2001:db8:100::")) in attrs
    }
    assert sorted(found.values(), key=str) == sorted([packed(ns.S6), None], key=str)


def test_tables_of_their_own(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} table 1000")
    ns.ip(f"route add {ns.P4} via {ns.G4}")
    module.ok("prefsrc", {"routes": [{"destination": ns.P4, "table": 1000, "source": ns.S4}]})
    assert "src" not in ns.ip(f"route show {ns.P4}")
    assert ns.S4 in ns.ip(f"route show {ns.P4} table 1000")
    missing = module.fails("prefsrc", {"routes": [{"destination": ns.P4, "table": 4242, "source": ns.S4}]})
    assert "table 4242" in missing["msg"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"destination": "198.51.100.1/24"}, "did you mean 198.51.100.0/24?"),
        ({"destination": "198.51.100.0/33"}, "outside 0 to 32"),
        ({"destination": "example.net"}, "is not a prefix"),
        ({"source": "192.0.2.9"}, "is not an address of this host"),
        ({"source": "192.0.2.2/32"}, "without a prefix length"),
        ({"source": "2001:db8:ff::2"}, "is IPv6, but the destination is IPv4"),
        ({"source": "0.0.0.0"}, "means no source"),
        ({"source": "224.0.0.1"}, "multicast"),
        ({"source": "255.255.255.255"}, "broadcast"),
        ({"source": "10.0.0.255"}, "is not an address of this host"),
        ({"device": "nosuch0"}, "there is no device 'nosuch0'"),
        ({"vrf": "nosuch0"}, "there is no device 'nosuch0'"),
        ({"vrf": "v0"}, "not a VRF"),
        ({"table": "nosuch"}, "'nosuch' is unknown"),
        ({"table": "0"}, "0 is no table"),
        ({"protocol": "nosuch"}, "'nosuch' is unknown"),
        ({"source": None}, "source: is required"),
    ],
)
def test_bad_input_is_refused_before_the_first_write(
    ns: Host, module: ModuleRunner, entry: dict[str, str], words: str
) -> None:
    ns.ip(f"route add 198.51.101.0/24 via {ns.G4}")
    ns.ip(f"route add {ns.P4} via {ns.G4}")
    before = raw.routes(ns)
    good = {"destination": "198.51.101.0/24", "source": ns.S4}
    failed = module.fails("prefsrc", {"routes": [good, {"destination": ns.P4, "source": ns.S4, **entry}]})
    assert words in failed["msg"]
    assert "routes[1]" in failed["msg"]
    assert raw.routes(ns) == before


def test_a_tentative_source_is_refused_with_the_way_out(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P6} via {ns.G6}")
    ns.sysctl({"ipv6/conf/v0/dad_transmits": 100})
    ns.ip("address add 2001:db8::77/64 dev v0")
    failed = module.fails("prefsrc", {"routes": [{"destination": ns.P6, "source": "2001:db8::77"}]})
    assert "is tentative" in failed["msg"]
    assert "nodad" in failed["msg"]


def test_an_address_inside_a_local_prefix_is_a_source(ns: Host, module: ModuleRunner) -> None:
    """AnyIP: IPv4 takes any address of a local prefix, IPv6 does not."""
    ns.ip("route add local 203.0.113.0/24 dev lo")
    ns.ip(f"route add {ns.P4} via {ns.G4}")
    assert module.ok("prefsrc", {"routes": [{"destination": ns.P4, "source": "203.0.113.77"}]})["changed"]
    ns.ip("route add local 2001:db8:a::/64 dev lo")
    ns.ip(f"route add {ns.P6} via {ns.G6}")
    failed = module.fails("prefsrc", {"routes": [{"destination": ns.P6, "source": "2001:db8:a::1"}]})
    assert "is not an address of this host" in failed["msg"]


def test_a_local_prefix_of_a_table_counts_there_only(ns: Host, module: ModuleRunner) -> None:
    ns.ip("route add local 203.0.113.7 dev lo table 100")
    ns.ip(f"route add {ns.P4} via {ns.G4} table 100")
    ns.ip(f"route add {ns.P4} via {ns.G4}")
    entry = {"destination": ns.P4, "source": "203.0.113.7"}
    module.fails("prefsrc", {"routes": [entry]})
    assert module.ok("prefsrc", {"routes": [{**entry, "table": 100}]})["changed"]


def test_addresses_that_the_kernel_takes_are_taken(ns: Host, module: ModuleRunner) -> None:
    """Another device's, a down device's, a deprecated one, 127/8: accepted, the doubtful ones with a warning."""
    ns.ip(f"route add {ns.P4} via {ns.G4}")
    ns.ip(f"route add {ns.P6} via {ns.G6}")
    ns.ip("address add 10.9.0.1/32 dev v1 preferred_lft 0")
    ns.ip("address add 2001:db8:9::1/128 dev v1 nodad preferred_lft 0")
    for source, warned in (("10.1.0.1", False), ("10.9.0.1", True), ("127.0.0.5", True)):
        if source.startswith("127"):
            ns.ip(f"address add {source}/8 dev lo")
        result = module.ok("prefsrc", {"routes": [{"destination": ns.P4, "source": source}]})
        assert bool(result.get("warnings")) == warned, source
    assert module.ok("prefsrc", {"routes": [{"destination": ns.P6, "source": "2001:db8:9::1"}]})["warnings"]
    ns.ip("address add 10.7.0.1/32 dev v1")
    ns.ip("link set v1 down")
    assert module.ok("prefsrc", {"routes": [{"destination": ns.P4, "source": "10.7.0.1"}]})["changed"]


def test_planned_addresses_count_in_check_mode_only(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4}")
    task = {"routes": [{"destination": ns.P4, "source": "192.0.2.77"}], "planned_addresses": ["192.0.2.77/32"]}
    assert module.ok("prefsrc", task, check=True)["changed"]
    assert "is not an address of this host" in module.fails("prefsrc", task)["msg"]


def test_both_families_in_one_task_through_netns(ns: Host, other_ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4}")
    ns.ip(f"route add {ns.P6} via {ns.G6}")
    task = {
        "netns": ns.name,
        "routes": [{"destination": ns.P4, "source": ns.S4}, {"destination": ns.P6, "source": ns.S6}],
    }
    assert module.ok("prefsrc", task, ns=other_ns)["counts"]["changed"] == 2
    assert ns.S4 in ns.ip(f"route show {ns.P4}")
    assert ns.S6 in ns.ip(f"-6 route show {ns.P6}")


def test_a_namespace_that_does_not_exist_is_not_made(ns: Host, module: ModuleRunner) -> None:
    failed = module.fails("prefsrc", {"netns": "l3host-no-such", "routes": [{"destination": ns.P4, "source": ns.S4}]})
    assert "there is no network namespace 'l3host-no-such'" in failed["msg"]
    assert "l3host-no-such" not in ns.run(["ip", "netns", "list"]).stdout


def test_an_identical_ipv6_route_is_not_written_again(ns: Host, module: ModuleRunner) -> None:
    """An identical IPv6 replace notifies every listener; so nothing may be sent."""
    ns.ip(f"route add {ns.P6} via {ns.G6} src {ns.S6}")
    task = {"routes": [{"destination": ns.P6, "source": ns.S6}]}
    assert route_notifications(ns, lambda: module.ok("prefsrc", task)) == []


def test_connected_sockets_keep_their_source(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4}")
    code = (
        "import socket,sys\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.connect(('198.51.100.34',9))\n"
        "print(s.getsockname()[0],flush=True)\nsys.stdin.readline()\nprint(s.getsockname()[0],flush=True)\n"
        "n=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\nn.connect(('198.51.100.34',9))\nprint(n.getsockname()[0])"
    )
    process = ns.popen(["python3", "-c", code], stdin=-1, stdout=-1)
    assert process.stdin is not None
    assert process.stdout is not None
    first = process.stdout.readline().strip()
    module.ok("prefsrc", {"routes": [{"destination": ns.P4, "source": ns.S4}]})
    rest, _errors = process.communicate("go\n")
    assert [first, *rest.split()] == ["10.0.0.1", "10.0.0.1", ns.S4]


@pytest.mark.parametrize("force", [False, True])
def test_ipv6_routes_of_one_nexthop_object_share_their_source(ns: Host, module: ModuleRunner, force: bool) -> None:
    """The kernel caches the source in the shared next hop: the first route looked up lends its own to all."""
    ns.ip(f"nexthop add id 7 via {ns.G6} dev v0")
    ns.ip("route add 2001:db8:100::/64 nhid 7")
    ns.ip("route add 2001:db8:200::/64 nhid 7 table 100")
    one = {"destination": "2001:db8:100::/64", "source": ns.S6}
    other = {"destination": "2001:db8:200::/64", "source": ns.S6, "table": "100"}
    for task in ([one], [one, {**other, "source": ns.S6_OTHER}]):
        refused = module.fails("prefsrc", {"routes": task, "force": force})
        assert "share one source" in refused["msg"]
        assert "src" not in ns.ip("-6 route show 2001:db8:100::/64")
    assert module.ok("prefsrc", {"routes": [one, other]})["changed"]
    assert not module.ok("prefsrc", {"routes": [one]})["changed"]
    # Clearing is never refused.
    assert module.ok("prefsrc", {"routes": [{**one, "state": "absent"}]})["changed"]


def test_ipv4_routes_of_one_nexthop_object_do_not(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"nexthop add id 7 via {ns.G4} dev v0")
    for prefix in ("198.51.100.0/24", "198.51.101.0/24"):
        ns.ip(f"route add {prefix} nhid 7")
    assert module.ok("prefsrc", {"routes": [{"destination": "198.51.100.0/24", "source": ns.S4}]})["changed"]
    assert f"src {ns.S4} " in ns.ip("route get 198.51.100.9")
    assert "src 10.0.0.1 " in ns.ip("route get 198.51.101.9")


@pytest.mark.parametrize(
    ("hops", "other", "within", "source"),
    [
        (f"nexthop via {Host.G4} nexthop via {Host.G4_V1}", Host.G4, "198.51.0.0/16", Host.S4),
        (f"nexthop via {Host.G6} nexthop via {Host.G6_V1}", Host.G6, "2001:db8:100::/40", Host.S6),
    ],
    ids=["v4", "v6"],
)
def test_a_dead_next_hop(ns: Host, module: ModuleRunner, hops: str, other: str, within: str, source: str) -> None:
    """The kernel refuses to replace such a route: which one and why is said before anything is written."""
    one, two = (Host.P4, "198.51.7.0/24") if "." in source else (Host.P6, "2001:db8:107::/64")
    ns.batch([f"route add {one} {hops}", f"route add {two} via {other}", "link set v1 down"])
    before = raw.routes(ns)
    task = {"routes": [{"destination": within, "within": True, "source": source, "except_protocols": ["kernel"]}]}
    for check in (True, False):
        refused = module.fails("prefsrc", task, check=check)
        assert f"{one.partition('/')[0]}" in refused["msg"] and "is dead: v1 is down" in refused["msg"]
        assert raw.routes(ns) == before
    done = module.ok("prefsrc", {**task, "dead": "ignore"})
    assert {key: done["counts"][key] for key in ("changed", "dead")} == {"changed": 1, "dead": 1}
    assert "is dead: v1 is down" in str(done["warnings"])
    again = module.ok("prefsrc", {**task, "dead": "ignore"})
    assert not again["changed"] and again["counts"]["dead"] == 1
    ns.ip("link set v1 up")
    if "." not in source:  # with the device went its addresses
        assert "no subnet of v1 holds 2001:db8:1::fe" in module.fails("prefsrc", task, check=True)["msg"]
        ns.ip("address add 2001:db8:1::1/64 dev v1 nodad")
    assert module.ok("prefsrc", task)["changed"]


@pytest.mark.parametrize("family", ["4", "6"])
def test_a_gateway_that_is_reached_no_longer(ns: Host, module: ModuleRunner, family: str) -> None:
    one, gateway, source = (Host.P4, Host.G4_V1, Host.S4) if family == "4" else (Host.P6, Host.G6_V1, Host.S6)
    ns.ip(f"route add {one} via {gateway}")
    # Without any address an IPv4 device would lose its routes.
    ns.batch(
        ["address add 10.99.0.1/24 dev v1", "address del 10.1.0.1/24 dev v1", "address del 2001:db8:1::1/64 dev v1"]
    )
    task = {"routes": [{"destination": one, "source": source}]}
    for check in (True, False):
        assert f"no subnet of v1 holds {gateway}" in module.fails("prefsrc", task, check=check)["msg"]
    done = module.ok("prefsrc", {**task, "dead": "ignore"})
    assert not done["changed"] and done["counts"]["dead"] == 1
    # What the kernel would have said of it.
    with pytest.raises(NamespaceError):
        ns.ip(f"route replace {one} via {gateway} dev v1 src {source}")


def test_a_next_hop_without_a_carrier_is_no_hindrance(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {Host.P4} nexthop via {Host.G4} nexthop via {Host.G4_V1}")
    ns.peer.ip("link set v1 down")
    assert module.ok("prefsrc", {"routes": [{"destination": Host.P4, "source": Host.S4}]})["changed"]


def test_routes_of_every_table(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"route add {Host.P4} via {Host.G4}", f"route add {Host.P4} via {Host.G4} table 100"])
    task = {"routes": [{"destination": Host.P4, "source": Host.S4, "table": "all"}]}
    assert module.ok("prefsrc", task)["counts"]["changed"] == 2
    assert not module.ok("prefsrc", task)["changed"]
    assert ns.ip(f"route show {Host.P4} table all").count(f"src {Host.S4}") == 2
