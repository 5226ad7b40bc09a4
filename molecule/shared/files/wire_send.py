# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send one UDP packet to each destination, as an application that binds nothing would. Runs on the host under test.

Arguments: destinations (addresses). Prints {token, sent: {destination: {source, error}}}: the local address the kernel
gave the socket, or the error's name; the token is what the neighbour's record knows this run by.
"""

from __future__ import annotations

import errno
import json
import socket
import sys
import uuid

PORT = 33434


def send(token: str, destination: str) -> dict[str, str | None]:
    """The source of the socket after connect(2), having sent one packet; or the error by name."""
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        try:
            sender.connect((destination, PORT))
            sender.send(f"source_ip {token}".encode("ascii"))
            return {"source": sender.getsockname()[0], "error": None}
        except OSError as error:
            return {"source": None, "error": errno.errorcode.get(error.errno or 0, str(error))}


def main() -> None:
    """Send and print."""
    token = uuid.uuid4().hex
    print(json.dumps({"token": token, "sent": {destination: send(token, destination) for destination in sys.argv[1:]}}))


if __name__ == "__main__":
    main()
