# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who undoes repairs, and how long to leave it to them. Pure. PRIVATE to the collection.

Undone is what a process changed (its netlink port is not zero) after a repair. What the kernel takes away, because an
address or a device went, comes from port zero and is repaired at once, however often.

The first ``AT_ONCE`` repairs of one thing are made at once, the next ones after a second, two, four, up to ``LONGEST``.
What has stood for ``FORGOTTEN`` seconds begins anew. So what is always undone is repaired 8 times in the first minute,
and 12 times an hour in the long run.
"""

from __future__ import annotations

import typing as t

AT_ONCE = 3
FIRST = 1.0
LONGEST = 300.0
FORGOTTEN = 900.0

Key = t.Hashable


class _Fight:
    """When it was repaired last, how often that was undone, by whom; ``open``: since then nobody has repaired it."""

    __slots__ = ("by", "due", "mended", "open", "undone")

    def __init__(self) -> None:
        self.mended = 0.0
        self.undone = 0
        self.due = 0.0
        self.by = ""
        self.open = False


class Rivals:
    """The repairs of late, by what was repaired."""

    def __init__(self) -> None:
        self._fights: dict[Key, _Fight] = {}

    def mended(self, key: Key, now: float) -> None:
        """It has been repaired."""
        fight = self._fights.setdefault(key, _Fight())
        fight.mended = now
        fight.open = False

    def changed(self, key: Key, by: str, now: float) -> None:
        """A process has changed it; ``by`` says which, as far as the kernel tells. Several at once count as one."""
        fight = self._fights.get(key)
        if fight is None or fight.open:
            return
        if now - fight.mended > FORGOTTEN:
            fight.undone = 0
        fight.undone += 1
        fight.by = by
        fight.open = True
        over = fight.undone - AT_ONCE
        fight.due = now if over < 0 else now + min(LONGEST, FIRST * 2.0 ** min(over, 30))

    def due(self, key: Key, now: float) -> float | None:
        """When it may be repaired; None where that is now."""
        fight = self._fights.get(key)
        return fight.due if fight is not None and fight.open and fight.due > now else None

    def words(self, key: Key) -> str:
        """Who has undone it how often; empty where nobody has."""
        fight = self._fights.get(key)
        return f"undone {fight.undone} times, the last time by {fight.by}" if fight and fight.undone else ""

    def settle(self, needed: t.Container[Key], now: float) -> None:
        """After a look, with the keys that need a repair: what was changed and needs none was not undone."""
        for key, fight in self._fights.items():
            if fight.open and key not in needed:
                fight.open = False
                fight.undone -= 1
                fight.mended = now

    def forget(self, now: float) -> None:
        """Drop what has stood long enough: the memory is bounded by what was repaired of late."""
        old = [key for key, fight in self._fights.items() if not fight.open and now - fight.mended > FORGOTTEN]
        for key in old:
            del self._fights[key]
