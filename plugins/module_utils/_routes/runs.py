# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries alike, held in columns: a hundred thousand cost little more than their bytes. PRIVATE to the collection."""

from __future__ import annotations

import socket
import typing as t

from .._base.values import BITS, Prefix, family_of
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
            self._keys = frozenset(rows(bytes(1 + self.width), self.columns, 0, 1))
        return self._keys


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


def rows(row: bytes, columns: Columns, length_at: int, address_at: int) -> list[bytes]:
    """``fill``, cut into its rows."""
    data, size = bytes(fill(row, columns, length_at, address_at)), len(row)
    return [data[start : start + size] for start in range(0, len(data), size)]


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
    bits, convert, sizes = BITS[family], socket.inet_pton, _Sizes(BITS[family])
    parts = [text.partition("/") for text in texts]
    try:
        lengths = bytes([sizes[digits] for _address, _slash, digits in parts])
        addresses = [convert(family, part[0]) for part in parts]
    except (OSError, ValueError):
        return None
    if "" in sizes and any(slash and not digits for _address, slash, digits in parts):
        return None
    if min(lengths) < bits:
        host_bits = {length: (1 << bits - length) - 1 for length in set(lengths)}
        number = int.from_bytes
        if any(number(address, "big") & host_bits[length] for address, length in zip(addresses, lengths)):
            return None
    return Columns(family, b"".join(addresses), lengths)
