# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes to bytes: netlink messages of routes. PRIVATE to the collection.

Pure functions over the payload of RTM_NEWROUTE: ``struct rtmsg`` (12 bytes) and its attributes, as in
``include/uapi/linux/rtnetlink.h``. A payload is kept as bytes because decoding and encoding again loses what the
decoder does not know; an edit touches only the attribute it is about.
"""

from __future__ import annotations

import struct
import typing as t
from array import array

from .._base.names import RTAX_LOCK, SCOPES, TYPES
from .._base.values import INET, INET6, Hop, Prefix, Query, Shape

RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR, NLM_F_DUMP = 0x1, 0x4, 0x10, 0x300
NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE, NLM_F_APPEND = 0x100, 0x200, 0x400, 0x800
RTM_F_CLONED, RTM_F_LOOKUP_TABLE, RTM_F_FIB_MATCH = 0x200, 0x1000, 0x2000
RTNH_F_ONLINK = 4

(
    RTA_DST,
    RTA_SRC,
    RTA_IIF,
    RTA_OIF,
    RTA_GATEWAY,
    RTA_PRIORITY,
    RTA_PREFSRC,
    RTA_METRICS,
    RTA_MULTIPATH,
) = range(1, 10)
RTA_FLOW, RTA_CACHEINFO, RTA_TABLE, RTA_MARK, RTA_VIA = 11, 12, 15, 16, 18
RTA_PREF, RTA_ENCAP_TYPE, RTA_ENCAP, RTA_EXPIRES, RTA_UID = 20, 21, 22, 23, 25
RTA_IP_PROTO, RTA_SPORT, RTA_DPORT, RTA_NH_ID = 27, 28, 29, 30
TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
LOOPBACK_INDEX = 1  # LOOPBACK_IFINDEX of include/net/flow.h
USER_HZ = 100  # of struct rta_cacheinfo.rta_expires

HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
RTMSG = struct.Struct("=BBBBBBBBI")  # struct rtmsg
ATTRIBUTE = struct.Struct("=HH")  # struct rtattr
RTNEXTHOP = struct.Struct("=HBBi")  # struct rtnexthop
U32 = struct.Struct("=I")
_HOP_ATTRIBUTES = (RTA_OIF, RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH, RTA_ENCAP_TYPE, RTA_ENCAP)
_WITHOUT_HOPS = {TYPES[name] for name in ("blackhole", "unreachable", "prohibit", "throw")}

Header = list[int]  # the nine fields of struct rtmsg
Attributes = dict[int, bytes]


class Message(t.NamedTuple):
    """One request: RTM_*, NLM_F_* beside NLM_F_REQUEST, payload."""

    kind: int
    flags: int
    payload: bytes


class Rows(t.NamedTuple):
    """Requests in a row, whole messages of ``size`` bytes each, sequence numbers still zero."""

    size: int
    data: bytearray


class Failure(t.NamedTuple):
    """The kernel's refusal of the message at ``position`` of a sent list; ``text`` is its own."""

    position: int
    errno: int
    text: str


class Sent(t.NamedTuple):
    """How many messages of a list left, and which of those the kernel refused."""

    total: int
    failures: list[Failure]


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    return ATTRIBUTE.pack(4 + len(value), kind) + value + bytes(-len(value) % 4)


def attributes(buffer: bytes, offset: int = 0) -> t.Iterator[tuple[int, bytes]]:
    """``(type without flag bits, value)`` of each attribute from ``offset`` on."""
    end = len(buffer)
    while offset + 4 <= end:
        length, kind = ATTRIBUTE.unpack_from(buffer, offset)
        if length < 4:
            return
        yield kind & TYPE_MASK, buffer[offset + 4 : offset + length]
        offset += (length + 3) & ~3


def message(kind: int, flags: int, sequence: int, payload: bytes) -> bytes:
    """A whole netlink message; the port id is left to the kernel."""
    return HEADER.pack(16 + len(payload), kind, flags, sequence, 0) + payload


def number(rows: Rows, first: int) -> bytearray:
    """The messages with sequence numbers from ``first`` on; only the last asks for an acknowledgement."""
    size, data = rows.size, bytearray(rows.data)
    sequences = array("I", range(first, first + len(data) // size)).tobytes()
    for at in range(4):
        data[8 + at :: size] = sequences[at::4]
    last = len(data) - size
    kind, flags = struct.unpack_from("=HH", data, last + 4)
    struct.pack_into("=HH", data, last + 4, kind, flags | NLM_F_ACK)
    return data


def messages(chunk: bytes) -> t.Iterator[tuple[int, int, int, bytes]]:
    """``(type, flags, sequence, payload)`` of each message in what one ``recv`` returned."""
    offset, end = 0, len(chunk)
    while offset + 16 <= end:
        length, kind, flags, sequence, _port = HEADER.unpack_from(chunk, offset)
        yield kind, flags, sequence, chunk[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def extack(payload: bytes, offset: int) -> str:
    """The kernel's text (NLMSGERR_ATTR_MSG) among the attributes from ``offset`` on; empty where it sent none."""
    for kind, value in attributes(payload, offset):
        if kind == 1:
            return value.rstrip(b"\0").decode(errors="replace")
    return ""


def split(payload: bytes) -> tuple[Header, Attributes]:
    """Header fields and attributes of a payload, nested ones left as bytes."""
    return list(RTMSG.unpack_from(payload)), dict(attributes(payload, RTMSG.size))


def join(header: Header, attrs: Attributes) -> bytes:
    return RTMSG.pack(*header) + b"".join([attribute(kind, value) for kind, value in attrs.items()])


def hops(value: bytes) -> t.Iterator[tuple[int, int, int, bytes]]:
    """``(flags, weight - 1, device index, attributes)`` of each struct rtnexthop in an RTA_MULTIPATH."""
    offset = 0
    while offset + 8 <= len(value):
        length, flags, weight, device = RTNEXTHOP.unpack_from(value, offset)
        if length < 8:
            return
        yield flags, weight, device, value[offset + 8 : offset + length]
        offset += (length + 3) & ~3


def _pack_hop(flags: int, weight: int, device: int, attrs: bytes) -> bytes:
    return RTNEXTHOP.pack(8 + len(attrs), flags, weight, device) + attrs


def requestable(payload: bytes) -> tuple[Header, Attributes]:
    """A dumped payload as a request that makes the very same route again.

    A dump carries what a request may not: state flags, CACHEINFO (whose ticks become RTA_EXPIRES), and beside a
    nexthop id the hops that it stands for ("Nexthop specification and nexthop id are mutually exclusive").
    """
    header, attrs = split(payload)
    expires = struct.unpack_from("=i", attrs.pop(RTA_CACHEINFO, bytes(12)), 8)[0]
    if expires > 0:
        attrs[RTA_EXPIRES] = U32.pack((expires + USER_HZ - 1) // USER_HZ)
    attrs.pop(RTA_IIF, None)
    if RTA_NH_ID in attrs:
        header[8] = 0
        for kind in _HOP_ATTRIBUTES:
            attrs.pop(kind, None)
    else:
        header[8] &= RTNH_F_ONLINK
    if RTA_MULTIPATH in attrs:
        attrs[RTA_MULTIPATH] = b"".join(
            [
                _pack_hop(flags & RTNH_F_ONLINK, weight, device, rest)
                for flags, weight, device, rest in hops(attrs[RTA_MULTIPATH])
            ]
        )
    return header, attrs


def echo(payload: bytes) -> bytes:
    """The request that restores this dumped route."""
    return join(*requestable(payload))


def with_source(payload: bytes, source: bytes | None) -> bytes:
    """The request that keeps everything about this dumped route but its preferred source."""
    header, attrs = requestable(payload)
    if source is None:
        attrs.pop(RTA_PREFSRC, None)
    else:
        attrs[RTA_PREFSRC] = source
    return join(header, attrs)


def single_hops(payload: bytes, sources: t.Sequence[bytes | None]) -> list[bytes]:
    """One request for each next hop of a multipath route, each with a source of its own."""
    header, attrs = requestable(payload)
    found = []
    for (flags, _weight, device, rest), source in zip(list(hops(attrs[RTA_MULTIPATH])), sources):
        one = {kind: value for kind, value in attrs.items() if kind not in (RTA_MULTIPATH, RTA_PREFSRC)}
        one.update(attributes(rest))
        one[RTA_OIF] = U32.pack(device)
        if source:
            one[RTA_PREFSRC] = source
        found.append(join([*header[:8], flags & RTNH_F_ONLINK], one))
    return found


def source_of(payload: bytes) -> bytes | None:
    """RTA_PREFSRC of a payload."""
    for kind, value in attributes(payload, RTMSG.size):
        if kind == RTA_PREFSRC:
            return value
    return None


def table_of(header: Header, attrs: Attributes) -> int:
    return t.cast(int, U32.unpack(attrs[RTA_TABLE])[0]) if RTA_TABLE in attrs else header[4]


def metric_of(attrs: Attributes) -> int:
    return t.cast(int, U32.unpack(attrs[RTA_PRIORITY])[0]) if RTA_PRIORITY in attrs else 0


def destination_of(payload: bytes) -> Prefix:
    """The prefix of a payload, read without decoding the rest."""
    family, length = payload[0], payload[1]
    for kind, value in attributes(payload, RTMSG.size):
        if kind == RTA_DST:
            return Prefix(family, value, length)
    return Prefix(family, bytes(4 if family == INET else 16), length)


def key(payload: bytes) -> tuple[t.Any, ...]:
    """What the kernel identifies this route by: (family, table, destination, tos or from, metric)."""
    header, attrs = split(payload)
    default = bytes(4 if header[0] == INET else 16)
    return (
        header[0],
        table_of(header, attrs),
        header[1],
        attrs.get(RTA_DST, default),
        header[3] if header[0] == INET else (header[2], attrs.get(RTA_SRC, default)),
        metric_of(attrs),
    )


def _gateway(gateway: tuple[int, bytes], family: int) -> bytes:
    if gateway[0] == family:
        return attribute(RTA_GATEWAY, gateway[1])
    return attribute(RTA_VIA, struct.pack("=H", gateway[0]) + gateway[1])


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


def set_hops(header: Header, attrs: Attributes, wanted: tuple[Hop, ...]) -> None:
    for kind in (*_HOP_ATTRIBUTES, RTA_NH_ID):
        attrs.pop(kind, None)
    header[8] &= ~RTNH_F_ONLINK
    if len(wanted) == 1:
        hop = wanted[0]
        header[8] |= RTNH_F_ONLINK if hop.onlink else 0
        if hop.gateway:
            attrs.update(attributes(_gateway(hop.gateway, header[0])))
        if hop.device:
            attrs[RTA_OIF] = U32.pack(hop.device)
    else:
        attrs[RTA_MULTIPATH] = b"".join(
            [
                _pack_hop(
                    RTNH_F_ONLINK if hop.onlink else 0,
                    hop.weight - 1,
                    hop.device or 0,
                    _gateway(hop.gateway, header[0]) if hop.gateway else b"",
                )
                for hop in wanted
            ]
        )


def _via(attrs: Attributes, family: int) -> tuple[int, bytes] | None:
    if RTA_GATEWAY in attrs:
        return family, attrs[RTA_GATEWAY]
    if RTA_VIA in attrs:
        return struct.unpack_from("=H", attrs[RTA_VIA])[0], attrs[RTA_VIA][2:]
    return None


def hops_of(header: Header, attrs: Attributes) -> tuple[Hop, ...]:
    """The next hops of a route as values, encapsulation left out."""
    if RTA_MULTIPATH in attrs:
        return tuple(
            Hop(_via(dict(attributes(rest)), header[0]), device, weight + 1, bool(flags & RTNH_F_ONLINK))
            for flags, weight, device, rest in hops(attrs[RTA_MULTIPATH])
        )
    device = U32.unpack(attrs[RTA_OIF])[0] if RTA_OIF in attrs else None
    gateway = _via(attrs, header[0])
    return (Hop(gateway, device, 1, bool(header[8] & RTNH_F_ONLINK)),) if device or gateway else ()


def _agrees(wanted: Hop, actual: Hop) -> bool:
    return (
        (wanted.device is None or wanted.device == actual.device)
        and (wanted.gateway == actual.gateway or (wanted.gateway is None and actual.gateway is None))
        and wanted.weight == actual.weight
        and (wanted.onlink is None or wanted.onlink == actual.onlink)
    )


def same_hops(wanted: tuple[Hop, ...], actual: tuple[Hop, ...]) -> bool:
    """Whether each wanted hop is there and no other, in any order; what a hop leaves unnamed is not compared."""
    left = list(actual)
    for hop in wanted:
        for candidate in left:
            if _agrees(hop, candidate):
                left.remove(candidate)
                break
        else:
            return False
    return not left


def merge_metrics(existing: bytes, named: t.Iterable[tuple[int, bytes]]) -> bytes:
    merged = dict(attributes(existing))
    for kind, value in named:
        if value.strip(b"\0"):
            merged[kind] = value
        else:
            merged.pop(kind, None)
            if RTAX_LOCK in merged:
                merged[RTAX_LOCK] = U32.pack(U32.unpack(merged[RTAX_LOCK])[0] & ~(1 << kind))
    return b"".join([attribute(kind, merged[kind]) for kind in sorted(merged)])


def edited(payload: bytes, shape: Shape) -> tuple[bytes, bool]:
    """``(request, changed)``: this dumped route with what the shape names; what it does not name is kept.

    The next hop (gateway, device, nexthops, nexthop id, onlink) is one thing: it is kept where what is named of it
    agrees, else replaced by exactly what is named. Where it is named, a blackhole and its like become unicast.
    """
    header, attrs = requestable(payload)
    before = (list(header), dict(attrs))
    if shape.protocol is not None:
        header[5] = shape.protocol
    if shape.scope is not None and header[0] == INET:
        header[6] = shape.scope
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
            set_hops(header, attrs, ())
            attrs.pop(RTA_MULTIPATH, None)
            attrs[RTA_NH_ID] = U32.pack(shape.nexthop_id)
    elif shape.hops is not None and not same_hops(shape.hops, hops_of(*split(payload))):
        set_hops(header, attrs, shape.hops)
        if shape.scope is None and header[0] == INET:
            header[6] = scope_for(shape)
    kind = header[7] if shape.type is None else shape.type
    if shape.type is None and kind in _WITHOUT_HOPS and (shape.hops or shape.nexthop_id is not None):
        kind = TYPES["unicast"]  # whoever names a next hop wants packets forwarded
    if kind != header[7]:
        header[7] = kind
        if kind in _WITHOUT_HOPS:
            for number in (*_HOP_ATTRIBUTES, RTA_NH_ID, RTA_PREFSRC):
                attrs.pop(number, None)
            header[8] = 0
            if header[0] == INET6:
                attrs[RTA_OIF] = U32.pack(LOOPBACK_INDEX)  # where the kernel puts them all
    return join(header, attrs), (header, attrs) != before


def dump_request(family: int, table: int | None, protocol: int, device: int | None, kind: int) -> bytes:
    """A dump that the kernel filters (strict checking only); 0 and None leave a filter open."""
    body = RTMSG.pack(family, 0, 0, 0, 0, protocol, 0, kind, 0)
    if table is not None:
        body += attribute(RTA_TABLE, U32.pack(table))
    if device is not None:
        body += attribute(RTA_OIF, U32.pack(device))
    return body


def lookup_request(query: Query, flags: int) -> bytes:
    """An RTM_GETROUTE for one packet. Ports go in network byte order."""
    bits = 32 if query.family == INET else 128
    source = bits if query.source else 0
    body = RTMSG.pack(query.family, bits, source, query.tos, 0, 0, 0, 0, flags)
    body += attribute(RTA_DST, query.destination)
    if query.source:
        body += attribute(RTA_SRC, query.source)
    for kind, value in ((RTA_OIF, query.device), (RTA_MARK, query.mark), (RTA_UID, query.uid)):
        if value is not None:
            body += attribute(kind, U32.pack(value))
    if query.ip_protocol is not None:
        body += attribute(RTA_IP_PROTO, struct.pack("=B", query.ip_protocol))
    for kind, value in ((RTA_SPORT, query.source_port), (RTA_DPORT, query.destination_port)):
        if value is not None:
            body += attribute(kind, struct.pack("!H", value))
    return body
