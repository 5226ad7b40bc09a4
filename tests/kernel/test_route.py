# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module route on a real kernel: what is named is set, what is not named is kept."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from tests.lab import raw
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

P4, P6 = Host.P4, Host.P6
#: What only the kernel finds out.
UNKNOWN: dict[str, Any] = {"metrics": {"congctl": "nosuch"}}

CREATED: dict[str, tuple[dict[str, Any], str]] = {
    "gateway": ({"destination": P4, "gateway": Host.G4}, f"{P4} via 10.0.0.254 dev v0 proto 133"),
    "gateway and source": (
        {"destination": P4, "gateway": Host.G4, "source": Host.S4},
        f"{P4} via 10.0.0.254 dev v0 proto 133 src 192.0.2.2",
    ),
    "device": ({"destination": P4, "device": "v1"}, f"{P4} dev v1 proto 133 scope link"),
    "default": ({"destination": "default", "gateway": Host.G4}, "default via 10.0.0.254 dev v0 proto 133"),
    "host route": ({"destination": "198.51.100.7", "gateway": Host.G4}, "198.51.100.7 via 10.0.0.254 dev v0 proto 133"),
    "metric and metrics": (
        {
            "destination": P4,
            "gateway": Host.G4,
            "metric": 7,
            "metrics": {"mtu": 1400, "rto_min": 20, "congctl": "reno"},
        },
        f"{P4} via 10.0.0.254 dev v0 proto 133 metric 7 mtu 1400 rto_min 20ms congctl reno",
    ),
    "table": (
        {"destination": P4, "gateway": Host.G4, "table": 1000, "source": Host.S4},
        f"{P4} via 10.0.0.254 dev v0 table 1000 proto 133 src 192.0.2.2",
    ),
    "nexthops": (
        {"destination": P4, "nexthops": [{"gateway": Host.G4, "weight": 3}, {"gateway": Host.G4_V1}]},
        f"{P4} proto 133 nexthop via 10.0.0.254 dev v0 weight 3 nexthop via 10.1.0.254 dev v1 weight 1",
    ),
    "onlink": (
        {"destination": P4, "gateway": "172.16.9.9", "device": "v0", "onlink": True},
        f"{P4} via 172.16.9.9 dev v0 proto 133 onlink",
    ),
    "IPv4 via IPv6": (
        {"destination": P4, "gateway": Host.G6, "device": "v0", "source": Host.S4},
        f"{P4} via inet6 2001:db8::fe dev v0 proto 133 src 192.0.2.2",
    ),
    "tos": ({"destination": P4, "gateway": Host.G4, "tos": "0x10"}, f"{P4} tos 0x10 via 10.0.0.254 dev v0 proto 133"),
    "blackhole": ({"destination": P4, "type": "blackhole"}, f"blackhole {P4} proto 133"),
    "unreachable": ({"destination": P4, "type": "unreachable"}, f"unreachable {P4} proto 133"),
    "prohibit": ({"destination": P4, "type": "prohibit"}, f"prohibit {P4} proto 133"),
    "throw": ({"destination": P4, "type": "throw", "table": 100}, f"throw {P4} table 100 proto 133"),
    "local": (
        {"destination": "203.0.113.0/24", "type": "local", "device": "lo", "table": "local"},
        "local 203.0.113.0/24 dev lo table local proto 133 scope host",
    ),
    "named protocol": (
        {"destination": P4, "gateway": Host.G4, "protocol": "static"},
        f"{P4} via 10.0.0.254 dev v0 proto static",
    ),
    "IPv6": (
        {"destination": P6, "gateway": Host.G6, "source": Host.S6},
        f"{P6} via 2001:db8::fe dev v0 proto 133 src 2001:db8:ff::2 metric 1024 pref medium",
    ),
    "IPv6 metric": (
        {"destination": P6, "gateway": Host.G6, "metric": 9, "metrics": {"mtu": 1400, "hoplimit": 9}},
        f"{P6} via 2001:db8::fe dev v0 proto 133 metric 9 mtu 1400 hoplimit 9 pref medium",
    ),
    "IPv6 default": (
        {"destination": "default", "gateway": Host.G6},
        "default via 2001:db8::fe dev v0 proto 133 metric 1024 pref medium",
    ),
    "IPv6 device": ({"destination": P6, "device": "v1"}, f"{P6} dev v1 proto 133 metric 1024 pref medium"),
    "IPv6 nexthops": (
        {
            "destination": P6,
            "source": Host.S6,
            "nexthops": [{"gateway": Host.G6}, {"gateway": Host.G6_V1, "weight": 2}],
        },
        f"{P6} proto 133 src 2001:db8:ff::2 metric 1024 pref medium nexthop via 2001:db8::fe dev v0 weight 1 "
        "nexthop via 2001:db8:1::fe dev v1 weight 2",
    ),
    "IPv6 from": (
        {"destination": P6, "gateway": Host.G6, "from": "2001:db8:7::/48", "source": Host.S6},
        f"{P6} from 2001:db8:7::/48 via 2001:db8::fe dev v0 proto 133 src 2001:db8:ff::2 metric 1024 pref medium",
    ),
    "IPv6 default from": (
        {"destination": "default", "gateway": Host.G6, "from": "2001:db8:7::7"},
        "default from 2001:db8:7::7 via 2001:db8::fe dev v0 proto 133 metric 1024 pref medium",
    ),
    "IPv6 blackhole": (
        {"destination": P6, "type": "blackhole"},
        f"blackhole {P6} dev lo proto 133 metric 1024 pref medium",
    ),
}


def only(result: dict[str, Any]) -> dict[str, Any]:
    assert len(result["results"]) == 1, result["results"]
    entry: dict[str, Any] = result["results"][0]
    return entry


def listed(ns: Host, item: dict[str, Any]) -> str:
    """``ip``'s own line of the route, without the words that only ``-d`` prints."""
    family = "-6" if ":" in item["destination"] + item.get("gateway", "") and "." not in item["destination"] else "-4"
    text = ns.ip(f"-d -o {family} route show {item['destination']} table {item.get('table', 'main')}")
    words = text.replace("\\", " ").replace("unicast ", "").replace("scope global ", "").split()
    return " ".join(words)


@pytest.mark.parametrize("case", CREATED)
def test_check_run_repeat_remove(ns: Host, module: ModuleRunner, case: str) -> None:
    item, line = CREATED[case]
    before = raw.routes(ns), raw.routes(ns, 255)
    task = {"routes": [item]}
    predicted = module.ok("route", task, check=True, diff=True)
    assert only(predicted)["action"] == "created"
    assert (raw.routes(ns), raw.routes(ns, 255)) == before
    done = module.ok("route", task, diff=True)
    assert only(done)["after"] == line
    assert done["diff"] == predicted["diff"] == {"before": "", "after": f"{line}\n"}
    table = f" table {item['table']}" if "table" in item else ""
    expected = line.replace(table, "") if "table" in item else line
    assert listed(ns, item) == expected
    again = module.ok("route", task, diff=True)
    assert not again["changed"]
    assert only(again)["action"] == "unchanged"
    assert only(again)["before"] == line
    assert not module.ok("route", task, check=True)["changed"]
    gone = module.ok("route", {"routes": [{**item, "state": "absent"}]}, diff=True)
    assert gone["diff"] == {"before": f"{line}\n", "after": ""}
    assert (raw.routes(ns), raw.routes(ns, 255)) == before
    assert only(module.ok("route", {"routes": [{**item, "state": "absent"}]}))["action"] == "missing"


def test_changing_only_the_source_keeps_every_other_attribute(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {P4} via {ns.G4} proto static mtu lock 1400 initcwnd 11 congctl cubic metric 20 realm 4")
    ns.ip(f"-6 route add {P6} via {ns.G6} expires 600 pref high mtu 1400")
    before = raw.routes(ns)
    task = {"routes": [{"destination": P4, "source": ns.S4}, {"destination": P6, "source": ns.S6}]}
    assert module.ok("route", task)["counts"]["changed"] == 2
    assert [route[:2] for route in raw.routes(ns)] == [route[:2] for route in before]
    assert not module.ok("route", task)["changed"]


def test_naming_the_gateway_without_the_device_keeps_both(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {P4} via {ns.G4} dev v0 onlink")
    assert not module.ok("route", {"routes": [{"destination": P4, "gateway": ns.G4}]})["changed"]
    assert not module.ok("route", {"routes": [{"destination": P4, "gateway": ns.G4, "device": "v0"}]})["changed"]
    changed = module.ok("route", {"routes": [{"destination": P4, "gateway": ns.G4_V1}]})
    assert only(changed)["after"].startswith(f"{P4} via {ns.G4_V1}")
    assert "onlink" not in ns.ip(f"route show {P4}")


def test_naming_the_device_without_the_gateway_keeps_the_gateway(ns: Host, module: ModuleRunner) -> None:
    for destination, gateway in ((P4, ns.G4), (P6, ns.G6)):
        ns.ip(f"route add {destination} via {gateway} dev v0 mtu 1400")
        source = ns.S6 if ":" in destination else ns.S4
        task = {"routes": [{"destination": destination, "device": "v0", "source": source}]}
        assert f"via {gateway} dev v0 " in only(module.ok("route", task))["after"]
        assert not module.ok("route", task)["changed"]
        direct = {"routes": [{"destination": destination, "device": "v0", "gateway": "none"}]}
        assert f"{destination} dev v0 " in only(module.ok("route", direct))["after"]
        assert not module.ok("route", direct)["changed"]
        assert "mtu 1400" in ns.ip(f"{'-6' if ':' in destination else '-4'} route show {destination}")
        assert only(module.ok("route", {"routes": [{**direct["routes"][0], "state": "absent"}]}))["action"] == "removed"


def test_the_order_of_nexthops_does_not_matter(ns: Host, module: ModuleRunner) -> None:
    hops = [{"gateway": Host.G4, "weight": 3}, {"gateway": Host.G4_V1, "weight": 1}]
    module.ok("route", {"routes": [{"destination": P4, "nexthops": hops}]})
    assert not module.ok("route", {"routes": [{"destination": P4, "nexthops": hops[::-1]}]})["changed"]
    fewer = module.ok("route", {"routes": [{"destination": P4, "nexthops": hops[:1]}]})
    assert fewer["changed"]
    assert "nexthop" not in ns.ip(f"route show {P4}")


def test_ipv6_from_one_gateway_to_several_and_back(ns: Host, module: ModuleRunner) -> None:
    one = {"routes": [{"destination": P6, "gateway": ns.G6}]}
    two = {"routes": [{"destination": P6, "nexthops": [{"gateway": ns.G6}, {"gateway": ns.G6_V1}]}]}
    for task in (one, two, one):
        assert module.ok("route", task)["changed"]
        assert not module.ok("route", task)["changed"]
    assert ns.G6_V1 not in ns.ip(f"-6 route show {P6}")


def test_a_nexthop_object(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"nexthop add id 7 via {ns.G4} dev v0")
    task = {"routes": [{"destination": P4, "nexthop_id": 7, "source": ns.S4}]}
    assert module.ok("route", task)["changed"]
    assert f"nhid 7 via {ns.G4} dev v0" in ns.ip(f"route show {P4}")
    assert not module.ok("route", task)["changed"]
    failed = module.fails("route", {"routes": [{"destination": "198.51.101.0/24", "nexthop_id": 99}]})
    assert "there is no nexthop object 99" in failed["msg"]


def test_two_sources_on_one_ipv6_nexthop_object_are_refused(ns: Host, module: ModuleRunner) -> None:
    """IPv6 routes of one nexthop object share one source, whichever of them was looked up first."""
    ns.ip(f"nexthop add id 7 via {ns.G6} dev v0")
    one = {"destination": P6, "nexthop_id": 7, "source": ns.S6}
    two = {"destination": "2001:db8:101::/64", "nexthop_id": 7, "source": ns.S6_OTHER}
    before = raw.routes(ns)
    assert "share one source" in module.fails("route", {"routes": [one, two]})["msg"]
    assert raw.routes(ns) == before
    module.ok("route", {"routes": [one]})
    assert "share one source" in module.fails("route", {"routes": [two]})["msg"]
    moved = module.ok("route", {"routes": [{"destination": P6, "state": "absent"}, two]})
    assert moved["counts"]["created"] == moved["counts"]["removed"] == 1
    assert module.ok("route", {"routes": [two, {**two, "destination": P6}]})["counts"]["created"] == 1


def test_a_type_replaces_and_is_replaced_in_place(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {P4} via {ns.G4} src {ns.S4} proto static")
    module.ok("route", {"routes": [{"destination": P4, "type": "blackhole"}]})
    assert ns.ip(f"route show {P4}").strip() == f"blackhole {P4} proto static"
    module.ok("route", {"routes": [{"destination": P4, "type": "unicast", "gateway": ns.G4}]})
    assert f"{P4} via {ns.G4} dev v0 proto static" in ns.ip(f"route show {P4}")


def test_a_metric_of_zero_takes_an_attribute_away(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {P4} via {ns.G4} mtu lock 1400 advmss 1000")
    task = {"routes": [{"destination": P4, "metrics": {"mtu": 0}}]}
    assert module.ok("route", task)["changed"]
    assert "mtu" not in ns.ip(f"route show {P4}")
    assert "advmss 1000" in ns.ip(f"route show {P4}")
    assert not module.ok("route", task)["changed"]


class TestTheMetricThatIsNotNamed:
    """Replacing without the existing metric adds a second route that wins."""

    def test_means_the_only_route_there_is(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"route add {P4} via {ns.G4} metric 50 proto static")
        module.ok("route", {"routes": [{"destination": P4, "source": ns.S4}]})
        assert ns.ip(f"route show {P4}").count("via") == 1
        assert "metric 50" in ns.ip(f"route show {P4}")

    def test_means_the_default_where_there_is_one(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"route add {P4} via {ns.G4} metric 50")
        ns.ip(f"route add {P4} via {ns.G4}")
        module.ok("route", {"routes": [{"destination": P4, "source": ns.S4}]})
        lines = ns.ip(f"route show {P4}").splitlines()
        assert [ns.S4 in line for line in lines] == [True, False]

    def test_is_asked_for_where_it_could_mean_several(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"route add {P4} via {ns.G4} metric 50")
        ns.ip(f"route add {P4} via {ns.G4} metric 60")
        failed = module.fails("route", {"routes": [{"destination": P4, "source": ns.S4}]})
        assert "metric 50" in failed["msg"]
        assert "metric 60" in failed["msg"]
        assert "Name the metric" in failed["msg"]

    def test_never_lands_in_front_of_a_daemons_route(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"route add {P4} via {ns.G4} metric 20 proto bgp")
        failed = module.fails("route", {"routes": [{"destination": P4, "gateway": ns.G4_V1}]})
        assert "proto bgp" in failed["msg"]
        named = module.ok("route", {"routes": [{"destination": P4, "gateway": ns.G4_V1, "metric": 0}]})
        assert only(named)["action"] == "created"

    def test_of_ipv6_is_1024(self, ns: Host, module: ModuleRunner) -> None:
        for metric in ({}, {"metric": 0}, {"metric": 1024}):
            module.ok("route", {"routes": [{"destination": P6, "gateway": ns.G6, **metric}]})
        assert ns.ip(f"-6 route show {P6}").count("via") == 1


class TestAbsent:
    def test_leaves_a_route_that_does_not_agree(self, ns: Host, module: ModuleRunner) -> None:
        """``ip -6 route del P src X`` ignores the source and removes the route all the same."""
        ns.ip(f"-6 route add {P6} via {ns.G6} src {ns.S6}")
        result = module.ok("route", {"routes": [{"destination": P6, "source": ns.S6_OTHER, "state": "absent"}]})
        assert only(result)["action"] == "missing"
        assert ns.S6 in ns.ip(f"-6 route show {P6}")
        assert module.ok("route", {"routes": [{"destination": P6, "source": ns.S6, "state": "absent"}]})["changed"]

    def test_does_not_take_the_route_of_another_metric(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"route add {P4} via {ns.G4} metric 5 proto bgp")
        assert not module.ok("route", {"routes": [{"destination": P4, "state": "absent"}]})["changed"]
        refused = module.fails("route", {"routes": [{"destination": P4, "metric": 5, "state": "absent"}]})
        assert refused["owner"] == "bgp"

    def test_takes_all_aliases_of_a_key(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"route add {P4} via {ns.G4}")
        ns.ip(f"route append {P4} via {ns.G4_V1}")
        assert module.ok("route", {"routes": [{"destination": P4, "state": "absent"}]})["counts"]["removed"] == 2
        assert ns.ip(f"route show {P4}") == ""

    def test_takes_a_link_scope_route(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"route add {P4} dev v0")
        assert module.ok("route", {"routes": [{"destination": P4, "state": "absent"}]})["changed"]

    def test_takes_all_siblings_of_an_ipv6_multipath_route(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"route add {P6} nexthop via {ns.G6} nexthop via {ns.G6_V1}")
        module.ok("route", {"routes": [{"destination": P6, "state": "absent"}]})
        assert ns.ip(f"-6 route show {P6}") == ""

    @pytest.mark.parametrize("named", ["gateway", "device", "nexthops"])
    @pytest.mark.parametrize("family", [4, 6])
    def test_takes_one_leg_and_keeps_the_others_with_everything(
        self, ns: Host, module: ModuleRunner, family: int, named: str
    ) -> None:
        destination, gateways = (P4, (ns.G4, ns.G4_V1)) if family == 4 else (P6, (ns.G6, ns.G6_V1))
        third = "10.1.0.9" if family == 4 else "2001:db8:1::9"
        legs = (
            f"nexthop via {gateways[0]} weight 3 nexthop via {gateways[1]} weight 5 nexthop via {third} dev v1 weight 7"
        )
        ns.ip(f"route add {destination} proto static metric 9 mtu 1400 {legs}")
        ns.ip(f"route add 198.51.101.0/24 via {ns.G4}")
        before = raw.routes(ns)
        way = {"gateway": gateways[0]} if named == "gateway" else {"device": "v0"}
        entry = {"nexthops": [{"gateway": gateways[0]}]} if named == "nexthops" else way
        task = {"routes": [{"destination": destination, **entry, "state": "absent"}]}
        predicted = module.ok("route", task, check=True, diff=True)
        assert raw.routes(ns) == before
        # In one batch with a refusal the leg goes, and is brought back.
        refused = {"destination": "198.51.101.0/24", "gateway": ns.G4, **UNKNOWN}
        failed = module.fails("route", {"routes": [*task["routes"], refused]})
        assert "the host is as before" in failed["msg"]
        assert raw.routes(ns) == before
        done = module.ok("route", task, diff=True)
        assert done["counts"]["changed"] == 1
        assert (done["results"], done["diff"]) == (predicted["results"], predicted["diff"])
        (left,) = ns.ip_json(f"{'-6 ' if family == 6 else ''}route show {destination}")
        assert [(hop["gateway"], hop["weight"]) for hop in left["nexthops"]] == [(gateways[1], 5), (third, 7)]
        assert (left["protocol"], left["metric"], left["metrics"]) == ("static", 9, [{"mtu": 1400}])
        assert not module.ok("route", task)["changed"]
        module.ok("route", {"routes": [{"destination": destination, "gateway": third, "state": "absent"}]})
        assert f"via {gateways[1]} dev v1" in ns.ip(f"-{family} route show {destination}")

    def test_takes_the_ipv6_legs_that_agree(self, ns: Host, module: ModuleRunner) -> None:
        """They may differ in more than a dump shows, so that each is looked at."""
        ns.ip(f"route add {P6} via {ns.G6} src {ns.S6} proto static")
        ns.ip(f"-6 route append {P6} via {ns.G6_V1} src {ns.S6_OTHER} proto 133")
        own = {"destination": P6, "protocol": "133"}
        assert module.ok("route", {"routes": [{**own, "state": "absent"}]})["counts"]["changed"] == 1
        assert ns.ip(f"-6 route show {P6}").split()[:4] == [P6, "via", ns.G6, "dev"]

    def test_takes_all_legs_though_they_differ(self, ns: Host, module: ModuleRunner) -> None:
        appended(ns)
        ns.ip(f"route add {P4} via {ns.G4}")
        before = leg_lines(ns)
        task = [{"destination": P6, "state": "absent"}]
        failed = module.fails(
            "route", {"routes": [*task, {"destination": P4, "gateway": ns.G4, "metric": 77, **UNKNOWN}]}
        )
        assert "the host is as before" in failed["msg"]
        assert leg_lines(ns) == before
        assert module.ok("route", {"routes": task})["counts"]["removed"] == 1
        assert ns.ip(f"-6 route show {P6}") == ""


def appended(ns: Host) -> None:
    """An IPv6 multipath route of which each leg has something of its own, two of them behind one device."""
    ns.ip(f"-6 route add {P6} via {ns.G6} mtu 1400 pref high proto static")
    ns.ip(f"-6 route append {P6} via {ns.G6_V1} mtu 1300 expires 600 proto 77 src {ns.S6_OTHER}")
    ns.ip(f"-6 route append {P6} via 2001:db8::fd dev v0 advmss 1000 pref low")


def leg_lines(ns: Host, destination: str = "2001:db8:100::1") -> list[str]:
    """What ``ip`` says of the first leg that look-ups of many flows end at, lifetimes left out."""
    found = set()
    for number in range(64):
        words = ns.ip(f"-d -o route get fibmatch {destination} from 2001:db8:7::{number:x}").split("\\")
        found.add(re.sub(r" expires 5\d\d?sec", " expires", f"{words[0]} {words[1]}"))
    return sorted(found)


def test_a_leg_with_another_source_is_no_route_as_wanted(ns: Host, module: ModuleRunner) -> None:
    """A dump of it is word for word that of the route that is wanted."""
    ns.ip(f"-6 route add {P6} via {ns.G6} src {ns.S6} proto 133")
    ns.ip(f"-6 route append {P6} via {ns.G6_V1} src {ns.S6_OTHER} proto 133")
    hops = [{"gateway": ns.G6}, {"gateway": ns.G6_V1}]
    task = {"routes": [{"destination": P6, "source": ns.S6, "nexthops": hops}], "purge": True}
    assert module.ok("route", task)["counts"] == {
        **dict.fromkeys(["created", "removed", "unchanged", "missing"], 0),
        "changed": 1,
    }
    assert all(f"src {ns.S6} " in line for line in leg_lines(ns))
    assert module.ok("route", task)["counts"]["unchanged"] == 1


@pytest.mark.parametrize("name", ["prefsrc", "route"])
def test_legs_of_their_own_are_kept_when_the_source_is_set(ns: Host, module: ModuleRunner, name: str) -> None:
    """A dump shows the first leg's metrics, lifetime, preference and protocol only."""
    appended(ns)
    before = leg_lines(ns)
    assert len(before) == 3
    task = {"routes": [{"destination": P6, "source": ns.S6}]}
    module.fails(name, {"routes": [*task["routes"], {"destination": P4, "gateway": ns.G4, "metric": 77, **UNKNOWN}]})
    module.fails(name, {"routes": [*task["routes"], {"destination": "2001:db8:101::/64", "source": ns.S6}]})
    assert leg_lines(ns) == before
    assert module.ok(name, task)["counts"]["changed"] == 1
    after = leg_lines(ns)
    assert all(f"src {ns.S6} " in line for line in after)
    assert [re.sub(r" src \S+", "", line) for line in after] == [re.sub(r" src \S+", "", line) for line in before]
    assert not module.ok(name, task)["changed"]


class TestWithoutADestination:
    """``state: absent`` with a device, a protocol or the like: all that agree go, but what somebody owns."""

    @pytest.fixture
    def filled(self, ns: Host) -> Host:
        for command in (
            f"route add {P4} via {ns.G4} proto static",
            f"route add 198.51.101.0/24 via {ns.G4_V1} proto static metric 5",
            f"route add 198.51.102.0/24 via {ns.G4} proto bgp",
            f"route add 198.51.103.0/24 nexthop via {ns.G4} nexthop via {ns.G4_V1}",
            f"route add 198.51.104.0/24 via {ns.G4} proto static table 100",
            "route add blackhole 198.51.105.0/24 proto 77",
            f"-6 route add {P6} via {ns.G6} proto static",
            f"-6 route add 2001:db8:101::/48 nexthop via {ns.G6} nexthop via {ns.G6_V1}",
            "-6 route add blackhole 2001:db8:102::/48 proto 77",
        ):
            ns.ip(command)
        return ns

    @pytest.mark.parametrize(
        ("entry", "gone", "changed"),
        [
            ({"device": "v0"}, [P4, P6], ["198.51.103.0/24", "2001:db8:101::/48"]),
            ({"protocol": "static"}, [P4, "198.51.101.0/24", P6], []),
            ({"protocol": "77"}, ["198.51.105.0/24", "2001:db8:102::/48"], []),
            ({"protocol": "static", "device": "v1"}, ["198.51.101.0/24"], []),
            ({"protocol": "static", "metric": 5}, ["198.51.101.0/24"], []),
            ({"gateway": Host.G4_V1}, ["198.51.101.0/24"], ["198.51.103.0/24"]),
            ({"device": "v0", "table": "100"}, ["198.51.104.0/24"], []),
            ({"protocol": "78"}, [], []),
        ],
    )
    def test_takes_all_that_agree(
        self, filled: Host, module: ModuleRunner, entry: dict[str, Any], gone: list[str], changed: list[str]
    ) -> None:
        before = raw.routes(filled), raw.routes(filled, 100)
        task = {"routes": [{**entry, "state": "absent"}]}
        predicted = module.ok("route", task, check=True)
        assert (raw.routes(filled), raw.routes(filled, 100)) == before
        result = module.ok("route", task)
        assert result["results"] == predicted["results"]
        found = {
            action: sorted(one["destination"] for one in result["results"] if one["action"] == action)
            for action in ("removed", "changed", "missing")
        }
        nothing = [] if gone or changed else ["any destination"]
        assert found == {"removed": sorted(gone), "changed": sorted(changed), "missing": nothing}
        assert not module.ok("route", task)["changed"]
        assert "proto bgp" in filled.ip("route show 198.51.102.0/24")
        assert "proto kernel" in filled.ip("route show 10.0.0.0/24")

    def test_leaves_what_the_task_itself_wants(self, filled: Host, module: ModuleRunner) -> None:
        wanted = [{"destination": P4, "gateway": filled.G4}, {"destination": "198.51.106.0/24", "device": "v0"}]
        task = {"routes": [{"device": "v0", "state": "absent"}, *wanted]}
        result = module.ok("route", task)
        assert result["counts"]["created"] == 1
        assert P4 not in [one["destination"] for one in result["results"] if one["action"] == "removed"]
        assert not module.ok("route", task)["changed"]

    def test_asks_for_force_where_a_daemons_protocol_is_named(self, filled: Host, module: ModuleRunner) -> None:
        warned = module.ok("route", {"routes": [{"gateway": filled.G4, "state": "absent"}]}, check=True)["warnings"]
        assert "1 route(s) that agree belong to bgp and stay" in str(warned)
        task = {"routes": [{"protocol": "bgp", "state": "absent"}]}
        assert module.fails("route", task)["owner"] == "bgp"
        assert module.ok("route", {**task, "force": True})["counts"]["removed"] == 1

    def test_is_taken_back(self, filled: Host, module: ModuleRunner) -> None:
        before = raw.routes(filled)
        refused = {"destination": P4, "gateway": filled.G4_V1, "metric": 77, **UNKNOWN}
        task = {"routes": [{"device": "v0", "state": "absent"}, refused]}
        assert "the host is as before" in module.fails("route", task)["msg"]
        assert raw.routes(filled) == before

    @pytest.mark.parametrize("entry", [{"table": "100"}, {"metric": 5}, {}])
    def test_must_be_narrowed(self, ns: Host, module: ModuleRunner, entry: dict[str, Any]) -> None:
        failed = module.fails("route", {"routes": [{**entry, "state": "absent"}]})
        assert "routes[0].destination: is required, unless all routes shall go that have the device" in failed["msg"]

    def test_is_for_removal_only(self, ns: Host, module: ModuleRunner) -> None:
        assert "destination: is required" in module.fails("route", {"routes": [{"device": "v0"}]})["msg"]

    def test_works_in_long_lists(self, filled: Host, module: ModuleRunner) -> None:
        document = json.dumps([{"protocol": "static", "state": "absent"}, {"destination": P4, "device": "v1"}])
        result = module.ok("route", {"document": document})
        assert (result["counts"]["removed"], result["counts"]["changed"]) == (2, 1)


class TestFrom:
    """IPv6 routes for the packets from a prefix: that is part of what the kernel identifies them by."""

    FROM = "2001:db8:7::/64"

    def test_tells_routes_apart(self, ns: Host, module: ModuleRunner) -> None:
        plain = {"destination": P6, "gateway": ns.G6}
        own = {**plain, "gateway": ns.G6_V1, "from": self.FROM}
        assert module.ok("route", {"routes": [plain, own]})["counts"]["created"] == 2
        assert not module.ok("route", {"routes": [{**plain, "from": "::/0"}, own], "purge": True})["changed"]
        assert module.ok("route", {"routes": [plain], "purge": True})["counts"]["removed"] == 1
        module.ok("route", {"routes": [own]})
        twice = module.fails("route", {"routes": [own, {**own, "gateway": ns.G6}]})
        assert "names the same route" in twice["msg"]
        assert module.ok("route", {"routes": [{"destination": P6, "state": "absent"}]})["counts"]["removed"] == 1
        assert f"{P6} from {self.FROM} via {ns.G6_V1}" in ns.ip(f"-6 route show {P6}")

    def test_selects_and_filters(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"-6 route add {P6} via {ns.G6}")
        ns.ip(f"-6 route add {P6} from {self.FROM} via {ns.G6_V1} metric 9")
        (found,) = module.ok("route_info", {"from": self.FROM})["routes"]
        assert (found["from"], found["gateway"]) == (self.FROM, ns.G6_V1)
        others = module.ok("route_info", {"from": "::/0", "destinations": [P6]})["routes"]
        assert [(one["from"], one["gateway"]) for one in others] == [(None, ns.G6)]
        for prefix, gateway in ((self.FROM, ns.G6_V1), ("::/0", ns.G6)):
            entry = {"destination": P6, "from": prefix, "source": ns.S6}
            (one,) = module.ok("prefsrc", {"routes": [entry]})["results"]
            assert f"via {gateway} " in one["after"]
            assert f"src {ns.S6}" in one["after"]
        missed = module.fails("prefsrc", {"routes": [{"destination": P6, "from": "2001:db8:8::/64", "source": ns.S6}]})
        assert "from 2001:db8:8::/64" in missed["msg"]


class TestPurge:
    def test_removes_only_what_is_ours(self, ns: Host, module: ModuleRunner) -> None:
        ours = [{"destination": f"198.18.{at}.0/24", "gateway": ns.G4} for at in range(3)]
        module.ok("route", {"routes": [*ours, {"destination": P6, "gateway": ns.G6}]})
        for protocol in ("static", "boot", "bgp", "77"):
            ns.ip(
                f"route add 203.0.113.0/24 via {ns.G4} proto {protocol} metric {len(protocol) + 10 * ord(protocol[0])}"
            )
        ns.ip(f"route add 198.19.0.0/24 via {ns.G4} proto 133 table 100")
        predicted = module.ok("route", {"routes": ours[:1], "purge": True}, check=True)
        assert predicted["counts"]["removed"] == 3
        result = module.ok("route", {"routes": ours[:1], "purge": True})
        assert result["counts"] == {"created": 0, "changed": 0, "removed": 3, "unchanged": 1, "missing": 0}
        assert len(ns.ip("route show 203.0.113.0/24").splitlines()) == 4
        assert "198.19.0.0/24" in ns.ip("route show table 100")
        assert not module.ok("route", {"routes": ours[:1], "purge": True})["changed"]

    def test_of_named_tables_without_routes(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"route add {P4} via {ns.G4} proto 133")
        ns.ip(f"route add {P4} via {ns.G4} proto 133 table 100")
        module.ok("route", {"routes": [], "purge": True, "purge_tables": ["100"]})
        assert ns.ip("route show table 100") == ""
        assert "proto 133" in ns.ip(f"route show {P4}")
        module.ok("route", {"routes": [], "purge": True})
        assert ns.ip(f"route show {P4}") == ""

    def test_of_another_protocol_number(self, ns: Host, module: ModuleRunner) -> None:
        module.ok("route", {"routes": [{"destination": P4, "gateway": ns.G4}], "protocol": "200"})
        assert "proto 200" in ns.ip(f"route show {P4}")
        module.ok("route", {"routes": [], "purge": True})
        assert "proto 200" in ns.ip(f"route show {P4}")
        module.ok("route", {"routes": [], "purge": True, "protocol": "200"})
        assert ns.ip(f"route show {P4}") == ""

    def test_keeps_a_route_wanted_with_a_changed_metric_until_the_new_one_is_there(
        self, ns: Host, module: ModuleRunner
    ) -> None:
        module.ok("route", {"routes": [{"destination": P4, "gateway": ns.G4, "metric": 5}]})
        result = module.ok("route", {"routes": [{"destination": P4, "gateway": ns.G4, "metric": 6}], "purge": True})
        assert [entry["action"] for entry in result["results"]] == ["created", "removed"]


class TestTransaction:
    def test_a_refusal_takes_everything_back(self, ns: Host, module: ModuleRunner) -> None:
        ns.ip(f"route add 198.18.1.0/24 via {ns.G4} mtu 1400 metric 5 proto static")
        ns.ip(f"route add 198.18.2.0/24 nexthop via {ns.G4} nexthop via {ns.G4_V1}")
        ns.ip(f"-6 route add {P6} via {ns.G6} expires 600")
        before = raw.routes(ns)
        failed = module.fails(
            "route",
            {
                "routes": [
                    {"destination": "198.18.0.0/24", "gateway": ns.G4},
                    {"destination": "198.18.1.0/24", "source": ns.S4},
                    {"destination": P6, "source": ns.S6, "metrics": {"mtu": 1300}},
                    {"destination": "198.18.3.0/24", "gateway": ns.G4, **UNKNOWN},
                    {"destination": "198.18.2.0/24", "state": "absent"},
                ]
            },
        )
        assert failed["msg"].startswith(
            "routes[3]: 198.18.3.0/24: the kernel refused to create it: Unknown tcp congestion algorithm"
        )
        assert "the host is as before" in failed["msg"]
        assert {entry["destination"]: entry["action"] for entry in failed["results"]}["198.18.3.0/24"] == "failed"
        assert raw.routes(ns) == before

    def test_thousands_are_taken_back_as_well(self, ns: Host, module: ModuleRunner) -> None:
        routes = [{"destination": f"198.18.{at // 256}.{at % 256}/32", "gateway": ns.G4} for at in range(3000)]
        routes.insert(2500, {"destination": "203.0.113.0/24", "gateway": ns.G4, **UNKNOWN})
        failed = module.fails("route", {"routes": routes})
        assert failed["msg"].startswith("routes[2500]: ")
        assert "133" not in ns.ip("route show proto 133")
        assert len(failed["results"]) <= 1000

    def test_a_whole_batch_of_refusals_loses_no_answer(self, ns: Host, module: ModuleRunner) -> None:
        """An acknowledgement costs receive buffer: too many at once and the kernel drops them (ENOBUFS)."""
        item: dict[str, Any] = {"gateway": ns.G4, **UNKNOWN}
        routes = [{"destination": f"198.18.{at // 256}.{at % 256}/32", **item} for at in range(5000)]
        failed = module.fails("route", {"routes": routes})
        assert failed["msg"].startswith("routes[0]: ")
        assert "Nothing was changed" in failed["msg"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"destination": P4}, "a new route needs a gateway, a device, nexthops or a nexthop_id"),
        ({"destination": P4, "gateway": Host.G4, "nexthops": [{"gateway": Host.G4_V1}]}, "not both"),
        ({"destination": P4, "nexthop_id": 7, "device": "v0"}, "give one of them"),
        ({"destination": P4, "gateway": "none"}, "name the device"),
        ({"destination": P4, "nexthops": []}, "is empty"),
        ({"destination": P4, "nexthops": [{"gateway": Host.G4}, {"gateway": Host.G4}]}, "twice"),
        ({"destination": P4, "nexthops": [{"weight": 2}]}, "needs a gateway, a device, or both"),
        ({"destination": P4, "nexthops": [{"gateway": Host.G4, "weight": 257}]}, "not between 1 and 256"),
        ({"destination": P6, "gateway": Host.G4}, "is IPv4, but the destination is IPv6"),
        ({"destination": P6, "gateway": "fe80::1"}, "link-local; say on which device"),
        ({"destination": P4, "gateway": Host.G4, "tos": 1}, "ECN"),
        ({"destination": P6, "gateway": Host.G6, "tos": "0x10"}, "IPv6"),
        ({"destination": P4, "type": "blackhole", "gateway": Host.G4}, "a blackhole route has no gateway"),
        ({"destination": P4, "gateway": Host.G4, "table": 5, "vrf": "v0"}, "not both"),
        ({"destination": P4, "gateway": Host.G4, "onlink": True}, "needs both a gateway and a device"),
        ({"destination": P4, "gateway": Host.G4, "metric": -1}, "not between 0 and"),
        ({"destination": "default", "device": "v0"}, "does not say which family"),
        ({"destination": P4, "gateway": Host.G4, "from": "10.0.0.0/8"}, "only IPv6 routes"),
        ({"destination": P6, "gateway": Host.G6, "from": "2001:db8::1/32"}, "did you mean 2001:db8::/32?"),
        ({"destination": "198.18.0.0/24", "gateway": Host.G4_V1}, "names the same route as routes[0]"),
    ],
)
def test_bad_input_is_refused_before_the_first_write(
    ns: Host, module: ModuleRunner, entry: dict[str, Any], words: str
) -> None:
    before = raw.routes(ns)
    failed = module.fails("route", {"routes": [{"destination": "198.18.0.0/24", "gateway": Host.G4}, entry]})
    assert words in failed["msg"]
    assert "routes[1]" in failed["msg"]
    assert raw.routes(ns) == before


def test_a_daemons_route_is_refused_unless_forced(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {P4} via {ns.G4} proto bgp")
    task = {"routes": [{"destination": P4, "gateway": ns.G4_V1}]}
    assert module.fails("route", task)["owner"] == "bgp"
    assert module.ok("route", {**task, "force": True})["changed"]
    assert "proto bgp" in ns.ip(f"route show {P4}")


@pytest.mark.parametrize("protocol", ["190", "198"])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_route_of_frr_is_refused_unless_forced(ns: Host, module: ModuleRunner, protocol: str, state: str) -> None:
    """RIPng and SR-TE: numbers that only zebra/rt_netlink.h of FRR names."""
    ns.ip(f"-6 route add {P6} via {ns.G6} proto {protocol}")
    entry = {"destination": P6, "state": state} if state == "absent" else {"destination": P6, "gateway": ns.G6_V1}
    refused = module.fails("route", {"routes": [entry]})
    assert refused["owner"] == {"190": "ripng", "198": "srte"}[protocol]
    assert ns.G6 in ns.ip(f"-6 route show {P6}")
    assert module.ok("route", {"routes": [entry], "force": True})["changed"]


def test_non_canonical_text_is_the_same_route(ns: Host, module: ModuleRunner) -> None:
    module.ok("route", {"routes": [{"destination": "2001:0DB8:0100:0::/64", "gateway": "2001:db8:0::00fe"}]})
    result = module.ok("route", {"routes": [{"destination": P6, "gateway": ns.G6}]})
    assert not result["changed"]
    assert only(result)["destination"] == P6


def test_a_device_by_its_alternative_name(ns: Host, module: ModuleRunner) -> None:
    ns.ip("link property add dev v1 altname the-name-on-the-other-rack")
    uplink = {"device": "the-name-on-the-other-rack"}
    added = module.ok("address", {"addresses": [{"address": "10.1.0.77/24", **uplink}]})
    assert "dev v1" in added["results"][0]["after"]
    item = {"destination": "198.51.100.0/24", "source": "10.1.0.77", **uplink}
    assert module.ok("route", {"routes": [item]})["changed"]
    assert not module.ok("route", {"routes": [item]})["changed"]
    assert module.ok("route_info", {"device": uplink["device"], "destinations": [item["destination"]]})["total"] == 1
    (found,) = module.ok("source_info", {"queries": [{"destination": "198.51.100.7", **uplink}]})["sources"]
    assert (found["source"], found["device"], found["socket"]["source"]) == ("10.1.0.77", "v1", "10.1.0.77")


@pytest.mark.parametrize(
    ("family", "destination"), [("-4", "198.51.100.0/24"), ("-6", "2001:db8:100::/64")], ids=["v4", "v6"]
)
@pytest.mark.parametrize("group", [False, True], ids=["single", "group"])
def test_a_nexthop_object_that_is_a_blackhole(
    ns: Host, module: ModuleRunner, family: str, destination: str, group: bool
) -> None:
    ns.ip(f"{family} nexthop add id 9 blackhole")
    if group:
        ns.ip("nexthop add id 10 group 9")
    item = {"destination": destination, "nexthop_id": 10 if group else 9}
    made = module.ok("route", {"routes": [item]})
    assert made["counts"]["created"] == 1
    shown = ns.ip(f"{family} route show {destination}")
    assert shown.startswith(f"blackhole {destination} nhid {item['nexthop_id']}")
    assert not module.ok("route", {"routes": [item]})["changed"]
    removed = module.ok("route", {"routes": [{**item, "state": "absent"}]})
    assert removed["counts"]["removed"] == 1
    assert ns.ip(f"{family} route show {destination}") == ""
    # Made by somebody else, it is there already, whatever type he named.
    ns.ip(f"{family} route add {destination} nhid {item['nexthop_id']} proto 133")
    assert not module.ok("route", {"routes": [item]}, check=True)["changed"]


def test_an_unnamed_metric_is_the_default(ns: Host, module: ModuleRunner) -> None:
    for destination, gateway, metric in ((ns.P6, ns.G6, 1024), (ns.P4, ns.G4, 0)):
        entries = [{"destination": destination, "gateway": gateway, **more} for more in ({"metric": metric}, {})]
        failed = module.fails("route", {"routes": entries})
        assert "routes[1]: names the same route as routes[0]" in failed["msg"]
        assert destination not in ns.ip("route show") + ns.ip("-6 route show")


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit", "throw"])
def test_prefsrc_of_a_route_that_sends_nothing(ns: Host, module: ModuleRunner, kind: str) -> None:
    ns.ip(f"route add {kind} {ns.P4}")
    failed = module.fails("prefsrc", {"routes": [{"destination": ns.P4, "source": ns.S4}]})
    assert f"'{kind} {ns.P4} proto boot' sends nothing, so it has no source" in failed["msg"]


@pytest.mark.parametrize(("name", "greatest"), [("mtu", 65520), ("advmss", 65495), ("hoplimit", 255)])
def test_values_that_the_kernel_would_make_smaller_are_refused(
    ns: Host, module: ModuleRunner, name: str, greatest: int
) -> None:
    """Check mode and the real run say the same, and what is written is what is there."""
    for destination, gateway in ((ns.P4, ns.G4), (ns.P6, ns.G6)):
        item = {"destination": destination, "gateway": gateway, "metrics": {name: greatest}}
        module.ok("route", {"routes": [item]})
        assert not module.ok("route", {"routes": [item]})["changed"]
        for check in (True, False):
            failed = module.fails("route", {"routes": [{**item, "metrics": {name: greatest + 1}}]}, check=check)
            assert f"routes[0].metrics.{name}: {greatest + 1} is not between 0 and {greatest}" in failed["msg"]


@pytest.mark.parametrize(
    ("gateway", "text"),
    [
        ("0.0.0.0", "the unspecified address"),
        ("224.0.0.1", "a multicast address"),
        ("255.255.255.255", "the broadcast address"),
        ("127.0.0.1", "a loopback address"),
        ("::", "the unspecified address"),
        ("ff02::1", "a multicast address"),
        ("::1", "a loopback address"),
        ("::ffff:10.0.0.254", "an IPv4-mapped address"),
        ("10.0.0.1", "the route's own source"),
        ("2001:db8::1", "the route's own source"),
    ],
)
def test_gateways_that_no_packet_can_go_to(ns: Host, module: ModuleRunner, gateway: str, text: str) -> None:
    destination, source = (ns.P6, "2001:db8::1") if ":" in gateway else (ns.P4, "10.0.0.1")
    item = {"destination": destination, "gateway": gateway, "device": "v0", "source": source}
    for check in (True, False):
        failed = module.fails("route", {"routes": [item]}, check=check)
        assert failed["msg"].startswith("routes[0].gateway: ") and text in failed["msg"]


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (
            {"destination": "203.0.113.0/24", "device": "lo"},
            "local 203.0.113.0/24 dev lo table local proto 133 scope host",
        ),
        (
            {"destination": "2001:db8:113::/48", "device": "lo"},
            "local 2001:db8:113::/48 dev lo table local proto 133 metric 1024 pref medium",
        ),
    ],
    ids=["v4", "v6"],
)
def test_local_routes_belong_to_the_table_local(
    ns: Host, module: ModuleRunner, item: dict[str, Any], line: str
) -> None:
    """As ip-route(8) says; another table is named."""
    local = {**item, "type": "local"}
    assert only(module.ok("route", {"routes": [local]}))["after"] == line
    assert not module.ok("route", {"routes": [{**local, "table": "local"}]})["changed"]
    found = module.ok("route_info", {"type": "local", "destinations": [item["destination"]]})["routes"]
    assert [route["line"] for route in found] == [line]
    assert module.ok("route", {"routes": [{**local, "table": "main"}]})["counts"]["created"] == 1
    assert module.ok("route", {"routes": [{**local, "state": "absent"}]})["counts"]["removed"] == 1
    left = module.ok("route_info", {"table": "all", "destinations": [item["destination"]]})["routes"]
    assert [route["table"] for route in left] == [254]


@pytest.mark.parametrize("default", [False, True])
@pytest.mark.parametrize(
    ("item", "hop"),
    [
        ({"destination": P4, "gateway": "172.16.9.9"}, "172.16.9.9"),
        ({"destination": P4, "gateway": "172.16.9.9", "device": "v1"}, "172.16.9.9 dev v1"),
        ({"destination": P4, "gateway": Host.G4, "device": "v1"}, "10.0.0.254 dev v1"),
        ({"destination": P4, "nexthops": [{"gateway": Host.G4}, {"gateway": "172.16.9.9"}]}, "172.16.9.9"),
        ({"destination": P6, "gateway": "2001:db8:99::9"}, "2001:db8:99::9"),
        ({"destination": P6, "gateway": "2001:db8:99::9", "device": "v0"}, "2001:db8:99::9 dev v0"),
        ({"destination": P6, "nexthops": [{"gateway": Host.G6}, {"gateway": "2001:db8:99::9"}]}, "2001:db8:99::9"),
    ],
)
def test_a_gateway_that_no_subnet_reaches(
    ns: Host, module: ModuleRunner, item: dict[str, Any], hop: str, default: bool
) -> None:
    """The kernel says no more than that the gateway is invalid."""
    if default:
        ns.batch([f"route add default via {Host.G4}", f"route add ::/0 via {Host.G6}"])
    refused = module.fails("route", {"routes": [item]})["msg"]
    assert f"the next hop via {hop}" in refused, refused
    assert "if it answers on the link all the same, set onlink: true for it, beside its device" in refused
    mended = copy.deepcopy(item)
    last = (mended.get("nexthops") or [mended])[-1]
    last.update(device=last.get("device", "v0"), onlink=True)
    assert module.ok("route", {"routes": [mended]})["changed"]


def test_a_next_hop_whose_device_is_down(ns: Host, module: ModuleRunner) -> None:
    ns.ip("link set v1 down")
    for destination, gateway in ((P4, Host.G4_V1), (P6, Host.G6_V1)):
        item = {"destination": destination, "gateway": gateway, "device": "v1"}
        assert "v1 is down; set it up first" in module.fails("route", {"routes": [item]})["msg"]


def test_multicast_from_a_source_of_another_device(ns: Host, module: ModuleRunner) -> None:
    """What the refusal says is what a packet would do: it leaves by the device of its source."""
    ns.ip(f"route add 239.1.0.0/16 dev v0 src {Host.S4}")
    probe = {"destination": "239.1.2.3", "capture": True, "timeout": 0.5}
    (astray,) = module.ok("probe", {"probes": [probe]})["probes"]
    assert (astray["source"], astray["wire"]["device"]) == (Host.S4, "lo")
    item = {"destination": "239.2.0.0/16", "device": "v0"}
    for check in (True, False):
        refused = module.fails("route", {"routes": [{**item, "source": Host.S4}]}, check=check)["msg"]
        assert "by the device that has 192.0.2.2, not by the route's" in refused
    module.ok("route", {"routes": [{**item, "source": "10.0.0.2"}]})
    (right,) = module.ok("probe", {"probes": [{**probe, "destination": "239.2.2.3"}]})["probes"]
    assert (right["source"], right["wire"]["source"], right["wire"]["device"]) == ("10.0.0.2", "10.0.0.2", "v0")


@pytest.mark.parametrize("source", ["240.0.0.9", "0.1.2.3"])
def test_a_source_of_a_reserved_block_is_used_and_warned_of(ns: Host, module: ModuleRunner, source: str) -> None:
    ns.ip(f"address add {source}/32 dev lo")
    done = module.ok("route", {"routes": [{"destination": P4, "gateway": Host.G4, "source": source}]})
    assert any("many hosts and routers drop packets from it" in str(text) for text in done["warnings"])
    (found,) = module.ok("probe", {"probes": [{"destination": "198.51.100.34", "capture": True}]})["probes"]
    assert found["wire"]["source"] == source
