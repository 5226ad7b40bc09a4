# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the module route can set of a route: made, listed, kept beside a source, changed, cleared, undone."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.lab import raw
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

P4, P6 = Host.P4, Host.P6
VIA4: dict[str, Any] = {"destination": P4, "gateway": Host.G4, "device": "v0"}
VIA6: dict[str, Any] = {"destination": P6, "gateway": Host.G6, "device": "v0"}


class Part(NamedTuple):
    """Options of an entry: at first, changed, taken away; and the words of ``ip`` for the first two."""

    base: dict[str, Any]
    first: dict[str, Any]
    other: dict[str, Any]
    none: dict[str, Any]
    words: tuple[str, str]
    #: What route_info says of the first.
    listed: dict[str, Any]


def _encap(base: dict[str, Any], first: dict[str, Any], other: dict[str, Any], words: tuple[str, str]) -> Part:
    listed = {**first, "flags": first.get("flags", [])} if first["type"] != "seg6" else first
    return Part(base, {"encap": first}, {"encap": other}, {"encap": {"type": "none"}}, words, {"encap": listed})


Three = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]


def _hops(first: dict[str, Any], other: dict[str, Any], none: dict[str, Any], base: dict[str, Any]) -> Three:
    gateways = (Host.G6, Host.G6_V1) if base is VIA6 else (Host.G4, Host.G4_V1)

    def hops(own: dict[str, Any]) -> dict[str, Any]:
        return {"nexthops": [{"gateway": gateways[0], "weight": 3, **own}, {"gateway": gateways[1]}]}

    return hops(first), hops(other), hops(none)


def _metric(base: dict[str, Any], name: str, first: Any, other: Any) -> Part:
    unit = "ms" if name in ("rtt", "rttvar", "rto_min") else ""
    return Part(
        base,
        {"metrics": {name: first}},
        {"metrics": {name: other}},
        {"metrics": {name: 0}},
        (f"{name} {first}{unit}", f"{name} {other}{unit}"),
        {"metrics": {name: first}},
    )


_TUNNEL4 = {"type": "ip", "id": 5, "src": "10.0.0.1", "dst": "10.9.9.9", "ttl": 64, "tos": 4}
_TUNNEL6 = {"type": "ip6", "id": 3, "src": "2001:db8::1", "dst": "2001:db8:5::2", "hoplimit": 33, "tc": 7}
_SEGMENTS = {"type": "seg6", "mode": "encap", "segs": ["2001:db8:5::1", "2001:db8:5::2"]}
_WORDS = {
    "ip": "encap ip id 5 src 10.0.0.1 dst 10.9.9.9 ttl 64 tos 4",
    "ip6": "encap ip6 id 3 src 2001:db8::1 dst 2001:db8:5::2 hoplimit 33 tc 7",
    "seg6": "encap seg6 mode encap segs 2 [ 2001:db8:5::1 2001:db8:5::2 ]",
    "one": "encap seg6 mode inline segs 2 [ 2001:db8:5::1 :: ]",
}

PARTS = {
    "encap ip": _encap(
        VIA4,
        {**_TUNNEL4, "flags": ["key", "csum", "seq"]},
        _TUNNEL4,
        (f"{_WORDS['ip']} key csum seq via", f"{_WORDS['ip']} via"),
    ),
    "encap ip6": _encap(VIA4, {**_TUNNEL6, "flags": ["key"]}, _TUNNEL4, (f"{_WORDS['ip6']} key via", _WORDS["ip"])),
    "encap seg6": _encap(VIA4, _SEGMENTS, _TUNNEL6, (_WORDS["seg6"], _WORDS["ip6"])),
    "IPv6 encap ip6": _encap(VIA6, _TUNNEL6, {**_TUNNEL6, "flags": ["key"]}, (_WORDS["ip6"], f"{_WORDS['ip6']} key")),
    "IPv6 encap ip": _encap(VIA6, _TUNNEL4, {**_TUNNEL4, "flags": ["key"]}, (_WORDS["ip"], f"{_WORDS['ip']} key")),
    "IPv6 encap seg6": _encap(
        VIA6,
        _SEGMENTS,
        {"type": "seg6", "mode": "inline", "segs": ["2001:db8:5::1"]},
        (_WORDS["seg6"], _WORDS["one"]),
    ),
    "encap of a hop": Part(
        {"destination": P4},
        *_hops({"encap": _TUNNEL4}, {"encap": _TUNNEL6}, {"encap": {"type": "none"}}, VIA4),
        (f"nexthop {_WORDS['ip']} via {Host.G4}", f"nexthop {_WORDS['ip6']} via {Host.G4}"),
        {},
    ),
    "IPv6 encap of a hop": Part(
        {"destination": P6},
        *_hops({"encap": _SEGMENTS}, {"encap": _TUNNEL6}, {"encap": {"type": "none"}}, VIA6),
        (f"nexthop {_WORDS['seg6']} via {Host.G6}", f"nexthop {_WORDS['ip6']} via {Host.G6}"),
        {},
    ),
    "realm": Part(
        VIA4, {"realms": "4"}, {"realms": "3/5"}, {"realms": "0"}, ("realm 4", "realms 3/5"), {"realms": "4"}
    ),
    "realms of a hop": Part(
        {"destination": P4},
        *_hops({"realms": "3/4"}, {"realms": "5"}, {"realms": "0"}, VIA4),
        (f"nexthop via {Host.G4} realms 3/4", f"nexthop via {Host.G4} realm 5"),
        {},
    ),
    "locked": Part(
        {**VIA4, "metrics": {"mtu": 1400, "advmss": 1000, "congctl": "reno"}},
        {"locked": ["mtu", "congctl"], "metrics": {"mtu": 1400, "advmss": 1000, "congctl": "reno"}},
        {"locked": ["advmss"]},
        {"locked": []},
        ("mtu lock 1400 advmss 1000 congctl lock reno", "mtu 1400 advmss lock 1000 congctl reno"),
        {"locked": ["mtu", "congctl"]},
    ),
    "IPv6 locked": Part(
        {**VIA6, "metrics": {"mtu": 1400, "hoplimit": 9}},
        {"locked": ["mtu"]},
        {"locked": ["hoplimit", "mtu"]},
        {"locked": []},
        ("mtu lock 1400 hoplimit 9", "mtu lock 1400 hoplimit lock 9"),
        {"locked": ["mtu"]},
    ),
    "features": _metric(VIA4, "features", "ecn", "ecn"),
    "IPv6 features": _metric(VIA6, "features", "ecn", "ecn"),
    "congctl": _metric(VIA4, "congctl", "reno", "cubic"),
    "IPv6 congctl": _metric(VIA6, "congctl", "reno", "cubic"),
    "mtu": _metric(VIA4, "mtu", 1400, 1300),
    "rto_min": _metric(VIA6, "rto_min", 30, 40),
    "IPv6 expires": Part(VIA6, {"expires": 600}, {"expires": 9000}, {"expires": 0}, ("expires 5", "expires 8"), {}),
    "IPv6 pref": Part(
        VIA6, {"pref": "high"}, {"pref": "low"}, {"pref": "medium"}, ("pref high", "pref low"), {"pref": "high"}
    ),
}


def line(ns: Host, destination: str) -> str:
    text = ns.ip(f"-d -o {'-6' if ':' in destination else '-4'} route show {destination}")
    return " ".join(text.replace("\\", " ").split())


def task(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"routes": list(entries)}


#: Refused by the kernel, which takes the whole task back.
REFUSED = {"destination": "198.51.101.0/24", "gateway": "172.16.7.7"}


@pytest.mark.parametrize("name", PARTS)
def test_made_listed_kept_changed_cleared_undone(ns: Host, module: ModuleRunner, name: str) -> None:
    part = PARTS[name]
    destination = part.base["destination"]
    source = {"source": ns.S6 if ":" in destination else ns.S4}

    def done(entry: dict[str, Any], action: str) -> None:
        before = raw.routes(ns)
        predicted = module.ok("route", task(entry), check=True)
        module.fails("route", task(entry, REFUSED))
        assert raw.routes(ns) == before
        result = module.ok("route", task(entry))
        assert result["results"] == predicted["results"]
        assert [one["action"] for one in result["results"]] == [action]
        assert not module.ok("route", task(entry))["changed"]

    done({**part.base, **part.none}, "created")
    bare = raw.routes(ns)
    module.ok("route", task({**part.base, **part.none, "state": "absent"}))
    done({**part.base, **part.first}, "created")
    assert part.words[0] in line(ns, destination)
    (listed,) = module.ok("route_info", {"destinations": [destination]})["routes"]
    assert {**listed, **part.listed} == listed
    made = raw.routes(ns)
    assert module.ok("prefsrc", task({"destination": destination, **source}))["changed"]
    assert [one[:2] for one in raw.routes(ns)] == [one[:2] for one in made]
    assert not module.ok("route", task({**part.base, **part.first, **source}))["changed"]
    if part.other != part.first:
        done({**part.base, **part.other}, "changed")
        assert part.words[1] in line(ns, destination)
        assert f"src {source['source']}" in line(ns, destination)
        # The destination alone says which route: what is not named is kept.
        alone = {"destination": destination, **part.first}
        done(alone, "changed")
        assert [one[:2] for one in raw.routes(ns)] == [one[:2] for one in made]
    done({"destination": destination, **part.none}, "changed")
    assert [one[:2] for one in raw.routes(ns)] == [one[:2] for one in bare]
    assert f"src {source['source']}" in line(ns, destination)


def test_a_lifetime_that_is_half_over_is_set_anew(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"-6 route add {P6} via {ns.G6} expires 600")
    entry = {"destination": P6, "expires": 1100}
    assert not module.ok("route", task(entry))["changed"]
    assert module.ok("route", task({**entry, "expires": 1300}))["changed"]
    assert module.ok("route", task({**entry, "expires": 500}))["changed"]


def test_a_realm_goes_with_the_route_from_one_hop_to_several(ns: Host, module: ModuleRunner) -> None:
    module.ok("route", task({**VIA4, "realms": "3/4"}))
    module.ok("route", task({"destination": P4, "nexthops": [{"gateway": ns.G4}, {"gateway": ns.G4_V1}]}))
    assert line(ns, P4).count("realms 3/4") == 2


def test_a_route_that_becomes_a_blackhole_loses_what_is_of_a_way(ns: Host, module: ModuleRunner) -> None:
    for command in (
        f"route add {P4} via {ns.G4} realm 4 mtu 1400 encap ip id 5 dst 10.9.9.9 dev v0",
        f"-6 route add {P6} via {ns.G6} expires 600 pref high mtu 1400",
    ):
        ns.ip(command)
    entries = [{"destination": destination, "type": "blackhole"} for destination in (P4, P6)]
    result = module.ok("route", task(*entries))
    for one in result["results"]:
        assert one["after"] == line(ns, one["destination"]).replace(" scope global", "")
    assert not module.ok("route", task(*entries))["changed"]


def test_encap_of_the_route_is_that_of_each_hop(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {P4} nexthop via {ns.G4} nexthop via {ns.G4_V1}")
    entry = {"destination": P4, "encap": _TUNNEL4, "realms": "4"}
    assert module.ok("route", task(entry))["changed"]
    assert line(ns, P4).count("encap ip id 5") == line(ns, P4).count("realm 4") == 2
    assert not module.ok("route", task(entry))["changed"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**VIA4, "encap": {"type": "ip", "segs": ["::1"]}}, "encap.segs: says nothing about encap ip"),
        ({**VIA4, "encap": {"type": "ip", "id": 5}}, "encap.dst: encap ip needs it"),
        ({**VIA4, "encap": {"type": "seg6", "segs": []}}, "encap.segs: encap seg6 needs it"),
        ({**VIA4, "encap": {"type": "ip", "dst": "::1"}}, "not of the family"),
        ({**VIA4, "encap": {"type": "ip", "dst": "10.0.0.9", "ttl": 256}}, "encap.ttl: 256 is not between 0 and 255"),
        ({**VIA4, "encap": {"type": "mpls", "labels": [1 << 20]}}, "encap.labels"),
        ({**VIA4, "encap": {"type": "ip", "dst": "10.0.0.9", "flags": ["oam"]}}, "encap.flags: 'oam' is not one of"),
        ({"destination": P4, "nexthop_id": 7, "encap": {"type": "none"}}, "name them in each of nexthops"),
        ({**VIA6, "realms": "4"}, "IPv6 routes have no realms"),
        ({**VIA4, "realms": "70000"}, "is not between 0 and 65535"),
        ({**VIA4, "expires": 600}, "only IPv6 routes have a lifetime"),
        ({**VIA4, "pref": "high"}, "only IPv6 routes have a preference"),
        ({**VIA4, "locked": ["pmtu"]}, "'pmtu' is no route metric"),
        ({**VIA4, "locked": ["congctl"]}, "congctl: there is nothing to lock"),
        ({**VIA4, "metrics": {"features": "sack"}}, "features: 'sack' is unknown"),
        ({"destination": P4, "type": "blackhole", "encap": _TUNNEL4}, "a blackhole route has no"),
        ({"destination": P6, "type": "unreachable", "pref": "high"}, "none of source, encap, realms, expires, pref"),
    ],
)
def test_bad_input_is_refused(ns: Host, module: ModuleRunner, entry: dict[str, Any], words: str) -> None:
    assert words in module.fails("route", task(entry))["msg"]
