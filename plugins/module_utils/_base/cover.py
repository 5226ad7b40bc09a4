# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of many prefixes a prefix lies in: one look-up for each length there is. PRIVATE to the collection. Pure."""

from __future__ import annotations

import typing as t

Values = t.TypeVar("Values")


class Cover(t.Generic[Values]):
    """Collections of values by prefix, of one family. Prefixes are (first address as a number, length).

    ``bits``: 32 or 128; ``make`` gives an empty collection.
    """

    def __init__(self, bits: int, make: t.Callable[[], Values]) -> None:
        self._bits = bits
        self._make = make
        self._by_length: dict[int, dict[int, Values]] = {}
        self._levels: list[tuple[int, int, dict[int, Values]]] = []

    def at(self, start: int, length: int) -> Values:
        """The collection of exactly this prefix, made when it is not there."""
        level = self._by_length.get(length)
        if level is None:
            level = self._by_length[length] = {}
            self._levels.append((length, self._bits - length, level))
            self._levels.sort(key=lambda known: -known[0])
        key = start >> (self._bits - length)
        found = level.get(key)
        if found is None:
            found = level[key] = self._make()
        return found

    def over(self, start: int, length: int) -> t.Iterator[tuple[int, Values]]:
        """``(length, collection)`` of each prefix that is this one or covers it, longest first."""
        for size, shift, level in self._levels:
            if size <= length:
                found = level.get(start >> shift)
                if found is not None:
                    yield size, found

    def covers(self, start: int, length: int) -> bool:
        """Whether there is such a prefix."""
        return next(self.over(start, length), None) is not None
