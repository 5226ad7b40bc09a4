# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries alike, held in columns: a hundred thousand cost little more than their bytes. PRIVATE to the collection."""

from __future__ import annotations

import functools
import itertools
import socket
import typing as t

from .._base.values import BITS, INET, Prefix, family_of
from .values import Shape


class WantedRoute(t.NamedTuple):
    """Entry ``number`` of the task's ``routes``."""

    number: int
    prefix: Prefix
    shape: Shape
    absent: bool


class Columns(t.NamedTuple):
    """Destinations of one family: their addresses in a row, and a byte for each prefix length.

    Default routes, whose messages name no destination, are never among others.
    """

    family: int
    packed: bytes
    lengths: bytes


class Run:
    """Entries that follow each other, from number ``first`` on, and differ in nothing but the destination."""

    def __init__(self, first: int, shape: Shape, absent: bool, columns: Columns) -> None:
        self.first = first
        self.shape = shape
        self.absent = absent
        self.columns = columns
        self.width = BITS[columns.family] // 8
        self._keys: frozenset[bytes] = frozenset()

    def __len__(self) -> int:
        return len(self.columns.lengths)

    def __iter__(self) -> t.Iterator[WantedRoute]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, at: int) -> WantedRoute:
        family, packed, lengths = self.columns
        start = range(len(self))[at] * self.width
        prefix = Prefix(family, packed[start : start + self.width], lengths[at])
        return WantedRoute(self.first + start // self.width, prefix, self.shape, self.absent)

    @property
    def keys(self) -> frozenset[bytes]:
        """``Prefix.key`` of the destinations: fewer than entries where one is named twice."""
        if not self._keys:
            self._keys = frozenset(Rows(bytes(1 + self.width), self.columns, 0, 1))
        return self._keys

    def has(self, key: bytes) -> bool:
        """Whether one destination has this key, looked for in the columns as they are."""
        _family, packed, lengths = self.columns
        at = packed.find(key[1:])
        while at >= 0:
            if at % self.width == 0 and lengths[at // self.width] == key[0]:
                return True
            at = packed.find(key[1:], at + 1)
        return False

    @property
    def distinct(self) -> bool:
        """Whether no destination stands there twice."""
        # Not even an address, mostly. Backwards, since a set goes by the low bits of numbers.
        if self.columns.family == INET and len(set(memoryview(self.columns.packed[::-1]).cast("I"))) == len(self):
            return True
        return len(self.keys) == len(self)


class Keys:
    """The keys of runs: for the first few questions the columns are searched, for more a set is made, which costs."""

    FEW = 64

    def __init__(self, runs: t.Sequence[Run]) -> None:
        self._runs = runs
        self._asked = 0
        self._all: frozenset[bytes] | None = None

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def __iter__(self) -> t.Iterator[bytes]:
        return iter(joined(self._runs))

    def __contains__(self, key: object) -> bool:
        if self._all is None:
            self._asked += 1
            if self._asked <= self.FEW:
                return any(run.has(t.cast(bytes, key)) for run in self._runs)
            self._all = joined(self._runs)
        return key in self._all


def distinct(runs: t.Sequence[Run]) -> bool:
    """Whether no destination stands in them twice."""
    return runs[0].distinct if len(runs) == 1 else len(joined(runs)) == sum(map(len, runs))


def joined(runs: t.Sequence[Run]) -> frozenset[bytes]:
    """The keys of all of them."""
    return runs[0].keys if len(runs) == 1 else frozenset().union(*[run.keys for run in runs])


def fill(row: bytes, columns: Columns, length_at: int, address_at: int) -> bytearray:
    """``row`` once for each destination, with its length and its address put in at these offsets."""
    family, packed, lengths = columns
    width, size = BITS[family] // 8, len(row)
    found = bytearray(row) * len(lengths)
    found[length_at::size] = lengths
    if lengths[:1] != b"\0":
        for at in range(width):
            found[address_at + at :: size] = packed[at::width]
    return found


class Rows:
    """``row`` filled in for each destination, cut out only where somebody asks for one."""

    def __init__(self, row: bytes, columns: Columns, length_at: int, address_at: int) -> None:
        self.size = len(row)
        self._row = row
        self._columns = columns
        self._places = length_at, address_at

    @functools.cached_property
    def _data(self) -> bytes:
        return bytes(fill(self._row, self._columns, *self._places))

    def __len__(self) -> int:
        return len(self._columns.lengths)

    def __getitem__(self, at: int) -> bytes:
        start = range(len(self))[at] * self.size
        return self._data[start : start + self.size]

    def __iter__(self) -> t.Iterator[bytes]:
        data, size = self._data, self.size
        return (data[start : start + size] for start in range(0, len(data), size))

    def behind(self, head: bytes) -> bytearray:
        """All of them, each behind ``head``."""
        length_at, address_at = self._places
        return fill(head + self._row, self._columns, len(head) + length_at, len(head) + address_at)


class _Sizes(dict[str, int]):
    """Prefix lengths by their digits, none meaning that of a host; ValueError for what is none, and for 0."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self._bits = bits

    def __missing__(self, digits: str) -> int:
        plain = digits.isascii() and digits.isdecimal() and len(digits) <= 3
        length = int(digits) if plain else 0 if digits else self._bits
        if not 1 <= length <= self._bits:
            raise ValueError(digits)
        self[digits] = length
        return length


def columns_of(texts: t.Sequence[str]) -> Columns | None:
    """Plain prefixes of one family, read in one go; None where one of them needs a closer look, or is wrong."""
    family = family_of(texts[0])
    sizes = _Sizes(BITS[family])
    # Where a text has no slash, or two, an address stands in the place of a length, which is found out below.
    pieces = "/".join(texts).split("/")
    if len(pieces) == 2 * len(texts):
        addresses, digits = pieces[::2], pieces[1::2]
    else:
        parts = [text.partition("/") for text in texts]
        if any(slash and not behind for _address, slash, behind in parts):
            return None
        addresses, digits = [part[0] for part in parts], [part[2] for part in parts]
    try:
        lengths = bytes(map(sizes.__getitem__, digits))
        packed = b"".join(map(socket.inet_pton, itertools.repeat(family), addresses))
    except (OSError, ValueError):
        return None
    columns = Columns(family, packed, lengths)
    slashed = len(pieces) == 2 * len(texts)
    return None if (slashed and "" in sizes) or _has_host_bits(columns) else columns


def _has_host_bits(columns: Columns) -> bool:
    """Whether an address has bits behind its prefix length."""
    family, packed, lengths = columns
    width, kinds = BITS[family] // 8, set(lengths)
    if len(kinds) == 1:
        whole, bits = divmod(kinds.pop(), 8)
        masks = [0xFF >> bits, *[0xFF] * width][: width - whole]
        return any(byte & mask for at, mask in enumerate(masks, whole) for byte in set(packed[at::width]))
    numbers = (int.from_bytes(packed[at : at + width], "big") for at in range(0, len(packed), width))
    behind = {length: (1 << BITS[family] - length) - 1 for length in kinds}
    return any(number & behind[length] for number, length in zip(numbers, lengths))
