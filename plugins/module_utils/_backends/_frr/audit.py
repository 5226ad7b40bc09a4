# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the routes FRR has written into the kernel carry the sources of the intent. Pure; standard library only.

The kernel is the judge: FRR's own `show` commands give back what was configured, also where it never took effect.
This file also runs at boot without Ansible (see boot): what it imports may need the standard library only.
"""

from __future__ import annotations

import socket
import typing as t

from ..._base.protocols import frr_word
from ..._intent.policy import Policy
from ..finding import Finding
from .former import BITS, Former, prefix

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
_REFUSED = "zebra shows it as `>r`: chosen, and refused by the kernel"
_MISSING = "zebra has chosen another route, or cannot reach the gateway"


class Table(t.NamedTuple):
    """A table of the kernel in which FRR's routes of one VRF lie. ``vrf``: "" for the default one."""

    vrf: str
    family: str
    number: int


class Wrong(t.NamedTuple):
    """A finding, and what a repair needs beside it.

    ``table``: where it was found; ``route``: as `ip -N -j route` gives it, None where the kernel has none.
    """

    finding: Finding
    table: Table
    route: t.Mapping[str, t.Any] | None


class Judge:
    """Says which source the intent wants for a route.

    ``intent``: {policies, routes}, in normal form; ``former``: what our configuration was before this run.
    """

    def __init__(self, intent: t.Mapping[str, t.Any], former: Former | None = None) -> None:
        self.routes: list[t.Mapping[str, t.Any]] = intent["routes"]
        self.former = former or Former()
        self._policy = Policy(intent["policies"])
        self._own: dict[tuple[str, str, int, int], str] = {}
        #: {source: the first destination that names it, and its VRF}
        self.sources: dict[str, tuple[str, str]] = {}
        for policy in intent["policies"]:
            self.sources.setdefault(canonical(policy["source"]), (policy["destinations"][0], policy["vrf"] or ""))
        for route in intent["routes"]:
            start, length = prefix(route["destination"], route["family"])
            self._own[(route["vrf"] or "", route["family"], start, length)] = route["source"]
            self.sources.setdefault(canonical(route["source"]), (route["destination"], route["vrf"] or ""))

    def wants(self, vrf: str, family: str, destination: str, protocol: str) -> str | None:
        """The source of the intent for this route; None where the intent says nothing about it."""
        start, length = prefix(destination, family)
        if protocol == "static" and (vrf, family, start, length) in self._own:
            return self._own[(vrf, family, start, length)]
        rule = self._policy.rule(vrf or None, None, family, start, length, protocol)
        return rule.source if rule else None

    def left_over(self, vrf: str, family: str, destination: str, protocol: str, actual: str | None) -> bool:
        """Whether the route carries a source that an earlier intent of ours gave it."""
        if actual is None:
            return False
        sources = self.former.sources(vrf, family, protocol, *prefix(destination, family))
        return canonical(actual) in map(canonical, sources)

    def places(self) -> set[tuple[str, str]]:
        """{(vrf, family)} the intent speaks of, or an earlier one of ours spoke of."""
        own = {(vrf, family) for vrf, family, _start, _length in self._own}
        policies = {(vrf or "", family) for vrf, _table, family in self._policy.places}
        return {*policies, *own, *self.former.places()}


def canonical(address: str) -> str:
    """One spelling for one address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_ntop(family, socket.inet_pton(family, address))


def spelled(destination: str, family: str) -> str:
    """A destination as `ip` prints it (`default`, a bare address), as a prefix."""
    if destination == "default":
        return "0.0.0.0/0" if family == "ipv4" else "::/0"
    return destination if "/" in destination else f"{destination}/{BITS[family]}"


def judge_kernel(
    judge: Judge, table: Table, routes: t.Iterable[t.Mapping[str, t.Any]], why: str = ""
) -> tuple[int, list[Wrong]]:
    """(number of routes the intent speaks of, what is wrong) in one table.

    ``routes``: `ip -N -j route show`; ``why``: what is known of this FRR where a route has not the source it should
    have. problem: `unset` (no source), `different` (another one), `leftover` (the source that an earlier intent of
    ours gave this route; this one says nothing about it).
    """
    checked = 0
    wrong = []
    vrf, family = table.vrf, table.family
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
        wrong.append(_wrong(table, route["dst"], protocol, expected, actual, problem, why, route))
    return checked, wrong


def judge_rejected(judge: Judge, table: Table, rejected: t.Iterable[tuple[str, str]]) -> list[Wrong]:
    """What is wrong with the routes zebra has chosen and the kernel has refused: [(destination, protocol)]."""
    return [
        _wrong(table, destination, protocol, expected, None, "rejected", _REFUSED)
        for destination, protocol in rejected
        for expected in [judge.wants(table.vrf, table.family, destination, protocol)]
        if expected is not None
    ]


def judge_absent(
    judge: Judge, table: Table, routes: t.Iterable[t.Mapping[str, t.Any]], known: t.Container[str]
) -> list[Wrong]:
    """What is wrong with our own routes that one table does not hold though nobody refused them.

    That is so where FRR cannot resolve the gateway, or has a better route. ``known``: destinations reported already.
    """
    vrf, family = table.vrf, table.family
    there = {prefix(r["dst"], family) for r in routes if frr_word(r.get("protocol"), family) == "static"}
    return [
        _wrong(table, route["destination"], "static", route["source"], None, "absent", _MISSING)
        for route in judge.routes
        if (route["vrf"] or "", route["family"]) == (vrf, family)
        and (route["table"] or (table.number if vrf else MAIN_TABLE)) == table.number
        and prefix(route["destination"], family) not in there
        and route["destination"] not in known
    ]


def _wrong(
    table: Table,
    destination: str,
    protocol: str,
    expected: str | None,
    actual: str | None,
    problem: str,
    why: str,
    route: t.Mapping[str, t.Any] | None = None,
) -> Wrong:
    finding = Finding(
        destination=spelled(destination, table.family),
        expected=expected,
        actual=actual,
        problem=problem,
        why=why or "-",
        vrf=table.vrf or None,
        table=None if table.vrf or table.number == MAIN_TABLE else table.number,
        protocol=protocol,
    )
    return Wrong(finding, table, route)
