# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netlink messages: numbers, framing, and the requests that the door itself makes. Pure. PRIVATE to the collection.

``include/uapi/linux/netlink.h`` and ``rtnetlink.h``. What a route's payload says is known in ``_routes``.
"""

from __future__ import annotations

import struct
import typing as t
from array import array

from .._base.values import INET, Prefix, Query

RTM_NEWADDR, RTM_DELADDR = 20, 21
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
RTM_NEWRULE, RTM_DELRULE = 32, 33
RTM_NEWADDRLABEL, RTM_DELADDRLABEL = 72, 73
RTM_NEWNEXTHOP, RTM_DELNEXTHOP = 104, 105
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR, NLM_F_DUMP = 0x1, 0x4, 0x10, 0x300
NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE, NLM_F_APPEND = 0x100, 0x200, 0x400, 0x800
RTM_F_LOOKUP_TABLE, RTM_F_FIB_MATCH = 0x1000, 0x2000

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
#: The bytes that an attribute can hold: its length, the head of four bytes included, is a number of 16 bits.
MOST = 0xFFFF - 4
TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER

HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
RTMSG = struct.Struct("=BBBBBBBBI")  # struct rtmsg
ATTRIBUTE = struct.Struct("=HH")  # struct rtattr
U32 = struct.Struct("=I")
_U16 = struct.Struct("=H")


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


class Event(t.NamedTuple):
    """What the kernel tells of one change: RTM_*, the netlink port of the socket that asked for it, payload.

    The port is zero where nobody did: the kernel itself takes away what an address or a device took with it.
    """

    kind: int
    port: int
    payload: bytes


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


def attribute_dict(buffer: bytes, offset: int = 0) -> dict[int, bytes]:
    """``dict(attributes(...))`` in half the time: a full table has millions of them."""
    found = {}
    end = len(buffer) - 4
    unpack = ATTRIBUTE.unpack_from
    while offset <= end:
        length, kind = unpack(buffer, offset)
        if length < 4:
            break
        found[kind & TYPE_MASK] = buffer[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def message(kind: int, flags: int, sequence: int, payload: bytes) -> bytes:
    """A whole netlink message; the port id is left to the kernel."""
    return HEADER.pack(16 + len(payload), kind, flags, sequence, 0) + payload


def numbered(rows: Rows, first: int, batch: int) -> bytearray:
    """The messages with sequence numbers from ``first`` on.

    The last of each ``batch`` in a row, and the last of all, ask for an acknowledgement.
    """
    size, data = rows.size, bytearray(rows.data)
    count = len(data) // size
    sequences = array("I", range(first, first + count)).tobytes()
    for at in range(4):
        data[8 + at :: size] = sequences[at::4]
    for last in (*range(batch, count, batch), count):
        at = (last - 1) * size + 6
        _U16.pack_into(data, at, _U16.unpack_from(data, at)[0] | NLM_F_ACK)
    return data


def messages(chunk: bytes) -> t.Iterator[tuple[int, int, int, bytes]]:
    """``(type, flags, sequence, payload)`` of each message in what one ``recv`` returned."""
    offset, end = 0, len(chunk)
    while offset + 16 <= end:
        length, kind, flags, sequence, _port = HEADER.unpack_from(chunk, offset)
        yield kind, flags, sequence, chunk[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def events(chunk: bytes) -> t.Iterator[Event]:
    """The messages of a multicast group in what one ``recv`` returned."""
    offset, end = 0, len(chunk)
    while offset + 16 <= end:
        length, kind, _flags, _sequence, port = HEADER.unpack_from(chunk, offset)
        if length < 16:
            return
        yield Event(kind, port, chunk[offset + 16 : offset + length])
        offset += (length + 3) & ~3


def extack(payload: bytes, offset: int) -> str:
    """The kernel's text (NLMSGERR_ATTR_MSG) among the attributes from ``offset`` on; empty where it sent none."""
    for kind, value in attributes(payload, offset):
        if kind == 1:
            return value.rstrip(b"\0").decode(errors="replace")
    return ""


def destination_of(payload: bytes) -> Prefix:
    """The prefix of a payload, read without decoding the rest."""
    family, length = payload[0], payload[1]
    for kind, value in attributes(payload, RTMSG.size):
        if kind == RTA_DST:
            return Prefix(family, value, length)
    return Prefix(family, bytes(4 if family == INET else 16), length)


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
