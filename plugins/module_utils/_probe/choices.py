# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets an application choose its source besides bind: options and ancillary data. PRIVATE to the collection.

``ip(7)``, ``ipv6(7)``, RFC 3542, RFC 5014; the numbers are those of include/uapi/linux/in.h and in6.h.
"""

from __future__ import annotations

import socket
import struct
import typing as t

from .sockets import Recorder, device_index

#: IPV6_PREFER_SRC_*, RFC 5014.
PREFERENCES = {
    "temporary": 0x0001,
    "public": 0x0002,
    "public_or_temporary": 0x0100,
    "care_of": 0x0004,
    "home": 0x0400,
}
_IPV6_ADDR_PREFERENCES = 72
_IP_UNICAST_IF, _IPV6_UNICAST_IF = 50, 76
_IP_PKTINFO, _IPV6_PKTINFO = 8, 50
_IN_PKTINFO = struct.Struct("=i4s4x")  # struct in_pktinfo: ipi_ifindex, ipi_spec_dst, ipi_addr
_IN6_PKTINFO = struct.Struct("=16sI")  # struct in6_pktinfo: ipi6_addr, ipi6_ifindex


def prefer(recorder: Recorder, sock: socket.socket, names: t.Sequence[str]) -> None:
    """IPV6_ADDR_PREFERENCES: what to prefer where RFC 6724 chooses the source."""
    flags = 0
    for name in names:
        flags |= PREFERENCES[name]
    recorder.run(
        "setsockopt",
        f"IPV6_ADDR_PREFERENCES, {' '.join(names)}",
        lambda: sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_ADDR_PREFERENCES, flags),
        hint="RFC 5014 does not let a socket prefer both sides of one question",
    )


def leave_by(recorder: Recorder, sock: socket.socket, family: int, device: str) -> None:
    """IP_UNICAST_IF: packets leave by this device, and are received from all."""
    four = family == socket.AF_INET
    level, option = (socket.IPPROTO_IP, _IP_UNICAST_IF) if four else (socket.IPPROTO_IPV6, _IPV6_UNICAST_IF)
    index = struct.pack("!I", device_index(device))  # the one option whose index is in network byte order
    name = "IP_UNICAST_IF" if four else "IPV6_UNICAST_IF"
    recorder.run("setsockopt", f"{name}, {device}", lambda: sock.setsockopt(level, option, index))


def send_from(
    recorder: Recorder,
    sock: socket.socket,
    family: int,
    payload: bytes,
    to: tuple[t.Any, ...],
    source: str | None,
    device: str | None,
) -> None:
    """One datagram to a ``sockaddr`` whose source, device or both are said beside it, in IP_PKTINFO."""
    index = device_index(device) if device else 0
    if family == socket.AF_INET:
        name, level, kind = "IP_PKTINFO", socket.IPPROTO_IP, _IP_PKTINFO
        data = _IN_PKTINFO.pack(index, socket.inet_pton(family, source) if source else bytes(4))
    else:
        name, level, kind = "IPV6_PKTINFO", socket.IPPROTO_IPV6, _IPV6_PKTINFO
        data = _IN6_PKTINFO.pack(socket.inet_pton(family, source) if source else bytes(16), index)
    said = ", ".join(filter(None, (f"{len(payload)} bytes to {to[0]}", str(to[1]), name, source, device)))
    recorder.run(
        "sendmsg",
        said,
        lambda: sock.sendmsg([payload], [(level, kind, data)], 0, to),
        hint="the address must be one of this host" if source else "",
    )
