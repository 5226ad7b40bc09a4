# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A route as bytes, and what they say. Pure. PRIVATE to the collection.

The payload of RTM_NEWROUTE: ``struct rtmsg`` (12 bytes) and its attributes, as in ``include/uapi/linux/rtnetlink.h``.
It is kept as bytes because decoding and encoding again loses what the decoder does not know.
"""

from __future__ import annotations

import functools
import struct
import typing as t

from .._base.names import SCOPES, TYPES
from .._base.values import INET, INET6, Prefix
from .._netlink.wire import (
    ATTRIBUTE,
    RTA_DST,
    RTA_ENCAP,
    RTA_ENCAP_TYPE,
    RTA_FLOW,
    RTA_GATEWAY,
    RTA_MULTIPATH,
    RTA_OIF,
    RTA_PREFSRC,
    RTA_PRIORITY,
    RTA_SRC,
    RTA_TABLE,
    RTA_VIA,
    RTMSG,
    U32,
    attribute,
    attribute_dict,
    attributes,
)
from .values import Hop, Shape

RTNH_F_ONLINK = 4
LOOPBACK_INDEX = 1  # LOOPBACK_IFINDEX of include/net/flow.h
USER_HZ = 100  # of struct rta_cacheinfo.rta_expires
_U16 = struct.Struct("=H")
RTNEXTHOP = struct.Struct("=HBBi")  # struct rtnexthop
#: The attributes that say where a route leads.
HOP_ATTRIBUTES = (RTA_OIF, RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH, RTA_ENCAP_TYPE, RTA_ENCAP)
WITHOUT_HOPS = {TYPES[name] for name in ("blackhole", "unreachable", "prohibit", "throw")}

Attributes = dict[int, bytes]
#: How a payload goes on behind struct rtmsg: the table, then the destination with so many bytes.
_FIRST = ATTRIBUTE.pack(8, RTA_TABLE)
_SECOND = {ATTRIBUTE.pack(4 + size, RTA_DST): size for size in (4, 16)}


class Header(t.NamedTuple):
    """``struct rtmsg``: family, lengths of destination and source in bits, and the numbers of ip-route(8)'s words.

    ``table`` is 252 where it has no room for the table's number; RTA_TABLE has it then.
    """

    family: int
    length: int = 0
    source_length: int = 0
    tos: int = 0
    table: int = 0
    protocol: int = 0
    scope: int = 0
    type: int = 0
    flags: int = 0


class Payload:
    """A route, its bytes in ``raw``, taken apart once: ``header``, and ``attrs`` with nested ones left as bytes."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.header = Header._make(RTMSG.unpack_from(raw))
        self.attrs: Attributes = attribute_dict(raw, RTMSG.size)

    @property
    def destination(self) -> Prefix:
        header = self.header
        return Prefix(header.family, self.attrs.get(RTA_DST) or _unspecified(header.family), header.length)

    @property
    def from_prefix(self) -> Prefix | None:
        """The prefix that the source of a packet must be in; of IPv6 routes only."""
        length = self.header.source_length
        return Prefix(self.header.family, self.attrs[RTA_SRC], length) if length else None

    @property
    def source(self) -> bytes | None:
        """Its preferred source."""
        return self.attrs.get(RTA_PREFSRC)

    @property
    def table(self) -> int:
        found = self.attrs.get(RTA_TABLE)
        return t.cast(int, U32.unpack(found)[0]) if found else self.header.table

    @property
    def metric(self) -> int:
        found = self.attrs.get(RTA_PRIORITY)
        return t.cast(int, U32.unpack(found)[0]) if found else 0

    @functools.cached_property
    def key(self) -> tuple[t.Any, ...]:
        """What the kernel identifies this route by: (family, table, destination, tos or from, metric)."""
        header = self.header
        return (
            header.family,
            self.table,
            header.length,
            self.attrs.get(RTA_DST, _unspecified(header.family)),
            header.tos if header.family == INET else self.from_prefix,
            self.metric,
        )

    @functools.cached_property
    def hops(self) -> tuple[Hop, ...]:
        """The next hops as values."""
        family, attrs = self.header.family, self.attrs
        if RTA_MULTIPATH in attrs:
            return tuple(
                _hop(attribute_dict(rest), family, device, weight + 1, flags)
                for flags, weight, device, rest in unpack_hops(attrs[RTA_MULTIPATH])
            )
        device = U32.unpack(attrs[RTA_OIF])[0] if RTA_OIF in attrs else None
        found = _hop(attrs, family, device, 1, self.header.flags)
        return (found,) if device or found.gateway else ()


def source_of(raw: bytes) -> bytes | None:
    """The preferred source of a route's bytes, which are not taken apart for it."""
    for kind, value in attributes(raw, RTMSG.size):
        if kind == RTA_PREFSRC:
            return value
    return None


def address_size(raw: bytes) -> int | None:
    """How many bytes from offset 24 on are the destination; None where it does not stand there."""
    return _SECOND.get(raw[20:24]) if raw[12:16] == _FIRST else None


def but_destination(raw: bytes) -> bytes:
    """The bytes in which routes are alike that differ in nothing but the destination; all where it stands elsewhere."""
    size = address_size(raw)
    return raw if size is None else b"".join((raw[:1], raw[2:20], raw[24 + size :]))


def join(header: Header, attrs: Attributes) -> bytes:
    return RTMSG.pack(*header) + b"".join([attribute(kind, value) for kind, value in attrs.items()])


def unpack_hops(value: bytes) -> t.Iterator[tuple[int, int, int, bytes]]:
    """``(flags, weight - 1, device index, attributes)`` of each struct rtnexthop in an RTA_MULTIPATH.

    Linux 5.4 to 5.14 dumps the realms of a hop behind it, not in it (``fib_add_multipath()``), where they look like a
    hop whose flags are RTA_FLOW. No hop has those.
    """
    offset = 0
    found: list[tuple[int, int, int, bytes]] = []
    while offset + 8 <= len(value):
        length, flags, weight, device = RTNEXTHOP.unpack_from(value, offset)
        if length < 8:
            break
        if found and (length, flags, weight) == (8, RTA_FLOW, 0):
            found[-1] = (*found[-1][:3], found[-1][3] + value[offset : offset + 8])
        else:
            found.append((flags, weight, device, value[offset + 8 : offset + length]))
        offset += (length + 3) & ~3
    yield from found


def pack_hop(flags: int, weight: int, device: int, attrs: bytes) -> bytes:
    return RTNEXTHOP.pack(8 + len(attrs), flags, weight, device) + attrs


def pack_hops(wanted: tuple[Hop, ...], family: int) -> tuple[int, Attributes]:
    """``(flags of the header, attributes)`` that lead a route of this family there."""
    if len(wanted) == 1:
        hop = wanted[0]
        attrs = attribute_dict(_pack_via(hop.gateway, family))
        if hop.device:
            attrs[RTA_OIF] = U32.pack(hop.device)
        attrs.update(pack_own(hop))
        return RTNH_F_ONLINK if hop.onlink else 0, attrs
    packed = [
        pack_hop(
            RTNH_F_ONLINK if hop.onlink else 0,
            hop.weight - 1,
            hop.device or 0,
            _pack_via(hop.gateway, family)
            + b"".join([attribute(kind, value) for kind, value in pack_own(hop).items()]),
        )
        for hop in wanted
    ]
    return 0, {RTA_MULTIPATH: b"".join(packed)}


def scope_for(shape: Shape) -> int:
    """The scope of a new route of this shape, as ip-route(8) chooses it."""
    if shape.scope is not None:
        return shape.scope
    if shape.family == INET6 or shape.nexthop_id is not None:
        return SCOPES["global"]
    if shape.type in (TYPES["local"], TYPES["nat"]):
        return SCOPES["host"]
    if shape.type in (TYPES["broadcast"], TYPES["multicast"], TYPES["anycast"]):
        return SCOPES["link"]
    if shape.hops and not any(hop.gateway for hop in shape.hops):
        return SCOPES["link"]
    return SCOPES["global"]


def _hop(attrs: Attributes, family: int, device: int | None, weight: int, flags: int) -> Hop:
    return Hop(
        _via(attrs, family),
        device,
        weight,
        bool(flags & RTNH_F_ONLINK),
        encap=(_U16.unpack(attrs[RTA_ENCAP_TYPE])[0], attrs.get(RTA_ENCAP, b"")) if RTA_ENCAP_TYPE in attrs else None,
        realms=U32.unpack(attrs[RTA_FLOW])[0] if RTA_FLOW in attrs else None,
    )


def pack_own(hop: Hop | Shape) -> Attributes:
    """What a next hop has beside its way, in the order in which the kernel dumps it."""
    found = Attributes()
    if hop.encap and hop.encap[0]:
        found[RTA_ENCAP] = hop.encap[1]
        found[RTA_ENCAP_TYPE] = _U16.pack(hop.encap[0])
    if hop.realms:
        found[RTA_FLOW] = U32.pack(hop.realms)
    return found


def _unspecified(family: int) -> bytes:
    return bytes(4 if family == INET else 16)


def _pack_via(gateway: tuple[int, bytes] | None, family: int) -> bytes:
    if gateway is None:
        return b""
    if gateway[0] == family:
        return attribute(RTA_GATEWAY, gateway[1])
    return attribute(RTA_VIA, struct.pack("=H", gateway[0]) + gateway[1])


def _via(attrs: Attributes, family: int) -> tuple[int, bytes] | None:
    if RTA_GATEWAY in attrs:
        return family, attrs[RTA_GATEWAY]
    if RTA_VIA in attrs:
        return struct.unpack_from("=H", attrs[RTA_VIA])[0], attrs[RTA_VIA][2:]
    return None
