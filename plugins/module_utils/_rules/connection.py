# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection that a task came by. PRIVATE to the collection.

sshd says it in SSH_CONNECTION. sudo takes that away from what it starts, so the processes above are looked at too, and
where none of them says it, for a TCP socket that they hold.
"""

from __future__ import annotations

import os
import sys
import typing as t

from .._base.values import INET, INET6, read_address
from .cutoff import Connection

_MOST = 32  # processes upwards
_ESTABLISHED = "01"
_MAPPED = bytes(10) + b"\xff\xff"


def connections() -> list[Connection]:
    """Those that can be found out; empty where the task was started on the host itself."""
    above = list(_above())
    for text in (os.environ.get("SSH_CONNECTION", ""), *map(_said, above)):
        found = parse(text)
        if found:
            return [found]
    held = {inode for pid in above for inode in _sockets(pid)}
    return [one for inode, one in _established() if inode in held] if held else []


def parse(text: str) -> Connection | None:
    """The connection of SSH_CONNECTION: address and port of the client, then ours."""
    parts = text.split()
    if len(parts) != 4 or not (parts[1].isdecimal() and parts[3].isdecimal()):
        return None
    remote, local = read_address(parts[0].partition("%")[0]), read_address(parts[2].partition("%")[0])
    if remote is None or local is None or remote[0] != local[0]:
        return None
    return Connection(local[0], local[1], int(parts[3]), remote[1], int(parts[1]))


def _above() -> t.Iterator[int]:
    """The processes above this one, but for the first of all."""
    pid = os.getppid()
    for _count in range(_MOST):
        if pid <= 1:
            return
        yield pid
        # The name of a process may hold anything, brackets and spaces too; behind it are its state and its parent.
        fields = _content(f"/proc/{pid}/stat").rpartition(")")[2].split()
        pid = int(fields[1]) if len(fields) > 1 else 0


def _said(pid: int) -> str:
    for line in _content(f"/proc/{pid}/environ").split("\0"):
        name, _equals, value = line.partition("=")
        if name == "SSH_CONNECTION":
            return value
    return ""


def _sockets(pid: int) -> set[str]:
    """The numbers of the sockets that a process holds."""
    found = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            target = os.readlink(f"/proc/{pid}/fd/{name}")
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        return found
    return found


def _established() -> t.Iterator[tuple[str, Connection]]:
    for family, name in ((INET, "tcp"), (INET6, "tcp6")):
        for row in _content(f"/proc/net/{name}").splitlines()[1:]:
            columns = row.split()
            if len(columns) > 9 and columns[3] == _ESTABLISHED:
                local, local_port = _endpoint(columns[1])
                remote, remote_port = _endpoint(columns[2])
                real = INET if len(local) == 4 else family
                yield columns[9], Connection(real, local, local_port, remote, remote_port)


def _endpoint(text: str) -> tuple[bytes, int]:
    """``0100007F:0016``: each four bytes in the order of this machine."""
    digits, _colon, port = text.partition(":")
    raw = bytes.fromhex(digits)
    if sys.byteorder == "little":
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return raw[12:] if raw[:12] == _MAPPED else raw, int(port, 16)


def _content(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
