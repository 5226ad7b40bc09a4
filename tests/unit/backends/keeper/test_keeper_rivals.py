# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who undoes repairs: the stated rate, on a clock of the test's own."""

from __future__ import annotations

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._keeper.rivals import (
    AT_ONCE,
    FORGOTTEN,
    LONGEST,
    Rivals,
)

KEY = "198.51.100.0/24"


def fight(rivals: Rivals, seconds: float, start: float = 0.0) -> list[float]:
    """The times of the repairs of what is undone at once, each time."""
    now, made = start, [start]
    rivals.mended(KEY, now)
    while True:
        rivals.changed(KEY, "netlink port 7", now)
        now = rivals.due(KEY, now) or now
        if now > start + seconds:
            return made
        rivals.mended(KEY, now)
        made.append(now)


def test_the_stated_rate() -> None:
    rivals = Rivals()
    made = fight(rivals, 86400)
    assert made[:8] == [0, 0, 0, 1, 3, 7, 15, 31] and made[8] > 60
    assert len([at for at in made if 43200 <= at < 46800]) == 12
    assert made[AT_ONCE - 1] == 0 and made[-1] - made[-2] == LONGEST
    assert "netlink port 7" in rivals.words(KEY)


def test_what_has_stood_long_enough_begins_anew() -> None:
    rivals = Rivals()
    later = fight(rivals, 600)[-1] + FORGOTTEN + 1
    rivals.mended(KEY, later - FORGOTTEN - 1)
    rivals.changed(KEY, "netlink port 7", later)
    assert rivals.due(KEY, later) is None
    assert len(fight(rivals, 0.5, later)) == AT_ONCE - 1, "that was the first time"


def test_several_changes_before_a_repair_are_one() -> None:
    rivals = Rivals()
    rivals.mended(KEY, 0)
    for _again in range(50):
        rivals.changed(KEY, "netlink port 7", 1)
    assert rivals.due(KEY, 1) is None


def test_what_was_never_repaired_is_no_fight() -> None:
    rivals = Rivals()
    rivals.changed(KEY, "netlink port 7", 0)
    assert rivals.due(KEY, 0) is None and rivals.words(KEY) == ""


def test_a_change_after_which_nothing_is_needed_was_none() -> None:
    rivals = Rivals()
    rivals.mended(KEY, 0)
    for now in range(1, 100):
        rivals.changed(KEY, "netlink port 7", now)
        rivals.settle((), now)
    assert rivals.words(KEY) == ""
    rivals.changed(KEY, "netlink port 7", 100)
    assert rivals.due(KEY, 100) is None


def test_the_memory_is_of_late() -> None:
    rivals = Rivals()
    rivals.mended(KEY, 0)
    rivals.forget(FORGOTTEN + 1)
    rivals.changed(KEY, "netlink port 7", FORGOTTEN + 2)
    assert rivals.words(KEY) == ""
