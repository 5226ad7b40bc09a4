# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back end that needs no daemon: the intent in the kernel's own tables. PRIVATE to the collection.

Addresses, routes, sources, removals and the record are one transaction: the whole intent, or nothing of it.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field

from ..._addresses.items import Item
from ..._addresses.task import AddressChange
from ..._base.protocols import OWN_PROTOCOL
from ..._base.values import BITS, INET, Address
from ..._change.flow import left_to_do
from ..._change.steps import REPORT_LIMIT, AnyStep, Planner
from ..._change.steps import Plan as Changes
from ..._change.transaction import Transaction
from ..._intent.options import LISTS
from ..._routes.planners import route_planner, source_planner
from .._keeper.kept import Kept
from .._keeper.service import Change, Service
from ..interface import Capabilities, Intent, Judgement, Plan
from ..undo import Undo
from ..view import Hands
from . import record
from .items import Items, items
from .keep import KEPT_OPTIONS
from .others import Others


class Found(t.NamedTuple):
    """The record of an earlier run, as read and as parsed."""

    content: bytes | None
    record: record.Record


@dataclass
class KernelPlan(Plan):
    """The items of the intent, what each kind has to do, and the record before and after."""

    items: Items = field(default_factory=Items)
    addresses: AddressChange | None = None
    routes: Changes = field(default_factory=Changes)
    sources: Changes = field(default_factory=Changes)
    others: Others | None = None
    rest: tuple[Changes, ...] = ()
    stale: Changes = field(default_factory=Changes)
    planners: tuple[Planner, ...] = ()
    before: bytes | None = None
    pending: bytes | None = None
    after: bytes | None = None
    keeper: Change = field(default_factory=Change)


class BackEnd:
    """The kernel; its options are those of ``options.py``."""

    CAPABILITIES: t.ClassVar[Capabilities] = Capabilities(
        own="yes",
        learned="those there are now, with `keep` those that come, too; unless a daemon owns them",
        tables="yes, and VRFs; rules and labels",
        reboot="with `keep`",
        cannot="without `keep`: routes that are learned later",
    )

    def __init__(self, hands: Hands, options: t.Mapping[str, t.Any]) -> None:
        self._hands = hands
        self._options = options
        self._service = Service()

    def read(self) -> Found:
        content = record.read(self._options["record"])
        return Found(content, record.parse(content, self._options["record"]))

    def plan(self, intent: Intent, found: Found, check: bool) -> KernelPlan:
        wanted = items(intent, found.record)
        others = Others(self._hands, intent, found.record)
        wanted.record.update(others.record)
        plan = KernelPlan(items=wanted, others=others, before=found.content)
        plan.ours = self._options["record"] if any(found.record.values()) else ""
        plan.addresses = AddressChange(
            self._hands.kernel,
            self._hands.host,
            others.addresses(wanted.addresses),
            force=False,
            wait=self._options["wait"],
        )
        self._plan_routes(plan, [entry.address for entry in plan.addresses.additions.entries])
        if wanted.stale:
            # The routes that use them are still there; whether somebody else's do too shows when ours are gone.
            plan.stale = self._stale(plan, force=True).removals().plan()
        created = plan.addresses.additions.created
        plan.after = self._record(found, wanted, created, complete=True)
        plans = (plan.routes, plan.sources, *plan.rest, plan.stale)
        steps = (plan.addresses.additions.steps, *(one.steps for one in plans))
        plan.keeper = self._service.plan(self._kept(intent), self._options["record"])
        plan.refusals += plan.keeper.refusals
        plan.warnings += plan.keeper.warnings
        if plan.keeper.there[self._service.places.document].content is not None:
            plan.ours = plan.ours or self._service.places.document
        plan.changed = any(steps) or plan.after != plan.before or bool(plan.keeper)
        plan.pending = self._record(found, wanted, created, complete=False) if plan.changed else plan.after
        self._report(plan)
        plan.diffs += plan.keeper.diffs
        return plan

    def _kept(self, intent: Intent) -> Kept | None:
        """What the keeper is to keep; nothing where nobody wants that, or there is nothing."""
        if not self._options["keep"] or not any(map(intent.get, LISTS)):
            return None
        return Kept("kernel", {name: self._options[name] for name in KEPT_OPTIONS}, intent)

    def _plan_routes(self, plan: KernelPlan, addresses: t.Sequence[Address]) -> None:
        kernel, host, options = self._hands.kernel, self._hands.host, self._options
        purge = options["purge_tables"] if options["purge"] else None
        routes = route_planner(kernel, host, plan.items.routes, OWN_PROTOCOL, purge, addresses=addresses)
        sources = source_planner(
            kernel,
            host,
            plan.items.sources,
            options["missing"],
            options["force"],
            dead=options["dead"],
            addresses=addresses,
        )
        # Rules come when the tables that they lead to are filled.
        plan.planners = (routes, sources, *t.cast(Others, plan.others).planners())
        plan.routes, plan.sources, *rest = (planner.plan() for planner in plan.planners)
        plan.rest = tuple(rest)
        for changes in (plan.routes, plan.sources, *rest):
            plan.warnings += changes.warnings
        plan.warnings += host.warnings

    def _stale(self, plan: KernelPlan, force: bool) -> AddressChange:
        return AddressChange(self._hands.kernel, self._hands.host, plan.items.stale, force=force, wait=0)

    def _record(
        self, found: Found, wanted: Items, created: t.Collection[tuple[str, str]], complete: bool
    ) -> bytes | None:
        made = record.after(found.record, wanted.record, created, complete)
        if made == found.record and found.content is not None and any(made.values()):
            return found.content
        return record.text(made) if any(made.values()) else None

    def _report(self, plan: KernelPlan) -> None:
        """Results and diffs of all kinds, in the order in which they happen."""
        change = t.cast(AddressChange, plan.addresses)
        reports = [
            change.additions.plan().report(),
            plan.routes.report(),
            plan.sources.report(),
            *(changes.report() for changes in plan.rest),
            plan.stale.report(),
        ]
        for report in reports:
            if report["diff"]["before"] or report["diff"]["after"]:
                plan.diffs.append(report["diff"])
            for action, count in report["counts"].items():
                plan.counts[action] = plan.counts.get(action, 0) + count
        results = [result for report in reports for result in report["results"]]
        # Changes first: what needs nothing is what may be left out.
        results.sort(key=lambda result: result["action"] == "unchanged")
        plan.results = results[:REPORT_LIMIT]
        plan.omitted = sum(plan.counts.values()) - len(plan.results)

    def apply(self, plan: KernelPlan) -> None:
        path = self._options["record"]
        if plan.pending != plan.before:
            record.write(path, plan.pending)
        try:
            transaction = Transaction(self._hands.kernel)
            with self._service.ready(plan.keeper) as files, transaction.whole(), Undo() as undo:
                self._carry_out(plan, transaction)
                self._service.put_to_work(plan.keeper, files, undo)
                if plan.after != plan.pending:
                    record.write(path, plan.after)
        except BaseException:
            record.write(path, plan.before)
            raise

    def _carry_out(self, plan: KernelPlan, transaction: Transaction) -> None:
        change = t.cast(AddressChange, plan.addresses)
        change.add(transaction)
        plan.warnings += change.warnings
        if change.additions.steps:
            self._hands.forget()
            if not all(map(_brings_nothing, change.additions.by_step, change.additions.steps)):
                # An address brings routes of its own, and with them other ways to a gateway.
                self._plan_routes(plan, self._hands.host.addresses)
        for planner, changes in zip(plan.planners, (plan.routes, plan.sources, *plan.rest)):
            transaction.carry_out(changes.steps, functools.partial(left_to_do, planner, changes))
        if plan.items.stale:
            stale = self._stale(plan, force=False)
            removals = stale.removals()
            plan.warnings += removals.warnings
            stale.remove(transaction, removals)

    def judge(self, plan: KernelPlan, applied: bool) -> Judgement:
        """What was carried out was read back; what needed nothing was found as the intent wants it."""
        return Judgement(checked=len(plan.items.routes) + len(plan.items.sources))

    def repair(self, plan: KernelPlan, judgement: Judgement, check: bool) -> Judgement:
        """Nothing is left to repair where every change was read back."""
        return judgement


def _brings_nothing(item: Item, step: AnyStep) -> bool:
    """Whether an address comes without any route but the local one: IPv4's of one host; IPv6 makes one for it too."""
    return step.action == "created" and item.family == INET and item.prefix_length == BITS[INET]
