# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel holds of the pieces that a manager was given, on a real kernel."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.kernel import Held, State, egress
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.pieces import Piece, Way, split
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.record import Record, gone, made
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.view import Hands
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.kernel import Kernel
from tests.lab.netns import within
from tests.lab.pair import Host

T = TypeVar("T")
NEW4 = "192.0.2.77"
NOTHING = Record([], [], {})
RULES = [
    {"from": NEW4, "table": 101, "priority": 1000},
    {"to": "198.51.100.0/24", "action": "blackhole", "priority": 1001},
    {"family": "ipv6", "fwmark": "7/0xff", "uidrange": "0-9", "table": 102, "priority": 1000},
]


def inside(ns: Host, do: Callable[[Hands], T]) -> T:
    """What is done with a view of the namespace."""

    def act() -> T:
        with Hands(Kernel, [NEW4]) as hands:
            return do(hands)

    return within(ns.name, act)


def pieces(source: str = NEW4, **change: Any) -> list[Piece]:
    route = {"destination": "198.18.5.0/24", "gateway": Host.G4, "source": source, **change}
    intent = normalise([{"address": f"{NEW4}/32", "device": "lo"}], [route])
    return split(intent, {}, lambda _gateway, _vrf: Way("v0")).pieces


@pytest.mark.parametrize(
    ("gateway", "device", "problem"),
    [
        (Host.G4, "v0", ""),
        (Host.G6, "v0", ""),
        ("198.51.100.9", "", "is not on a link of this host: the kernel would send to it by another router, on v0"),
        ("fe80::1", "", "is link-local, and may be on any link"),
        (Host.S4, "", "is an address of this host itself"),
        ("203.0.113.9", "", "the kernel knows no way to it (Network is unreachable)"),
    ],
)
def test_the_device_of_a_gateway_is_asked_of_the_kernel(routed: Host, gateway: str, device: str, problem: str) -> None:
    assert inside(routed, lambda hands: egress(hands, gateway, None)) == Way(device, problem)


def test_what_is_missing_is_told_mended_and_taken_away_again(ns: Host) -> None:
    wanted = pieces()

    def look(hands: Hands) -> list[tuple[str, str | None, str]]:
        held = Held(hands, wanted, NOTHING, 133)
        return [(one.destination, one.actual, one.problem) for one in held.look().findings]

    before = ns.ip("route show table all"), ns.ip("address show")
    assert inside(ns, lambda hands: Held(hands, wanted, NOTHING, 133).created()) == {(f"{NEW4}/32", "lo")}
    assert [problem for _what, _actual, problem in inside(ns, look)] == ["no_source", "absent"]
    inside(ns, lambda hands: Held(hands, wanted, NOTHING, 133).mend())
    assert inside(ns, look) == []
    assert f"198.18.5.0/24 via {Host.G4} dev v0 proto 133 src {NEW4}" in ns.ip("route show 198.18.5.0/24")
    ns.ip(f"route change 198.18.5.0/24 via {Host.G4} proto 133 src {Host.S4}")
    assert inside(ns, look) == [("198.18.5.0/24", Host.S4, "different")]
    ns.ip(f"route change 198.18.5.0/24 via {Host.G4} proto 133")
    assert inside(ns, look) == [("198.18.5.0/24", None, "unset")]
    left = gone(made(NOTHING, wanted, {(f"{NEW4}/32", "lo")}, {}), NOTHING)
    assert len(inside(ns, lambda hands: Held(hands, [], left, 133).look()).left) == 2
    assert inside(ns, lambda hands: Held(hands, [], left, 133).clear()) == []
    assert (ns.ip("route show table all"), ns.ip("address show")) == before


class Overtaken(Kernel):
    """Its caller has looked, and the manager makes the address before the first request is there."""

    def send(self, *arguments: Any, **named: Any) -> Any:
        subprocess.run(["ip", "address", "replace", f"{NEW4}/32", "dev", "lo"], check=True)
        return super().send(*arguments, **named)


def test_what_the_manager_makes_at_the_same_moment_is_no_error(ns: Host) -> None:
    def act() -> None:
        with Hands(Overtaken, [NEW4]) as hands:
            Held(hands, pieces(), NOTHING, 133).mend()

    within(ns.name, act)
    assert inside(ns, lambda hands: Held(hands, pieces(), NOTHING, 133).look()) == State()


@pytest.mark.parametrize("protocol", [133, 4])
def test_a_route_with_the_former_source_beside_ours_goes(ns: Host, protocol: int) -> None:
    """networkd 252 adds the new one, and in a table beside main the kernel keeps the one whose source is gone."""
    former = made(NOTHING, pieces(Host.S4, table=100), set(), {})
    wanted = pieces(table=100)
    now = made(former, wanted, set(), {})
    inside(ns, lambda hands: Held(hands, wanted, NOTHING, protocol).mend())
    good = ns.ip("route show table 100")
    ns.ip(f"route prepend 198.18.5.0/24 via {Host.G4} dev v0 table 100 proto {protocol} src {Host.S4}")
    left = gone(former, now)
    assert len(inside(ns, lambda hands: Held(hands, wanted, left, protocol).look()).left) == 1
    assert inside(ns, lambda hands: Held(hands, wanted, left, protocol).clear()) == []
    assert ns.ip("route show table 100") == good
    assert inside(ns, lambda hands: Held(hands, wanted, left, protocol).look()) == State()


def test_an_address_that_somebody_else_needs_is_refused_and_all_stays(ns: Host) -> None:
    wanted = pieces()
    inside(ns, lambda hands: Held(hands, wanted, NOTHING, 133).mend())
    ns.ip(f"route add 198.18.6.0/24 via {Host.G4} proto static src {NEW4}")
    left = gone(made(NOTHING, wanted, {(f"{NEW4}/32", "lo")}, {}), NOTHING)
    before = ns.ip("route show table all"), ns.ip("address show")
    with pytest.raises(Refused, match=r"use it as their source: 198\.18\.6\.0/24"):
        inside(ns, lambda hands: Held(hands, [], left, 133).clear())
    assert (ns.ip("route show table all"), ns.ip("address show")) == before


def test_a_route_of_a_daemon_with_the_same_key_is_told_by_the_name_of_the_entry(ns: Host) -> None:
    ns.ip(f"route add 198.18.5.0/24 via {Host.G4} proto dhcp")
    said = inside(ns, lambda hands: Held(hands, pieces(), NOTHING, 133).conflict())
    assert said.startswith("source_ip_routes[198.18.5.0/24]") and "dhcp" in said
    assert inside(ns, lambda hands: Held(hands, pieces(metric=5), NOTHING, 133).conflict()) == ""


def ruled() -> list[Piece]:
    intent = normalise([{"address": f"{NEW4}/32", "device": "lo"}], rules=RULES, backend="networkd")
    return split(intent, {}, lambda _gateway, _vrf: Way("v0")).pieces


def test_rules_are_told_mended_and_taken_away_again(ns: Host) -> None:
    before = ns.ip("rule"), ns.ip("-6 rule"), ns.ip("address show")
    # One is somebody's already, and stays when ours go.
    ns.ip(f"rule add pref 1000 from {NEW4} lookup 101 proto static")
    wanted = ruled()
    made_now = inside(ns, lambda hands: Held(hands, wanted, NOTHING, 133).rules.created_rules())
    assert [one["priority"] for one in made_now] == [1000, 1001]
    found = inside(ns, lambda hands: Held(hands, wanted, NOTHING, 133).look().findings)
    assert [(one.destination, one.problem, one.table) for one in found] == [
        (f"{NEW4}/32", "no_source", None),
        ("*", "absent", 102),
        ("198.51.100.0/24", "absent", None),
    ]
    assert found[1].why.startswith("the kernel does not have this rule: 1000: from all fwmark 0x7/0xff uidrange 0-9")
    # networkd names a table in a rule that looks up none.
    ns.ip("rule add pref 1001 to 198.51.100.0/24 table main type blackhole proto static")
    inside(ns, lambda hands: Held(hands, wanted, NOTHING, 133).mend())
    assert inside(ns, lambda hands: Held(hands, wanted, NOTHING, 133).look().findings) == []
    assert ns.ip("rule").count("1001:") == 1
    assert "1000:\tfrom all fwmark 0x7/0xff uidrange 0-9 lookup 102 proto static" in ns.ip("-6 rule")
    left = gone(made(NOTHING, wanted, {(f"{NEW4}/32", "lo")}, {}, made_now), NOTHING)
    ns.ip("rule add pref 1001 to 198.51.100.0/24 blackhole proto 99")
    assert len(inside(ns, lambda hands: Held(hands, [], left, 133).look().left)) == 3
    assert inside(ns, lambda hands: Held(hands, [], left, 133).clear()) == []
    kept = ns.ip("rule")
    assert (
        f"1000:\tfrom {NEW4} lookup 101 proto static" in kept and "1001:\tfrom all to 198.51.100.0/24 blackhole" in kept
    )
    ns.ip(f"rule del pref 1000 from {NEW4}")
    ns.ip("rule del pref 1001")
    assert (ns.ip("rule"), ns.ip("-6 rule"), ns.ip("address show")) == before


def test_a_rule_that_no_kernel_would_hold_is_told_by_its_name(ns: Host) -> None:
    rules = [{"from": NEW4, "iif": "a-name-of-far-too-many-letters", "priority": 7}]
    intent = normalise([{"address": f"{NEW4}/32", "device": "lo"}], rules=rules)
    wanted = split(intent, {}, lambda _gateway, _vrf: Way("v0")).pieces
    said = inside(ns, lambda hands: Held(hands, wanted, NOTHING, 133).conflict())
    assert said.startswith("source_ip_rules[7].iif")
