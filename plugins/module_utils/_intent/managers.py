# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the managers of devices can hold of an intent, a row each, and the refusals for what they cannot. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._base.names import METRICS
from .entry import Read
from .manager_rules import COMMON, rule_refusals


class Holds(NamedTuple):
    """What a manager knows of routes, and ``name`` in messages.

    ``metrics``: name of a route metric -> its largest value here (None: the kernel's). ``nexthops``: routes with
    several next hops; of these ``weights``, ``onlink`` and hops by a device alone (``bare``). ``crossing``: IPv4 routes
    by an IPv6 gateway. ``largest``: the largest metric of a route, and number of a table, where it is not
    the kernel's. ``rules``: keys and actions of policy rules (manager_rules.py); none: it has no rules.
    """

    name: str
    metrics: Mapping[str, int | None]
    nexthops: bool = True
    weights: bool = True
    onlink: bool = True
    bare: bool = True
    crossing: bool = True
    largest: int | None = None
    rules: frozenset[str] = frozenset()


MANAGERS = {
    # systemd.network(5) of 249 and later; what later releases have beside it is not taken yet.
    "networkd": Holds(
        name="systemd-networkd",
        metrics={"mtu": None, "advmss": None, "initcwnd": 1023, "initrwnd": 1023, "quickack": 1},
        onlink=False,
        bare=False,
        rules=COMMON,
    ),
    # nm-settings-keyfile(5) of 1.42 and later.
    "networkmanager": Holds(
        name="NetworkManager",
        metrics={
            "mtu": None,
            "window": None,
            "cwnd": None,
            "advmss": None,
            "initcwnd": None,
            "initrwnd": None,
            "rto_min": None,
            "quickack": 1,
        },
        nexthops=False,
        crossing=False,
        rules=COMMON,
    ),
    # netplan(5) of 0.106 and later; its own largest number stands for none. What networkd takes of a window counts.
    "netplan": Holds(
        name="netplan",
        metrics={"mtu": None, "initcwnd": 1023, "initrwnd": 1023},
        nexthops=False,
        crossing=False,
        largest=2**32 - 2,
    ),
    # The hook is of commands of ip(8): all that these say.
    "ifupdown": Holds(name="ifupdown", metrics=dict.fromkeys(sorted(METRICS.keys() - {"fastopen_no_cookie"}))),
}


def policy_words(backend: str) -> str:
    """Why a manager holds no policy."""
    return f"{MANAGERS[backend].name} gives a source only to the routes that it makes for us"


def holds_rules(backend: str) -> bool:
    """Whether this back end is a manager's, and the manager has policy rules."""
    return backend in MANAGERS and bool(MANAGERS[backend].rules)


def rules_refused(backend: str, rules: list[Read]) -> list[str]:
    """The reasons why a manager that has rules cannot hold these."""
    return rule_refusals(MANAGERS[backend].name, MANAGERS[backend].rules, rules)


def refusals(backend: str, routes: list[Read], _policies: list[Read]) -> list[str]:
    """The reasons why this manager cannot hold these routes; empty when it can. For policies, see policy_words."""
    holds = MANAGERS[backend]
    return [problem for where, _order, route in routes for problem in _route(holds, where, route)]


def _route(holds: Holds, where: str, route: dict[str, Any]) -> list[str]:
    name, problems = holds.name, []
    for metric, value in sorted((route["metrics"] or {}).items()):
        if metric not in holds.metrics:
            problems.append(f"{where}.metrics: {name} cannot set {metric} on a route")
        elif value > (holds.metrics[metric] or value):
            problems.append(f"{where}.metrics: {metric}: {value}: {name} takes at most {holds.metrics[metric]}")
    if holds.largest is not None:
        for field in ("metric", "table"):
            if (route[field] or 0) > holds.largest:
                problems.append(f"{where}.{field}: {route[field]}: {name} takes at most {holds.largest}")
    hops = route["nexthops"] or ()
    if not holds.crossing and not hops and route["family"] == "ipv4" and ":" in (route["gateway"] or ""):
        problems.append(f"{where}.gateway: {route['gateway']}: {name} has no IPv4 routes by an IPv6 gateway")
    if hops and not holds.nexthops:
        problems.append(f"{where}.nexthops: {name} has no routes with several next hops")
    for hop in hops if holds.nexthops else ():
        way = hop["gateway"] or hop["device"]
        if hop["weight"] not in (None, 1) and not holds.weights:
            problems.append(f"{where}.nexthops: {way}: {name} has no weights")
        if hop["onlink"] and not holds.onlink:
            problems.append(f"{where}.nexthops: {way}: {name} has no onlink for one of several next hops")
        if not hop["gateway"] and not holds.bare:
            problems.append(f"{where}.nexthops: {way}: {name} needs the gateway of each of several next hops")
    return [f"{problem}; use the kernel back end for it" for problem in problems]
