# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the routes FRR has written into the kernel carry the sources of the intent. Pure; standard library only.

The kernel is the judge: FRR's own `show` commands give back what was configured, also where it never took effect.
This file also runs at boot without Ansible (roles/frr): what it imports may need the standard library only.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from typing import Any

from ..._base.protocols import frr_word
from ..._intent.policy import Policy
from .former import Former, prefix

# The letter of `show ip route` -> word of the intent.
LETTERS = {
    "A": "babel",
    "B": "bgp",
    "E": "eigrp",
    "I": "isis",
    "N": "nhrp",
    "O": "ospf",
    "R": "rip",
    "S": "static",
    "f": "openfabric",
}
MAIN_TABLE = 254


class Judge:
    """Says which source the intent wants for a route.

    intent: {policies, routes: in normal form, former: [Place]}; `former` is what our configuration was before this run.
    """

    def __init__(self, intent: Mapping[str, Any]) -> None:
        self.own: dict[tuple[str, str, int, int], str] = {}
        self.routes = intent["routes"]
        self.policy = Policy(intent["policies"])
        for route in intent["routes"]:
            start, length = prefix(route["destination"], route["family"])
            self.own[(route["vrf"] or "", route["family"], start, length)] = route["source"]
        self.sources = {canonical(e["source"]) for e in [*intent["policies"], *intent["routes"]]}
        self.former = Former(intent.get("former", ()))

    def wants(self, vrf: str, family: str, destination: str, protocol: str) -> str | None:
        """The source of the intent for this route; None where the intent says nothing about it."""
        start, length = prefix(destination, family)
        if protocol == "static" and (vrf, family, start, length) in self.own:
            return self.own[(vrf, family, start, length)]
        rule = self.policy.rule(vrf or None, None, family, start, length, protocol)
        return rule.source if rule else None

    def left_over(self, vrf: str, family: str, destination: str, protocol: str, actual: str | None) -> bool:
        """Whether the route carries the source that an earlier intent of ours gave it."""
        if actual is None:
            return False
        source = self.former.source(vrf, family, protocol, *prefix(destination, family))
        return source is not None and canonical(source) == canonical(actual)

    def places(self) -> set[tuple[str, str]]:
        """{(vrf, family)} the intent speaks of, or an earlier one of ours spoke of."""
        own = {(vrf, family) for vrf, family, _start, _length in self.own}
        return {*((vrf or "", family) for vrf, _table, family in self.policy.places), *own, *self.former.places()}


def canonical(address: str) -> str:
    """One spelling for one address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_ntop(family, socket.inet_pton(family, address))


def judge_kernel(
    judge: Judge, vrf: str, family: str, table: int, routes: Iterable[Mapping[str, Any]]
) -> tuple[int, list[dict[str, Any]]]:
    """(number of routes the intent speaks of, [what is wrong]) in one table.

    routes: `ip -N -j route show`. problem: `unset` (no source), `different` (another one), `leftover` (the source
    that an earlier intent of ours gave this route; this one says nothing about it).
    """
    checked = 0
    wrong = []
    for route in routes:
        protocol = frr_word(route.get("protocol"), family)
        if protocol is None or str(route.get("type", "unicast")) not in ("unicast", "1"):
            continue
        expected = judge.wants(vrf, family, route["dst"], protocol)
        actual = route.get("prefsrc")
        if expected is None and not judge.left_over(vrf, family, route["dst"], protocol, actual):
            continue
        checked += 1
        if expected is not None and actual is not None and canonical(expected) == canonical(actual):
            continue
        problem = "leftover" if expected is None else "unset" if actual is None else "different"
        wrong.append(_finding(vrf, family, table, route["dst"], protocol, expected, actual, problem, dict(route)))
    return checked, wrong


def judge_rejected(
    judge: Judge, vrf: str, family: str, table: int, rejected: Iterable[tuple[str, str]]
) -> list[dict[str, Any]]:
    """[what is wrong] for the routes zebra has chosen and the kernel has refused: [(destination, protocol)]."""
    return [
        _finding(vrf, family, table, destination, protocol, expected, None, "rejected", None)
        for destination, protocol in rejected
        for expected in [judge.wants(vrf, family, destination, protocol)]
        if expected is not None
    ]


def judge_absent(
    judge: Judge, vrf: str, family: str, table: int, routes: Iterable[Mapping[str, Any]], known: set[str]
) -> list[dict[str, Any]]:
    """[what is wrong] for our own routes that one table does not hold though nobody refused them.

    That is so where FRR cannot resolve the gateway, or has a better route. known: destinations reported already.
    """
    there = {prefix(r["dst"], family) for r in routes if frr_word(r.get("protocol"), family) == "static"}
    return [
        _finding(vrf, family, table, route["destination"], "static", route["source"], None, "absent", None)
        for route in judge.routes
        if (route["vrf"] or "", route["family"]) == (vrf, family)
        and (route["table"] or (table if vrf else MAIN_TABLE)) == table
        and prefix(route["destination"], family) not in there
        and route["destination"] not in known
    ]


def _finding(
    vrf: str,
    family: str,
    table: int,
    destination: str,
    protocol: str,
    expected: str | None,
    actual: str | None,
    problem: str,
    route: dict[str, Any] | None,
) -> dict[str, Any]:
    return {
        "vrf": vrf,
        "family": family,
        "table": table,
        "destination": destination,
        "protocol": protocol,
        "expected": expected,
        "actual": actual,
        "problem": problem,
        "route": route,
    }
