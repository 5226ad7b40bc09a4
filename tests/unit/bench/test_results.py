# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark makes of its measurements."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import results
from tests.bench.results import Result, Target

FOUND = {"ours": [2.0, 9.0, 3.0], "theirs": [1.0, 3.0, 3.0], "short": [0.25, 0.5, 0.125]}


def test_a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_medians() -> None:
    assert results.times(FOUND, "ours", "theirs") == 2.0
    assert results.middle(FOUND, "ours") / results.middle(FOUND, "theirs") == 1.0


def test_a_cell() -> None:
    assert results.cell(FOUND, "ours", "theirs") == "2.00 (3.0 s)"
    assert results.cell(FOUND, "short", "theirs") == "0.17 (250 ms)"
    assert results.cell(FOUND, "never", "theirs") == ""


@pytest.mark.parametrize(
    ("ratio", "least", "verdict"),
    [
        pytest.param(2.0, False, "reached", id="at most, just"),
        pytest.param(2.01, False, "missed", id="at most, not"),
        pytest.param(2.0, True, "reached", id="at least, just"),
        pytest.param(1.99, True, "missed", id="at least, not"),
    ],
)
def test_a_target(ratio: float, least: bool, verdict: str) -> None:
    assert Target("What", ratio, 2, least).row()[-1] == verdict


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "benchmark.json"
    assert results.load(path) == {}
    found = {"role": Result("2026-01-01", "make bench", 3, 0.25, {"10 × first": [1.0, 2.5], "routes": [10]})}
    found["fleet"] = Result("2026-01-02", 'make bench ARGS="--only fleet"', 1, 0.0, {"ping": [0.5]})
    results.save(path, found)
    assert results.load(path) == found


def test_prose_breaks_between_words() -> None:
    assert results.prose(f"{'x' * 100} {'y' * 30} {'z' * 130}") == ["x" * 100, "y" * 30, "z" * 130]


def test_the_clock_does_not_count_what_we_do_ourselves() -> None:
    clock = results.Clock()
    assert sum(range(3_000_000)) > 0
    assert 0 <= clock.others() <= 1
