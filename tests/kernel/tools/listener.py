# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listens on a port for UDP and TCP, both families.

Prints ``ready``, then ``PROTOCOL ADDRESS PORT PAYLOAD`` of each peer.
"""

from __future__ import annotations

import selectors
import socket
import sys


def listen(kind: int, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6, kind)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


def main(port: int) -> None:
    selector = selectors.DefaultSelector()
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        selector.register(listen(kind, port), selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _events in selector.select():
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            if sock.type == socket.SOCK_STREAM:
                connection, peer = sock.accept()
                connection.close()
                name, payload = "tcp", b""
            else:
                payload, peer = sock.recvfrom(2048)
                name = "udp"
            address = peer[0].partition("%")[0]
            address = address[7:] if address.startswith("::ffff:") else address
            print(name, address, peer[1], payload.decode(), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
