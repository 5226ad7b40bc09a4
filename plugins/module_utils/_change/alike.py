# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a list that differ in nothing but the destination, taken together. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t


class Alike(t.NamedTuple):
    """Entries in a row, from number ``first`` on: the options that they share, and the destination of each."""

    first: int
    options: dict[str, t.Any]  # its ``destination`` says nothing
    destinations: list[t.Any]  # text, or what stands in its place


def alike(items: t.Iterable[t.Mapping[str, t.Any]]) -> t.Iterator[Alike]:
    """The entries of a list in order. An option that is not given is not the same as one that is None."""
    texts: list[t.Any] = []
    like: dict[str, t.Any] = {}
    first = 0
    for at, item in enumerate(items):
        like["destination"] = text = item.get("destination")
        if item == like:
            texts.append(text)
            continue
        if texts:
            yield Alike(first, like, texts)
        first, like, texts = at, dict(item), [text]
    if texts:
        yield Alike(first, like, texts)
