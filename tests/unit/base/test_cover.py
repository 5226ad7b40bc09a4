# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prefixes that cover a prefix, against the definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.cover import Cover

# The last six bits only, so that prefixes meet, contain and repeat each other.
prefixes = st.integers(26, 32).flatmap(
    lambda length: st.integers(0, 63).map(lambda low: (low >> (32 - length) << (32 - length), length))
)


@given(st.lists(prefixes, max_size=20), prefixes)
def test_over_is_every_prefix_that_covers_longest_first(known: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    cover: Cover[list[tuple[int, int]]] = Cover(32, list)
    for prefix in known:
        cover.at(*prefix).append(prefix)
    found = [(length, prefix) for length, values in cover.over(*asked) for prefix in values]
    start, length = asked
    expected = [p for p in known if p[1] <= length and start >> (32 - p[1]) == p[0] >> (32 - p[1])]
    assert [prefix for _length, prefix in found] == sorted(expected, key=lambda prefix: -prefix[1])
    assert all(length == prefix[1] for length, prefix in found)


def test_the_default_route_covers_everything_in_both_families() -> None:
    for bits in (32, 128):
        cover: Cover[set[str]] = Cover(bits, set)
        cover.at(0, 0).add("all")
        assert list(cover.over((1 << bits) - 1, bits)) == [(0, {"all"})]
        assert cover.at(0, 0) == {"all"}
