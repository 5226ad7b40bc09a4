# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo, stopped half-way: nothing of it is left, however it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible.release import __version__ as ansible_version

from tests.lab import daemons, netns, privileges
from tests.lab.modules import CHECKOUT

_TOO_OLD = tuple(map(int, ansible_version.split(".")[:2])) < (2, 19)

pytestmark = pytest.mark.skipif(
    _TOO_OLD, reason=f"the demo is for a controller, ansible-core 2.19 or newer; this cell has {ansible_version}"
)


def _processes(marker: str) -> dict[int, str]:
    """Id to name of the processes that were started, however indirectly, with the marker in their environment."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and marker.encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "comm").read_text(encoding="utf-8").strip()
        except OSError:  # ended meanwhile, or not ours to look at
            continue
    return found


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)],
    ids=["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"],
)
def test_nothing_is_left(number: signal.Signals, code: int, tmp_path: Path) -> None:
    _interrupt(number, code, tmp_path, "default", "destinations: [")


@pytest.mark.skipif(not daemons.find("frr"), reason=daemons.why_not("frr"))
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["SIGINT", "SIGKILL"])
def test_no_daemon_is_left(number: signal.Signals, code: int, tmp_path: Path) -> None:
    # FRR runs on the host, and BIRD or a bgpd on r1.
    _interrupt(number, code, tmp_path, "backends", "END l3host.source_ip", ["zebra", "bgpd"])


def _interrupt(
    number: signal.Signals, code: int, tmp_path: Path, chapter: str, line_shown: str, running: Sequence[str] = ()
) -> None:
    marker = f"L3HOST_DEMO_TEST={os.getpid()}-{number.name}"
    assert shutil.which("ansible-playbook"), "ansible-playbook is not on PATH: run by make kernel"
    environment = {key: value for key, value in os.environ.items() if key != privileges.ENTERED}
    name, value = marker.split("=")
    environment[name] = value
    report = tmp_path / "report.html"
    with open(tmp_path / "errors", "w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, str(CHECKOUT / "tests/demo/run"), "--report", str(report), "--only", chapter],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            # Then a module runs, or is about to.
            if line_shown in line:
                break
        else:
            pytest.fail(f"the demo ended by itself: {Path(errors.name).read_text(encoding='utf-8')}")
        assert len(_processes(marker)) > 2
        assert set(running) <= set(_processes(marker).values())
        process.send_signal(number)
        process.stdout.read()
        assert process.wait() == code
        if number != signal.SIGKILL:
            assert "nothing else was touched" in Path(errors.name).read_text(encoding="utf-8")
            # What is asked to go is waited for: it is gone when the demo says so.
            assert netns.owned_by(process.pid) == []
    patience = 600
    while (left := _processes(marker)) and patience:
        patience -= 1
        time.sleep(0.05)
    assert left == {}
    assert netns.owned_by(process.pid) == []
    assert not report.exists()
