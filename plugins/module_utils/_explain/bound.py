# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPv6 routes of one device only, as a socket that is bound to it looks them up. PRIVATE to the collection.

For such a socket IPv6 passes over every route by another device (RT6_LOOKUP_F_IFACE). RTM_GETROUTE does so only while
the packet has no source yet; with one it merely prefers the device among routes that are otherwise equal
(``ip6_route_output_flags_noref()`` in net/ipv6/route.c). So the answer is looked for in the tables themselves.
"""

from __future__ import annotations

import errno
import os
import socket
import typing as t

from .._base.errors import KernelError
from .._base.values import BITS, Prefix, Query
from .._host.host import Host
from .._netlink import wire
from .._routes import line as _decode
from .._routes.values import NextHop, Route
from .._rules import walk as _rules

_THROW = 9
_UNUSABLE = {"dead", "linkdown"}


def route_by_device(
    host: Host, matches: t.Iterable[_rules.Match], query: Query, device: str
) -> tuple[Route, NextHop, int]:
    """The route, its next hop by ``device``, and the table. ``query`` has a source and a device.

    KernelError where no rule of ``matches`` leads to one: ENETUNREACH, or the errno of the rule that refuses.
    """
    for rule, table in matches:
        if table is None:
            number = _rules.ERRORS[rule.action]
            raise KernelError(f"{os.strerror(number)}", number, os.strerror(number))
        found = best([_decode.route(payload, host.names) for payload in _covering(host, query, table)], query, device)
        if found is None:
            continue
        route, hop = found
        suppressed = rule.suppress_prefixlength
        if suppressed is None or route.destination.length > suppressed:
            return route, hop, table
    text = os.strerror(errno.ENETUNREACH)
    destination = socket.inet_ntop(query.family, query.destination)
    raise KernelError(f"{destination}: {text}", errno.ENETUNREACH, text)


def _covering(host: Host, query: Query, table: int) -> t.Iterator[bytes]:
    there = Prefix(query.family, query.destination, BITS[query.family])
    for chunk in host.kernel.dump_routes(query.family, table):
        for kind, _flags, _sequence, payload in wire.messages(chunk):
            if kind == wire.RTM_NEWROUTE and wire.destination_of(payload).covers(there):
                yield payload


def best(routes: t.Iterable[Route], query: Query, device: str) -> tuple[Route, NextHop] | None:
    """The first of these routes, all of which cover the destination, that a packet may take by ``device``."""
    for group in visited(routes, Prefix(query.family, query.source or b"", BITS[query.family])):
        for route in sorted(group, key=lambda route: route.metric):
            hop = next((hop for hop in route.hops if hop.device == device), None)
            if hop and route.type != _THROW and not _UNUSABLE & set(route.flags):
                return route, hop
    return None


def visited(routes: t.Iterable[Route], own: Prefix) -> t.Iterator[list[Route]]:
    """The nodes of a table that the kernel comes to, the most specific first, each with its routes.

    A destination that has routes for certain sources is passed over by packets of others, its routes for everybody
    included, unless the search began below it: ``fib6_node_lookup_1()`` and ``fib6_backtrack()`` in net/ipv6/ip6_fib.c.
    """
    nodes: dict[Prefix, dict[Prefix | None, list[Route]]] = {}
    for route in routes:
        nodes.setdefault(route.destination, {}).setdefault(route.from_prefix, []).append(route)
    begun = False
    for destination in sorted(nodes, key=lambda prefix: -prefix.length):
        sources = nodes[destination]
        everybody = sources.pop(None, [])
        fitting = sorted((one for one in sources if one and one.covers(own)), key=lambda one: -one.length)
        if not begun and sources and not fitting and destination.length:
            continue
        begun = True
        yield from (sources[one] for one in fitting)
        yield everybody
