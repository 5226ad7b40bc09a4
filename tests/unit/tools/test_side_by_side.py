# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs the stages of `make test`: the order, the report, and that nothing is left, however it ends."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools import side_by_side

SCRIPT = str(Path(side_by_side.__file__))
# A session of its own, nobody's child: a daemon.
DAEMON = "setsid sh -c 'sleep 600 & sleep 600' >/dev/null 2>&1 &"


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """An environment that no other process has; nothing may be left of who has it."""
    mark = f"L3HOST_TEST={os.getpid()}-{time.time_ns()}"
    name, value = mark.split("=")
    yield {**os.environ, name: value}
    left = dict(side_by_side.marked(mark))
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == {}


def _argv(*arguments: str) -> list[str]:
    return [sys.executable, SCRIPT, *arguments]


def _heed() -> None:
    """Signals that whoever runs the tests ignores (nohup, a job in the background of a script) are sent here."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _told(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    done = subprocess.run(_argv(*arguments), env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


def test_each_output_is_one_piece_and_the_last_line_counts(environment: dict[str, str]) -> None:
    slow = "for n in 1 2 3; do echo slow $n; sleep 0.1; done"
    code, told = _told(
        environment, "--slots", "2", "---", "slow", "sh", "-c", slow, "---", "quick", "sh", "-c", "echo q; exit 3"
    )
    assert code == 1
    assert "==== slow\nslow 1\nslow 2\nslow 3\n==== slow passed after" in told
    assert told.index("quick FAILED") < told.index("slow passed")
    assert re.search(r"^slow +passed +\d+ s +\d+ s of CPU$", told, re.MULTILINE)
    assert told.splitlines()[-1] == "1 passed, 1 failed"


def test_a_single_job_speaks_as_it_goes(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        _argv("---", "one", "sh", "-c", "echo first; exec sleep 600"),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "first\n"
    process.terminate()
    assert process.wait() == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("loads", "at_once"), [(("1", "1", "1", "1"), 2), (("2", "2", "1"), 2), (("5", "5"), 5), (("alone", "1", "1"), 2)]
)
def test_loads_never_exceed_the_slots(
    environment: dict[str, str], tmp_path: Path, loads: tuple[str, ...], at_once: int
) -> None:
    book = tmp_path / "book"
    words = ["--slots", "2"]
    for number, load in enumerate(loads):
        weight = "5" if load == "alone" else load
        note = f"echo $1 {weight} >> {book}; sleep 0.2; echo $1 -{weight} >> {book}"
        words += ["---", f"job{number}:{load}", "sh", "-c", note, "sh", load]
    assert _told(environment, *words)[0] == 0
    taken, alone = 0, False
    for line in book.read_text(encoding="utf-8").splitlines():
        load, change = line.split()
        assert not alone or load == "alone"
        alone = load == "alone" and int(change) > 0
        taken += int(change)
        assert 0 <= taken <= max(at_once, 5 if load == "alone" else 0)


def test_who_only_waits_takes_no_slot(environment: dict[str, str], tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # Each waits for the other: they pass only side by side.
    code, _output = _told(
        environment,
        *("--slots", "1", "---", "waits:0", "sh", "-c", f"cat {fifo}"),
        *("---", "works", "sh", "-c", f"echo hello > {fifo}"),
    )
    assert code == 0


def test_daemons_of_a_job_end_with_it_and_what_comes_after_runs(environment: dict[str, str], tmp_path: Path) -> None:
    for status in (0, 1):
        code, told = _told(
            environment,
            *(
                "---",
                "one",
                "sh",
                "-c",
                f"{DAEMON} exit {status}",
                "--after",
                "touch",
                str(tmp_path / f"after{status}"),
            ),
            *("---", "other", "true"),
        )
        assert code == status
        assert "one left running, and that is ended now: " in told
        assert (tmp_path / f"after{status}").exists()


def test_a_job_whose_rest_cannot_be_removed_has_failed(environment: dict[str, str]) -> None:
    code, told = _told(
        environment, "---", "one", "true", "--after", "sh", "-c", "echo why; exit 1", "---", "other", "true"
    )
    assert code == 1
    assert "why\none: this failed: sh -c echo why; exit 1\n==== one FAILED" in told


def test_what_is_ignored_stays_so(environment: dict[str, str]) -> None:
    """Below nohup, the end of the terminal is no reason to stop."""
    done = subprocess.run(
        _argv("---", "one", "sh", "-c", "kill -HUP $PPID; sleep 0.2; echo still here"),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    assert done.returncode == 0
    assert done.stdout.startswith("still here\n")


@pytest.mark.parametrize(
    ("name", "nested"),
    [
        ("SIGINT", False),
        ("SIGTERM", False),
        ("SIGHUP", False),
        ("SIGKILL", False),
        ("SIGTERM", True),
        ("SIGKILL", True),
    ],
)
def test_nothing_is_left_of_a_run_that_is_stopped(
    environment: dict[str, str], tmp_path: Path, name: str, nested: bool
) -> None:
    number = signal.Signals[name]
    begun, swept = tmp_path / "begun", tmp_path / "swept"
    job = ["sh", "-c", f"{DAEMON} touch {begun}; sleep 600", "--after", "sh", "-c", f"echo once >> {swept}"]
    words = ["---", "waiting:alone", "true", "---", "one", *job, "---", "deaf", "sh", "-c", "trap '' TERM; sleep 1"]
    if nested:
        words = ["---", "outer", "sh", "-c", f"exec {shlex.join(_argv(*words))}"]
    process = subprocess.Popen(_argv(*words), env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=_heed)
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    told = process.communicate(timeout=60)[0]
    assert process.returncode == (-signal.SIGKILL if name == "SIGKILL" else 128 + number)
    patience = time.monotonic() + 30
    # The watcher, who holds the pipe until all is done, has ended too: communicate() saw the end of the pipe.
    while not swept.exists() and time.monotonic() < patience:
        time.sleep(0.02)
    assert swept.read_text(encoding="utf-8") == "once\n"
    if name != "SIGKILL" and not nested:
        assert f"{name}: ending " in told
        assert re.search(r"^one +stopped", told, re.MULTILINE)
        assert told.splitlines()[-1] == "1 passed, 2 failed"
