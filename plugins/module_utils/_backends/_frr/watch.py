# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes that lose their source while FRR runs get it again, within a second. PRIVATE to the collection.

FRR 10.2 to 10.6 writes an installed route again as it wrote it at first, so without a source that was set in the
kernel, whenever the routing protocol says anything new about it (another OSPF cost is enough). No FRR offers a route
again that the kernel refused or removed because its source was missing, when the source returns. The kernel tells of
both (rtnetlink(7), multicast groups). Runs at boot without Ansible, from copies of these files (shipped.py).
"""

from __future__ import annotations

import contextlib
import select
import socket
import sys
import time
import typing as t

from ..._base.protocols import frr_word
from ..._netlink import events as groups
from ..._netlink import wire
from ..._netlink.decode import IFA_ADDRESS, IFA_LOCAL, IFADDRMSG
from ..._netlink.events import Events
from ..._routes.payload import Payload
from ..commands import CommandError
from .audit import Judge, Table, judge_kernel
from .host import Host
from .release import stuck
from .repair import Step, steps
from .settings import Settings
from .survey import Survey, mend

Place = tuple[Table, str]  # and the destination

_ADDRESS_EVENTS = (groups.IPV4_ADDRESS, groups.IPV6_ADDRESS)
_ROUTE_EVENTS = (groups.IPV4_ROUTE, groups.IPV6_ROUTE)
_RTN_UNICAST = 1
_FAMILIES = {int(socket.AF_INET): "ipv4", int(socket.AF_INET6): "ipv6"}
# Seconds. What comes within one pause, and at most within a second, is repaired together.
_PAUSE = 0.2
_LONGEST = 1.0
# FRR's own delay is five; before that the routes are not yet what FRR makes of a new map.
_FIRST = 8
# More routes than this are asked for by reading the whole table once.
_ONE_BY_ONE = 50


def look(judge: Judge, tables: t.Mapping[int, str], heard: t.Iterable[wire.Event]) -> tuple[set[Place], bool]:
    """What some messages of the kernel say: the routes that now lack their source, and whether a source has come.

    tables: {table: vrf} of the tables to look at.
    """
    wrong: set[Place] = set()
    came = False
    for kind, _port, payload in heard:
        if kind == wire.RTM_NEWADDR:
            found = dict(wire.attributes(payload, IFADDRMSG.size))
            packed = found.get(IFA_LOCAL, found.get(IFA_ADDRESS, b""))
            came |= _text(packed) in judge.sources
        elif kind == wire.RTM_NEWROUTE:
            route = Payload(payload)
            family = _FAMILIES.get(route.header.family)
            protocol = frr_word(route.header.protocol, family) if family else None
            if protocol is None or family is None or route.header.type != _RTN_UNICAST or route.table not in tables:
                continue
            table = Table(tables[route.table], family, route.table)
            destination = str(route.destination)
            expected = judge.wants(table.vrf, family, destination, protocol)
            if expected is not None and _text(route.source) != expected:
                wrong.add((table, destination))
    return wrong, came


def _text(packed: bytes | None) -> str | None:
    if not packed:
        return None
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def watch(host: Host, state: t.Mapping[str, t.Any]) -> int:
    """Until it is stopped; 0 at once where nothing may be repaired."""
    if state["repair"] == "none":
        return 0
    settings = Settings.load(state["settings"])
    survey = Survey(host, Judge(state["intent"]), host.version())
    judge = survey.judge
    routes_too = stuck(survey.version) and settings.edit_kernel
    with contextlib.closing(Events((*_ADDRESS_EVENTS, *(_ROUTE_EVENTS if routes_too else ())))) as events:
        everything = True
        delay = _FIRST
        while True:
            done: list[Step] = []
            try:
                tables = {table: vrf for vrf, table in host.tables().items()}
                tables.update({r["table"]: r["vrf"] or "" for r in judge.routes if r["table"]})
                if everything:
                    done = mend(survey, survey.settle(delay, 0), settings, "safe", timeout=0).done
                delay = 0
                wrong, everything = _gather(events, judge, tables)
                if wrong and not everything:
                    done += mend_routes(survey, wrong, settings)
            except CommandError as error:
                _say(error.message)
                everything = True
                delay = _FIRST
            for step in done:
                _say(f"{step.why}: {step.describe()}")


def _say(text: str) -> None:
    """A line for the service's journal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _gather(events: Events, judge: Judge, tables: t.Mapping[int, str]) -> tuple[set[Place], bool]:
    """As `look`, for a whole burst of events. An overflow counts as a source that has come: everything is judged."""
    wrong: set[Place] = set()
    came = False
    first = None
    while select.select([events], [], [], None if first is None else _PAUSE)[0]:
        heard = events.read()
        more, address = (set(), True) if heard is None else look(judge, tables, heard)
        wrong |= more
        came |= address
        if first is None and (wrong or came):
            first = time.monotonic()
        if first is not None and time.monotonic() - first > _LONGEST:
            break
    return wrong, came


def mend_routes(survey: Survey, wrong: t.Iterable[Place], settings: Settings) -> list[Step]:
    """Set the sources of these routes in the kernel, as they are there by now; the steps that were done."""
    host, judge = survey.host, survey.judge
    places: dict[Table, list[str]] = {}
    for table, destination in sorted(wrong):
        places.setdefault(table, []).append(destination)
    found = []
    for table, destinations in places.items():
        if len(destinations) > _ONE_BY_ONE:
            routes = host.routes(table.family, table.number)
        else:
            routes = [route for text in destinations for route in host.routes(table.family, table.number, text)]
        found += judge_kernel(judge, table, routes)[1]
    missing = host.lacking(judge.sources)
    done = [step for step in steps(found, settings, survey.version, missing) if step.kernel_only]
    for step in done:
        step.perform(host)
    return done
