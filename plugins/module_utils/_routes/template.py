# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Payloads of new routes, thousands from one shape. PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._base.names import TYPES
from .._base.values import BITS, DEFAULT_METRICS, INET, INET6, Prefix
from .._netlink import wire
from .._netlink.wire import (
    ATTRIBUTE,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REQUEST,
    RTA_CACHEINFO,
    RTA_DST,
    RTA_EXPIRES,
    RTA_METRICS,
    RTA_NH_ID,
    RTA_PREF,
    RTA_PREFSRC,
    RTA_PRIORITY,
    RTA_SRC,
    RTA_TABLE,
    RTM_NEWROUTE,
    RTMSG,
    U32,
    attribute,
    message,
)
from .edit import merge_metrics
from .payload import LOOPBACK_INDEX, USER_HZ, WITHOUT_HOPS, Attributes, Header, pack_hops, pack_own, scope_for
from .runs import Columns, Rows, fill
from .values import Hop, Shape

#: Where a payload has the prefix length, and the address: behind struct rtmsg, RTA_TABLE and the head of RTA_DST.
_LENGTH_AT, _ADDRESS_AT = 1, 24
_CREATE = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL


class Template:
    """New routes of one shape, in the attribute order of the kernel's own dumps.

    ``request(destination)`` is the payload to send. ``dumped(destination)`` is what a dump will most likely say:
    equal bytes prove that the route is there; different bytes prove nothing and cost a closer look. ``resolved`` is
    the shape with the devices that the kernel will find for its gateways, ``protocol`` what the shape leaves unnamed.
    """

    def __init__(self, shape: Shape, resolved: Shape, protocol: int) -> None:
        self._shape = shape
        self.resolved = resolved
        self._protocol = protocol if shape.protocol is None else shape.protocol
        self._heads: dict[int, bytes] = {}
        self._tail = self._attributes(shape)
        self._dumped = self._attributes(resolved)
        if shape.family == INET6:
            expires, preference = shape.expires or 0, bytes((shape.preference or 0,))
            if expires:
                self._tail += attribute(RTA_EXPIRES, U32.pack(expires))
            if shape.preference is not None:
                self._tail += attribute(RTA_PREF, preference)
            # struct rta_cacheinfo, of which only the lifetime says something of a route in a table.
            cache = bytes(8) + U32.pack(expires * USER_HZ) + bytes(20)
            self._dumped += attribute(RTA_CACHEINFO, cache) + attribute(RTA_PREF, preference)

    def _attributes(self, shape: Shape) -> bytes:
        default = DEFAULT_METRICS[shape.family]
        metric = default if shape.metric is None else shape.metric
        metrics = merge_metrics(b"", shape.metrics, shape.locked)
        parts = {
            RTA_PRIORITY: attribute(RTA_PRIORITY, U32.pack(metric)) if metric else b"",
            RTA_METRICS: attribute(RTA_METRICS, metrics) if metrics else b"",
            RTA_PREFSRC: attribute(RTA_PREFSRC, shape.source) if shape.source else b"",
        }
        order = (RTA_PRIORITY, RTA_METRICS, RTA_PREFSRC)
        if shape.family == INET6:
            order = (RTA_PREFSRC, RTA_METRICS, RTA_PRIORITY)
        self._flags, attrs = 0, Attributes()
        if shape.nexthop_id is not None:
            attrs[RTA_NH_ID] = U32.pack(shape.nexthop_id)
        elif shape.hops:
            self._flags, attrs = pack_hops(shape.hops, shape.family)
            attrs.update(pack_own(shape))
        head = attribute(RTA_SRC, shape.from_prefix.packed) if shape.from_prefix else b""
        return head + b"".join([parts[kind] for kind in order]) + b"".join([attribute(k, v) for k, v in attrs.items()])

    def _head(self, length: int) -> bytes:
        shape = self._shape
        header = Header(
            family=shape.family,
            length=length,
            source_length=shape.from_prefix.length if shape.from_prefix else 0,
            tos=shape.tos,
            table=shape.table if shape.table < 256 else 252,
            protocol=self._protocol,
            scope=scope_for(shape),
            type=TYPES["unicast"] if shape.type is None else shape.type,
            flags=self._flags,
        )
        head = RTMSG.pack(*header) + attribute(RTA_TABLE, U32.pack(shape.table))
        if length:
            head += ATTRIBUTE.pack(8 if shape.family == INET else 20, RTA_DST)
        self._heads[length] = head
        return head

    def _row(self, columns: Columns, tail: bytes) -> bytes:
        length = columns.lengths[0]
        return self._head(length) + bytes(BITS[columns.family] // 8 if length else 0) + tail

    def requests(self, columns: Columns) -> wire.Rows:
        """The messages that create routes to all of these destinations."""
        row = message(RTM_NEWROUTE, _CREATE, 0, self._row(columns, self._tail))
        return wire.Rows(len(row), fill(row, columns, 16 + _LENGTH_AT, 16 + _ADDRESS_AT))

    def dumped_all(self, columns: Columns) -> Rows:
        """``dumped`` of each of these destinations."""
        return Rows(self._row(columns, self._dumped), columns, _LENGTH_AT, _ADDRESS_AT)

    def request(self, destination: Prefix) -> bytes:
        _family, packed, length = destination
        head = self._heads.get(length) or self._head(length)
        return head + packed + self._tail if length else head + self._tail

    def dumped(self, destination: Prefix) -> bytes:
        _family, packed, length = destination
        head = self._heads.get(length) or self._head(length)
        return head + packed + self._dumped if length else head + self._dumped


def with_devices(shape: Shape, device_for: t.Callable[[tuple[int, bytes]], int | None]) -> Shape:
    """The shape with the devices that the kernel will fill in: for a gateway without one, and lo for IPv6 rejects."""
    if shape.type in WITHOUT_HOPS and shape.family == INET6:
        return replace(shape, hops=(Hop(device=LOOPBACK_INDEX),))
    if not shape.hops:
        return shape
    filled = []
    for hop in shape.hops:
        device = hop.device or (device_for(hop.gateway) if hop.gateway else None)
        filled.append(replace(hop, device=device))
    return replace(shape, hops=tuple(filled))
