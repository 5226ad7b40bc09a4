# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of sock_diag, byte by byte."""

from __future__ import annotations

import socket
import struct

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6
from ansible_collections.l3host.source_ip.plugins.module_utils._sockets import message
from ansible_collections.l3host.source_ip.plugins.module_utils._sockets.message import TCP, UDP, Socket


def told(family: int, source: str, destination: str, *attributes: tuple[int, bytes], state: int = 1) -> bytes:
    """An answer of the kernel: as ``struct nlmsghdr`` and ``struct inet_diag_msg`` lay it out."""

    def field(text: str) -> bytes:
        return socket.inet_pton(family, text).ljust(16, b"\0")

    body = bytes((family, state, 0, 0)) + struct.pack("!HH", 41952, 443) + field(source) + field(destination)
    body += struct.pack("=I8sIIIII", 7, b"cookie..", 1, 2, 3, 33, 184467)
    for kind, value in attributes:
        body += struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
    return struct.pack("=IHHII", 16 + len(body), 20, 2, 1, 0) + body


def test_a_socket() -> None:
    (one,) = message.sockets(told(INET, "192.0.2.2", "198.51.100.34", (8, b"\0"), (15, struct.pack("=I", 100))), TCP)
    assert one == Socket(
        TCP, INET, 1, bytes((192, 0, 2, 2)), 41952, bytes((198, 51, 100, 34)), 443, 7, 33, 184467, mark=100
    )


def test_several_in_one_chunk_keep_their_attributes() -> None:
    mark = (15, struct.pack("=I", 5))
    chunk = told(INET, "10.0.0.1", "10.0.0.2", (8, b"\0")) + told(
        INET6, "2001:db8::1", "2001:db8::2", (11, b"\1"), mark
    )
    chunk += told(INET, "10.0.0.3", "10.0.0.4")
    found = list(message.sockets(chunk, UDP))
    assert [one.mark for one in found] == [None, 5, None]
    assert [one.family for one in found] == [INET, INET6, INET]
    assert found[1].source == socket.inet_pton(INET6, "2001:db8::1")
    assert found[2].destination == bytes((10, 0, 0, 4))


@pytest.mark.parametrize(
    ("source", "destination"),
    [("::ffff:10.0.0.1", "::ffff:10.0.0.2"), ("::ffff:10.0.0.1", "::"), ("::", "::ffff:1.2.3.4")],
)
def test_an_ipv6_socket_that_speaks_ipv4_is_told_as_ipv4(source: str, destination: str) -> None:
    (one,) = message.sockets(told(INET6, source, destination), TCP)
    assert one.family == INET
    assert [len(one.source), len(one.destination)] == [4, 4]
    assert (
        one.source == socket.inet_pton(INET6, source)[12:]
        and one.destination == socket.inet_pton(INET6, destination)[12:]
    )


def test_what_is_cut_off_is_not_read() -> None:
    whole = told(INET, "10.0.0.1", "10.0.0.2")
    assert not list(message.sockets(whole[:80], TCP)) and not list(message.sockets(b"", TCP))


def test_a_request() -> None:
    assert message.request(INET, UDP, ["established", "listen", "listen"], b"") == struct.pack(
        "=BBBBI48x", INET, UDP, 0, 0, 1 << 1 | 1 << 10
    )
    assert message.request(INET, UDP, ["close"], b"abcd")[56:] == b"\x08\x00\x01\x00abcd"


def test_connected_is_what_ss_calls_so() -> None:
    """SS_CONN of misc/ss.c."""
    every = (1 << 12) - 1
    assert sum(1 << message.STATES[state] for state in message.CONNECTED) == every & ~sum(
        1 << bit for bit in (0, 3, 6, 7, 10)
    )
