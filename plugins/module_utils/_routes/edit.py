# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests from routes that are there: the same again, or with one thing changed. Pure. PRIVATE to the collection.

An edit touches only the attribute that it is about: what else a route has it keeps, to the byte.
"""

from __future__ import annotations

import struct
import sys
import typing as t

from .._base.lifetimes import still_met
from .._base.names import RTAX_LOCK, TYPES
from .._base.values import INET, INET6
from .._netlink.wire import (
    RTA_CACHEINFO,
    RTA_ENCAP,
    RTA_ENCAP_TYPE,
    RTA_EXPIRES,
    RTA_FLOW,
    RTA_IIF,
    RTA_METRICS,
    RTA_MULTIPATH,
    RTA_NH_ID,
    RTA_OIF,
    RTA_PREF,
    RTA_PREFSRC,
    U32,
    attribute,
    attribute_dict,
)
from .encap import details
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
    pack_own,
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
        and (wanted.encap is None or same_encap(wanted.encap, actual.encap))
        and (wanted.realms is None or wanted.realms == (actual.realms or 0))
    )


def same_encap(wanted: tuple[int, bytes], actual: tuple[int, bytes] | None) -> bool:
    """Whether two encapsulations say the same, whatever the order; that of type 0 is none."""
    kind, value = actual or (0, b"")
    return wanted[0] == kind and (wanted[1] == value or details(*wanted, {}) == details(kind, value, {}))


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


def merge_metrics(existing: bytes, named: t.Iterable[tuple[int, bytes]], locked: int | None = None) -> bytes:
    """An RTA_METRICS with these values; a value of 0 takes the metric away, and its lock.

    ``locked``: the metrics that are, a bit for each, and no others; None leaves that as it is.
    """
    merged = attribute_dict(existing)
    for kind, value in named:
        if value.strip(b"\0"):
            merged[kind] = value
        else:
            merged.pop(kind, None)
            if RTAX_LOCK in merged:
                merged[RTAX_LOCK] = U32.pack(U32.unpack(merged[RTAX_LOCK])[0] & ~(1 << kind))
    if locked is not None:
        merged[RTAX_LOCK] = U32.pack(locked)
    if not any(merged.get(RTAX_LOCK, b"")):
        merged.pop(RTAX_LOCK, None)
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
    if shape.metrics or shape.locked is not None:
        metrics = merge_metrics(attrs.get(RTA_METRICS, b""), shape.metrics, shape.locked)
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
        if RTA_MULTIPATH in hops and RTA_FLOW in attrs:
            _set_own(attrs, Hop(realms=U32.unpack(attrs.pop(RTA_FLOW))[0]))
        if shape.scope is None and ipv4:
            header = header._replace(scope=scope_for(shape))
    if shape.encap is not None or shape.realms is not None:
        _set_own(attrs, shape)
    if shape.preference is not None:
        attrs[RTA_PREF] = bytes((shape.preference,))
    if shape.expires is not None:
        left = U32.unpack(attrs[RTA_EXPIRES])[0] if RTA_EXPIRES in attrs else None
        if not shape.expires:
            attrs.pop(RTA_EXPIRES, None)
        elif not still_met(shape.expires, left):
            attrs[RTA_EXPIRES] = U32.pack(shape.expires)
    kind = header.type if shape.type is None else shape.type
    if shape.type is None and kind in WITHOUT_HOPS and (shape.hops or shape.nexthop_id is not None):
        kind = TYPES["unicast"]  # whoever names a next hop wants packets forwarded
    if kind != header.type:
        header = header._replace(type=kind)
        if kind in WITHOUT_HOPS:
            header = _without_hops(header, attrs)
            for gone in (RTA_PREFSRC, RTA_FLOW, RTA_EXPIRES):
                attrs.pop(gone, None)
            if header.family == INET6:
                attrs[RTA_PREF] = b"\0"
                attrs[RTA_OIF] = U32.pack(LOOPBACK_INDEX)  # where the kernel puts them all
    return join(header, attrs), (header, attrs) != (before, old)


def _set_own(attrs: Attributes, wanted: Hop | Shape) -> None:
    """Give encapsulation and realms, as far as they are named, to the next hop, or to each of several."""
    if RTA_MULTIPATH not in attrs:
        _set_one(attrs, wanted)
        return
    legs = []
    for flags, weight, device, rest in unpack_hops(attrs[RTA_MULTIPATH]):
        own = attribute_dict(rest)
        _set_one(own, wanted)
        legs.append(pack_hop(flags, weight, device, b"".join([attribute(k, value) for k, value in own.items()])))
    attrs[RTA_MULTIPATH] = b"".join(legs)


def _set_one(attrs: Attributes, wanted: Hop | Shape) -> None:
    there = (int.from_bytes(attrs[RTA_ENCAP_TYPE], sys.byteorder), attrs[RTA_ENCAP]) if RTA_ENCAP in attrs else None
    named = []
    if wanted.encap is not None and not same_encap(wanted.encap, there):
        named += [RTA_ENCAP, RTA_ENCAP_TYPE]
    if wanted.realms is not None:
        named.append(RTA_FLOW)
    values = pack_own(wanted)
    for kind in named:
        if kind in values:
            attrs[kind] = values[kind]
        else:
            attrs.pop(kind, None)


def _without_hops(header: Header, attrs: Attributes) -> Header:
    """Takes the next hop out of ``attrs``; the header that goes with the rest."""
    for kind in (*HOP_ATTRIBUTES, RTA_NH_ID):
        attrs.pop(kind, None)
    return header._replace(flags=0)
