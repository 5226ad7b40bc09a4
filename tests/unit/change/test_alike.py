# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries alike are taken together, and nothing of them is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._change.alike import alike

ITEMS = st.lists(
    st.dictionaries(st.sampled_from(["destination", "gateway", "metric"]), st.sampled_from([None, "a", "b", 1])),
    max_size=12,
)


@given(items=ITEMS)
def test_the_groups_are_the_list(items: list[dict[str, Any]]) -> None:
    found = list(alike(items))
    again = [
        (first + at, {**options, "destination": text})
        for first, options, texts in found
        for at, text in enumerate(texts)
    ]
    assert again == [(at, {"destination": None, **item}) for at, item in enumerate(items)]


@given(items=ITEMS)
def test_neighbours_that_are_alike_are_in_one_group(items: list[dict[str, Any]]) -> None:
    complete = [{"destination": None, **item} for item in items]
    rests = [{key: value for key, value in item.items() if key != "destination"} for item in complete]
    changes = sum(one != other for one, other in zip(rests, rests[1:]))
    assert len(list(alike(complete))) == (changes + 1 if items else 0)
