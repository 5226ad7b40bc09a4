# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes that lose their source while FRR runs get it again, within a second. PRIVATE to the collection.

FRR 10.2 to 10.6 writes an installed route again as it wrote it at first, so without a source that was set in the
kernel, whenever the routing protocol says anything new about it (another OSPF cost is enough). No FRR offers a route
again that the kernel refused or removed because its source was missing, when the source returns. The kernel tells of
both (rtnetlink(7), multicast groups). Runs at boot without Ansible, from copies of these files (_frr_files).
"""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ..._base.protocols import frr_word
from ..._netlink import wire
from ..._routes.payload import Payload
from .audit import (
    Judge,
    judge_kernel,
)
from .host import CommandError, Host
from .repair import describe, mend, perform, steps

# (vrf, family, table, destination)
Place = tuple[str, str, int, str]

# linux/rtnetlink.h: RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR; RTMGRP_IPV4_ROUTE and RTMGRP_IPV6_ROUTE.
_ADDRESS_EVENTS = 0x10 | 0x100
_ROUTE_EVENTS = 0x40 | 0x400
_RTM_NEWADDR = 20
_IFADDRMSG = 8
_IFA_ADDRESS = 1
_IFA_LOCAL = 2
_RTN_UNICAST = 1
_FAMILIES = {int(socket.AF_INET): "ipv4", int(socket.AF_INET6): "ipv6"}
# asm-generic/socket.h: as SO_RCVBUF, beyond the host's limit. Ten thousand routes come in one burst of 2 MiB.
_SO_RCVBUFFORCE = 33
_BUFFER = 16 << 20
# Seconds. What comes within one pause, and at most within a second, is repaired together.
_PAUSE = 0.2
_LONGEST = 1.0
# FRR's own delay is five; before that the routes are not yet what FRR makes of a new map.
_FIRST = 8
# More routes than this are asked for by reading the whole table once.
_ONE_BY_ONE = 50


def keeps_old(version: tuple[int, int, int]) -> bool:
    """Whether this FRR writes installed routes again without the source they have (upstream issue 19611)."""
    return (10, 2, 0) <= version < (10, 7, 0)


def look(judge: Judge, tables: Mapping[int, str], data: bytes) -> tuple[set[Place], bool]:
    """What one datagram of the kernel says: the routes that now lack their source, and whether a source has come.

    tables: {table: vrf} of the tables to look at.
    """
    wrong: set[Place] = set()
    came = False
    for kind, _flags, _sequence, payload in wire.messages(data):
        if kind == _RTM_NEWADDR:
            found = dict(wire.attributes(payload, _IFADDRMSG))
            packed = found.get(_IFA_LOCAL, found.get(_IFA_ADDRESS, b""))
            came |= _text(packed) in judge.sources
        elif kind == wire.RTM_NEWROUTE:
            route = Payload(payload)
            table = route.table
            family = _FAMILIES.get(route.header.family)
            protocol = frr_word(route.header.protocol, family) if family else None
            if protocol is None or family is None or route.header.type != _RTN_UNICAST or table not in tables:
                continue
            destination = str(route.destination)
            expected = judge.wants(tables[table], family, destination, protocol)
            if expected is not None and _text(route.source) != expected:
                wrong.add((tables[table], family, table, destination))
    return wrong, came


def _text(packed: bytes | None) -> str | None:
    if not packed:
        return None
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def watch(host: Host, state: Mapping[str, Any]) -> int:
    """Until it is stopped; 0 at once where nothing may be repaired."""
    if state["repair"] == "none":
        return 0
    version = host.version()
    settings = state["settings"]
    intent = state["intent"]
    judge = Judge(intent)
    routes_too = keeps_old(version) and settings["kernel_edit"]
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as events:
        events.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        events.bind((0, _ADDRESS_EVENTS | (_ROUTE_EVENTS if routes_too else 0)))
        everything = True
        delay = _FIRST
        while True:
            done = []
            try:
                tables = {table: vrf for vrf, table in host.tables().items()}
                tables.update({r["table"]: r["vrf"] or "" for r in intent["routes"] if r["table"]})
                if everything:
                    done = mend(host, intent, settings, "safe", delay, timeout=0)["done"]
                delay = 0
                wrong, everything = _gather(events, judge, tables)
                if wrong and not everything:
                    done += mend_routes(host, judge, wrong, settings, version)
            except CommandError as error:
                _say(str(error))
                everything = True
                delay = _FIRST
            for step in done:
                _say(f"{step['why']}: {describe(step)}")


def _say(text: str) -> None:
    """A line for the service's journal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _gather(events: socket.socket, judge: Judge, tables: Mapping[int, str]) -> tuple[set[Place], bool]:
    """As `look`, for a whole burst of events. An overflow counts as a source that has come: everything is judged."""
    wrong: set[Place] = set()
    came = False
    first = None
    while True:
        events.settimeout(None if first is None else _PAUSE)
        try:
            more, address = look(judge, tables, events.recv(1 << 18))
            wrong |= more
            came |= address
        except socket.timeout:
            return wrong, came
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            came = True
        if first is None and (wrong or came):
            first = time.monotonic()
        if first is not None and time.monotonic() - first > _LONGEST:
            return wrong, came


def mend_routes(
    host: Host, judge: Judge, wrong: Iterable[Place], settings: Mapping[str, Any], version: tuple[int, int, int]
) -> list[dict[str, Any]]:
    """Set the sources of these routes in the kernel, as they are there by now; the steps that were done."""
    places: dict[tuple[str, str, int], list[str]] = {}
    for vrf, family, table, destination in sorted(wrong):
        places.setdefault((vrf, family, table), []).append(destination)
    findings = []
    for (vrf, family, table), destinations in places.items():
        if len(destinations) > _ONE_BY_ONE:
            routes = host.routes(family, table)
        else:
            routes = [route for text in destinations for route in host.routes(family, table, text)]
        findings += judge_kernel(judge, vrf, family, table, routes)[1]
    missing = judge.sources - host.addresses()
    done = [step for step in steps(findings, settings, version, missing) if step["do"][0][0].startswith("ip ")]
    for step in done:
        perform(host, step)
    return done
