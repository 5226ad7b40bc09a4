# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is set in a benchmark: the same N routes in each contender's own form."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.lab.pair import Host

ACK_EVERY = 1024
_PROTOCOL = 133


def destination(at: int) -> str:
    """Host route number ``at``, counted from 20.0.0.0."""
    return f"20.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}/32"


def destinations(count: int) -> list[str]:
    """The first N."""
    return [destination(at) for at in range(count)]


def items(count: int, source: str = Host.S4) -> list[dict[str, Any]]:
    """The entries of the option ``routes``, as a user writes them."""
    return [{"destination": text, "gateway": Host.G4, "source": source} for text in destinations(count)]


def batch_file(path: Path, count: int, verb: str, source: str = Host.S4) -> Path:
    """The same for ``ip -batch``."""
    lines = [f"route {verb} {text} via {Host.G4} src {source} proto {_PROTOCOL}\n" for text in destinations(count)]
    path.write_text("".join(lines), encoding="ascii")
    return path


def prebuilt(count: int, device: int, replace: bool) -> Sequence[bytes]:
    """The same as batches of netlink messages (rtnetlink(7)), an acknowledgement asked for at the end of each."""
    flags = 0x1 | 0x400 | (0x100 if replace else 0x200)  # REQUEST, CREATE, REPLACE or EXCL
    tail = (
        struct.pack("=HH4s", 8, 7, socket.inet_aton(Host.S4))
        + struct.pack("=HH4s", 8, 5, socket.inet_aton(Host.G4))
        + struct.pack("=HHI", 8, 4, device)
    )
    found = []
    for start in range(0, count, ACK_EVERY):
        here = range(start, min(start + ACK_EVERY, count))
        batch = []
        for at in here:
            payload = struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, _PROTOCOL, 0, 1, 0)
            payload += struct.pack("=HHI", 8, 15, 254)
            payload += struct.pack("=HH", 8, 1) + struct.pack("!I", 0x14000000 + at) + tail
            ack = 0x4 if at == here[-1] else 0
            batch.append(struct.pack("=IHHII", 16 + len(payload), 24, flags | ack, at + 1, 0) + payload)
        found.append(b"".join(batch))
    return found
