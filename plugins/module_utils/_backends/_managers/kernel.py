# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel holds of the pieces that a manager was given. PRIVATE to the collection."""

from __future__ import annotations

import errno
import re
import time
import typing as t
from dataclasses import dataclass, field

from ..._addresses.task import AddressChange
from ..._base.errors import KernelError, SourceIPError
from ..._base.values import INET6, Query, parse_address
from ..._change.flow import left_to_do
from ..._change.steps import AnyStep, Planner
from ..._change.transaction import Transaction
from ..._routes.payload import Payload
from ..._routes.plan_routes import RoutePlanner
from ..._routes.planners import route_planner
from ..finding import Finding
from ..view import Hands
from .pieces import Item, Piece, Way, address_items, name_of, route_items
from .record import Record, stale_addresses, stale_routes
from .rules import HeldRules, number_of

#: Seconds for the duplicate detection of an IPv6 address that a repair has added.
_DETECTION = 5.0
#: How often the manager may come first while something is put into the kernel, and the seconds between.
_RACES, _PAUSE = 5, 0.1
_ENTRY = re.compile(r"\broutes\[(\d+)\]")
_RULE = re.compile(r"\brules\[(\d+)\]")
_SOURCE = re.compile(r"\bsrc (\S+)")


@dataclass
class State:
    """``findings``: where the kernel differs from the pieces; ``left``: lines of what has to be gone and is there."""

    findings: list[Finding] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


class Held:
    """The pieces and what is gone, against the kernel. ``protocol``: the number that the manager's routes carry."""

    def __init__(self, hands: Hands, pieces: t.Sequence[Piece], gone: Record, protocol: int) -> None:
        self._hands = hands
        self._entries = [route for piece in pieces for route in piece.routes]
        self._routes = route_items(pieces)
        self._addresses = address_items(pieces)
        self._stale_routes = stale_routes(gone, protocol)
        self._stale_addresses = stale_addresses(gone)
        self._protocol = protocol
        self.rules = HeldRules(hands, pieces, gone)

    @property
    def count(self) -> int:
        return len(self._routes)

    def created(self) -> set[tuple[str, str]]:
        """(address, device) of the pieces' addresses that the kernel does not have now."""
        return self._added().additions.created

    def conflict(self) -> str:
        """Why the kernel could not hold routes and rules, whoever makes them; empty where it could.

        A device that is not there, or a route of the same key that a daemon owns.
        """
        try:
            self._planner(self._routes).plan()
            self.rules.findings()
        except SourceIPError as error:
            return self._named(error)
        return ""

    def _named(self, error: SourceIPError) -> str:
        """The error's words with the names of the intent instead of ours."""
        message = _ENTRY.sub(lambda found: name_of(self._entries[int(found.group(1))]), error.message)
        return _RULE.sub(lambda found: self.rules.name(int(found.group(1))), message)

    def look(self) -> State:
        """What the kernel says now."""
        self._hands.forget()
        state = State()
        additions = self._added().additions
        for item, step in zip(additions.by_step, additions.steps):
            what = (
                "the kernel does not have this address" if step.action == "created" else f"it is there as {step.before}"
            )
            state.findings.append(Finding(item.text, None, None, "no_source", f"{what}, on {item.device}"))
        try:
            wrong = self._planner(self._routes).plan().steps
            state.findings += [_finding(self._entries[number_of(step.item)], step) for step in wrong]
        except SourceIPError as error:
            state.findings.append(Finding("*", None, None, "rejected", self._named(error)))
        state.findings += self.rules.findings()
        state.left += self.rules.left()
        state.left += [str(step.before) for step in self._planner(self._stale_routes).plan().steps]
        # Whether somebody else's routes need an address is asked when it is taken away.
        state.left += [str(step.before) for step in self._taken(force=True).removals().steps]
        return state

    def clear(self) -> list[str]:
        """Take away what has to be gone; warnings. Refused, with all as before, where somebody needs an address."""
        self._hands.forget()
        transaction = Transaction(self._hands.kernel)
        with transaction.whole():
            # Rules go before what they lead to.
            self._carry_out(transaction, self.rules.gone())
            self._carry_out(transaction, self._planner(self._stale_routes))
            change = self._taken(force=False)
            removals = change.removals()
            change.remove(transaction, removals)
        self._hands.forget()
        return removals.warnings

    def mend(self) -> None:
        """Put what is missing into the kernel as the manager would; KernelError, with the host as before, else."""
        for _race in range(_RACES):
            try:
                return self._mend()
            except KernelError as error:
                if error.errno != errno.EEXIST:
                    raise
                # The manager has made it between our look and our request: what is still missing is another list.
                time.sleep(_PAUSE)
        return self._mend()

    def _mend(self) -> None:
        self._hands.forget()
        transaction = Transaction(self._hands.kernel)
        with transaction.whole():
            self._added().add(transaction)
            self._hands.forget()
            self._carry_out(transaction, self._planner(self._routes))
            self._carry_out(transaction, self.rules.wanted())
        self._hands.forget()

    def _carry_out(self, transaction: Transaction, planner: Planner) -> None:
        plan = planner.plan()
        transaction.carry_out(plan.steps, lambda: left_to_do(planner, plan))

    def _planner(self, items: t.Sequence[Item]) -> RoutePlanner:
        return route_planner(self._hands.kernel, self._hands.host, items, self._protocol, None)

    def _added(self) -> AddressChange:
        return self._change(self._addresses, force=False)

    def _taken(self, force: bool) -> AddressChange:
        # An address whose device is gone is gone with it.
        there = [one for one in self._stale_addresses if self._hands.host.find(one["device"])]
        return self._change(there, force=force)

    def _change(self, items: t.Sequence[Item], force: bool) -> AddressChange:
        return AddressChange(self._hands.kernel, self._hands.host, items, force=force, wait=_DETECTION)


def egress(hands: Hands, gateway: str, vrf: str | None) -> Way:
    """How the kernel reaches a gateway, which has to be on a link: what only another router reaches is none."""
    family, packed = parse_address(gateway, "gateway")
    if family == INET6 and packed[0] == 0xFE and packed[1] & 0xC0 == 0x80:
        return Way(problem="is link-local, and may be on any link")
    link = hands.host.find(vrf)
    try:
        hop = Payload(hands.kernel.lookup(Query(family, packed, device=link.index if link else None))).hops[0]
    except (KernelError, IndexError) as error:
        said = error.text if isinstance(error, KernelError) else "no device"
        return Way(problem=f"the kernel knows no way to it ({said})")
    device = hands.host.names.get(hop.device or 0, "")
    if hop.gateway is not None:
        return Way(problem=f"is not on a link of this host: the kernel would send to it by another router, on {device}")
    if device == "lo":
        return Way(problem="is an address of this host itself")
    return Way(device)


def _finding(entry: Item, step: AnyStep) -> Finding:
    found = _SOURCE.search(step.before or "")
    actual = found.group(1) if found else None
    if step.before is None:
        problem, why = "absent", f"the kernel does not have: {step.after}"
    elif actual == entry["source"]:
        problem, why = "drift", f"the kernel has: {step.before}; wanted: {step.after}"
    else:
        problem, why = "different" if actual else "unset", f"the kernel has: {step.before}"
    table = None if entry["vrf"] else entry["table"]
    return Finding(entry["destination"], entry["source"], actual, problem, why, vrf=entry["vrf"], table=table)
