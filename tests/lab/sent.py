# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a socket really sends: one datagram, and a packet socket beside it that sees which device it leaves by.

By nothing of the collection, whose own capture is among what is tested. Everything happens in the network namespace
of the calling thread.
"""

from __future__ import annotations

import itertools
import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple

_ETH_P_ALL = 3
_OUTGOING = 4
_SERIAL = itertools.count(1)
# include/uapi/linux/in.h and in6.h
_IPV6_ADDR_PREFERENCES = 72
_PREFER = {"temporary": 0x1, "public": 0x2, "public_or_temporary": 0x100, "care_of": 0x4, "home": 0x400}
_IP_UNICAST_IF, _IPV6_UNICAST_IF = 50, 76
_IP_PKTINFO, _IPV6_PKTINFO = 8, 50


class Sent(NamedTuple):
    """``source`` of the IP header and ``device`` of a packet."""

    source: str
    device: str


class Watch:
    """Sees all packets of this namespace; ``send`` finds the one it sent by its payload."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
        self._socket.setblocking(False)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(
        self,
        destination: str,
        source: str | None = None,
        device: str | None = None,
        patience: float = 0.5,
        *,
        preferences: Sequence[str] = (),
        unicast_device: str | None = None,
        packet_source: str | None = None,
        packet_device: str | None = None,
    ) -> Sent | None:
        """A datagram from a fresh socket; None if none was seen within ``patience`` seconds. OSError of its calls.

        What is said beside the packet (IP_PKTINFO) goes with one of a socket that is not connected.
        """
        family = socket.AF_INET6 if ":" in destination else socket.AF_INET
        payload = f"l3h {os.getpid()} {next(_SERIAL)}.".encode()
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            if preferences and family == socket.AF_INET6:
                wanted = sum(_PREFER[one] for one in preferences)
                sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_ADDR_PREFERENCES, wanted)
            if unicast_device is not None:
                index = struct.pack("!I", socket.if_nametoindex(unicast_device))
                level = socket.IPPROTO_IPV6 if family == socket.AF_INET6 else socket.IPPROTO_IP
                sock.setsockopt(level, _IPV6_UNICAST_IF if level == socket.IPPROTO_IPV6 else _IP_UNICAST_IF, index)
            if device is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
            if source is not None:
                sock.bind((source, 0))
            scope = socket.if_nametoindex(device) if device else 0
            name = (destination, 9, 0, scope) if destination.startswith("fe80:") else (destination, 9)
            if packet_source is not None or packet_device is not None:
                sock.sendmsg([payload], [_pktinfo(family, packet_source, packet_device)], 0, name)
                return self._find(payload, time.monotonic() + patience)
            sock.connect(name)
            # Nobody listens: an ICMP error of a packet before is not what is asked for.
            with suppress(ConnectionRefusedError):
                sock.send(payload)
        return self._find(payload, time.monotonic() + patience)

    def _find(self, payload: bytes, until: float) -> Sent | None:
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                return None
            packet, (device, _protocol, kind, *_rest) = self._socket.recvfrom(1 << 16)
            if packet.endswith(payload) and kind == _OUTGOING:
                return Sent(_source(packet), device)


def _pktinfo(family: int, source: str | None, device: str | None) -> tuple[int, int, bytes]:
    index = socket.if_nametoindex(device) if device else 0
    if family == socket.AF_INET:
        packed = socket.inet_pton(family, source or "0.0.0.0")
        return socket.IPPROTO_IP, _IP_PKTINFO, struct.pack("=i4s4x", index, packed)
    return socket.IPPROTO_IPV6, _IPV6_PKTINFO, struct.pack("=16sI", socket.inet_pton(family, source or "::"), index)


def _source(packet: bytes) -> str:
    if packet[0] >> 4 == 4:
        return socket.inet_ntop(socket.AF_INET, packet[12:16])
    return socket.inet_ntop(socket.AF_INET6, packet[8:24])
