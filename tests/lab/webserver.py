# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The far web server: answers every GET with the address the request came from, and says nothing else."""

from __future__ import annotations

import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answer(BaseHTTPRequestHandler):
    """One line of text: the peer's address, IPv4 without its mapping into IPv6."""

    def do_GET(self) -> None:
        peer = self.client_address[0]
        body = f"{peer[7:] if peer.startswith('::ffff:') else peer}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal belongs to the test or the demo."""


class Server(ThreadingHTTPServer):
    """Listens on IPv6 and, mapped, on IPv4; never asks a name server who it is."""

    address_family = socket.AF_INET6
    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "web", self.server_address[1]


if __name__ == "__main__":
    Server(("::", int(sys.argv[1])), Answer).serve_forever()
