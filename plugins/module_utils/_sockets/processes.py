# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process holds a socket, and the unit it runs in, by /proc. PRIVATE to the collection.

``proc(5)``, ``cgroups(7)``. Needs root (CAP_SYS_PTRACE) for processes of other users.
"""

from __future__ import annotations

import os
import re
import typing as t

_UNIT = re.compile(r"[^/]+\.(?:service|scope|slice|socket|mount|swap)\Z")


class Process(t.NamedTuple):
    """``unit`` is systemd's, None where the process is in none."""

    pid: int
    name: str
    unit: str | None


def holders(inodes: t.Collection[int]) -> dict[int, Process]:
    """The process that holds each of these sockets, the one with the lowest number where there are several.

    Reads the open files of every process, until all are found: some 5 µs for each. A socket whose holder may not be
    seen, or that nobody holds, is left out.
    """
    missing = {f"socket:[{inode}]": inode for inode in inodes if inode}
    found: dict[int, Process] = {}
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdecimal()):
        if not missing:
            break
        mine = [missing.pop(link) for link in _links(pid) if link in missing]
        if mine:
            found.update(dict.fromkeys(mine, _process(pid)))
    return found


def unit_of(cgroup: str) -> str | None:
    """The innermost unit that the text of /proc/PID/cgroup names, in the unified hierarchy or else in systemd's own."""
    paths = [line.split(":", 2)[2] for line in cgroup.splitlines() if line.startswith("0::")]
    paths += [line.split(":", 2)[2] for line in cgroup.splitlines() if ":name=systemd:" in line]
    for path in paths:
        for part in reversed(path.split("/")):
            if _UNIT.match(part) and not part.endswith(".slice"):
                return part
    return None


def _links(pid: int) -> t.Iterator[str]:
    folder = f"/proc/{pid}/fd"
    try:
        files = os.listdir(folder)
    except OSError:  # gone, or somebody else's
        return
    for name in files:
        try:
            yield os.readlink(f"{folder}/{name}")
        except OSError:
            continue


def _process(pid: int) -> Process:
    return Process(pid, _read(f"/proc/{pid}/comm").rstrip("\n") or "?", unit_of(_read(f"/proc/{pid}/cgroup")))


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
