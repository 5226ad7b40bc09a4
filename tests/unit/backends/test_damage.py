# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of damage."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends import damage
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.finding import Finding
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.interface import Plan
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

S, OTHER, THERE = "192.0.2.2", "10.0.0.9", "198.51.100.0/24"
ROUTE = {"destination": THERE, "gateway": "10.0.0.1", "source": S}
THEIRS = {"destinations": [THERE], "source": S}


def listed(source: str | None, metric: int, table: int = 254, protocol: str = "static", tos: int = 0) -> Any:
    line = f"{THERE} proto {protocol}{f' src {source}' if source else ''} metric {metric}"
    return {
        "destination": THERE,
        "source": source,
        "metric": metric,
        "table": table,
        "protocol": protocol,
        "tos": tos,
        "line": line,
    }


@pytest.mark.parametrize(
    ("routes", "found"),
    [
        ([listed(S, 0), listed(None, 5)], 0),
        ([listed(S, 50), listed(None, 5)], 1),
        ([listed(S, 50), listed(OTHER, 5)], 1),
        ([listed(S, 50), listed(S, 50), listed(S, 5)], 0),
        ([listed(S, 50)], 0),
        ([listed(OTHER, 50), listed(None, 5)], 0),
        ([listed(S, 50), listed(OTHER, 5, table=100)], 0),
        ([listed(S, 50), listed(OTHER, 5, tos=4)], 0),
    ],
    ids="the right one wins,none wins,another wins,both right,one,both wrong,another table,another tos".split(","),
)
@pytest.mark.parametrize("intent", [normalise(routes=[ROUTE]), normalise(policies=[THEIRS])], ids=["route", "policy"])
def test_the_route_that_wins(intent: Any, routes: list[Any], found: int) -> None:
    rows = damage.twofold(intent, routes, {}, "kernel")
    assert len(rows) == found
    for finding in damage.of_twofold(rows):
        assert (finding.problem, finding.destination, finding.expected) == ("twofold", THERE, S)
        assert finding.repair == f"ip route del {routes[1]['line']}"


def test_a_vrf_is_its_table() -> None:
    intent = normalise(routes=[{**ROUTE, "vrf": "red"}])
    routes = [listed(S, 50, table=10), listed(None, 5, table=10), listed(S, 50), listed(None, 5)]
    (row,) = damage.twofold(intent, routes, {10: "red"}, "kernel")
    assert (row["vrf"], row["table"]) == ("red", 10)
    assert damage.of_twofold([row])[0].table is None


def step(action: str, before: str | None, after: str | None) -> dict[str, Any]:
    return {"destination": THERE, "action": action, "before": before, "after": after}


def of(plan: Plan, wants: bool = True, ours: bool = True) -> list[tuple[str, str]]:
    return [(one.problem, one.destination) for one in damage.of_plan(plan, Plan(changed=ours), wants)]


def test_what_a_run_would_do() -> None:
    steps = [
        step("changed", "a src 10.0.0.9", "a src 192.0.2.2"),
        step("removed", "b", None),
        step("unchanged", "c", "c"),
    ]
    plan = Plan(changed=True, results=steps)
    assert of(Plan()) == []
    assert of(plan) == [("drift", THERE), ("orphan", THERE)]
    assert of(plan, ours=False) == [("not_applied", "*")]
    assert of(plan, wants=False, ours=False) == [("drift", THERE), ("orphan", THERE)]
    assert of(Plan(changed=True)) == [("drift", "*")]
    assert of(Plan(refusals=["no such source"])) == [("refused", "*")]
    record_only = Plan(changed=True, results=[step("unchanged", "c", "c")])
    assert of(record_only, ours=False) == [("drift", "*")]
    (first, _second) = damage.of_plan(plan, Plan(changed=True), True)
    assert (first.actual, first.expected) == (OTHER, S)


@pytest.mark.parametrize(
    ("diff", "problem"),
    [
        ({"before": "a\nours\n", "after": "a\n", "before_header": "/etc/x"}, "orphan"),
        ({"before": "a\n", "after": "a\nours\n", "before_header": "/etc/x"}, "drift"),
        ({"before": "old\n", "after": "new\n", "before_header": "/etc/x"}, "drift"),
        ({"prepared": "running configuration of FRR\n-route-map SIP-4\n"}, "orphan"),
        ({"prepared": "running configuration of FRR\n+route-map SIP-4\n-b\n"}, "drift"),
    ],
)
def test_files_and_running_configuration(diff: dict[str, str], problem: str) -> None:
    assert of(Plan(changed=True, diffs=[diff])) == [(problem, "*")]


def test_lines_of_results_are_told_once() -> None:
    diff = {"before": "a\n", "after": "b\n"}
    assert of(Plan(changed=True, results=[step("changed", "a", "b")], diffs=[diff])) == [("drift", THERE)]


def test_one_damage_has_one_name() -> None:
    first = [Finding(THERE, S, None, "absent", "")]
    then = [Finding(THERE, S, None, "drift", ""), Finding(damage.HOST, None, None, "drift", "")]
    assert damage.merged(first, then) == [first[0], then[1]]
    assert damage.merged([then[1]], then) == [then[1], *then]


@pytest.mark.parametrize("name", "docker0 br-0a1b2c cni0 virbr0 veth12 podman1 lxcbr0 lxdbr0 cali12 flannel.1".split())
def test_devices_of_containers(name: str) -> None:
    assert damage.is_container(name)


@pytest.mark.parametrize("name", "eth0 lo br0 bond0 ens3 vlan7 tun0".split())
def test_other_devices(name: str) -> None:
    assert not damage.is_container(name)
