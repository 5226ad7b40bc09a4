# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPv6 routes that share a nexthop object, and with it their source. PRIVATE to the collection.

The kernel caches the result of an IPv6 lookup on each CPU in the next hop (``rt6_get_pcpu_route()`` in
net/ipv6/route.c), the preferred source included. Routes of their own have next hops of their own. Routes of one
nexthop object share its next hop: whichever is looked up first lends its source to all, on the wire too. Measured on
Linux 6.18. IPv4 keeps the source with the route and has none of this.
"""

from __future__ import annotations

import typing as t

from .._base.errors import Refused
from .._base.values import INET6, Prefix, address_text
from .._netlink import wire
from .kinds import NEXTHOP_ID
from .line import Lines
from .payload import Payload
from .route_steps import RouteStep

Dump = t.Callable[[int, t.Optional[int], int], t.Iterable[bytes]]


def check_shared(steps: t.Iterable[RouteStep], dump: Dump, lines: Lines) -> None:
    """Refuse steps after which IPv6 routes of one nexthop object would carry different sources."""
    steps = [step for step in steps if step.prefix.family == INET6]
    if not any(NEXTHOP_ID in (step.new or b"") for step in steps):
        return
    after: dict[tuple[t.Any, ...], bytes | None] = {}
    first: dict[bytes, tuple[RouteStep, bytes | None]] = {}
    gone: set[tuple[t.Any, ...]] = set()
    for step in steps:
        new = step.new
        if new is None:
            gone.add(Payload(step.old or b"").key)
            continue
        made = Payload(new)
        source, shared = made.source, made.attrs.get(wire.RTA_NH_ID)
        after[made.key] = source
        if shared is not None:
            other = first.setdefault(shared, (step, source))
            if other[1] != source:
                _refuse(step.item, str(other[0].after), step.prefix, other[1] or source)
    first = {shared: found for shared, found in first.items() if found[1] is not None}
    if not first:
        return
    for chunk in dump(INET6, None, 0):
        for kind, _flags, _sequence, payload in wire.messages(chunk):
            if kind != wire.RTM_NEWROUTE or NEXTHOP_ID not in payload:
                continue
            there = Payload(payload)
            found = first.get(there.attrs.get(wire.RTA_NH_ID, b""))
            if found is None or there.key in gone:
                continue
            step, source = found
            if after.get(there.key, there.source) != source:
                _refuse(step.item, lines(payload), step.prefix, source)


def _refuse(item: str, line: str, destination: Prefix, source: bytes | None) -> t.NoReturn:
    raise Refused(
        f"{item}: '{line}' uses the same nexthop object as {destination}, and "
        f"the kernel would use {address_text(source)} for both, or for neither: IPv6 routes of one nexthop "
        "object share one source. Give all of them the same source, or have the daemon set the source "
        "itself, or install routes without nexthop objects (FRR: 'no zebra nexthop kernel enable')"
    )
