# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Picking routes out of a dump. PRIVATE to the collection."""

from __future__ import annotations

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


class Scan:
    """Picks out of dump chunks the routes that matter, without decoding the others.

    ``wanted``: payloads that need no closer look when met; ``exact`` are those that were. ``keys`` (``Prefix.key``):
    routes to these are collected in ``others``, whatever else they say. With few of them a chunk that holds none is
    passed over by one search.
    """

    FEW = 64

    def __init__(self, family: int, wanted: frozenset[bytes], keys: t.Collection[bytes]) -> None:
        self._wanted = wanted
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
        self._left: set[bytes] | None = None  # of the wanted ones, those not met; None before the first is
        self._same: dict[int, t.Callable[[bytes], t.Iterator[tuple[bytes]]]] = {}
        self.others: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        if self._search is not None:
            if not self._search(chunk):
                return
        elif self._wanted and self._all_wanted(chunk):
            return
        wanted, keys, size = self._wanted, self._keys, self._size
        first, second = self._first, self._second
        length_of, start, stop = HEADER.unpack_from, 40, 40 + size
        offset, end = 0, len(chunk)
        while offset < end:
            length, kind = length_of(chunk, offset)[:2]
            payload = chunk[offset + 16 : offset + length]
            if payload in wanted:
                self._not_met().discard(payload)
            elif kind == RTM_NEWROUTE:
                bits = payload[1]
                if not bits:
                    found = bytes(1 + size)
                elif payload[20:24] == second and payload[12:16] == first:
                    found = chunk[offset + 17 : offset + 18] + chunk[offset + start : offset + stop]
                else:
                    found = destination_of(payload).key
                if found in keys:
                    self.others.append(payload)
            offset += (length + 3) & ~3

    @property
    def exact(self) -> frozenset[bytes]:
        """The wanted payloads that were met."""
        return frozenset() if self._left is None else self._wanted - self._left if self._left else self._wanted

    @property
    def complete(self) -> bool:
        """Whether all of them were."""
        return not (self._wanted if self._left is None else self._left)

    def _not_met(self) -> set[bytes]:
        if self._left is None:
            self._left = set(self._wanted)
        return self._left

    def _all_wanted(self, chunk: bytes) -> bool:
        """Whether a chunk is nothing but wanted payloads of one length that were not met before."""
        size: int = HEADER.unpack_from(chunk)[0]
        count, rest = divmod(len(chunk), size)
        # Where every message says that it has the length (and the type) of the first, all begin where we look.
        if chunk[16:size] not in self._wanted:
            return False
        if rest or size % 4 or any(chunk[at::size] != chunk[at : at + 1] * count for at in range(6)):
            return False
        if size not in self._same:
            self._same[size] = struct.Struct(f"16x{size - 16}s").iter_unpack
        left = self._not_met()
        before = len(left)
        left.difference_update([payload for (payload,) in self._same[size](chunk)])
        return before - len(left) == count
