# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of rules on a host. PRIVATE to the collection."""

from __future__ import annotations

import functools
import typing as t

from .._base.names import NAME_OF_TYPE, TYPES
from .._base.values import BITS, Prefix
from .._host.host import Host
from .._netlink import wire
from .._netlink.kernel import Kernel
from .._netlink.rules import RuleEntry
from .._routes.payload import Payload
from .connection import connections
from .cutoff import Connection, Way, remarks
from .items import parse
from .plan import Outcome, RulePlanner


def rule_planner(
    kernel: Kernel,
    host: Host,
    items: t.Sequence[t.Mapping[str, t.Any]],
    protocol: int,
    purge: bool = False,
    force: bool = False,
) -> RulePlanner:
    """The planner of ``rule``'s items."""
    warnings: list[str] = []
    wanted = parse(items, host, warnings)
    return RulePlanner(
        wanted=wanted,
        read=lambda family: [RuleEntry(host.named(one.rule), one.payload) for one in kernel.rule_entries(family)],
        protocol=protocol,
        purge=purge,
        force=force,
        warnings=warnings,
        judge=functools.partial(_endangered, kernel, host),
    )


def _endangered(kernel: Kernel, host: Host, outcome: t.Mapping[int, Outcome]) -> t.Iterator[str]:
    """Warnings for the connections that the task may have come by."""
    for connection in connections():
        # In another namespace than the task's own the connection is not there.
        if connection.family in outcome and host.holders(connection.local):
            before, after = outcome[connection.family]
            yield from remarks(connection, before, after, functools.partial(_best, kernel, host))


def _best(kernel: Kernel, host: Host, table: int, connection: Connection) -> Way | None:
    """The route that a look-up of this table alone finds."""
    target = Prefix(connection.family, connection.remote, BITS[connection.family])
    source = Prefix(connection.family, connection.local, BITS[connection.family])
    found: list[tuple[int, int, int, Payload]] = []
    for chunk in kernel.dump_routes(connection.family, table):
        for _kind, _flags, _sequence, payload in wire.messages(chunk):
            route = Payload(payload)
            near = route.from_prefix is None or route.from_prefix.covers(source)
            if near and route.destination.covers(target) and not route.header.tos:
                found.append((-route.destination.length, route.metric, len(found), route))
    if not found:
        return None
    route = min(found)[-1]
    verdict = NAME_OF_TYPE.get(route.header.type, str(route.header.type))
    leaves = route.header.type in (TYPES["unicast"], TYPES["local"], TYPES["broadcast"])
    hops = " and ".join(hop.words(host.names) for hop in route.hops) if leaves else ""
    return Way(route.destination.length, verdict, hops)
