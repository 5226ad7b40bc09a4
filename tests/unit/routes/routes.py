# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes that record.py wrote down, and payloads put together by hand: material of the tests without a kernel."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import Prefix, parse_prefix

RECORDED: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "golden" / "routes.json").read_text(encoding="utf-8")
)
NAMES = {1: "lo", 2: "v0", 3: "v1"}
DST, FROM, OIF, GATEWAY, PRIORITY, PREFSRC, METRICS, MULTIPATH, CACHEINFO = 1, 2, 4, 5, 6, 7, 8, 9, 12
TABLE, PREF, EXPIRES, NH_ID = 15, 20, 23, 30


def dumped(kind: str) -> bytes:
    """The payload of a recorded route, as the kernel dumped it."""
    return bytes.fromhex(RECORDED[kind]["dumped"])


def packed(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def u32(number: int) -> bytes:
    return struct.pack("=I", number)


def attr(kind: int, value: bytes) -> bytes:
    """struct rtattr, padded; written here a second time so that the code under test does not judge itself."""
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def walk(buffer: bytes) -> list[tuple[int, bytes]]:
    """The attributes of a buffer, in order, by a walk of our own."""
    found = []
    while len(buffer) >= 4:
        length, kind = struct.unpack_from("=HH", buffer)
        found.append((kind & 0x3FFF, buffer[4:length]))
        buffer = buffer[(length + 3) // 4 * 4 :]
    return found


def parsed(payload: bytes) -> tuple[list[int], dict[int, bytes]]:
    """(fields of struct rtmsg, attributes)."""
    return list(struct.unpack_from("=BBBBBBBBI", payload)), dict(walk(payload[12:]))


def payload(
    destination: str,
    gateway: str | None = "10.0.0.254",
    device: int = 2,
    *,
    source: str | None = None,
    metric: int = 0,
    table: int = 254,
    protocol: int = 3,
    kind: int = 1,
    tos: int = 0,
    extra: Iterable[tuple[int, bytes]] = (),
) -> bytes:
    """A dumped route in the kernel's attribute order of its family."""
    prefix = parse_prefix(destination, "destination")
    six = prefix.family == socket.AF_INET6
    if six and gateway == "10.0.0.254":
        gateway = "2001:db8::fe"
    metric = metric or (1024 if six else 0)
    scope = 0 if gateway or six else 253
    parts = [struct.pack("=BBBBBBBBI", prefix.family, prefix.length, 0, tos, table & 255, protocol, scope, kind, 0)]
    parts.append(attr(TABLE, u32(table)))
    if prefix.length:
        parts.append(attr(DST, prefix.packed))
    middle = [attr(PRIORITY, u32(metric)) if metric else b"", attr(PREFSRC, packed(source)) if source else b""]
    parts += reversed(middle) if six else middle
    parts += [attr(number, value) for number, value in extra]
    if gateway:
        parts.append(attr(GATEWAY, packed(gateway)))
    if device:
        parts.append(attr(OIF, u32(device)))
    if six:
        parts += [attr(CACHEINFO, bytes(32)), attr(PREF, b"\0")]
    return b"".join(parts)


def message(body: bytes, kind: int = 24) -> bytes:
    """A netlink message, padded."""
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 7, 0) + body + b"\0" * (-len(body) % 4)


def chunk(payloads: Iterable[bytes]) -> bytes:
    """What one ``recv`` of a dump returns."""
    return b"".join(map(message, payloads))


class Table:
    """A kernel that only dumps: the ``dump`` of a planner."""

    def __init__(self, *payloads: bytes) -> None:
        self.payloads = list(payloads)
        self.asked: list[tuple[int, int | None, int]] = []

    def dump(self, family: int, table: int | None, protocol: int) -> list[bytes]:
        """Chunks of two messages each, filtered as the kernel filters."""
        self.asked.append((family, table, protocol))
        fitting = []
        for one in self.payloads:
            header, attrs = parsed(one)
            if (
                header[0] == family
                and table in (None, struct.unpack("=I", attrs[TABLE])[0])
                and protocol in (0, header[5])
            ):
                fitting.append(one)
        return [chunk(fitting[at : at + 2]) for at in range(0, len(fitting), 2)]


def prefix(text: str) -> Prefix:
    return parse_prefix(text, "test")
