# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One dump over a netlink socket, chunk by chunk. PRIVATE to the collection."""

from __future__ import annotations

import errno
import os
import socket
import struct
import typing as t

from .._base.errors import KernelError
from . import wire


def dump(
    sock: socket.socket, kind: int, sequence: int, body: bytes, what: str, empty: t.Container[int] = ()
) -> t.Iterator[bytes]:
    """What ``recv`` returns of the answer, without its end.

    ``what`` is being listed: KernelError names it. ``empty``: error numbers that mean that there is nothing.
    """
    request = wire.message(kind, wire.NLM_F_REQUEST | wire.NLM_F_DUMP, sequence, body)
    sock.send(request)
    refused = False
    # Its flags are those of the objects before it: NLM_F_MULTI, and NLM_F_DUMP_FILTERED where the kernel filters.
    ends = [struct.pack("=HHI", wire.NLMSG_DONE, flags, sequence) for flags in (0x02, 0x22)]
    while True:
        chunk = sock.recv(1 << 18)
        if len(chunk) < 16:
            raise KernelError(f"{what}: the kernel ended the dump early", errno.EIO, "short answer")
        first = wire.HEADER.unpack_from(chunk)
        if first[3] != sequence:
            # The rest of a dump that its reader gave up: the kernel begins no other before that is read.
            if refused:
                sock.send(request)
                refused = False
            continue
        if first[1] == wire.NLMSG_ERROR:
            code = -struct.unpack_from("=i", chunk, 16)[0]
            if code == errno.EBUSY:
                refused = True
                continue
            _check(code, chunk[16 : first[0]], 20, what, empty)
            return
        # The kernel puts NLMSG_DONE last: alone, or behind the last objects of a chunk.
        at = 0 if first[1] == wire.NLMSG_DONE else max(map(chunk.rfind, ends)) - 4
        if at < 0 or not _is_done(chunk, at):
            yield chunk
            continue
        if at:
            yield chunk[:at]
        payload = chunk[at + 16 :]
        code = -struct.unpack_from("=i", payload)[0] if len(payload) >= 4 else 0
        _check(code, payload, 4, what, empty)
        return


def _check(code: int, payload: bytes, offset: int, what: str, empty: t.Container[int]) -> None:
    if not code or code in empty:
        return
    text = wire.extack(payload, offset) or os.strerror(code)
    raise KernelError(f"{what}: the kernel refused to list them: {text}", code, text)


def _is_done(chunk: bytes, at: int) -> bool:
    """Whether a whole NLMSG_DONE begins at this offset and ends the chunk, and is not the inside of an object."""
    length: int = struct.unpack_from("=I", chunk, at)[0]
    return 16 <= length <= len(chunk) - at < length + 4
