# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One writer at a time in a network namespace. PRIVATE to the collection. Standard library only."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import typing as t

from .._base.errors import Refused

DIRECTORY = "/run/l3host.source_ip"
_PAUSE = 0.05  # seconds between two tries


@contextlib.contextmanager
def one_writer(who: str, patience: float, directory: str = DIRECTORY) -> t.Iterator[None]:
    """Hold the lock of this network namespace (flock(2)); it goes with the process, however that ends.

    ``who`` is told to those who wait in vain. ``patience``: seconds to wait for another writer. Refused names who
    holds the lock, and since when.
    """
    os.makedirs(directory, mode=0o755, exist_ok=True)
    # Namespaces share /run, and what one holds is nothing to another (network_namespaces(7)).
    path = os.path.join(directory, f"lock-{os.stat('/proc/self/ns/net').st_ino}")
    with open(path, "a+", encoding="utf-8") as file:
        end = time.monotonic() + patience
        while not _taken(file):
            if time.monotonic() >= end:
                file.seek(0)
                holder = file.read(500).strip() or "somebody who has not said"
                raise Refused(
                    f"another writer is at work on this host: {holder}. It did not end within {patience:g} s; nothing "
                    "was changed. Run again when it is through."
                )
            time.sleep(_PAUSE)
        file.truncate(0)
        file.write(f"{who}, process {os.getpid()}, since {time.strftime('%Y-%m-%d %H:%M:%S %z')}\n")
        file.flush()
        try:
            yield
        finally:
            # Closing the file gives the lock away; what it says must not outlive that.
            file.truncate(0)


def _taken(file: t.TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
