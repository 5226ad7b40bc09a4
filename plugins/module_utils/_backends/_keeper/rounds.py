# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one look of the keeper found and did. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field


class Mended(t.NamedTuple):
    """One repair: lines as ip(8) prints them, None for nothing."""

    what: str
    before: str | None
    after: str | None


class Waiting(t.NamedTuple):
    """What cannot be as the intent says now, and why, in the kernel's words where it has any."""

    what: str
    why: str


@dataclass
class Round:
    """``again``: the time (of the clock that was given) at which what was put off may be repaired; else None."""

    checked: int = 0
    mended: list[Mended] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    again: float | None = None
