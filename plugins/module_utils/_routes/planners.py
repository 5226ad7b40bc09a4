# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planners of routes and sources, with the kernel and the view of the host to ask. PRIVATE to the collection.

Without Ansible: what keeps an intent while Ansible is away plans by the same code.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._base.errors import KernelError
from .._base.values import INET6, Address, Query
from .._host.host import Host
from .._netlink import wire
from .._netlink.kernel import Kernel
from .legs import Way, has_legs, legs, way
from .line import Lines
from .payload import Payload
from .plan_routes import RoutePlanner
from .plan_sources import SourcePlanner
from .sweep import sweeps
from .template import with_devices
from .wanted import routes, selections
from .ways_out import WaysOut

_TRIES = 16  # look-ups for each leg that is looked for
_DOCUMENTATION = bytes((0x20, 0x01, 0x0D, 0xB8))  # 2001:db8::/32


def route_planner(
    kernel: Kernel,
    host: Host,
    items: t.Sequence[t.Mapping[str, t.Any]],
    protocol: int,
    purge: t.Sequence[str] | None,
    force: bool = False,
    addresses: t.Sequence[Address] | None = None,
) -> RoutePlanner:
    """The planner of ``route``'s items. ``purge``: tables by name beside those of the items; None for no purge.

    ``addresses``: as of ``WaysOut``.
    """
    without: list[tuple[int, t.Mapping[str, t.Any]]] = []
    wanted = routes(items, host, without)
    tables = None
    if purge is not None:
        named = {host.table(table, None, "purge_tables") for table in purge}
        tables = sorted(named | {run.shape.table for run in wanted} or {host.table(None, None, "purge_tables")})
    ways = WaysOut(kernel, host, addresses, wanted)
    return RoutePlanner(
        wanted=wanted,
        lines=Lines(host.names),
        dump=kernel.dump_routes,
        protocol=protocol,
        resolve=lambda shape: with_devices(shape, lambda gateway: _device_for(kernel, gateway)),
        legs=lambda payload: _legs(kernel, payload),
        why_not=ways.why_not,
        why_no_object=ways.why_no_object,
        purge=tables,
        force=force,
        sweeps=sweeps(without, host) if without else (),
    )


def source_planner(
    kernel: Kernel,
    host: Host,
    items: t.Sequence[t.Mapping[str, t.Any]],
    missing: str,
    force: bool = False,
    owner: int | None = None,
    dead: str = "fail",
    addresses: t.Sequence[Address] | None = None,
) -> SourcePlanner:
    """The planner of ``prefsrc``'s items. ``addresses``: as of ``WaysOut``."""
    return SourcePlanner(
        wanted=selections(items, host),
        lines=Lines(host.names),
        dump=kernel.dump_routes,
        legs=lambda payload: _legs(kernel, payload),
        force=force,
        missing=missing,
        dead=dead,
        why_not=WaysOut(kernel, host, addresses).why_not,
        owner=owner,
    )


def _device_for(kernel: Kernel, gateway: tuple[int, bytes]) -> int | None:
    try:
        payload = kernel.lookup(Query(*gateway))
    except KernelError:
        return None
    device = Payload(payload).attrs.get(wire.RTA_OIF)
    return t.cast(int, wire.U32.unpack(device)[0]) if device else None


def _legs(kernel: Kernel, payload: Payload) -> list[Payload]:
    """``legs()`` of an IPv6 multipath route, found out by look-ups.

    One for each device shows the first leg of each. Legs that share a device are told apart by the hash of the flow,
    so many sources are tried, which need not be the host's own.
    """
    seen: dict[Way, Payload] = {}
    ways = {way(hop) for hop in payload.hops}
    destination = payload.destination.packed
    for device in {hop.device for hop in payload.hops}:
        _look(kernel, Query(INET6, destination, device=device), payload, seen)
    for turn in range(_TRIES * len(ways) if seen else 0):
        if ways <= seen.keys():
            break
        _look(kernel, Query(INET6, destination, source=_DOCUMENTATION + turn.to_bytes(12, "big")), payload, seen)
    return legs(payload, seen)


def _look(kernel: Kernel, query: Query, payload: Payload, seen: dict[Way, Payload]) -> None:
    with contextlib.suppress(KernelError):
        found = Payload(kernel.lookup(query, fib_match=True))
        if found.key == payload.key and has_legs(found):
            seen[way(found.hops[0])] = found
