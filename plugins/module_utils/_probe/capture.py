# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves this host: the first packet to a destination, by AF_PACKET. PRIVATE to the collection.

A socket of SOCK_DGRAM hands over packets from the network layer on, so VLAN tags, tunnels and devices without a link
layer need no care (``packet(7)``). A filter in the kernel keeps other traffic away: a busy host costs nothing.
"""

from __future__ import annotations

import ctypes
import fcntl
import select
import socket
import struct
import time
import typing as t

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SO_ATTACH_FILTER = 26
SIOCETHTOOL, ETHTOOL_GDRVINFO = 0x8946, 3
#: IPv6 headers that may stand before UDP and TCP: hop-by-hop, routing, destination options; fragment; AH.
#: RFC 8200 section 4, RFC 4302 section 2.
_OPTIONS, _FRAGMENT, _AUTHENTICATION = frozenset((0, 43, 60)), 44, 51
_SYN, _ACK = 0x02, 0x10


class Packet(t.NamedTuple):
    """Headers of a UDP or TCP packet; addresses in canonical text, ``flags`` of TCP, ``payload`` of UDP."""

    source: str
    destination: str
    protocol: int
    source_port: int
    destination_port: int
    flags: int
    payload: bytes


class Wire(t.NamedTuple):
    """What was seen: the packet's source address and port, and the device it left on."""

    source: str
    source_port: int
    device: str


def parse_packet(data: bytes) -> Packet | None:
    """The headers of a packet, which begins with its IP header.

    None for what is neither UDP nor TCP, for what is cut off, and for later fragments.
    """
    try:
        version = data[0] >> 4
        if version == 4:
            family, protocol, offset = socket.AF_INET, data[9], (data[0] & 15) * 4
            source, destination = data[12:16], data[16:20]
            fragment = struct.unpack_from("!H", data, 6)[0] & 0x1FFF
        elif version == 6:
            family = socket.AF_INET6
            source, destination = data[8:24], data[24:40]
            protocol, offset, fragment = _upper_layer(data)
        else:
            return None
        if fragment:
            return None
        source_port, destination_port = struct.unpack_from("!HH", data, offset)
        if protocol == socket.IPPROTO_TCP:
            flags, payload = data[offset + 13], b""
        elif protocol == socket.IPPROTO_UDP:
            flags, payload = 0, data[offset + 8 :]
        else:
            return None
    except (IndexError, struct.error):
        return None
    return Packet(
        socket.inet_ntop(family, source),
        socket.inet_ntop(family, destination),
        protocol,
        source_port,
        destination_port,
        flags,
        payload,
    )


def _upper_layer(data: bytes) -> tuple[int, int, int]:
    """``(protocol, its offset, fragment offset)`` behind the extension headers of an IPv6 packet."""
    protocol, offset = data[6], 40
    while True:
        if protocol in _OPTIONS:
            size = (data[offset + 1] + 1) * 8
        elif protocol == _FRAGMENT:
            fragment = struct.unpack_from("!H", data, offset + 2)[0] & 0xFFF8
            if fragment:
                return protocol, offset, fragment
            size = 8
        elif protocol == _AUTHENTICATION:
            size = (data[offset + 1] + 2) * 4
        else:
            return protocol, offset, 0
        protocol, offset = data[offset], offset + size


def outgoing_filter(packed: bytes) -> list[tuple[int, int, int, int]]:
    """A classic BPF program that passes outgoing packets to one address (``Documentation/networking/filter.rst``)."""
    load_word, load_byte, equal, shift, give = 0x20, 0x30, 0x15, 0x74, 0x06
    net, packet_type = 0xFFF00000, 0xFFFFF004  # SKF_NET_OFF, SKF_AD_OFF + SKF_AD_PKTTYPE
    version, start = (4, 16) if len(packed) == 4 else (6, 24)
    checks = [[(load_word, packet_type)], [(load_byte, net), (shift, 4)]]
    values = [PACKET_OUTGOING, version]
    for offset in range(0, len(packed), 4):
        checks.append([(load_word, net + start + offset)])
        values.append(struct.unpack_from("!I", packed, offset)[0])
    program: list[tuple[int, int, int, int]] = []
    length = sum(len(check) + 1 for check in checks) + 2
    for check, value in zip(checks, values):
        program += [(code, 0, 0, number) for code, number in check]
        # Jumps count from the next instruction; the last one drops the packet.
        program.append((equal, 0, length - len(program) - 2, value))
    return [*program, (give, 0, 0, 0xFFFF), (give, 0, 0, 0)]


class Capture:
    """Watches every device for packets to ``address`` from now on. OSError EPERM without CAP_NET_RAW."""

    def __init__(self, family: int, address: str, protocol: int, port: int) -> None:
        packed = socket.inet_pton(family, address)
        self._wanted = (socket.inet_ntop(family, packed), protocol, port)
        # No protocol yet: nothing arrives before the filter is in place.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        try:
            code = b"".join(struct.pack("=HBBI", *step) for step in outgoing_filter(packed))
            buffer = ctypes.create_string_buffer(code, len(code))
            program = struct.pack("HL", len(code) // 8, ctypes.addressof(buffer))
            self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
            _bind_every_device(self._socket)
        except OSError:
            self._socket.close()
            raise

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def wait(self, deadline: float, source_port: int | None, token: bytes = b"") -> Wire | None:
        """The first matching packet until ``deadline`` (``time.monotonic()``), else None.

        UDP: the payload is ``token``. TCP: a SYN from ``source_port``, or, when none came, the first SYN from any
        port: address translation may have changed it.
        """
        other: Wire | None = None
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        while True:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not poller.poll(remaining * 1000):
                return other
            data, origin = self._socket.recvfrom(65535)
            packet = parse_packet(data) if origin[2] == PACKET_OUTGOING else None
            if packet is not None and self._is_vrf(origin[0]):
                continue
            if packet is None or (packet.destination, packet.protocol, packet.destination_port) != self._wanted:
                continue
            wire = Wire(packet.source, packet.source_port, origin[0])
            if packet.protocol == socket.IPPROTO_UDP:
                if packet.payload == token:
                    return wire
            elif packet.flags & (_SYN | _ACK) == _SYN:
                if packet.source_port == source_port:
                    return wire
                other = other or wire

    def _is_vrf(self, device: str) -> bool:
        """Whether packets seen on this device are on their way to another: a VRF shows them where it is watched.

        ``vrf_finish_direct()`` and ``vrf_get_drvinfo()`` in drivers/net/vrf.c; ``ETHTOOL_GDRVINFO`` needs no privilege.
        """
        info = ctypes.create_string_buffer(struct.pack("=I192x", ETHTOOL_GDRVINFO), 196)
        request = struct.pack("16sP16x", device.encode(), ctypes.addressof(info))
        try:
            fcntl.ioctl(self._socket, SIOCETHTOOL, request)
        except OSError:
            return False
        return info.raw[4:36].rstrip(b"\0") == b"vrf"


def _bind_every_device(sock: socket.socket) -> None:
    """Binds to ETH_P_ALL on interface index 0. Python's own ``bind`` insists on the name of a device."""
    address = struct.pack("=HHiHBB8s", socket.AF_PACKET, socket.htons(ETH_P_ALL), 0, 0, 0, 0, b"")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.bind(sock.fileno(), address, len(address)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, "bind of the packet socket")
