# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Linux this is, for the few things that it does and does not show. PRIVATE to the collection."""

from __future__ import annotations

import os
import re


def kernel_version(release: str | None = None) -> tuple[int, int]:
    """``(6, 12)`` for ``6.12.113+deb13-amd64``; ``release``: this kernel's where not given. (0, 0) for what is none."""
    found = re.match(r"([0-9]+)\.([0-9]+)", os.uname().release if release is None else release)
    return (int(found[1]), int(found[2])) if found else (0, 0)
