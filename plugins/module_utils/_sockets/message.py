# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's messages of sock_diag(7): what is asked, and the sockets of an answer. PRIVATE to the collection. Pure.

``include/uapi/linux/inet_diag.h``. As with routes, bytes are read here: decoding a hundred thousand messages with
pyroute2 takes longer than all the rest.
"""

from __future__ import annotations

import struct
import typing as t

from .._base.values import INET, INET6
from .._netlink import wire

TCP, UDP = 6, 17
PROTOCOLS = {"tcp": TCP, "udp": UDP}
NAME_OF_PROTOCOL = {number: name for name, number in PROTOCOLS.items()}
#: TCP_* of include/net/tcp_states.h. A UDP socket is ``established`` while it is connected, else ``close``.
STATES = {
    "established": 1,
    "syn_sent": 2,
    "syn_recv": 3,
    "fin_wait1": 4,
    "fin_wait2": 5,
    "time_wait": 6,
    "close": 7,
    "close_wait": 8,
    "last_ack": 9,
    "listen": 10,
    "closing": 11,
    "new_syn_recv": 12,
}
NAME_OF_STATE = {number: name for name, number in STATES.items()}
#: What ss(8) calls connected, without the halves of connections that no process has yet or any more.
CONNECTED = frozenset(STATES) - {"listen", "close", "time_wait", "syn_recv", "new_syn_recv"}
_REQ_BYTECODE = 1  # INET_DIAG_REQ_BYTECODE
_MARK = 15  # INET_DIAG_MARK
_REQUEST = struct.Struct("=BBBxI48x")
_MESSAGE = struct.Struct("!BBxxHH16s16s")
_NUMBERS = struct.Struct("=I8x12xII")  # idiag_if, (cookie, expires, rqueue, wqueue), idiag_uid, idiag_inode
_SIZE = 72
_MAPPED = bytes(10) + b"\xff\xff"


class Socket(t.NamedTuple):
    """A socket as the kernel has it.

    ``protocol`` is TCP or UDP. ``family`` is INET also of an IPv6 socket that speaks IPv4 (``::ffff:192.0.2.2``).
    ``source`` and ``destination`` are packed addresses of that family, all zeros where there is none, as are the ports.
    ``device`` is the index of the one it is bound to, 0 for none. ``mark`` is None where the kernel did not tell it,
    which it does to those with CAP_NET_ADMIN only. ``inode`` is 0 where no process holds the socket any more.
    """

    protocol: int
    family: int
    state: int
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    device: int
    uid: int
    inode: int
    mark: int | None


def request(family: int, protocol: int, states: t.Iterable[str], program: bytes) -> bytes:
    """The payload that asks for the sockets of a family and protocol, in one of these states, that a program passes.

    ``program``: as ``bytecode`` makes it; empty passes all::

        struct inet_diag_req_v2 {
            __u8 sdiag_family, sdiag_protocol, idiag_ext, pad;
            __u32 idiag_states;             /* a bit for each state */
            struct inet_diag_sockid id;     /* 48 bytes, all zero in a request for a list */
        };
    """
    bits = sum(1 << STATES[state] for state in frozenset(states))
    body = _REQUEST.pack(family, protocol, 0, bits)
    return body + wire.attribute(_REQ_BYTECODE, program) if program else body


def sockets(chunk: bytes, protocol: int) -> t.Iterator[Socket]:
    """The sockets of what one ``recv`` returned.

    Of each message, behind ``struct nlmsghdr``::

        struct inet_diag_msg {
            __u8 idiag_family, idiag_state, idiag_timer, idiag_retrans;
            struct inet_diag_sockid {
                __be16 idiag_sport, idiag_dport;
                __be32 idiag_src[4], idiag_dst[4];
                __u32 idiag_if, idiag_cookie[2];
            } id;
            __u32 idiag_expires, idiag_rqueue, idiag_wqueue, idiag_uid, idiag_inode;
        };                                  /* and attributes */
    """
    length_of, message, numbers = wire.HEADER.unpack_from, _MESSAGE.unpack_from, _NUMBERS.unpack_from
    offset, end = 0, len(chunk)
    while offset + 16 + _SIZE <= end:
        length = length_of(chunk, offset)[0]
        family, state, sport, dport, source, destination = message(chunk, offset + 16)
        index, uid, inode = numbers(chunk, offset + 56)
        if family == INET6 and (source[:12] == _MAPPED or destination[:12] == _MAPPED):
            family, source, destination = INET, source[12:], destination[12:]
        elif family == INET:
            source, destination = source[:4], destination[:4]
        mark = _mark(chunk, offset + 16 + _SIZE, offset + length)
        yield Socket(protocol, family, state, source, sport, destination, dport, index, uid, inode, mark)
        offset += (length + 3) & ~3


def _mark(chunk: bytes, offset: int, end: int) -> int | None:
    """INET_DIAG_MARK among the attributes between two offsets."""
    attribute = wire.ATTRIBUTE.unpack_from
    while offset + 4 <= end:
        length, kind = attribute(chunk, offset)
        if length < 4:
            break
        if kind & wire.TYPE_MASK == _MARK:
            found: int = wire.U32.unpack_from(chunk, offset + 4)[0]
            return found
        offset += (length + 3) & ~3
    return None
