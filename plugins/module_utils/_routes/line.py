# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Payloads to values: what a route says, for results and messages. PRIVATE to the collection.

Nothing is written from these values: writes start from the payload itself (``wire``).
"""

from __future__ import annotations

import struct
import typing as t

from .._base.names import (
    FEATURES,
    NAME_OF_METRIC,
    PREFERENCES,
    RTAX_CONGCTL,
    RTAX_FEATURES,
    RTAX_LOCK,
)
from .._base.values import INET, Prefix, address_text
from .._netlink import wire
from .encap import Details, details
from .payload import USER_HZ, Attributes, Payload, address_size, but_destination, unpack_hops
from .values import NextHop, Route

#: RTNH_F_* and RTM_F_*, in the order in which ``print_rt_flags()`` of iproute2 says them.
_FLAGS = {
    1: "dead",
    2: "pervasive",
    8: "offload",
    64: "trap",
    0x100: "notify",
    16: "linkdown",
    32: "unresolved",
    0x4000: "rt_offload",
    0x8000: "rt_trap",
    0x20000000: "rt_offload_failed",
}


def devices_text(index: int, names: t.Mapping[int, str]) -> str:
    """The device's name, or ``if7`` for an index that no longer exists."""
    return names.get(index, f"if{index}")


def _next_hops(payload: Payload, names: t.Mapping[int, str]) -> tuple[NextHop, ...]:
    if wire.RTA_MULTIPATH in payload.attrs:
        parts = [
            (flags, wire.attribute_dict(rest))
            for flags, _weight, _device, rest in unpack_hops(payload.attrs[wire.RTA_MULTIPATH])
        ]
    else:
        parts = [(0, Attributes())]  # what the only one has, the route says of itself
    return tuple(
        NextHop(
            gateway=address_text(hop.gateway[1]) if hop.gateway else None,
            device=devices_text(hop.device, names) if hop.device else None,
            weight=hop.weight,
            onlink=bool(hop.onlink),
            encap=_encap(attrs, names),
            realm=_u32(attrs, wire.RTA_FLOW),
            flags=_flags(flags),
        )
        for hop, (flags, attrs) in zip(payload.hops, parts)
    )


def _flags(value: int) -> tuple[str, ...]:
    return tuple(name for bit, name in _FLAGS.items() if value & bit)


def _u32(attrs: Attributes, kind: int) -> int | None:
    return t.cast(int, struct.unpack("=I", attrs[kind])[0]) if kind in attrs else None


def _encap(attrs: Attributes, names: t.Mapping[int, str]) -> Details | None:
    if wire.RTA_ENCAP_TYPE not in attrs:
        return None
    return details(struct.unpack("=H", attrs[wire.RTA_ENCAP_TYPE])[0], attrs.get(wire.RTA_ENCAP, b""), names)


def _metric_value(kind: int, value: bytes) -> tuple[str, t.Any]:
    if kind == RTAX_CONGCTL:
        return "congctl", value.rstrip(b"\0").decode()
    number = struct.unpack("=I", value)[0]
    if kind == RTAX_FEATURES:
        known = [name for name, bit in FEATURES.items() if number & bit]
        other = number & ~sum(FEATURES.values())
        return "features", " ".join([*known, hex(other)] if other or not known else known)
    name, unit = NAME_OF_METRIC.get(kind, (f"metric{kind}", 1))
    return name, number // unit


def _metrics(value: bytes) -> tuple[tuple[tuple[str, t.Any], ...], tuple[str, ...]]:
    """Values by name, and the names of those that are locked; one may be locked without a value, at 0."""
    found = wire.attribute_dict(value)
    lock = struct.unpack("=I", found.pop(RTAX_LOCK))[0] if RTAX_LOCK in found else 0
    for kind in NAME_OF_METRIC:
        if lock & 1 << kind:
            found.setdefault(kind, bytes(4))
    named = [(kind, *_metric_value(kind, value)) for kind, value in sorted(found.items())]
    return tuple((name, value) for _kind, name, value in named), tuple(n for kind, n, _v in named if lock & 1 << kind)


def _expires(attrs: Attributes) -> int | None:
    """Seconds; a dump says it in CACHEINFO, a request in RTA_EXPIRES."""
    if wire.RTA_EXPIRES in attrs:
        return t.cast(int, struct.unpack("=I", attrs[wire.RTA_EXPIRES])[0])
    ticks = struct.unpack_from("=i", attrs.get(wire.RTA_CACHEINFO, bytes(12)), 8)[0]
    return ticks // USER_HZ if ticks > 0 else None


def expires(payload: bytes) -> int | None:
    """In how many seconds the route of an RTM_NEWROUTE payload ends by itself; None of one that stays."""
    return _expires(Payload(payload).attrs)


def route(payload: bytes, names: t.Mapping[int, str]) -> Route:
    """The route of an RTM_NEWROUTE payload; ``names`` maps device indexes to names."""
    read = Payload(payload)
    header, attrs = read.header, read.attrs
    family = header.family
    metrics, locked = _metrics(attrs.get(wire.RTA_METRICS, b""))
    return Route(
        destination=read.destination,
        table=read.table,
        metric=read.metric,
        protocol=header.protocol,
        scope=header.scope,
        type=header.type,
        tos=header.tos if family == INET else 0,
        source=address_text(read.source),
        hops=_next_hops(read, names),
        nexthop_id=_u32(attrs, wire.RTA_NH_ID),
        metrics=metrics,
        locked=locked,
        from_prefix=read.from_prefix,
        encap=_encap(attrs, names),
        realm=_u32(attrs, wire.RTA_FLOW),
        preference=PREFERENCES.get(attrs[wire.RTA_PREF][0]) if wire.RTA_PREF in attrs else None,
        expires=_expires(attrs),
        flags=_flags(header.flags),
        multipath=wire.RTA_MULTIPATH in attrs,
    )


def line(payload: bytes, names: t.Mapping[int, str]) -> str:
    """The route in one line, as ``ip route`` prints it."""
    return route(payload, names).line()


class Lines:
    """``line`` of routes of which many differ in nothing but the destination."""

    def __init__(self, names: t.Mapping[int, str]) -> None:
        self.names = names
        self._known: dict[bytes, tuple[str, str]] = {}

    def __call__(self, payload: bytes) -> str:
        size = address_size(payload)
        if size is None:
            return line(payload, self.names)
        destination = Prefix(payload[0], payload[24 : 24 + size], payload[1]).short
        like = but_destination(payload)
        if like not in self._known:
            # In front of the destination stands at most the type, a word without digits and colons.
            before, _destination, after = line(payload, self.names).partition(destination)
            self._known[like] = (before, after)
        before, after = self._known[like]
        return f"{before}{destination}{after}"
