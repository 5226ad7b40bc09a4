# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources of routes that exist: the plan of the module ``prefsrc``. PRIVATE to the collection.

Planning again after the steps were carried out must find nothing to do: that is how a task is read back.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._base.cover import Cover
from .._base.errors import InvalidInput, Refused
from .._base.names import TYPES, table_name
from .._base.protocols import protocol_name
from .._base.values import BITS, DEFAULTS, INET, INET6, Prefix, address_text
from .._change.steps import Plan
from .._netlink import wire
from .edit import echo, with_source
from .legs import has_legs, written
from .line import Lines
from .owners import check_owner, check_replaceable
from .payload import WITHOUT_HOPS, Payload
from .route_steps import RouteLine, RouteStep, removed
from .scan import Scan
from .shared_hops import check_shared
from .values import Hop
from .wanted import Selection

#: (family, table, protocol) -> chunks; table None means all
Dump = t.Callable[[int, t.Optional[int], int], t.Iterable[bytes]]


@dataclass
class SourcePlanner:
    """Plans the sources of the routes that ``wanted`` selects.

    ``legs``: those of an IPv6 multipath route where they differ (``legs.legs()``).
    ``missing`` and ``dead``: ``fail`` or ``ignore``. ``why_not``: as of ``WaysOut``. ``owner``: the protocol number of
    the daemon for which this is done; its routes need no ``force``. ``left``: where it is a list, what the source of
    one route is refused for goes there, and the others are planned all the same.
    """

    wanted: t.Sequence[Selection]
    lines: Lines
    dump: Dump
    legs: t.Callable[[Payload], t.Sequence[Payload]]
    force: bool = False
    missing: str = "fail"
    dead: str = "fail"
    why_not: t.Callable[[Hop, int], tuple[str, str] | None] = lambda hop, table: None
    owner: int | None = None
    left: list[tuple[Prefix, str]] | None = None
    _spared: dict[int, Cover[list[None]]] = field(default_factory=dict, init=False, repr=False)

    def plan(self) -> Plan:
        plan = Plan()
        # Entries of all tables compete with those of each: such a family is one group.
        every = {item.prefix.family for item in self.wanted if item.table is None}
        groups: dict[tuple[int, int | None], list[Selection]] = {}
        for item in self.wanted:
            family = item.prefix.family
            groups.setdefault((family, None if family in every else item.table), []).append(item)
        for (family, table), items in groups.items():
            self._plan_group(family, table, items, plan)
        check_shared(t.cast("t.Iterable[RouteStep]", plan.steps), self.dump, self.lines)
        return plan

    def _plan_group(self, family: int, table: int | None, items: t.Sequence[Selection], plan: Plan) -> None:
        exact: dict[Prefix, list[Selection]] = {}
        within: Cover[list[Selection]] = Cover(BITS[family], list)
        for item in items:
            if item.within:
                within.at(item.prefix.start, item.prefix.length).append(item)
            else:
                exact.setdefault(item.prefix, []).append(item)
        payloads = self._read(family, table, list(exact), any(item.within for item in items))
        met: set[int] = set()
        seen: dict[Prefix, list[bytes]] = {}
        for prefix, raw in payloads:
            seen.setdefault(prefix, []).append(raw)
        for prefix, found in seen.items():
            there = [Payload(raw) for raw in found]
            candidates = exact.get(prefix, []) + [
                item for _length, over in within.over(prefix.start, prefix.length) for item in over
            ]
            for payload in there:
                try:
                    self._plan_route(prefix, payload, there, candidates, met, plan)
                except (InvalidInput, Refused) as error:
                    if self.left is None:
                        raise
                    self.left.append((prefix, error.message))
        for item in items:
            if item.number not in met:
                self._plan_missing(item, seen.get(item.prefix, []), plan)

    def _read(
        self, family: int, table: int | None, exact: t.Sequence[Prefix], everything: bool
    ) -> list[tuple[Prefix, bytes]]:
        found: list[bytes] = []
        if everything:
            for chunk in self.dump(family, table, 0):
                found += [payload for kind, _f, _s, payload in wire.messages(chunk) if kind == wire.RTM_NEWROUTE]
        else:
            scan = Scan(family, (), frozenset(prefix.key for prefix in exact))
            for chunk in self.dump(family, table, 0):
                scan.feed(chunk)
            found = scan.others
        # An IPv6 dump can repeat itself while routes are added.
        return [(wire.destination_of(payload), payload) for payload in dict.fromkeys(found)]

    def _plan_route(
        self,
        prefix: Prefix,
        payload: Payload,
        there: t.Sequence[Payload],
        candidates: t.Sequence[Selection],
        met: set[int],
        plan: Plan,
    ) -> None:
        chosen: Selection | None = None
        ranked = sorted(candidates, key=lambda item: item.rank) if len(candidates) > 1 else candidates
        for item in ranked:
            if not _selects(item, payload) or (item.spared and self._spares(item, prefix)):
                continue
            met.add(item.number)
            if chosen is not None and chosen.rank == item.rank and chosen.source != item.source:
                raise InvalidInput(
                    f"routes[{chosen.number}] and routes[{item.number}] both select "
                    f"'{self.lines(payload.raw)}', with different sources; narrow one of them"
                )
            chosen = chosen or item
        if chosen is None:
            return
        legs = self.legs(payload) if has_legs(payload) else ()
        affected = [leg for leg in legs or (payload,) if _due(leg, chosen)]
        if not affected:
            plan.unchanged.append((prefix, RouteLine(payload.raw, self.lines)))
            return
        what = f"routes[{chosen.number}]"
        if hop := self._dead_hop(payload):
            if self.dead == "ignore":
                plan.dead.append((prefix, RouteLine(payload.raw, self.lines)))
                plan.warnings.append(f"{what}: '{self.lines(payload.raw)}' is left as it is: {hop}")
                return
            raise Refused(
                f"{what}: '{self.lines(payload.raw)}': {hop}. As long as that is so the kernel takes no change of a "
                "route that names it. Mend it, take the next hop out of the route, or set dead: ignore to leave such "
                "routes as they are"
            )
        for leg in affected:
            if leg.header.protocol != self.owner:
                check_owner(leg, self.lines, what, self.force, plan.warnings)
        rivals = [other for other in there if other.key == payload.key]
        if _superfluous(payload, rivals, chosen):
            plan.steps.append(removed(chosen.number, prefix, payload, rivals, self.lines))
            return
        check_replaceable(payload, rivals, self.lines, what)
        after = [with_source(leg, chosen.source) if _due(leg, chosen) else echo(leg) for leg in legs]
        plan.steps.append(
            RouteStep(
                chosen.number,
                prefix,
                "changed",
                echo(payload),
                with_source(payload, chosen.source) if not legs or _due(payload, chosen) else echo(payload),
                self.lines,
                written([echo(leg) for leg in legs]),
                send_with=written(after),
            )
        )

    def _dead_hop(self, payload: Payload) -> str | None:
        """A next hop that the kernel would not take again, and why, in words. Nexthop objects are taken as they are."""
        for hop in () if wire.RTA_NH_ID in payload.attrs else payload.hops:
            found = self.why_not(hop, payload.table)
            if found:
                return f"the next hop {hop.words(self.lines.names)} is dead: {found[0]}"
        return None

    def _spares(self, item: Selection, prefix: Prefix) -> bool:
        cover = self._spared.get(item.number)
        if cover is None:
            cover = self._spared[item.number] = Cover(BITS[prefix.family], list)
            for spared in item.spared:
                cover.at(spared.start, spared.length)
        return cover.covers(prefix.start, prefix.length)

    def _plan_missing(self, item: Selection, there: t.Sequence[bytes], plan: Plan) -> None:
        if self.missing == "ignore":
            plan.missing.append(item.prefix)
            return
        scope = "within" if item.within else "to"
        filters = "".join(
            f" {name} {value}"
            for name, value in (
                ("protocol", " or ".join(map(protocol_name, sorted(item.protocols))) or None),
                ("device", None if item.device is None else self.lines.names.get(item.device, str(item.device))),
                ("gateway", address_text(item.gateway[1]) if item.gateway else None),
                ("metric", item.metric),
                ("from", item.from_prefix),
            )
            if value is not None
        )
        there = [payload for payload in there if item.table in (None, Payload(payload).table)]
        refusing = [payload for payload in there if Payload(payload).header.type in WITHOUT_HOPS]
        if refusing and len(refusing) == len(there):
            raise Refused(
                f"routes[{item.number}]: '{self.lines(refusing[0])}' sends nothing, so it has no source; "
                "leave the entry out, set missing: ignore, or make another route with l3host.source_ip.route"
            )
        lines = "; ".join(f"'{self.lines(payload)}'" for payload in there[:5])
        near = f" What there is: {lines}." if lines else ""
        where = "any table" if item.table is None else f"table {table_name(item.table)}"
        raise Refused(
            f"routes[{item.number}]: no route {scope} {item.prefix}{filters} in {where}.{near} "
            "prefsrc changes routes that exist; make one with l3host.source_ip.route, or set missing: ignore"
        )


def _superfluous(payload: Payload, rivals: t.Sequence[Payload], chosen: Selection) -> bool:
    """Whether another route of the key will say all that this one is to say; the kernel takes no second one.

    Its owner wrote its own again beside the one that somebody had given a source: to the kernel that is another IPv4
    route, and which of two default routes it takes goes by what it knows of the gateway (``fib_select_default()``).
    """
    before = True
    for other in rivals:
        if other is payload:
            before = False
        elif payload.header.family == INET and with_source(other, None) == with_source(payload, None):
            due = _due(other, chosen)
            if other.source == chosen.source or (before if due else chosen.source is None):
                return True
    return False


def _due(payload: Payload, chosen: Selection) -> bool:
    """Whether a route or a leg has another source than the entry that selects it gives."""
    if chosen.only_source is not None and payload.source != chosen.only_source:
        return False
    return payload.source != chosen.source


def _selects(item: Selection, payload: Payload) -> bool:
    protocol = payload.header.protocol
    if payload.header.type != TYPES["unicast"] or item.table not in (None, payload.table):
        return False
    if protocol in item.spared_protocols or (item.protocols and protocol not in item.protocols):
        return False
    if item.metric is not None and payload.metric != item.metric:
        return False
    if item.from_prefix is not None and (payload.from_prefix or DEFAULTS[INET6]) != item.from_prefix:
        return False
    if item.device is None and item.gateway is None:
        return True
    return any(
        (item.device is None or hop.device == item.device) and (item.gateway is None or hop.gateway == item.gateway)
        for hop in payload.hops
    )
