# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random routes on a real kernel: what was applied is what is read back, and a second run finds nothing to do."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

SETTINGS = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

_METRICS = st.fixed_dictionaries(
    {},
    optional={
        "mtu": st.integers(1280, 9000),
        "advmss": st.integers(536, 8960),
        "window": st.integers(1000, 65535),
        "rtt": st.integers(1, 500),
        "rttvar": st.integers(1, 500),
        "ssthresh": st.integers(1, 100),
        "cwnd": st.integers(1, 100),
        "reordering": st.integers(3, 100),
        "hoplimit": st.integers(1, 255),
        "initcwnd": st.integers(1, 100),
        "initrwnd": st.integers(1, 100),
        "rto_min": st.integers(1, 500),
        "quickack": st.just(1),
        "fastopen_no_cookie": st.just(1),
        "congctl": st.sampled_from(["cubic", "reno"]),
    },
)


_TUNNELS = [
    {"type": "ip", "id": 5, "dst": "10.9.9.9", "ttl": 64, "flags": ["key"]},
    {"type": "ip6", "dst": "2001:db8:5::2", "tc": 7},
    {"type": "seg6", "segs": ["2001:db8:5::1", "2001:db8:5::2"]},
]
_PARTS = {
    "encap": st.sampled_from(_TUNNELS),
    "locked": st.lists(st.sampled_from(["mtu", "advmss", "rtt"]), max_size=2, unique=True),
}
_PARTS_4 = {**_PARTS, "realms": st.sampled_from(["4", "3/4"])}
_PARTS_6 = {**_PARTS, "pref": st.sampled_from(["low", "medium", "high"])}


def _that_the_way_can_have(route: dict[str, Any]) -> dict[str, Any]:
    """Rejects have no source and no next hop; of several next hops each has its own encapsulation and realms."""
    own = {name: route[name] for name in ("encap", "realms") if name in route}
    if "type" in route:
        return {name: value for name, value in route.items() if name not in (*own, "source", "pref")}
    if "nexthops" in route:
        rest = {name: value for name, value in route.items() if name not in own}
        return {**rest, "nexthops": [{**route["nexthops"][0], **own}, *route["nexthops"][1:]]}
    return route


def _hops(gateways: tuple[str, str], devices: tuple[str, str]) -> st.SearchStrategy[dict[str, Any]]:
    """Devices are named: the kernel looks for a gateway's in the route's own table, where a route of this very task
    may lead elsewhere."""
    ways = [{"gateway": gateway, "device": device} for gateway, device in zip(gateways, devices)]
    hop = [
        st.fixed_dictionaries({**{k: st.just(v) for k, v in way.items()}, "weight": st.integers(1, 256)})
        for way in ways
    ]
    return st.one_of(
        st.sampled_from(ways),
        st.fixed_dictionaries({"device": st.sampled_from(devices)}),
        st.fixed_dictionaries({"nexthops": st.tuples(*hop).map(list)}),
        st.fixed_dictionaries({"type": st.sampled_from(["blackhole", "unreachable", "prohibit", "throw"])}),
    )


def _route(
    destinations: list[str], gateways: tuple[str, str], sources: list[str], parts: dict[str, Any]
) -> st.SearchStrategy[dict[str, Any]]:
    rest = st.fixed_dictionaries(
        {"destination": st.sampled_from(destinations), "metric": st.integers(1, 3)},
        optional={
            "source": st.sampled_from(sources),
            "table": st.sampled_from([254, 100, 1000]),
            "protocol": st.sampled_from(["static", "boot", "133", "77"]),
            "metrics": _METRICS,
            **parts,
        },
    )
    hops = _hops(gateways, ("v0", "v1"))
    return st.builds(lambda one, two: {**one, **two}, rest, hops).map(_that_the_way_can_have)


_ROUTES_4 = _route(
    ["198.51.100.0/24", "198.51.0.0/16", "203.0.113.7/32", "0.0.0.0/0"],
    (Host.G4, Host.G4_V1),
    [Host.S4, Host.S4_OTHER, "10.0.0.2"],
    _PARTS_4,
)
_ROUTES_6 = _route(
    ["2001:db8:100::/64", "2001:db8:100::/40", "2001:db8:7::7/128", "::/0"],
    (Host.G6, Host.G6_V1),
    [Host.S6, Host.S6_OTHER, "2001:db8::2"],
    _PARTS_6,
)
ROUTES = st.lists(
    st.one_of(_ROUTES_4, _ROUTES_6),
    max_size=8,
    unique_by=lambda route: (route["destination"], route["metric"], route.get("table", 254)),
)


def _empty(ns: Host) -> None:
    for family in ("-4", "-6"):
        for table in ("main", "100", "1000"):
            for protocol in ("static", "boot", "133", "77"):
                ns.ip(f"{family} route flush table {table} proto {protocol}", check=False)


def _ip_lines(ns: Host) -> list[str]:
    """``ip``'s lines in our form: it is told apart only by what ``-d`` adds and where it breaks lines."""
    found = []
    for family in ("-4", "-6"):
        text = ns.ip(f"{family} -d -o route show table all")
        for line in text.splitlines():
            words = line.replace("\\", " ").replace("unicast ", "", 1).replace("scope global ", "")
            words = " ".join(words.split()).replace(" table main", "")
            if re.search(r"proto (static|boot|133|77)\b", words):
                found.append(words)
    return sorted(found)


def _our_lines(module: ModuleRunner) -> list[str]:
    found = []
    for protocol in ("static", "boot", "133", "77"):
        listed = module.ok("route_info", {"table": "all", "protocol": protocol})
        found += [route["line"] for route in listed["routes"]]
    return sorted(found)


def _without_source(line: str) -> str:
    return re.sub(r" src \S+", "", line)


@SETTINGS
@given(wanted=ROUTES)
def test_applied_is_read_back_and_twice_is_no_change(
    ns: Host, module: ModuleRunner, wanted: list[dict[str, Any]]
) -> None:
    _empty(ns)
    first = module.ok("route", {"routes": wanted})
    assert first["counts"]["created"] == len(wanted)
    assert _our_lines(module) == _ip_lines(ns)
    assert sorted(entry["after"] for entry in first["results"]) == _our_lines(module)
    second = module.ok("route", {"routes": wanted})
    assert not second["changed"]
    assert second["counts"]["unchanged"] == len(wanted)


@SETTINGS
@given(before=ROUTES, wanted=ROUTES)
def test_from_any_state_to_any_other(
    ns: Host, module: ModuleRunner, before: list[dict[str, Any]], wanted: list[dict[str, Any]]
) -> None:
    _empty(ns)
    module.ok("route", {"routes": before})
    predicted = module.ok("route", {"routes": wanted}, check=True)
    done = module.ok("route", {"routes": wanted})
    assert (done["counts"], done["results"]) == (predicted["counts"], predicted["results"])
    assert not module.ok("route", {"routes": wanted})["changed"]
    assert {entry["after"] for entry in done["results"]} <= set(_ip_lines(ns))
    assert _our_lines(module) == _ip_lines(ns)


@SETTINGS
@given(wanted=ROUTES, source4=st.sampled_from([Host.S4, None]), source6=st.sampled_from([Host.S6, None]))
def test_any_source_and_back(
    ns: Host, module: ModuleRunner, wanted: list[dict[str, Any]], source4: str | None, source6: str | None
) -> None:
    _empty(ns)
    module.ok("route", {"routes": wanted})
    routes = [
        {"destination": everything, "within": True, "table": table, **change}
        for everything, source in (("0.0.0.0/0", source4), ("::/0", source6))
        for table in (100, 1000)
        for change in [{"source": source} if source else {"state": "absent"}]
    ]
    before = _ip_lines(ns)
    done = module.ok("prefsrc", {"routes": routes, "missing": "ignore"})
    after = _ip_lines(ns)
    assert sorted(map(_without_source, after)) == sorted(map(_without_source, before))
    for entry in done["results"]:
        if entry["action"] in ("changed", "unchanged"):
            assert entry["after"] in after
    assert not module.ok("prefsrc", {"routes": routes, "missing": "ignore"})["changed"]
