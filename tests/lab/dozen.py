# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for the tests, made and deleted by the dozen: each is fresh, taken by one test and by no other.

A pair by itself costs a dozen processes. Cleaning a used one would have to restore, and to prove that it did, whatever
a test may have changed; making many at once costs less than that proof.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from tests.lab.netns import delete, end_inside
from tests.lab.pair import Pair, make

P = TypeVar("P", bound=Pair)


class Dozen(Generic[P]):
    """A stock of fresh pairs: the first is made alone, for who runs one test; then twice as many, up to ``LARGEST``."""

    LARGEST = 16

    def __init__(self, kind: Callable[[], P]) -> None:
        self._kind = kind
        self._ready: deque[P] = deque()
        self._used: list[P] = []
        self._size = 1

    @contextmanager
    def one(self) -> Iterator[P]:
        """A fresh pair; what runs in it ends with the block, its namespaces go later, with others."""
        if not self._ready:
            self._make()
        pair = self._ready.popleft()
        self._used.append(pair)
        try:
            yield pair
        finally:
            end_inside(pair.names)
            if len(self._used) >= self.LARGEST:
                self._delete(self._used)

    def close(self) -> None:
        """Delete all that is left, used or not."""
        self._delete(self._used)
        self._delete(self._ready)

    def _make(self) -> None:
        made = [self._kind() for _number in range(self._size)]
        self._size = min(2 * self._size, self.LARGEST)
        self._ready.extend(made)
        try:
            make(made)
        except BaseException:
            self.close()
            raise

    def _delete(self, pairs: list[P] | deque[P]) -> None:
        delete(_names(pairs))
        pairs.clear()


def _names(pairs: Iterable[Pair]) -> list[str]:
    return [name for pair in pairs for name in pair.names]
