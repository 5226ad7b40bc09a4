# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What services of ours share: their files, and whether systemd runs them. PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._files.replace import Prepared, prepare
from .._files.snapshot import Access, Snapshot
from .commands import run


def ready(
    there: t.Mapping[str, Snapshot],
    files: t.Mapping[str, bytes | None],
    mode: t.Callable[[str], int],
    stack: contextlib.ExitStack,
) -> list[Prepared]:
    """The new files beside the old ones; what can fail has been tried, and goes with ``stack`` if it is not used.

    ``there``: the files as they were read; ``files``: {path: content, or None for one that goes}; ``mode``: of a new
    one.
    """
    result = []
    for path, content in files.items():
        if content is not None:
            folder = os.path.dirname(path)
            missing = _missing_folders(folder)
            os.makedirs(folder, mode=0o755, exist_ok=True)
            stack.callback(remove_empty, missing)
        like = Access(os.geteuid(), os.getegid(), mode(path), {})
        result.append(stack.enter_context(prepare(there[path], content, like=like)))
    return result


def _missing_folders(folder: str) -> list[str]:
    """Those that are not there yet, the deepest first."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    return missing


def remove_empty(folders: t.Iterable[str]) -> None:
    """Remove those that hold nothing any more."""
    for folder in folders:
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def runs_here() -> bool:
    """Whether systemd is this host's init (sd_booted(3))."""
    return os.path.isdir("/run/systemd/system")


def same_network(process: str) -> bool | None:
    """Whether a process (a number, or ``self``) is in our network namespace; None where that cannot be seen.

    Namespaces share files and services, where devices of another one are not meant.
    """
    try:
        return os.stat(f"/proc/{process}/ns/net").st_ino == os.stat("/proc/self/ns/net").st_ino
    except OSError:
        return None


def active(unit: str) -> bool:
    return run(["systemctl", "is-active", unit], accept=(0, 3, 4)).strip() == "active"
