# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""route_info, prefsrc and route with ``vrf``: which sources the kernel takes, and which are refused before a write."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab import raw
from tests.lab.modules import ModuleRunner
from tests.vrf.host import BLUE, FAR, G0, G1, G2, LO, RED, V0, V1, V2, P, VrfHost

Args = dict[str, Any]


def shown(ns: VrfHost, family: int, table: int = 10) -> str:
    return ns.ip(f"-{family} route show {P[family]} table {table}")


def test_route_info_lists_the_table_of_the_vrf(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    ns.batch([f"route add {P[family]} via {G1[family]} vrf blue", f"route add {P[family]} via {G0[family]}"])
    listed = module.ok("route_info", {"vrf": "blue", "destinations": [P[family]]})["routes"]
    assert [(one["destination"], one["device"], one["table"]) for one in listed] == [(P[family], "v1", 10)]
    everything = module.ok("route_info", {"vrf": "blue"})["routes"]
    assert {one["table"] for one in everything} == {10}
    assert everything == module.ok("route_info", {"table": "10"})["routes"]


def test_route_info_of_a_vrf_without_routes(ns: VrfHost, module: ModuleRunner) -> None:
    ns.ip("link add green type vrf table 30")
    assert module.ok("route_info", {"vrf": "green"})["routes"] == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"vrf": "green"}, "there is no device 'green'"),
        ({"vrf": "v1"}, "'v1' is a device, but not a VRF"),
        ({"vrf": "blue", "table": "10"}, "give table or vrf, not both"),
    ],
)
@pytest.mark.parametrize("name", ["prefsrc", "route", "route_info"])
def test_a_wrong_vrf_is_refused_before_the_first_write(
    ns: VrfHost, module: ModuleRunner, name: str, entry: Args, words: str
) -> None:
    ns.batch([f"route add 198.51.101.0/24 via {G1[4]} vrf blue", f"route add {P[4]} via {G1[4]} vrf blue"])
    before = raw.routes(ns)
    good = {"destination": "198.51.101.0/24", "source": BLUE[4], "vrf": "blue"}
    wrong = {"destination": P[4], "source": BLUE[4], **entry}
    if name == "route":
        good, wrong = {**good, "gateway": G1[4]}, {**wrong, "gateway": G1[4]}
    failed = module.fails(name, entry if name == "route_info" else {"routes": [good, wrong]})
    assert words in failed["msg"]
    assert raw.routes(ns) == before


@pytest.mark.parametrize("source", [BLUE, V1], ids=["vrf-device", "slave"])
def test_prefsrc_sets_and_clears(ns: VrfHost, module: ModuleRunner, family: int, source: dict[int, str]) -> None:
    other = {"metric": 77} if family == 4 else {"metric": 1024}
    ns.batch(
        [
            f"route add {P[family]} via {G1[family]} vrf blue metric {other['metric']}",
            f"route add {P[family]} via {G0[family]}",
            f"route add {P[family]} via {G2[family]} vrf red",
        ]
    )
    before = shown(ns, family, 254), shown(ns, family, 20), shown(ns, family)
    wanted = {"routes": [{"destination": P[family], "source": source[family], "vrf": "blue"}]}
    predicted = module.ok("prefsrc", wanted, check=True, diff=True)
    assert (shown(ns, family, 254), shown(ns, family, 20), shown(ns, family)) == before
    done = module.ok("prefsrc", wanted, diff=True)
    assert predicted["results"] == done["results"] and predicted["diff"] == done["diff"]
    assert [one["action"] for one in done["results"]] == ["changed"]
    assert f"src {source[family]}" in shown(ns, family)
    assert (shown(ns, family, 254), shown(ns, family, 20)) == before[:2]
    assert not module.ok("prefsrc", wanted)["changed"]
    cleared = {"routes": [{"destination": P[family], "state": "absent", "vrf": "blue"}]}
    assert module.ok("prefsrc", cleared)["changed"]
    assert shown(ns, family) == before[2]
    assert not module.ok("prefsrc", cleared)["changed"]


def test_v4_a_source_of_no_vrf_is_taken_in_every_vrf(ns: VrfHost, module: ModuleRunner) -> None:
    ns.ip(f"route add {P[4]} via {G1[4]} vrf blue")
    for source in (LO[4], V0[4]):
        assert module.ok("prefsrc", {"routes": [{"destination": P[4], "source": source, "vrf": "blue"}]})["changed"]
        assert f"src {source}" in shown(ns, 4)


def test_v6_a_source_of_no_vrf_is_refused_and_nothing_changes(ns: VrfHost, module: ModuleRunner) -> None:
    ns.ip(f"route add {P[6]} via {G1[6]} vrf blue")
    before = raw.routes(ns)
    module.fails("prefsrc", {"routes": [{"destination": P[6], "source": LO[6], "vrf": "blue"}]})
    assert raw.routes(ns) == before


def test_v6_a_source_of_no_vrf_serves_a_route_that_leaves_the_vrf(ns: VrfHost, module: ModuleRunner) -> None:
    ns.ip(f"route add {P[6]} via {G0[6]} dev v0 table 10")
    assert module.ok("prefsrc", {"routes": [{"destination": P[6], "source": LO[6], "vrf": "blue"}]})["changed"]
    assert f"src {LO[6]}" in shown(ns, 6)


@pytest.mark.parametrize("source", [RED, V2], ids=["vrf-device", "slave"])
@pytest.mark.parametrize("name", ["prefsrc", "route"])
def test_a_source_that_belongs_to_another_vrf_is_refused_before_the_first_write(
    ns: VrfHost, module: ModuleRunner, family: int, source: dict[int, str], name: str
) -> None:
    second = {4: "198.51.101.0/24", 6: "2001:db8:101::/64"}[family]
    ns.batch([f"route add {P[family]} via {G1[family]} vrf blue", f"route add {second} via {G1[family]} vrf blue"])
    before = raw.routes(ns)
    extra = {"gateway": G1[family]} if name == "route" else {}
    good = {"destination": second, "source": BLUE[family], "vrf": "blue", **extra}
    wrong = {"destination": P[family], "source": source[family], "vrf": "blue", **extra}
    failed = module.fails(name, {"routes": [good, wrong]})
    assert f"routes[1].source: {source[family]} belongs to vrf red, but the route is in table 10" in failed["msg"]
    assert raw.routes(ns) == before


def test_a_source_of_a_vrf_is_refused_in_the_main_table(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    ns.ip(f"route add {P[family]} via {G0[family]}")
    failed = module.fails("prefsrc", {"routes": [{"destination": P[family], "source": BLUE[family]}]})
    assert f"{BLUE[family]} belongs to vrf blue, but the route is in table main" in failed["msg"]


def test_a_route_by_a_slave_in_the_main_table_is_found_by_its_device(ns: VrfHost, module: ModuleRunner) -> None:
    """A leak: the main table leads into the VRF."""
    ns.ip(f"route add {P[4]} via {G1[4]} dev v1")
    assert module.ok("prefsrc", {"routes": [{"destination": P[4], "source": LO[4], "device": "v1"}]})["changed"]
    assert f"via {G1[4]} dev v1 src {LO[4]}" in shown(ns, 4, 254)


def test_route_makes_changes_and_removes_in_the_vrf(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    def wanted(**more: Any) -> Args:
        return {"routes": [{"destination": P[family], "gateway": G1[family], "vrf": "blue", **more}]}

    made = wanted(source=BLUE[family], metrics={"mtu": 1400})
    assert [one["action"] for one in module.ok("route", made)["results"]] == ["created"]
    assert "dev v1" in shown(ns, family) and f"src {BLUE[family]}" in shown(ns, family)
    assert shown(ns, family, 254) == ""
    assert not module.ok("route", made)["changed"]
    assert [one["action"] for one in module.ok("route", wanted(source=V1[family]))["results"]] == ["changed"]
    assert f"src {V1[family]}" in shown(ns, family) and "mtu 1400" in shown(ns, family)
    assert [one["action"] for one in module.ok("route", wanted(state="absent"))["results"]] == ["removed"]
    assert shown(ns, family) == ""


def test_route_by_table_and_by_vrf_are_the_same_route(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    route = {"destination": P[family], "gateway": G1[family], "source": BLUE[family]}
    assert module.ok("route", {"routes": [{**route, "vrf": "blue"}]})["changed"]
    assert not module.ok("route", {"routes": [{**route, "table": "10"}]})["changed"]
    twice = module.fails("route", {"routes": [{**route, "vrf": "blue"}, {**route, "table": "10"}]})
    assert "routes[1]" in twice["msg"] and "routes[0]" in twice["msg"]


def test_purge_keeps_to_the_tables_of_the_vrfs_named(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    second = {4: "198.51.101.0/24", 6: "2001:db8:101::/64"}[family]
    routes = [
        {"destination": destination, "gateway": gateway, "vrf": vrf}
        for destination in (P[family], second)
        for vrf, gateway in (("blue", G1[family]), ("red", G2[family]))
    ]
    module.ok("route", {"routes": routes})
    ns.ip(f"route add {FAR[family]} via {G1[family]} vrf blue")
    kept = [route for route in routes if route["vrf"] == "blue" and route["destination"] == P[family]]
    done = module.ok("route", {"routes": kept, "purge": True})
    assert [one["destination"] for one in done["results"] if one["action"] == "removed"] == [second]
    assert shown(ns, family) and shown(ns, family, 20)
    assert second not in ns.ip(f"-{family} route show table 10") and second in ns.ip(f"-{family} route show table 20")
    assert FAR[family] in ns.ip(f"-{family} route show table 10")
    # What the kernel keeps in a VRF's table for the addresses there is nobody's to purge.
    assert BLUE[family] in ns.ip(f"-{family} route show table 10 type local")


def test_modules_in_a_process_of_their_own(ns: VrfHost, module: ModuleRunner) -> None:
    ns.ip(f"route add {P[4]} via {G1[4]} vrf blue")
    wanted = {"routes": [{"destination": P[4], "source": BLUE[4], "vrf": "blue"}]}
    assert module.ok("prefsrc", wanted, fresh=True)["changed"]
    found = module.ok("source_info", {"queries": [{"destination": FAR[4], "vrf": "blue"}]}, fresh=True)["sources"]
    assert [one["source"] for one in found] == [BLUE[4]]


# Devices that come into a VRF and leave it


def test_v4_enslaving_a_device_takes_its_routes_and_keeps_its_addresses(ns: VrfHost, module: ModuleRunner) -> None:
    module.ok("route", {"routes": [{"destination": P[4], "gateway": G0[4], "source": V0[4]}]})
    ns.ip("link set v0 master blue")
    assert shown(ns, 4, 254) == shown(ns, 4) == ""
    inside = {"routes": [{"destination": P[4], "gateway": G0[4], "source": V0[4], "vrf": "blue"}]}
    assert module.ok("route", inside)["changed"]
    assert f"dev v0 proto 133 src {V0[4]}" in shown(ns, 4)
    ns.ip("link set v0 nomaster")
    assert shown(ns, 4) == ""
    assert module.ok("route", {"routes": [{"destination": P[4], "gateway": G0[4], "source": V0[4]}]})["changed"]


def test_v6_enslaving_a_device_takes_its_routes_and_its_addresses(ns: VrfHost, module: ModuleRunner) -> None:
    module.ok("route", {"routes": [{"destination": P[6], "gateway": G0[6], "source": V0[6]}]})
    ns.ip("link set v0 master blue")
    assert shown(ns, 6, 254) == shown(ns, 6) == ""
    inside = {"routes": [{"destination": P[6], "gateway": G0[6], "source": V0[6], "vrf": "blue"}]}
    assert f"{V0[6]} is not an address of this host" in module.fails("route", inside)["msg"]
    module.ok("address", {"addresses": [{"address": f"{V0[6]}/64", "device": "v0"}]})
    assert module.ok("route", inside)["changed"]
    assert f"src {V0[6]}" in shown(ns, 6)


def test_deleting_the_vrf_empties_its_table(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    wanted = {"routes": [{"destination": P[family], "gateway": G1[family], "source": V1[family], "vrf": "blue"}]}
    module.ok("route", wanted)
    ns.ip("link delete blue")
    assert module.ok("route_info", {"table": "10", "destinations": [P[family]]})["routes"] == []
    assert "there is no device 'blue'" in module.fails("route", wanted)["msg"]
