# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifetimes, which count down. Pure. PRIVATE to the collection."""

from __future__ import annotations


def still_met(named: int, left: int | None) -> bool:
    """Whether what is left of a lifetime in seconds (None: for ever) fulfils the number of seconds that is named.

    It does while at least half of it is left and not more than it: so a second run changes nothing, and runs that come
    often enough keep the thing alive.
    """
    return left is not None and left <= named <= 2 * left
