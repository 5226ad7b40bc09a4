# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/kernels.md: each row names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ROWS = re.findall(
    r"^\|(?!---)(.*)\| ([^|]*`test_\w+\.py`[^|]*) \|$", (ROOT / "docs/kernels.md").read_text(), re.MULTILINE
)


def test_there_are_rows() -> None:
    assert len(ROWS) >= 6


@pytest.mark.parametrize(("row", "behind"), ROWS)
def test_what_stands_behind_a_row(row: str, behind: str) -> None:
    """The last cell is the file and words of the names of tests in it, as ``pytest -k`` takes them: `file.py` a, b."""
    for name, words in re.findall(r"`(\w+\.py)` ([^`]*)", behind):
        (path,) = (ROOT / "tests").glob(f"*/{name}")
        tests = re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        for word in filter(None, re.split(r"[,; ]+", words)):
            assert any(word in test for test in tests), f"{row}: no test of {name} has {word} in its name"
