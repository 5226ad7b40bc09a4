# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many open sockets, held until standard input ends: python -m tests.bench.crowd udp|tcp COUNT SOURCE [FIRST PORT]

udp: COUNT connected sockets from SOURCE and the ports from PORT on, each to a destination of its own: the FIRST one and
those that follow.
tcp: COUNT / 2 connections to a listener of this process at the address SOURCE; both ends are open here.
"""

from __future__ import annotations

import ipaddress
import socket
import sys


def udp(count: int, source: str, first: str, port: int) -> list[socket.socket]:
    """Sockets from ports ``port`` and up: the kernel would look for a free one ever longer."""
    start = ipaddress.IPv4Address(first)
    made = []
    for number in range(count):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((source, port + number))
        one.connect((str(start + number), 9))
        made.append(one)
    return made


def tcp(count: int, address: str) -> list[socket.socket]:
    """The listener, and both ends of each connection."""
    server = socket.create_server((address, 0))
    made = [server]
    for _number in range(count // 2):
        made.append(socket.create_connection(server.getsockname()))
        made.append(server.accept()[0])
    return made


if __name__ == "__main__":
    kind, number, own, *more = sys.argv[1:]
    held = udp(int(number), own, more[0], int(more[1])) if kind == "udp" else tcp(int(number), own)
    print(len(held), flush=True)
    sys.stdin.read()
