# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a dump, which since Linux 6.9 often stands behind the last objects (net/netlink/af_netlink.c)."""

from __future__ import annotations

import errno
import struct

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import dump, wire

OBJECT = struct.pack("=IHHII", 20, 24, 2, 7, 0) + b"\0\0\0\0"


class Socket:
    def __init__(self, *chunks: bytes) -> None:
        self.chunks = list(chunks)
        self.sent = 0

    def send(self, _message: bytes) -> None:
        """Nobody listens."""
        self.sent += 1

    def recv(self, _size: int) -> bytes:
        return self.chunks.pop(0)


@pytest.mark.parametrize("flags", [0x02, 0x22])
@pytest.mark.parametrize("alone", [True, False])
def test_the_end_is_seen_with_the_flags_of_any_dump(flags: int, alone: bool) -> None:
    end = struct.pack("=IHHIIi", 20, wire.NLMSG_DONE, flags, 7, 0, 0)
    chunks = [OBJECT, end] if alone else [OBJECT + end]
    assert list(dump.dump(Socket(*chunks), 26, 7, b"", "routes")) == [OBJECT]  # type: ignore[arg-type]


def test_it_is_asked_for_again_when_the_one_before_has_been_read() -> None:
    """EBUSY comes where a reader gave up a dump of which the kernel has more."""
    of_another = struct.pack("=IHHIIi", 20, wire.NLMSG_DONE, 2, 6, 0, 0)
    busy = struct.pack("=IHHIIi", 36, wire.NLMSG_ERROR, 0, 7, 0, -errno.EBUSY) + bytes(16)
    end = struct.pack("=IHHIIi", 20, wire.NLMSG_DONE, 2, 7, 0, 0)
    sock = Socket(of_another, busy, of_another, busy, of_another, OBJECT + end)
    assert list(dump.dump(sock, 26, 7, b"", "routes")) == [OBJECT]  # type: ignore[arg-type]
    assert sock.sent == 3
