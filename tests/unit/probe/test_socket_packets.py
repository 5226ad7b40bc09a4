# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading packets: every header that may stand before UDP and TCP, and nothing that crashes on what is not one."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._probe.capture import Packet, parse_packet

UDP, TCP = 17, 6


def udp(source_port: int = 1000, destination_port: int = 9, payload: bytes = b"hello") -> bytes:
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def tcp(source_port: int = 1000, destination_port: int = 80, flags: int = 0x02) -> bytes:
    return struct.pack("!HHIIBBHHH", source_port, destination_port, 1, 0, 5 << 4, flags, 64240, 0, 0)


def ipv4(
    payload: bytes,
    protocol: int = UDP,
    options: bytes = b"",
    fragment: int = 0,
    source: str = "192.0.2.2",
    destination: str = "198.51.100.34",
) -> bytes:
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), 7, fragment, 64, protocol, 0)
    return head + socket.inet_aton(source) + socket.inet_aton(destination) + options + payload


def ipv6(
    payload: bytes, following: int = UDP, source: str = "2001:db8::1", destination: str = "2001:db8:100::34"
) -> bytes:
    addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
    return struct.pack("!IHBB", 6 << 28, len(payload), following, 64) + addresses + payload


def options_header(following: int, units: int = 0) -> bytes:
    return bytes((following, units)) + bytes(6 + 8 * units)


def authentication_header(following: int) -> bytes:
    return bytes((following, 4)) + bytes(22)


V4 = Packet("192.0.2.2", "198.51.100.34", UDP, 1000, 9, 0, b"hello")
V6 = Packet("2001:db8::1", "2001:db8:100::34", UDP, 1000, 9, 0, b"hello")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(ipv4(udp()), V4, id="ipv4"),
        pytest.param(ipv4(udp(), options=b"\x01" * 8), V4, id="ipv4 options"),
        pytest.param(ipv4(udp(), fragment=0x2000), V4, id="ipv4 first fragment"),
        pytest.param(ipv4(udp(), fragment=0x4000), V4, id="ipv4 don't fragment"),
        pytest.param(ipv4(udp(), fragment=0x0001), None, id="ipv4 later fragment"),
        pytest.param(ipv4(tcp(), TCP), V4._replace(protocol=TCP, destination_port=80, flags=2, payload=b""), id="tcp"),
        pytest.param(ipv4(b"\x08\x00" + bytes(30), 1), None, id="icmp"),
        pytest.param(ipv6(udp()), V6, id="ipv6"),
        pytest.param(ipv6(options_header(UDP) + udp(), 0), V6, id="hop-by-hop"),
        pytest.param(ipv6(options_header(60, 2) + options_header(UDP, 1) + udp(), 43), V6, id="routing, destination"),
        pytest.param(ipv6(bytes((UDP, 0, 0, 1, 0, 0, 0, 9)) + udp(), 44), V6, id="ipv6 first fragment"),
        pytest.param(ipv6(bytes((UDP, 0, 0, 8, 0, 0, 0, 9)) + udp(), 44), None, id="ipv6 later fragment"),
        pytest.param(ipv6(authentication_header(UDP) + udp(), 51), V6, id="authentication"),
        pytest.param(ipv6(udp(), 50), None, id="encrypted"),
        pytest.param(ipv6(b"", 59), None, id="no next header"),
        pytest.param(b"", None, id="empty"),
        pytest.param(b"\x00" * 60, None, id="no version"),
    ],
)
def test_packet(data: bytes, expected: Packet | None) -> None:
    assert parse_packet(data) == expected


@pytest.mark.parametrize("data", [ipv4(udp()), ipv4(tcp(), TCP), ipv6(options_header(UDP) + udp(payload=b""), 0)])
def test_every_cut_in_the_headers_is_none(data: bytes) -> None:
    headers = len(data) - (len(b"hello") if data.endswith(b"hello") else 0)
    assert parse_packet(data) is not None
    whole = {length for length in range(headers) if parse_packet(data[:length]) is not None}
    # Behind the ports (UDP) and the flags (TCP) nothing is needed any more.
    assert all(length >= headers - 6 for length in whole)


@given(
    chain=st.lists(st.sampled_from([0, 43, 60, 51, 44]), max_size=6),
    source=st.ip_addresses(v=6),
    destination=st.ip_addresses(v=6),
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    payload=st.binary(max_size=64),
)
def test_any_chain_of_headers(
    chain: list[int], source: object, destination: object, ports: tuple[int, int], payload: bytes
) -> None:
    data = udp(*ports, payload)
    following = UDP
    for kind in reversed(chain):
        header = {44: bytes((following, 0, 0, 1)) + bytes(4), 51: authentication_header(following)}
        data = header.get(kind, options_header(following, 1)) + data
        following = kind
    packet = parse_packet(ipv6(data, following, str(source), str(destination)))
    texts = [
        socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, str(a))) for a in (source, destination)
    ]
    assert packet == Packet(texts[0], texts[1], UDP, ports[0], ports[1], 0, payload)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_packet_or_none(data: bytes) -> None:
    packet = parse_packet(data)
    assert packet is None or packet.protocol in (UDP, TCP)
