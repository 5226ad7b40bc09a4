# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files of ours, written whole. PRIVATE to the collection. Standard library only."""

from __future__ import annotations

import os


def write(path: str, content: bytes, mode: int = 0o600, sync: bool = True) -> None:
    """Put the content in place, at once and as a whole; the folder is made. OSError where that is impossible.

    ``sync``: it is on the disk before it is in its place. For files that one writer at a time writes (lock.py): a
    killed one leaves FILE.new, which the next takes over.
    """
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    temporary = f"{path}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(temporary, flags, mode), "wb") as file:
        file.write(content)
        file.flush()
        if sync:
            os.fsync(file.fileno())
    os.replace(temporary, path)
