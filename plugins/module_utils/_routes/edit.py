# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests from routes that are there: the same again, or with one thing changed. Pure. PRIVATE to the collection.

An edit touches only the attribute that it is about: what else a route has it keeps, to the byte.
"""

from __future__ import annotations

import struct
import typing as t

from .._base.names import RTAX_LOCK, TYPES
from .._base.values import INET, INET6
from .._netlink.wire import (
    RTA_CACHEINFO,
    RTA_EXPIRES,
    RTA_IIF,
    RTA_METRICS,
    RTA_MULTIPATH,
    RTA_NH_ID,
    RTA_OIF,
    RTA_PREFSRC,
    U32,
    attribute,
    attribute_dict,
)
from .payload import (
    HOP_ATTRIBUTES,
    LOOPBACK_INDEX,
    RTNH_F_ONLINK,
    USER_HZ,
    WITHOUT_HOPS,
    Attributes,
    Header,
    Payload,
    join,
    pack_hop,
    pack_hops,
    scope_for,
    unpack_hops,
)
from .values import Hop, Shape


def requestable(payload: Payload) -> tuple[Header, Attributes]:
    """A dumped route as a request that makes the very same route again.

    A dump carries what a request may not: state flags, CACHEINFO (whose ticks become RTA_EXPIRES), and beside a
    nexthop id the hops that it stands for ("Nexthop specification and nexthop id are mutually exclusive").
    """
    header, attrs = payload.header, dict(payload.attrs)
    flags = header.flags & RTNH_F_ONLINK
    cache = attrs.pop(RTA_CACHEINFO, None)
    expires = struct.unpack_from("=i", cache, 8)[0] if cache else 0
    if expires > 0:
        attrs[RTA_EXPIRES] = U32.pack((expires + USER_HZ - 1) // USER_HZ)
    attrs.pop(RTA_IIF, None)
    if RTA_NH_ID in attrs:
        flags = 0
        if header.type == TYPES["blackhole"]:
            # The object is what makes it one; it was made unicast, and only as that it is found to be removed.
            header = header._replace(type=TYPES["unicast"])
        for kind in HOP_ATTRIBUTES:
            attrs.pop(kind, None)
    elif RTA_MULTIPATH in attrs:
        attrs[RTA_MULTIPATH] = b"".join(
            [
                pack_hop(state & RTNH_F_ONLINK, weight, device, rest)
                for state, weight, device, rest in unpack_hops(attrs[RTA_MULTIPATH])
            ]
        )
    return (header if flags == header.flags else header._replace(flags=flags)), attrs


def echo(payload: Payload) -> bytes:
    """The request that restores this dumped route."""
    return join(*requestable(payload))


def with_source(payload: Payload, source: bytes | None) -> bytes:
    """The request that keeps everything about this dumped route but its preferred source."""
    header, attrs = requestable(payload)
    if source is None:
        attrs.pop(RTA_PREFSRC, None)
    else:
        attrs[RTA_PREFSRC] = source
    return join(header, attrs)


def agrees(wanted: Hop, actual: Hop) -> bool:
    """Whether a next hop is as wanted; what is unnamed is not compared."""
    return (
        (wanted.device is None or wanted.device == actual.device)
        and (wanted.gateway == actual.gateway or (wanted.gateway is None and not wanted.direct))
        and wanted.weight == actual.weight
        and (wanted.onlink is None or wanted.onlink == actual.onlink)
    )


def same_hops(wanted: tuple[Hop, ...], actual: tuple[Hop, ...]) -> bool:
    """Whether each wanted hop is there and no other, in any order; what a hop leaves unnamed is not compared."""
    left = list(actual)
    # Who names both gateway and device can agree with one hop only, and so goes first.
    for hop in sorted(wanted, key=lambda one: (one.gateway is None and not one.direct) + (one.device is None)):
        for candidate in left:
            if agrees(hop, candidate):
                left.remove(candidate)
                break
        else:
            return False
    return not left


def merge_metrics(existing: bytes, named: t.Iterable[tuple[int, bytes]]) -> bytes:
    """An RTA_METRICS with these values; a value of 0 takes the metric away, and its lock."""
    merged = attribute_dict(existing)
    for kind, value in named:
        if value.strip(b"\0"):
            merged[kind] = value
        else:
            merged.pop(kind, None)
            if RTAX_LOCK in merged:
                merged[RTAX_LOCK] = U32.pack(U32.unpack(merged[RTAX_LOCK])[0] & ~(1 << kind))
    return b"".join([attribute(kind, merged[kind]) for kind in sorted(merged)])


def edited(payload: Payload, shape: Shape) -> tuple[bytes, bool]:
    """``(request, changed)``: this dumped route with what the shape names; what it does not name is kept.

    The next hop (gateway, device, nexthops, nexthop id, onlink) is one thing: it is kept where what is named of it
    agrees, else replaced by exactly what is named. Where it is named, a blackhole and its like become unicast.
    """
    before, old = requestable(payload)
    header, attrs = before, dict(old)
    ipv4 = header.family == INET
    if shape.protocol is not None:
        header = header._replace(protocol=shape.protocol)
    if shape.scope is not None and ipv4:
        header = header._replace(scope=shape.scope)
    if shape.source is not None:
        attrs[RTA_PREFSRC] = shape.source
    if shape.metrics:
        metrics = merge_metrics(attrs.get(RTA_METRICS, b""), shape.metrics)
        if metrics:
            attrs[RTA_METRICS] = metrics
        else:
            attrs.pop(RTA_METRICS, None)
    if shape.nexthop_id is not None:
        if attrs.get(RTA_NH_ID) != U32.pack(shape.nexthop_id):
            header = _without_hops(header, attrs)
            attrs[RTA_NH_ID] = U32.pack(shape.nexthop_id)
    elif shape.hops is not None and not same_hops(shape.hops, payload.hops):
        header = _without_hops(header, attrs)
        flags, hops = pack_hops(shape.hops, header.family)
        header = header._replace(flags=flags)
        attrs.update(hops)
        if shape.scope is None and ipv4:
            header = header._replace(scope=scope_for(shape))
    kind = header.type if shape.type is None else shape.type
    if shape.type is None and kind in WITHOUT_HOPS and (shape.hops or shape.nexthop_id is not None):
        kind = TYPES["unicast"]  # whoever names a next hop wants packets forwarded
    if kind != header.type:
        header = header._replace(type=kind)
        if kind in WITHOUT_HOPS:
            header = _without_hops(header, attrs)
            attrs.pop(RTA_PREFSRC, None)
            if header.family == INET6:
                attrs[RTA_OIF] = U32.pack(LOOPBACK_INDEX)  # where the kernel puts them all
    return join(header, attrs), (header, attrs) != (before, old)


def _without_hops(header: Header, attrs: Attributes) -> Header:
    """Takes the next hop out of ``attrs``; the header that goes with the rest."""
    for kind in (*HOP_ATTRIBUTES, RTA_NH_ID):
        attrs.pop(kind, None)
    return header._replace(flags=0)
