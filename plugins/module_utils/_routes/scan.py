# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Picking routes out of a dump. PRIVATE to the collection."""

from __future__ import annotations

import functools
import itertools
import re
import struct
import typing as t

from .._base.values import INET
from .._netlink.wire import (
    ATTRIBUTE,
    HEADER,
    RTA_DST,
    RTA_TABLE,
    RTM_NEWROUTE,
    destination_of,
)
from .runs import Rows


class Scan:
    """Picks out of dump chunks the routes that matter, without decoding the others.

    ``expected``: payloads that need no closer look when met; ``exact`` are those that were. ``keys`` (``Prefix.key``),
    theirs among them: routes to these are collected in ``others``, whatever else they say. With few of them a chunk
    that holds none is passed over by one search.

    The kernel lists routes by destination. As long as it lists those of one ``Rows`` in their own order, whole chunks
    are compared at once; from the first that stands elsewhere on, all are looked up in a set.
    """

    FEW = 64

    def __init__(
        self, family: int, expected: t.Sequence[t.Collection[bytes] | Rows], keys: t.Collection[bytes]
    ) -> None:
        self._expected = [part for part in expected if part]
        first = self._expected[0] if len(self._expected) == 1 else None
        self._rows = first if isinstance(first, Rows) else None
        self._met = 0  # of these rows, from the first on
        self._next = self._rows[0] if self._rows else b""
        self._messages: bytes | bytearray = b""
        self._keys = keys if len(keys) > self.FEW else frozenset(keys)
        self._size = 4 if family == INET else 16
        self._first = ATTRIBUTE.pack(8, RTA_TABLE)
        self._second = ATTRIBUTE.pack(4 + self._size, RTA_DST)
        self._search: t.Callable[[bytes], t.Any] | None = None
        if len(self._keys) <= self.FEW:
            texts = [re.escape(self._second + key[1:]) for key in self._keys if key[0]]
            if any(not key[0] for key in self._keys):
                texts.append(re.escape(struct.pack("=H", RTM_NEWROUTE)) + b".{10}" + bytes((family, 0)))
            self._search = re.compile(b"|".join(texts), re.DOTALL).search if texts else lambda chunk: None
        self._left: set[bytes] | None = None  # of all that is expected, what was not met; None while in order
        self._same: dict[int, t.Callable[[bytes], t.Iterator[tuple[bytes]]]] = {}
        self.others: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        if self._search is not None:
            if not self._search(chunk):
                return
        elif self._in_order(chunk) if self._left is None else self._all_wanted(chunk):
            return
        keys, size = self._keys, self._size
        first, second = self._first, self._second
        length_of, start, stop = HEADER.unpack_from, 40, 40 + size
        offset, end = 0, len(chunk)
        while offset < end:
            length, kind = length_of(chunk, offset)[:2]
            payload = chunk[offset + 16 : offset + length]
            if payload == self._next:
                self._step(1)
            elif kind == RTM_NEWROUTE:
                bits = payload[1]
                if not bits:
                    found = bytes(1 + size)
                elif payload[20:24] == second and payload[12:16] == first:
                    found = chunk[offset + 17 : offset + 18] + chunk[offset + start : offset + stop]
                else:
                    found = destination_of(payload).key
                if found in keys and not self._wanted(payload):
                    self.others.append(payload)
            offset += (length + 3) & ~3

    @functools.cached_property
    def _all(self) -> frozenset[bytes]:
        return frozenset(itertools.chain.from_iterable(self._expected))

    @functools.cached_property
    def exact(self) -> frozenset[bytes]:
        """The expected payloads that were met; to be asked for when all chunks were fed."""
        return self._all - self._not_met() if self.some else frozenset()

    @property
    def some(self) -> bool:
        """Whether one was met."""
        return self._met > 0 if self._left is None else len(self._left) < len(self._all)

    @property
    def complete(self) -> bool:
        """Whether all of them were."""
        if self._left is None:
            return not self._expected or (self._rows is not None and self._met == len(self._rows))
        return not self._left

    def _step(self, count: int) -> None:
        self._met += count
        rows = t.cast(Rows, self._rows)
        self._next = rows[self._met] if self._met < len(rows) else b""

    def _not_met(self) -> set[bytes]:
        """What was not met; from now on in no order."""
        if self._left is None:
            self._left = set(self._all)
            if self._rows:
                self._left.difference_update(itertools.islice(self._rows, self._met))
            self._next = b""
        return self._left

    def _wanted(self, payload: bytes) -> bool:
        if not self._expected:
            return False
        self._not_met().discard(payload)
        return payload in self._all

    def _in_order(self, chunk: bytes) -> bool:
        """Whether a chunk is nothing but the rows that come next."""
        size: int = HEADER.unpack_from(chunk)[0]
        if self._rows is None or chunk[16:size] != self._next or size % 4 or len(chunk) % size:
            return False
        if self._messages[:16] != chunk[:16]:
            self._messages = self._rows.behind(chunk[:16])
        if not self._messages.startswith(chunk, self._met * size):
            return False
        self._step(len(chunk) // size)
        return True

    def _all_wanted(self, chunk: bytes) -> bool:
        """Whether a chunk is nothing but expected payloads of one length that were not met before."""
        size: int = HEADER.unpack_from(chunk)[0]
        count, rest = divmod(len(chunk), size)
        # Where every message says that it has the length (and the type) of the first, all begin where we look.
        if chunk[16:size] not in self._all:
            return False
        if rest or size % 4 or any(chunk[at::size] != chunk[at : at + 1] * count for at in range(6)):
            return False
        if size not in self._same:
            self._same[size] = struct.Struct(f"16x{size - 16}s").iter_unpack
        left = self._not_met()
        before = len(left)
        left.difference_update([payload for (payload,) in self._same[size](chunk)])
        return before - len(left) == count
