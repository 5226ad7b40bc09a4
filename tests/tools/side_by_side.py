# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs commands side by side and leaves nothing of them behind, however they end and however it ends itself.

Usage: side_by_side.py [--slots N] --- NAME[:LOAD] COMMAND... [--after COMMAND...] [--- NAME...]

Jobs begin in the order given, as long as the loads of those that run come to no more than the slots (default: one for
each core). A load is a number (default 1; 0 for a job that waits most of the time) or ``alone``. What a job says comes
in one piece when it is done; of a single job, as it is written. The last line counts: N passed, M failed.

When a job ends, what it left running is ended, and the command behind ``--after`` runs. SIGINT, SIGTERM and SIGHUP do
the same for all jobs at once. After SIGKILL a second process, which waits for that, does it. Processes are known by an
environment variable, so that those that became daemons are found too.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import IO, NoReturn

MARK = "L3HOST_JOBS"
SEPARATOR = "---"
AFTER = "--after"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Of the container engine: they serve containers and networks of others too, or end with the container.
SPARED = ("conmon", "aardvark-dns")
# Seconds that what hangs on a command has after its end, and that the command itself has after SIGTERM: more where it
# may have jobs of its own.
LINGER = 1.0
# How often in a row nothing may be found before it is believed: a process has no environment while it executes a file.
LOOKS = 4
NESTED = os.environ.get(MARK, "") != ""
GRACE = 15.0 if NESTED else 60.0


class Interrupted(Exception):
    """A signal asked the run to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Job:
    """One command: what it is to do, and how it went."""

    def __init__(self, words: Sequence[str], run: str) -> None:
        self.name, _colon, load = words[0].partition(":")
        self.alone = load == "alone"
        self.load = 1 if load in ("", "alone") else int(load)
        at = words.index(AFTER) if AFTER in words else len(words)
        self.command, self.after = list(words[1:at]), list(words[at + 1 :])
        if not self.command:
            raise SystemExit(f"job {self.name}: no command")
        self.mark = f"<{run}/{self.name}>"
        self.status = "waiting"
        self.pid = 0
        self.seconds = self.cpu = 0.0
        self._output: IO[bytes] | None = None

    def start(self, captured: bool) -> None:
        """Begin, in a session of its own: a key pressed in the terminal is for this program to pass on."""
        self.status = "running"
        self._began = time.monotonic()
        self._output = tempfile.TemporaryFile() if captured else None  # noqa: SIM115 # until it is printed
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT if captured else None,
            env=self._environment(),
            start_new_session=True,
        )
        self.pid = self._process.pid

    def finish(self, status: int, used: resource.struct_rusage) -> None:
        """Take the exit status, end what is left, and print all that was said."""
        self.pid = 0
        self._process.returncode = code = os.waitstatus_to_exitcode(status)
        self.status = "passed" if code == 0 else "FAILED"
        self.cpu = used.ru_utime + used.ru_stime
        note = self._leave_nothing()
        self.seconds = time.monotonic() - self._began
        if self._output:
            said("", f"==== {self.name}")
            self._output.seek(0)
            for piece in iter(lambda: self._output.read(1 << 16) if self._output else b"", b""):
                sys.stdout.buffer.write(piece)
            self._output.close()
        said(*note)
        if self._output:
            how = self.status if code >= 0 else f"{self.status} ({signal.Signals(-code).name})"
            said(f"==== {self.name} {how} after {self.seconds:.0f} s, {self.cpu:.0f} s of CPU")

    def _leave_nothing(self) -> list[str]:
        _wait(LINGER, lambda: not any(marked(self.mark)))
        left = dict(marked(self.mark))
        note = [f"{self.name} left running, and that is ended now: {', '.join(left.values())}"] if left else []
        end([], self.mark)
        if not self.clean_up():
            self.status = "FAILED"
            note.append(f"{self.name}: this failed: {' '.join(self.after)}")
        return note

    def stop(self) -> None:
        """Take note that it was ended, and run the command that comes after."""
        self.status = "stopped"
        self.clean_up()
        self.seconds = time.monotonic() - self._began

    def clean_up(self) -> bool:
        """Run the command that comes after; False when it fails."""
        if not self.after:
            return True
        stream = self._output or None
        return not subprocess.run(
            self.after,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT if stream else None,
            env=self._environment(),
            check=False,
        ).returncode

    def _environment(self) -> dict[str, str]:
        return {**os.environ, MARK: os.environ.get(MARK, "") + self.mark}


def said(*lines: str) -> None:
    """Print at once: the output of jobs goes past the buffer."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def marked(mark: str) -> Iterator[tuple[int, str]]:
    """Processes, by id and name, that were started with this mark in their environment, however indirectly."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        with suppress(OSError):  # ended meanwhile, or somebody else's
            with open(f"/proc/{entry}/environ", "rb") as environ:
                if mark.encode() not in environ.read():
                    continue
            with open(f"/proc/{entry}/comm", encoding="utf-8", errors="replace") as comm:
                name = comm.read().strip()
            if name not in SPARED:
                yield int(entry), name


def end(leaders: Sequence[int], mark: str) -> None:
    """Ask the leaders' process groups to end, give them time, then what hung on them a moment, and kill the rest."""
    for leader in leaders:
        with suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGTERM)
    if leaders:
        _wait(GRACE, lambda: not any(_group(pid) in leaders for pid, _name in marked(mark)))
        _wait(LINGER, lambda: not any(marked(mark)))
    looks = 0
    while looks < LOOKS:
        looks += 1
        for pid, _name in marked(mark):
            looks = 0
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _group(pid: int) -> int | None:
    with suppress(ProcessLookupError):
        return os.getpgid(pid)
    return None


def _wait(seconds: float, over: Callable[[], bool]) -> None:
    patience = time.monotonic() + seconds
    while not over() and time.monotonic() < patience:
        time.sleep(0.05)


class Guardian:
    """A second process, which ends the jobs if this one is killed before it can."""

    def __init__(self, jobs: Sequence[Job], run: str) -> None:
        reader, self._writer = os.pipe()
        if os.fork() == 0:
            os.close(self._writer)
            _watch(reader, jobs, run)
        os.close(reader)

    def knows(self, job: Job) -> None:
        """Tell it of a job that began."""
        with suppress(BrokenPipeError):
            os.write(self._writer, f"{job.name}\n{job.pid}\n".encode())

    def dismiss(self) -> None:
        """All is over: it has nothing to do."""
        with suppress(BrokenPipeError):
            os.write(self._writer, b"over\n")
        os.close(self._writer)


def _watch(reader: int, jobs: Sequence[Job], run: str) -> NoReturn:
    code = 0
    try:
        os.setsid()
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        with open(reader, encoding="utf-8") as pipe:
            words = pipe.read().split("\n")[:-1]
        if words[-1:] != ["over"]:
            begun = dict(zip(words[::2], map(int, words[1::2])))
            # Killed, it can't have reaped them: the ids are still theirs, or those of nobody.
            end([pid for pid in begun.values() if _carries(pid, f"<{run}/")], f"<{run}/")
            for job in jobs:
                if job.name in begun:
                    job.clean_up()
    except BaseException as error:
        code = 1
        os.write(2, f"side_by_side: what watches over the run failed: {error!r}\n".encode())
    finally:
        os._exit(code)


def _carries(pid: int, mark: str) -> bool:
    return any(pid == found for found, _name in marked(mark))


def run_all(jobs: Sequence[Job], slots: int) -> int:
    """Run them, report, and return the exit status."""
    began = time.monotonic()
    run = jobs[0].mark.split("/")[0][1:]
    guardian = Guardian(jobs, run)
    for number in SIGNALS:
        # What is ignored, as below nohup, stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    waiting = list(jobs)
    running: list[Job] = []
    code = 0
    try:
        while waiting or running:
            while waiting and _fits(waiting[0], running, slots):
                job = waiting.pop(0)
                running.append(job)
                job.start(captured=len(jobs) > 1)
                guardian.knows(job)
                if len(jobs) > 1 and not NESTED:
                    said(f"     {job.name} begins after {time.monotonic() - began:.0f} s")
            pid, status, used = os.wait4(-1, 0)
            for job in [job for job in running if job.pid == pid]:
                job.finish(status, used)
                running.remove(job)
    except Interrupted as signalled:
        code = 128 + signalled.number
        said("", f"{signalled}: ending {', '.join(job.name for job in running)}")
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        end([job.pid for job in running if job.pid], f"<{run}/")
        for job in running:
            job.stop()
        guardian.dismiss()
    if len(jobs) > 1 or not NESTED:
        _report(jobs, time.monotonic() - began)
    return code or int(any(job.status != "passed" for job in jobs))


def _fits(job: Job, running: Sequence[Job], slots: int) -> bool:
    if job.alone or any(other.alone for other in running):
        return not running
    taken = sum(other.load for other in running)
    return job.load == 0 or taken == 0 or taken + job.load <= slots


def _interrupt(number: int, _frame: object) -> NoReturn:
    raise Interrupted(number)


def _report(jobs: Sequence[Job], seconds: float) -> None:
    width = max(len(job.name) for job in jobs)
    said("", f"==== all, after {seconds:.0f} s, {sum(job.cpu for job in jobs):.0f} s of CPU")
    said(*(f"{job.name:{width}}  {job.status:7}  {job.seconds:4.0f} s  {job.cpu:4.0f} s of CPU" for job in jobs))
    passed = sum(job.status == "passed" for job in jobs)
    said(f"{passed} passed, {len(jobs) - passed} failed")


def main(arguments: Sequence[str]) -> int:
    """Entry point; the exit status is 0 when every job passed."""
    words = list(arguments)
    slots = len(os.sched_getaffinity(0))
    if words[:1] == ["--slots"]:
        slots = int(words[1])
        del words[:2]
    if words[:1] != [SEPARATOR]:
        raise SystemExit(__doc__)
    run = f"{os.getpid()}-{time.time_ns()}"
    jobs = []
    while words:
        stop = words.index(SEPARATOR, 1) if SEPARATOR in words[1:] else len(words)
        jobs.append(Job(words[1:stop], run))
        del words[:stop]
    return run_all(jobs, slots)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
