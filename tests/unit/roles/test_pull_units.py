# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd has nothing to say against the units of docs/pull."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PULL = Path(__file__).resolve().parents[3] / "docs" / "pull"
ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="this machine has no systemd-analyze")
def test_systemd_takes_the_units_without_a_remark(tmp_path: Path) -> None:
    paths = []
    for unit in PULL.iterdir():
        # A program that is there: this machine need not have ansible-pull.
        text = unit.read_text(encoding="utf-8").replace("/usr/bin/ansible-pull", sys.executable)
        paths.append(tmp_path / unit.name)
        paths[-1].write_text(text, encoding="utf-8")
    argv = [str(ANALYZE), "verify", "--man=no", *map(str, paths)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    # A key that it does not know is a remark, and no error.
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path.suffix for path in paths} == {".service", ".timer"}
