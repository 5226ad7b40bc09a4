# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries from a file on the host: typed as those of a task, and refused in words that name file and entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._change.entries import entries

SPEC: dict[str, Any] = {
    "destination": {"type": "str", "required": True},
    "metric": {"type": "int"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def written(folder: Path, content: object) -> str:
    path = folder / "routes.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("wrap", [lambda found: found, lambda found: {"routes": found}], ids=["list", "one key"])
def test_entries_are_typed_and_complete(tmp_path: Path, wrap: Any) -> None:
    items = [{"destination": "10.0.0.0/8", "metric": "7"}, {"destination": "11.0.0.0/8", "metric": "7"}]
    found = entries(written(tmp_path, wrap(items)), SPEC)
    assert found == [
        {"destination": "10.0.0.0/8", "metric": 7, "state": "present"},
        {"destination": "11.0.0.0/8", "metric": 7, "state": "present"},
    ]


def test_what_has_no_value_is_left_out(tmp_path: Path) -> None:
    (found,) = entries(written(tmp_path, [{"destination": "10.0.0.0/8", "metric": None}]), SPEC)
    assert found == {"destination": "10.0.0.0/8", "state": "present"}


def test_each_difference_is_validated(tmp_path: Path) -> None:
    items = [{"destination": "10.0.0.0/8", "metric": 1}, {"destination": "11.0.0.0/8", "metric": "high"}]
    with pytest.raises(InvalidInput, match=r"routes\[1\].*entry 1.*metric"):
        entries(written(tmp_path, items), SPEC)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[", "is not JSON"),
        ({"a": 1, "b": 2}, "holds no list"),
        ("1", "holds no list"),
        (["10.0.0.0/8"], "is no mapping"),
        ([{"metric": 1}], "destination: None is no text"),
        ([{"destination": 10}], "destination: 10 is no text"),
        ([{"destination": "10.0.0.0/8", "metrik": 1}], "metrik"),
        ([{"destination": "10.0.0.0/8", "metric": "low"}], "metric"),
        ([{"destination": "10.0.0.0/8", "state": "gone"}], "state"),
    ],
)
def test_refusals_name_the_file_and_the_fault(tmp_path: Path, content: object, words: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(InvalidInput, match=words) as refused:
        entries(path, SPEC, first=4)
    assert path in refused.value.message
    if isinstance(content, list):
        assert "routes[4]" in refused.value.message and "entry 0" in refused.value.message


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot read .*nothing\.json on the host: No such file"):
        entries(str(tmp_path / "nothing.json"), SPEC)
