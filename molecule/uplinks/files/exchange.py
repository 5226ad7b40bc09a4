# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask and answer over TCP, as applications do. Runs on the hosts and on who is far away.

exchange.py serve                     answers every question with the address that it came from, for ever
exchange.py ask TO[,SOURCE]...        asks each, from SOURCE where one is named; prints {since, answers: [{port, seen,
                                      error}]}: when it began, and of each the port that was asked from, the address
                                      that the answering side has seen, or why there is none
"""

from __future__ import annotations

import json
import socket
import sys
import time

PORT = 2222
WAIT = 3.0


def serve() -> None:
    """Answer, for ever."""
    listener = socket.create_server(("::", PORT), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
    while True:
        connection, peer = listener.accept()
        with connection:
            connection.sendall(str(peer[0]).removeprefix("::ffff:").encode("ascii"))


def ask(to: str, source: str) -> dict[str, int | str | None]:
    """One question."""
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as asking:
        asking.settimeout(WAIT)
        asking.bind((source, 0))
        port = asking.getsockname()[1]
        try:
            asking.connect((to, PORT))
            return {"port": port, "seen": asking.recv(64).decode("ascii"), "error": None}
        except OSError as error:
            return {"port": port, "seen": None, "error": str(error)}


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    since = time.time()
    print(json.dumps({"since": since, "answers": [ask(*question.partition(",")[::2]) for question in sys.argv[2:]]}))
