# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Payloads of new routes, thousands from one shape. PRIVATE to the collection."""

from __future__ import annotations

from ansible_collections.l3host.source_ip.plugins.module_utils._model import INET, INET6, Prefix, Shape
from ansible_collections.l3host.source_ip.plugins.module_utils._names import TYPES
from ansible_collections.l3host.source_ip.plugins.module_utils._wire import (
    ATTRIBUTE,
    RTA_CACHEINFO,
    RTA_DST,
    RTA_METRICS,
    RTA_NH_ID,
    RTA_PREF,
    RTA_PREFSRC,
    RTA_PRIORITY,
    RTA_TABLE,
    RTMSG,
    U32,
    Attributes,
    Header,
    attribute,
    merge_metrics,
    scope_for,
    set_hops,
)


class Template:
    """New routes of one shape, in the attribute order of the kernel's own dumps.

    ``request(destination)`` is the payload to send. ``dumped(destination)`` is what a dump will most likely say:
    equal bytes prove that the route is there; different bytes prove nothing and cost a closer look. ``resolved`` is
    the shape with the devices that the kernel will find for its gateways, ``protocol`` what the shape leaves unnamed,
    ``has_way`` whether it names a next hop.
    """

    def __init__(self, shape: Shape, resolved: Shape, protocol: int) -> None:
        self._shape = shape
        self.resolved = resolved
        self.has_way = shape.hops is not None or shape.nexthop_id is not None
        self._protocol = protocol if shape.protocol is None else shape.protocol
        self._heads: dict[int, bytes] = {}
        self._tail = self._attributes(shape)
        self._dumped = self._attributes(resolved) + (
            attribute(RTA_CACHEINFO, bytes(32)) + attribute(RTA_PREF, b"\0") if shape.family == INET6 else b""
        )

    def _attributes(self, shape: Shape) -> bytes:
        default = 0 if shape.family == INET else 1024
        metric = default if shape.metric is None else shape.metric
        metrics = merge_metrics(b"", shape.metrics)
        parts = {
            RTA_PRIORITY: attribute(RTA_PRIORITY, U32.pack(metric)) if metric else b"",
            RTA_METRICS: attribute(RTA_METRICS, metrics) if metrics else b"",
            RTA_PREFSRC: attribute(RTA_PREFSRC, shape.source) if shape.source else b"",
        }
        order = (RTA_PRIORITY, RTA_METRICS, RTA_PREFSRC)
        if shape.family == INET6:
            order = (RTA_PREFSRC, RTA_METRICS, RTA_PRIORITY)
        header: Header = [shape.family, 0, 0, 0, 0, 0, 0, 0, 0]
        attrs: Attributes = {}
        if shape.nexthop_id is not None:
            attrs[RTA_NH_ID] = U32.pack(shape.nexthop_id)
        elif shape.hops:
            set_hops(header, attrs, shape.hops)
        self._flags = header[8]
        return b"".join([parts[kind] for kind in order]) + b"".join([attribute(k, v) for k, v in attrs.items()])

    def _head(self, length: int) -> bytes:
        shape = self._shape
        head = RTMSG.pack(
            shape.family,
            length,
            0,
            shape.tos,
            shape.table if shape.table < 256 else 252,
            self._protocol,
            scope_for(shape),
            TYPES["unicast"] if shape.type is None else shape.type,
            self._flags,
        )
        head += attribute(RTA_TABLE, U32.pack(shape.table))
        if length:
            head += ATTRIBUTE.pack(8 if shape.family == INET else 20, RTA_DST)
        self._heads[length] = head
        return head

    def request(self, destination: Prefix) -> bytes:
        _family, packed, length = destination
        head = self._heads.get(length) or self._head(length)
        return head + packed + self._tail if length else head + self._tail

    def dumped(self, destination: Prefix) -> bytes:
        _family, packed, length = destination
        head = self._heads.get(length) or self._head(length)
        return head + packed + self._dumped if length else head + self._dumped
