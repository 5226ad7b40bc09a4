# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's chapter of three back ends, with the daemons that are here and without any."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.release import __version__ as ansible_version

from tests.lab import daemons, privileges
from tests.lab.modules import CHECKOUT

_TOO_OLD = tuple(map(int, ansible_version.split(".")[:2])) < (2, 19)

pytestmark = pytest.mark.skipif(
    _TOO_OLD, reason=f"the demo is for a controller, ansible-core 2.19 or newer; this cell has {ansible_version}"
)


def _told(report: Path, **variables: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != privileges.ENTERED}
    done = subprocess.run(
        [sys.executable, str(CHECKOUT / "tests/demo/run"), "--only", "backends", "--report", str(report)],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _rows(told: str, back_end: str) -> list[list[str]]:
    """The lines of the closing table below the heading of a back end."""
    table = told.split("The whole story in one table", 1)[1]
    if f"intent in {back_end}\n" not in table:
        return []
    return [line.split() for line in table.split(f"intent in {back_end}\n", 1)[1].split("\n\n", 1)[0].splitlines()]


RIGHT = [
    ["198.51.100.34", "192.0.2.2", "up0", "prefsrc", "✓", "192.0.2.2"],
    ["2001:db8:100::34", "2001:db8:ff::2", "up0", "prefsrc", "✓", "2001:db8:ff::2"],
]


def test_every_back_end_that_is_here_gives_the_same_answer(tmp_path: Path) -> None:
    here = {title: daemons.find(name) is not None for name, title in daemons.TITLES.items()}
    told = _told(tmp_path / "report.html")
    assert _rows(told, "the kernel") == RIGHT
    for title, found in here.items():
        assert _rows(told, title) == (RIGHT if found else [])
        assert (f"Left out: {title}" in told) is not found
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f'"length":{2 * (1 + sum(here.values()))}}}' in page


def test_without_daemons_the_story_says_so_and_goes_on(tmp_path: Path) -> None:
    told = _told(tmp_path / "report.html", L3HOST_DAEMONS=str(tmp_path))
    assert _rows(told, "the kernel") == RIGHT
    for title in daemons.TITLES.values():
        assert _rows(told, title) == []
        assert f"Left out: {title}" in told
