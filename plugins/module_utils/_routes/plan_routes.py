# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole routes, wanted against actual: the plan of the module ``route``. PRIVATE to the collection.

Pure but for the dumps it is handed. Planning again after the steps were carried out must find nothing to do: that is
how a task is read back.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from .._base.errors import InvalidInput, Refused
from .._base.values import DEFAULT_METRICS, INET, INET6, Prefix
from .._change.steps import Plan
from .._netlink import wire
from .edit import echo, edited
from .hop_check import Check
from .legs import has_legs, removed, without, written
from .line import Lines
from .owners import check_owner, check_replaceable, owner_of
from .payload import WITHOUT_HOPS, Payload
from .route_steps import (
    CreatedRoutes,
    RouteLine,
    RouteStep,
    created,
)
from .runs import Keys, Rows, Run, WantedRoute
from .scan import Scan
from .shared_hops import check_shared
from .sweep import Sweep, selects, spared
from .template import Template
from .values import Hop, Shape


class _Group(t.NamedTuple):
    """The runs of one table, and what a dump will say of their routes once they are there (none of absent ones)."""

    family: int
    table: int
    runs: list[Run]
    expected: list[tuple[()] | Rows]
    keys: Keys


#: (family, table or None for all, protocol) -> chunks
Dump = t.Callable[[int, t.Optional[int], int], t.Iterable[bytes]]


@dataclass
class RoutePlanner:
    """Plans ``wanted`` routes.

    ``resolve`` fills in the device that the kernel will choose for a gateway. ``legs`` are those of an IPv6 multipath
    route where they differ (``legs.legs()``). ``why_not`` and ``why_no_object``: as of ``WaysOut``. ``purge`` names the
    tables whose routes of our own ``protocol`` go unless wanted; None for no purge. ``left``: where it is a list, what
    one item is refused for goes there, and the others are planned all the same.
    """

    wanted: t.Sequence[Run]
    lines: Lines
    dump: Dump
    protocol: int
    resolve: t.Callable[[Shape], Shape] = lambda shape: shape
    legs: t.Callable[[Payload], t.Sequence[Payload]] = lambda payload: ()
    why_not: t.Callable[[Hop, int], tuple[str, str] | None] = lambda hop, table: None
    why_no_object: t.Callable[[int, int], str | None] = lambda number, family: None
    purge: t.Collection[int] | None = None
    force: bool = False
    sweeps: t.Sequence[Sweep] = ()
    left: list[tuple[Prefix, str]] | None = None
    _templates: dict[int, Template] = field(default_factory=dict)
    _groups: list[_Group] = field(default_factory=list)

    def plan(self) -> Plan:
        """The steps in the order of the items; removals last: what replaces a route is there before it goes."""
        plan = Plan()
        removals: list[RouteStep] = []
        claimed: set[bytes] = set()
        self._groups = self._groups or self._grouped()
        parts = [part for group in self._groups for part in self._plan_group(group, plan, removals, claimed)]
        for sweep in self.sweeps:
            self._plan_sweep(sweep, plan, removals)
        if self.purge is not None:
            self._plan_purge(removals, claimed)
        # Restored in reverse, so that routes of one key come back in their old order.
        removals.reverse()
        singles = []
        for _first, planned in sorted(parts, key=lambda part: part[0]):
            part = self._takeable(planned)
            if isinstance(part, list):
                plan.steps.extend(part)
                singles += part
            else:
                plan.steps.add(part)
        plan.steps.extend(removals)
        check_shared([*singles, *removals], self.dump, self.lines)
        return plan

    def _grouped(self) -> list[_Group]:
        by_table: dict[tuple[int, int], list[Run]] = {}
        for run in self.wanted:
            by_table.setdefault((run.shape.family, run.shape.table), []).append(run)
        groups = []
        for (family, table), runs in by_table.items():
            expected = [
                () if run.absent or _may_hide(run.shape) else self._template(run.shape).dumped_all(run.columns)
                for run in runs
            ]
            groups.append(_Group(family, table, runs, expected, Keys(runs)))
        return groups

    def _template(self, shape: Shape) -> Template:
        found = self._templates.get(id(shape))
        if found is None:
            found = self._templates[id(shape)] = Template(shape, self.resolve(shape), self.protocol)
        return found

    def _plan_group(
        self, group: _Group, plan: Plan, removals: list[RouteStep], claimed: set[bytes]
    ) -> t.Iterator[tuple[int, list[RouteStep] | CreatedRoutes]]:
        """The steps for each run, with the number of its first entry."""
        scan = Scan(group.family, group.expected, group.keys)
        for chunk in self.dump(group.family, group.table, 0):
            scan.feed(chunk)
        actual: dict[bytes, list[Payload]] = {}
        for other in map(Payload, dict.fromkeys(scan.others)):  # an IPv6 dump can repeat itself while routes are added
            actual.setdefault(other.destination.key, []).append(other)
        for run, expected in zip(group.runs, group.expected):
            if run.absent or (actual and not actual.keys().isdisjoint(run.keys)):
                yield run.first, self._plan_each(run, expected, scan.exact, actual, plan, removals, claimed)
                continue
            there = len(expected) if scan.complete else len(scan.exact.intersection(expected)) if scan.some else 0
            if expected and there == len(expected):
                entries = ((item.prefix, RouteLine(payload, self.lines)) for item, payload in zip(run, expected))
                plan.keep(entries, len(run))
            elif there or run.shape.nexthop_id is not None:
                yield run.first, self._plan_each(run, expected, scan.exact, actual, plan, removals, claimed)
            else:
                self._check_creatable(run[0])
                yield run.first, CreatedRoutes(run, self._template(run.shape), self.lines)
            if self.purge is not None:
                claimed.update(expected)

    def _plan_each(
        self,
        run: Run,
        expected: tuple[()] | Rows,
        exact: frozenset[bytes],
        actual: t.Mapping[bytes, list[Payload]],
        plan: Plan,
        removals: list[RouteStep],
        claimed: set[bytes],
    ) -> list[RouteStep]:
        """The steps for a run of which each entry needs a look of its own."""
        steps: list[RouteStep] = []
        payload: bytes | None
        for at, item in enumerate(run):
            there = actual.get(item.prefix.key)
            if there is None and expected:
                payload = expected[at]
                if payload in exact:
                    plan.unchanged.append((item.prefix, RouteLine(payload, self.lines)))
                else:
                    self._check_creatable(item)
                    steps.append(created(item, self._template(run.shape), self.lines))
            else:
                try:
                    payload = self._plan_item(item, list(there or ()), exact, plan, steps, removals)
                except (InvalidInput, Refused) as error:
                    if self.left is None:
                        raise
                    self.left.append((item.prefix, error.message))
                    payload = None
            if payload is not None:
                claimed.add(payload)
        return steps

    def _plan_item(
        self,
        item: WantedRoute,
        there: list[Payload],
        exact: frozenset[bytes],
        plan: Plan,
        steps: list[RouteStep],
        removals: list[RouteStep],
    ) -> bytes | None:
        """Plan one item among the routes to its destination; the payload that it claims, if any."""
        if not item.absent:
            dumped = self._template(item.shape).dumped(item.prefix)
            if dumped in exact:
                there.insert(0, Payload(dumped))
        what = f"routes[{item.number}]"
        same_key = self._select(item, there, what)
        if item.absent:
            self._plan_absent(item, same_key, plan, removals, what)
            return None
        if not same_key:
            self._check_creatable(item)
            steps.append(created(item, self._template(item.shape), self.lines))
            return None
        for payload in same_key:
            if self._agrees(payload, self._legs(payload), item.shape):
                plan.unchanged.append((item.prefix, RouteLine(payload.raw, self.lines)))
                return payload.raw
        payload = same_key[0]
        new, _changed = edited(payload, item.shape)
        legs = self._legs(payload)
        for one in legs or (payload,):
            check_owner(one, self.lines, what, self.force, plan.warnings)
        check_replaceable(payload, same_key, self.lines, what)
        shown = new
        if Payload(new).hops != payload.hops:
            shown, _changed = edited(payload, self._template(item.shape).resolved)
        step = RouteStep(item.number, item.prefix, "changed", echo(payload), new, self.lines, (), shown)
        if legs:
            step = step._replace(undo_with=written([echo(leg) for leg in legs]))
            if Payload(new).hops == payload.hops:
                apart = replace(item.shape, hops=None)
                step = step._replace(send_with=written([edited(leg, apart)[0] for leg in legs]))
        steps.append(step)
        return payload.raw

    def _legs(self, payload: Payload) -> t.Sequence[Payload]:
        return self.legs(payload) if has_legs(payload) else ()

    def _agrees(self, payload: Payload, legs: t.Sequence[Payload], shape: Shape) -> bool:
        apart = replace(shape, hops=None) if legs else shape
        return not edited(payload, shape)[1] and not any(edited(leg, apart)[1] for leg in legs)

    def _plan_absent(
        self, item: WantedRoute, same_key: list[Payload], plan: Plan, removals: list[RouteStep], what: str
    ) -> None:
        steps = [self._absent(item.number, item.shape, payload, same_key, plan, what) for payload in same_key]
        removals += [step for step in steps if step]
        if not any(steps):
            plan.missing.append(item.prefix)

    def _absent(
        self, number: int, shape: Shape, payload: Payload, same_key: list[Payload], plan: Plan, what: str
    ) -> RouteStep | None:
        """What removes this route, or those of its legs that agree; None where nothing does."""
        legs = self._legs(payload)
        if self._agrees(payload, legs, shape):
            step = self._removal(number, payload, legs)
        else:
            parted = without(payload, legs, shape)
            if parted is None:
                return None
            check_replaceable(payload, same_key, self.lines, what)
            step = RouteStep(number, payload.destination, "changed", echo(payload), parted.rest, self.lines)
            if has_legs(payload):
                back = written([echo(leg) for leg in legs])
                step = step._replace(send_with=removed(parted.gone), undo_with=back)
        for one in legs or (payload,):
            check_owner(one, self.lines, what, self.force, plan.warnings)
        return step

    def _plan_sweep(self, sweep: Sweep, plan: Plan, removals: list[RouteStep]) -> None:
        """All routes that agree go, but for those that the task itself names."""
        taken, keep = {step.old for step in removals}, self._keep()
        found: list[RouteStep] = []
        stay: dict[str, int] = {}
        for shape in sweep.shapes:
            by_key: dict[t.Any, list[Payload]] = {}
            for chunk in self.dump(shape.family, shape.table, shape.protocol or 0):
                for kind, _flags, _sequence, raw in wire.messages(chunk):
                    if kind == wire.RTM_NEWROUTE:
                        by_key.setdefault((payload := Payload(raw)).key, []).append(payload)
            for same_key in by_key.values():
                for payload in {one.raw: one for one in same_key if selects(shape, one)}.values():
                    if _is_kept(payload, keep) or echo(payload) in taken:
                        continue
                    owner = spared(shape, payload, self.force)
                    if owner is None:
                        step = self._absent(sweep.number, shape, payload, same_key, plan, sweep.what)
                        found += [step] if step else []
                    elif self._agrees(payload, (), shape) or without(payload, (), shape):
                        stay[owner] = stay.get(owner, 0) + 1
        removals += found
        stay.pop("kernel", None)
        if stay:
            plan.warnings.append(
                f"{sweep.what}: {sum(stay.values())} route(s) that agree belong to {', '.join(sorted(stay))} and stay; "
                "name their protocol and set force: true to remove them"
            )
        if not found:
            plan.missing.append("any destination")

    def _removal(self, number: int | None, payload: Payload, legs: t.Sequence[Payload]) -> RouteStep:
        step = RouteStep(number, payload.destination, "removed", echo(payload), None, self.lines)
        if legs:
            requests = [echo(leg) for leg in legs]
            step = step._replace(send_with=removed(requests), undo_with=written(requests))
        return step

    def _takeable(self, part: list[RouteStep] | CreatedRoutes) -> list[RouteStep] | CreatedRoutes:
        """The steps whose next hops the kernel takes; what it would refuse is refused before anything is written."""
        check = Check(self.why_not, self.why_no_object, self.lines.names)
        if isinstance(part, CreatedRoutes) and not check.why(part[0].new):
            return part
        taken = []
        for step in (part[at] for at in range(len(part))):
            why = check.why(step.new)
            message = f"{step.item}: {step.prefix}: {why}"
            if why and self.left is None:
                raise Refused(message)
            if why and self.left is not None:
                self.left.append((step.prefix, message))
            else:
                taken.append(step)
        return taken

    def _check_creatable(self, item: WantedRoute) -> None:
        shape = item.shape
        if shape.hops is None and shape.nexthop_id is None and shape.type not in WITHOUT_HOPS:
            raise InvalidInput(
                f"routes[{item.number}]: {item.prefix} is not in the table, and a new route needs a gateway, a device, "
                "nexthops or a nexthop_id"
            )

    def _select(self, item: WantedRoute, there: list[Payload], what: str) -> list[Payload]:
        """The routes of the key that the item means.

        A metric that the item does not name is the kernel's default (none for IPv4, 1024 for IPv6); where no route
        has that, it is the metric of the only route there is, provided that no daemon owns it.
        """
        shape = item.shape
        by_metric: dict[int, list[Payload]] = {}
        for payload in there:
            header = payload.header
            if header.tos == shape.tos if header.family == INET else payload.from_prefix == shape.from_prefix:
                by_metric.setdefault(payload.metric, []).append(payload)
        default = DEFAULT_METRICS[shape.family]
        wanted = default if shape.metric is None else shape.metric
        if wanted in by_metric or shape.metric is not None or not by_metric:
            return by_metric.get(wanted, [])
        free = {metric: found for metric, found in by_metric.items() if not owner_of(found[0])}
        if len(by_metric) == 1 and free:
            return next(iter(free.values()))
        if item.absent and not free:
            return []
        lines = "; ".join(self.lines(found[0].raw) for found in by_metric.values())
        raise Refused(
            f"{what}: {item.prefix} is in the table with another metric: {lines}. "
            f"Name the metric: that of the route you mean, or {wanted} for a second route; the lower wins"
        )

    def _keep(self) -> set[t.Any]:
        """The keys that the task wants present; a metric that is not named is None."""
        return {
            (
                item.shape.family,
                item.shape.table,
                item.prefix,
                item.shape.tos or item.shape.from_prefix,
                item.shape.metric,
            )
            for run in self.wanted
            for item in run
            if not run.absent
        }

    def _plan_purge(self, removals: list[RouteStep], claimed: set[bytes]) -> None:
        keep = self._keep()
        taken = {step.old for step in removals}
        for table in self.purge or ():
            for family in (INET, INET6):
                for chunk in self.dump(family, table, self.protocol):
                    for kind, _flags, _sequence, payload in wire.messages(chunk):
                        if kind == wire.RTM_NEWROUTE and payload[5] == self.protocol and payload not in claimed:
                            self._purge_one(Payload(payload), keep, taken, removals)

    def _purge_one(self, found: Payload, keep: set[t.Any], taken: set[bytes | None], removals: list[RouteStep]) -> None:
        if not _is_kept(found, keep) and echo(found) not in taken:
            legs = [leg for leg in self._legs(found) if leg.header.protocol == self.protocol]
            removals.append(self._removal(None, found, legs))


def _may_hide(shape: Shape) -> bool:
    """Whether a dump does not tell all of such a route: what it says of an IPv6 multipath route is the first leg's."""
    return shape.family == INET6 and len(shape.hops or ()) > 1


def _is_kept(payload: Payload, keep: set[t.Any]) -> bool:
    header, metric = payload.header, payload.metric
    only_for = header.tos if header.family == INET else payload.from_prefix
    place = (header.family, payload.table, payload.destination, only_for or None)
    return (*place, metric) in keep or (metric == DEFAULT_METRICS[header.family] and (*place, None) in keep)
