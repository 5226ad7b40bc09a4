# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""source_info in VRFs: the way in, the source, and what a socket that is bound to the VRF says to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.kernel import COMPARES_ALL_OF_VRF, LEAVES_WITH_ADDRESS_OF_VRF, STRIPS_EVERY_IPV6_ROUTE
from tests.lab.modules import ModuleRunner
from tests.vrf.host import BLUE, FAR, G0, G1, HOST_BITS, LO, RED, V0, V1, V2, P, VrfHost

Found = dict[str, Any]
L3MDEV = {"priority": 1000, "action": "lookup", "table": 10, "line": "1000: from all lookup [l3mdev-table]"}


def ask(module: ModuleRunner, destination: str, **query: Any) -> Found:
    result = module.ok("source_info", {"queries": [{"destination": destination, **query}]})
    (found,) = result["sources"]
    answer: Found = found
    return answer


def agreed(found: Found, source: str, device: str, table: int, reason: str) -> None:
    """The kernel's look-up and a real socket give the same source, by this device and table."""
    assert (found["source"], found["device"], found["table"]) == (source, device, table), found
    assert (found["reason"], found["stale"]) == (reason, False), found
    assert found["socket"] == {"source": source, "error": None}
    assert found["warnings"] == []


def link_local(ns: VrfHost, device: str) -> str:
    """The link-local address of a device that has one."""
    shown = ns.ip_json(f"-6 address show dev {device} scope link")[0]["addr_info"]
    (own,) = (one["local"] for one in shown if "local" in one)
    return str(own)


@pytest.mark.parametrize(
    "bound", [{"vrf": "blue"}, {"device": "blue"}, {"device": "v1"}, {"vrf": "blue", "device": "v1"}]
)
def test_the_l3mdev_rule_leads_to_the_table_of_the_vrf(
    ns: VrfHost, module: ModuleRunner, family: int, bound: dict[str, str]
) -> None:
    ns.batch([f"route add {P[family]} via {G1[family]} vrf blue", f"route add default via {G0[family]}"])
    found = ask(module, FAR[family], **bound)
    agreed(found, V1[family], "v1", 10, "interface" if family == 4 else "rfc6724")
    assert found["rule"] == L3MDEV
    assert found["gateway"] == G1[family]
    start = f"rule 1000 (from all lookup [l3mdev-table]), table 10, {P[family]} via {G1[family]} dev v1: "
    assert found["explanation"].startswith(start)


def test_outside_of_every_vrf_the_l3mdev_rule_is_passed_by(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    ns.batch([f"route add {P[family]} via {G1[family]} vrf blue", f"route add default via {G0[family]}"])
    found = ask(module, FAR[family])
    agreed(found, V0[family], "v0", 254, "interface" if family == 4 else "rfc6724")
    assert found["rule"]["priority"] == 32766


def test_two_vrfs_with_the_same_prefix_answer_each_for_itself(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    ns.batch(
        [
            f"route add {P[family]} via {G1[family]} vrf blue src {BLUE[family]}",
            f"route add {P[family]} dev v2 vrf red src {RED[family]}",
        ]
    )
    agreed(ask(module, FAR[family], vrf="blue"), BLUE[family], "v1", 10, "prefsrc")
    agreed(ask(module, FAR[family], vrf="red"), RED[family], "v2", 20, "prefsrc")


def test_no_route_names_the_tables_that_were_looked_up(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    found = ask(module, FAR[family], vrf="blue")
    assert (found["reason"], found["source"]) == ("no_route", None)
    tables = "local, 10, main, default" if family == 4 else "local, 10, main"
    assert f"none of the tables that the rules lead to ({tables}) has a route" in found["explanation"]
    assert found["socket"]["error"].startswith("ENETUNREACH")


def test_the_unreachable_default_of_a_vrf_is_named(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    ns.batch([f"route add default via {G0[family]}"])
    unreachable = "unreachable default" if family == 4 else "unreachable ::/0"
    ns.ip(f"route add {unreachable} table 10 metric 4278198272")
    found = ask(module, FAR[family], vrf="blue")
    assert (found["reason"], found["table"], found["rule"]) == ("unreachable", 10, L3MDEV)
    assert found["explanation"] == (
        "rule 1000 (from all lookup [l3mdev-table]), table 10, unreachable default: "
        "the kernel refuses to send (No route to host)."
    )
    assert found["socket"]["error"].startswith("EHOSTUNREACH")


def test_a_way_out_of_the_vrf_is_warned_of(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    """Without a default of its own, a VRF goes on with the main table."""
    ns.ip(f"route add default via {G0[family]}")
    found = ask(module, FAR[family], vrf="red")
    assert (found["device"], found["table"], found["rule"]["priority"]) == ("v0", 254, 32766)
    left = "the packet leaves vrf red by v0, and an answer that comes by v0 reaches no socket of red"
    assert left in found["warnings"]
    if not LEAVES_WITH_ADDRESS_OF_VRF:
        assert (found["source"], found["stale"], found["socket"]["source"]) == (V0[family], False, V0[family])
        return
    assert found["socket"]["source"] == RED[family]
    if family == 4:
        assert (found["source"], found["reason"], found["stale"]) == (RED[4], "borrowed", False)
        assert f"leads out of vrf red by v0, so the kernel uses {RED[4]}, an address of red" in found["explanation"]
    else:
        # The look-up goes by the route's device, a socket by its own VRF: ip6_route_get_saddr() in net/ipv6/route.c.
        assert f"the look-up says {V0[6]}, but a socket got {RED[6]}" in found["warnings"]


def test_v4_out_of_the_vrf_the_source_of_the_route_does_not_count(ns: VrfHost, module: ModuleRunner) -> None:
    ns.ip(f"route add default via {G0[4]} src {LO[4]}")
    found = ask(module, FAR[4], vrf="red")
    if not LEAVES_WITH_ADDRESS_OF_VRF:
        assert (found["source"], found["reason"], found["socket"]["source"]) == (LO[4], "prefsrc", LO[4])
        return
    assert (found["source"], found["configured"], found["reason"]) == (RED[4], LO[4], "borrowed")
    assert found["socket"]["source"] == RED[4]


@pytest.mark.parametrize("source", [V1, BLUE], ids=["slave", "vrf-device"])
def test_from_an_address_of_the_vrf(ns: VrfHost, module: ModuleRunner, family: int, source: dict[int, str]) -> None:
    ns.ip(f"route add {P[family]} via {G1[family]} vrf blue")
    found = ask(module, FAR[family], vrf="blue", **{"from": source[family]})
    agreed(found, source[family], "v1", 10, "bound")


@pytest.mark.parametrize(
    ("source", "home"), [(RED, "vrf red"), (V2, "vrf red"), (LO, "no vrf")], ids=["vrf-device", "slave", "lo"]
)
def test_from_an_address_of_another_vrf_no_socket_can_be_bound(
    ns: VrfHost, module: ModuleRunner, family: int, source: dict[int, str], home: str
) -> None:
    ns.ip(f"route add {P[family]} via {G1[family]} vrf blue")
    found = ask(module, FAR[family], vrf="blue", **{"from": source[family]})
    assert (found["reason"], found["stale"]) == ("bound", True)
    assert found["socket"]["error"].startswith("EADDRNOTAVAIL")
    expected = f"{source[family]} belongs to {home}, and the socket to vrf blue: a look-up answers, but no such socket"
    assert expected in found["explanation"]


def test_from_an_address_of_a_vrf_without_the_vrf(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    ns.ip(f"route add default via {G0[family]}")
    found = ask(module, FAR[family], **{"from": BLUE[family]})
    assert found["stale"] is True
    assert found["socket"]["error"].startswith("EADDRNOTAVAIL")
    assert f"{BLUE[family]} belongs to vrf blue, and the socket to no vrf" in found["explanation"]


def test_v4_prefsrc_of_the_default_vrf_serves_every_vrf(ns: VrfHost, module: ModuleRunner) -> None:
    ns.ip(f"route add {P[4]} via {G1[4]} vrf blue src {LO[4]}")
    agreed(ask(module, FAR[4], vrf="blue"), LO[4], "v1", 10, "prefsrc")


def test_v4_a_slave_without_address_borrows_from_the_vrf_device(ns: VrfHost, module: ModuleRunner) -> None:
    ns.batch(["address flush dev v1", f"route add {P[4]} dev v1 vrf blue"])
    found = ask(module, FAR[4], vrf="blue")
    agreed(found, BLUE[4], "v1", 10, "borrowed")
    assert f"borrows {BLUE[4]} of blue, the first that it finds in vrf blue" in found["explanation"]


def test_v4_the_same_address_in_two_vrfs_is_borrowed_from_the_own_one(ns: VrfHost, module: ModuleRunner) -> None:
    ns.batch([f"address add {BLUE[4]}/32 dev red", "address flush dev v1", f"route add {P[4]} dev v1 vrf blue"])
    assert f"borrows {BLUE[4]} of blue, the first" in ask(module, FAR[4], vrf="blue")["explanation"]


def test_v6_a_slave_without_global_address_takes_that_of_the_vrf_device(ns: VrfHost, module: ModuleRunner) -> None:
    ns.batch([f"address delete {V1[6]}/64 dev v1", f"route add {P[6]} dev v1 vrf blue"])
    found = ask(module, FAR[6], vrf="blue")
    agreed(found, BLUE[6], "v1", 10, "rfc6724")
    assert found["rfc6724"]["rule"] == "2"


def test_v6_another_slave_of_the_vrf_is_asked_last(ns: VrfHost, module: ModuleRunner) -> None:
    ns.batch(
        [
            "link add d0 type dummy",
            "link set d0 master blue up",
            "address add 2001:db8:d0::1/128 dev d0 nodad",
            f"address delete {V1[6]}/64 dev v1",
            f"address delete {BLUE[6]}/128 dev blue",
            f"route add {P[6]} dev v1 vrf blue",
        ]
    )
    own = link_local(ns, "v1")
    found = ask(module, FAR[6], vrf="blue")
    # With a single address near, newer kernels decide by memory that they wrote nothing to: docs/kernels.md.
    assert found["source"] in ((own, "2001:db8:d0::1") if COMPARES_ALL_OF_VRF else (own,))
    agreed(found, found["source"], "v1", 10, "rfc6724")
    decided = (found["rfc6724"]["rule"], found["rfc6724"]["runner_up"])
    assert decided == (("only", None) if found["source"] == own else ("2", own))
    # Nothing near is left: on every kernel the others are asked.
    ns.ip("address flush dev v1 scope link")
    agreed(ask(module, FAR[6], vrf="blue"), "2001:db8:d0::1", "v1", 10, "rfc6724")


@pytest.mark.parametrize("longer", [False, True], ids=["as near", "nearer by prefix"])
def test_v6_another_slave_against_the_vrf_device(ns: VrfHost, module: ModuleRunner, longer: bool) -> None:
    """Of equals the VRF's own wins; newer kernels let rules decide between it and those of its other devices."""
    other = "2001:db8:100::1111" if longer else "2001:db8:d0::1"
    ns.batch(
        [
            "link add d0 type dummy",
            "link set d0 master blue up",
            f"address add {other}/64 dev d0 nodad noprefixroute",
            f"address delete {V1[6]}/64 dev v1",
            f"address delete {BLUE[6]}/128 dev blue",
            f"address add {BLUE[6]}/64 dev blue nodad noprefixroute",
            f"route add {P[6]} dev v1 vrf blue",
        ]
    )
    found = ask(module, FAR[6], vrf="blue")
    moves = longer and COMPARES_ALL_OF_VRF
    agreed(found, other if moves else BLUE[6], "v1", 10, "rfc6724")
    if COMPARES_ALL_OF_VRF:
        loser = BLUE[6] if moves else other
        assert (found["rfc6724"]["rule"], found["rfc6724"]["runner_up"]) == ("8" if longer else "order", loser)
    elif longer:
        assert (found["rfc6724"]["rule"], found["rfc6724"]["runner_up"]) == ("2", link_local(ns, "v1"))


@pytest.mark.parametrize("own", [V1, BLUE], ids=["slave", "vrf-device"])
def test_an_own_address_inside_the_vrf(ns: VrfHost, module: ModuleRunner, family: int, own: dict[int, str]) -> None:
    found = ask(module, own[family], vrf="blue")
    assert (found["source"], found["socket"]) == (own[family], {"source": own[family], "error": None})
    assert (found["table"], found["rule"], found["stale"]) == (10, L3MDEV, False)


def test_an_own_address_of_a_vrf_is_none_outside_of_it(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    assert ask(module, BLUE[family])["reason"] == "no_route"


def test_a_link_local_destination_in_a_vrf(ns: VrfHost, module: ModuleRunner) -> None:
    found = ask(module, "fe80::1%v1", vrf="blue")
    agreed(found, link_local(ns, "v1"), "v1", 10, "rfc6724")


def test_a_device_outside_of_the_vrf_is_refused(ns: VrfHost, module: ModuleRunner) -> None:
    failed = module.fails("source_info", {"queries": [{"destination": FAR[4], "vrf": "blue", "device": "v2"}]})
    assert "queries[0].device: v2 does not belong to vrf blue" in failed["msg"]


@pytest.mark.parametrize(
    ("name", "words"), [("green", "there is no device 'green'"), ("v1", "VRFs of this host: blue, red")]
)
def test_what_is_no_vrf_is_refused(ns: VrfHost, module: ModuleRunner, name: str, words: str) -> None:
    failed = module.fails("source_info", {"queries": [{"destination": FAR[4], "vrf": name}]})
    assert words in failed["msg"] and "queries[0].vrf" in failed["msg"]


@pytest.mark.parametrize("selector", ["oif blue", "iif blue", "not oif red"])
def test_a_rule_that_names_the_vrf(ns: VrfHost, module: ModuleRunner, family: int, selector: str) -> None:
    """The rule that our walk names is the one whose table the kernel took."""
    flag = "-6 " if family == 6 else ""
    ns.batch(
        [
            f"route add {P[family]} dev v1 table 500 src {(LO if family == 4 else V1)[family]}",
            f"route add {P[family]} via {G1[family]} vrf blue src {BLUE[family]}",
        ]
    )
    ns.ip(f"{flag}rule add priority 500 {selector} lookup 500")
    found = ask(module, FAR[family], vrf="blue")
    assert found["rule"] is not None, f"the kernel took table {found['table']}, and no rule explains it"
    assert found["rule"]["table"] == found["table"]


# Addresses that go away


def test_v4_in_the_table_of_the_vrf_goes_with_its_source(ns: VrfHost, module: ModuleRunner) -> None:
    ns.ip(f"route add {P[4]} via {G1[4]} vrf blue src {BLUE[4]}")
    ns.ip(f"address delete {BLUE[4]}/32 dev blue")
    assert ask(module, FAR[4], vrf="blue")["reason"] == "no_route"


def test_v6_in_the_table_of_the_vrf_loses_its_source(ns: VrfHost, module: ModuleRunner) -> None:
    ns.ip(f"route add {P[6]} via {G1[6]} vrf blue src {BLUE[6]}")
    ns.ip(f"address delete {BLUE[6]}/128 dev blue")
    found = ask(module, FAR[6], vrf="blue")
    if STRIPS_EVERY_IPV6_ROUTE:
        agreed(found, V1[6], "v1", 10, "rfc6724")
    else:
        assert (found["source"], found["stale"], found["socket"]["source"]) == (BLUE[6], True, BLUE[6])


def test_v4_source_of_the_default_vrf_stays_dangling_in_a_vrf(ns: VrfHost, module: ModuleRunner) -> None:
    ns.ip(f"route add {P[4]} via {G1[4]} vrf blue src {LO[4]}")
    ns.ip(f"address delete {LO[4]}/32 dev lo")
    found = ask(module, FAR[4], vrf="blue")
    assert (found["source"], found["stale"], found["socket"]["source"]) == (LO[4], True, None)
    assert f"but the host does not have {LO[4]} any more" in found["explanation"]
    ns.ip(f"address add {LO[4]}/32 dev red")
    found = ask(module, FAR[4], vrf="blue")
    assert (found["source"], found["stale"]) == (LO[4], True)
    assert f"but {LO[4]} belongs to vrf red, and the socket to vrf blue" in found["explanation"]


def test_v6_nexthop_object_stays_dangling_and_the_other_vrf_has_the_source(ns: VrfHost, module: ModuleRunner) -> None:
    ns.batch([f"nexthop add id 7 via {G1[6]} dev v1", f"route add {P[6]} nhid 7 table 10 src {BLUE[6]}"])
    agreed(ask(module, FAR[6], vrf="blue"), BLUE[6], "v1", 10, "prefsrc")
    ns.ip(f"address delete {BLUE[6]}/{HOST_BITS[6]} dev blue")
    found = ask(module, FAR[6], vrf="blue")
    assert (found["stale"], found["socket"]["source"]) == (True, BLUE[6])
    ns.ip(f"address add {BLUE[6]}/{HOST_BITS[6]} dev red nodad")
    found = ask(module, FAR[6], vrf="blue")
    assert (found["stale"], found["socket"]["source"]) == (True, BLUE[6])
    assert "belongs to vrf red, and the socket to vrf blue: sockets get it all the same" in found["explanation"]
