# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's look-ups as values, and what lies behind them. PRIVATE to the collection.

The kernel is asked twice: the plain look-up says which source it would use, the one with RTM_F_FIB_MATCH which source
the route carries.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import socket
import typing as t

from .._base.errors import KernelError
from .._base.values import BITS, INET, MAIN, Prefix, Query, Rule
from .._host.host import Host
from .._routes import line as _decode
from .._routes.kinds import chunks_of
from .._routes.scan import Scan
from .._routes.values import NextHop, Route
from .._rules import walk as _rules
from .bound import route_by_device

LOCAL_TYPE, _BROADCAST, _LOCAL_TABLE = 2, 3, 255
_OWN_TYPES = (2, 3, 4)  # local, broadcast, anycast: what the kernel keeps in the local table


class Answer(t.NamedTuple):
    """What a look-up said: ``table`` None where the kernel used none."""

    source: str | None
    hop: NextHop
    table: int | None
    type: int


class Lookups:
    """Asks the kernel of one host about packets."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._local: dict[tuple[str, int | None], bool] = {}
        self._in_main: set[Prefix] | None = None

    def flow(self, query: Query) -> _rules.Flow:
        """The packet of a query as the policy rules see it."""
        vrf = self.host.domain_of(query.device)
        return _rules.Flow(
            family=query.family,
            destination=query.destination,
            source=query.source,
            oif=self.host.names.get(query.device) if query.device else None,
            vrf=vrf.name if vrf else None,
            vrf_table=vrf.table if vrf else None,
            mark=query.mark or 0,
            uid=os.getuid() if query.uid is None else query.uid,
            ip_protocol=query.ip_protocol or 0,
            source_port=query.source_port or 0,
            destination_port=query.destination_port or 0,
            tos=query.tos,
        )

    def ask(self, query: Query) -> Answer:
        """Where the packet goes and which source it gets; KernelError where it goes nowhere."""
        seen = self._in_its_table(_decode.route(self.host.kernel.lookup(query), self.host.names))
        hop = seen.hops[0] if seen.hops else NextHop()
        return Answer(seen.source, hop, seen.table or None, seen.type)

    def led(self, query: Query) -> tuple[Answer, Route | None]:
        """The same, and the route behind it."""
        return self.ask(query), self.match(query)

    def bound(self, query: Query) -> tuple[Answer, Route | None]:
        """The same for a socket: bound to a source and a device, IPv6 takes only routes by it.

        A look-up would then name another device, or refuse by a route of another.
        """
        link = self.host.links.get(query.device or 0)
        if query.family == INET or query.source is None or link is None or link.table is not None:
            return self.led(query)
        try:
            answer, route = self.led(query)
            # To an own address the answer says `lo`; its route names the device.
            hops = route.hops if route and answer.type == LOCAL_TYPE else (answer.hop,)
            if any(hop.device == link.name for hop in hops):
                return answer, route
        except KernelError:
            pass
        route, hop, table = route_by_device(self.host, self.walk(query), query, link.name)
        return Answer(None, hop, table, route.type), route

    def match(self, query: Query) -> Route | None:
        """The route behind the answer; None where the kernel answered without one: IPv4, bound to a device."""
        payload = self.matching(query)
        return None if payload is None else self._in_its_table(_decode.route(payload, self.host.names))

    def matching(self, query: Query) -> bytes | None:
        """The same as the kernel said it; of a route of the local table IPv4 may say that it is in main."""
        try:
            return self.host.kernel.lookup(query, fib_match=True)
        except KernelError:
            return None

    def _in_its_table(self, route: Route) -> Route:
        """As long as no rule was ever added, IPv4 has local and main in one, and says main for both (fib_trie.c)."""
        if route.family != INET or route.table != MAIN or route.type not in _OWN_TYPES:
            return route
        if self._in_main is None:
            self._in_main = {one for kind in _OWN_TYPES for one in self.host.kernel.destinations(INET, MAIN, kind)}
        destinations = (prefix for prefix in self._in_main if prefix.covers(route.destination))
        return route if any(destinations) else dataclasses.replace(route, table=_LOCAL_TABLE)

    def walk(self, query: Query) -> t.Iterator[_rules.Match]:
        """The rules that matter for the packet, in the order the kernel comes to them."""
        return _rules.walk(self.host.rules(query.family), self.flow(query))

    def rule(self, query: Query, table: int | None, route: Route | None) -> Rule | None:
        """The rule behind an answer from this table."""
        if table is None:
            return None
        length = route.destination.length if route else 128
        return _rules.leads_to(self.host.rules(query.family), self.flow(query), table, length)

    def entry(self, query: Query, table: int, kinds: t.Collection[int], objects: bool = False) -> Route | None:
        """The longest entry of these types in a table that covers the destination.

        ``objects``: look also for blackholes by nexthop objects, among all unicast routes.
        """
        bits = BITS[query.family]
        host = int.from_bytes(query.destination, "big")
        covering = [
            Prefix(query.family, (host >> bits - length << bits - length).to_bytes(bits // 8, "big"), length)
            for length in range(bits + 1)
        ]
        scan = Scan(query.family, (), frozenset(prefix.key for prefix in covering))
        for kind in kinds:
            dump = functools.partial(self.host.kernel.dump_routes, query.family, table, 0, None)
            for chunk in chunks_of(dump, kind) if objects else dump(kind):
                scan.feed(chunk)
        found = [_decode.route(payload, self.host.names) for payload in scan.others]
        own = Prefix(query.family, query.source or bytes(bits // 8), bits)
        fitting = [
            route
            for route in found
            if route.type in kinds
            and route.tos in (0, query.tos & 0xFC)
            and (route.from_prefix is None or route.from_prefix.covers(own))
        ]
        return max(fitting, key=lambda route: (route.destination.length, -route.metric), default=None)

    def is_broadcast(self, query: Query) -> bool:
        """Whether the query's source is a broadcast address of this host, perhaps beside being an address of it."""
        if query.family != INET or query.source is None:
            return False
        domain = self.host.domain_of(query.device)
        try:
            there = self.ask(Query(INET, query.source, device=domain.index if domain else None))
        except KernelError:
            return False
        return there.type == _BROADCAST

    def has(self, source: str, query: Query) -> bool:
        """Whether a socket of this query's domain finds this address on the host: on a device, or by a local route."""
        packed = socket.inet_pton(query.family, source)
        if self.host.holders(packed):
            return True
        key = source, query.device
        if key not in self._local:
            domain = self.host.domain_of(query.device)
            try:
                answer = self.ask(Query(query.family, packed, device=domain.index if domain else None))
                self._local[key] = answer.type == LOCAL_TYPE
            except KernelError:
                self._local[key] = False
        return self._local[key]
