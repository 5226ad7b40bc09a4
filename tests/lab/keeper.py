# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper as a process in a namespace: the archive that a host gets, with a document of the test's own."""

from __future__ import annotations

import functools
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.lab.modules import collections_path
from tests.lab.netns import Namespace, die_with_parent

PACKAGE = "ansible_collections.l3host.source_ip.plugins.module_utils"
PROGRAM = f"{PACKAGE}._backends._keeper.program"


def part(name: str) -> Any:
    """A module of module_utils."""
    path = str(collections_path())
    if path not in sys.path:
        sys.path.insert(0, path)
    return importlib.import_module(f"{PACKAGE}.{name}")


@functools.lru_cache(None)
def archive() -> bytes:
    """The program as a task brings it to a host; in a process of its own, which has imported nothing else."""
    script = (
        f"import sys, importlib; importlib.import_module({PROGRAM!r});"
        f"made = importlib.import_module('{PACKAGE}._backends.shipped');"
        f"sys.stdout.buffer.write(made.archive(made.shipped({PROGRAM!r}), {PROGRAM!r}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(collections_path())}
    return subprocess.run([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, check=True).stdout


def document(folder: Path, force: bool = False, **lists: Any) -> bytes:
    """What a task writes for an intent of these lists; its record is in ``folder``."""
    kept, normal = part("_backends._keeper.kept"), part("_intent.normal")
    options = {"record": str(folder / "record.json"), "force": force}
    return bytes(kept.render(kept.Kept("kernel", options, normal.normalise(**lists, backend="kernel"))))


class Keeper:
    """A context: the keeper runs in ``ns``, with all its files in ``folder``."""

    def __init__(
        self,
        ns: Namespace,
        folder: Path,
        force: bool = False,
        python: str = sys.executable,
        environment: Mapping[str, str] | None = None,
        **lists: Any,
    ) -> None:
        self.ns = ns
        self.folder = folder
        self.document = folder / "keeper.json"
        self._python = python
        self._environment = {**os.environ, **(environment or {})}
        self._status = folder / "status.json"
        self._log = folder / "log"
        self._program = folder / "keeper.zip"
        self._program.write_bytes(archive())
        self.write(document(folder, force, **lists))
        self.process: subprocess.Popen[str] | None = None

    def write(self, content: bytes) -> None:
        """As a task does: at once."""
        new = self.folder / "document.new"
        new.write_bytes(content)
        new.chmod(0o600)
        new.rename(self.document)

    def start(self) -> None:
        argv = [self._python, "-I", "-S", "-B", str(self._program), "--document", str(self.document)]
        with self._log.open("a") as log:
            self.process = self.ns.popen(
                [*argv, "--status", str(self._status)],
                stdout=log,
                stderr=log,
                env=self._environment,
                preexec_fn=die_with_parent,
            )

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(10)

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def status(self) -> dict[str, Any]:
        """What it has said last, if this process of it has."""
        try:
            found: dict[str, Any] = json.loads(self._status.read_text())
        except (OSError, ValueError):
            return {}
        return found if self.process and found["pid"] == self.process.pid else {}

    def until(self, true: Callable[[], object], what: str = "", seconds: float = 10) -> None:
        """Wait until it is true; AssertionError with the log where it never is."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, f"{what} never was:\n{self.log}\n{self.status}"
            assert self.process and self.process.poll() is None, f"the keeper has ended:\n{self.log}"
            time.sleep(0.01)

    def until_state(self, state: str) -> None:
        self.until(lambda: self.status.get("state") == state, f"the state {state}")

    def __enter__(self) -> Keeper:
        self.start()
        self.until(lambda: self.status.get("state") not in (None, "starts"), "a first look")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process and self.process.poll() is None:
            self.end(signal.SIGKILL)


def resident(pid: int) -> float:
    """MiB of memory that the process holds (VmRSS of proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def wakes(pid: int) -> int:
    """How often the process went to sleep (voluntary context switches)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary"))


def cpu(pid: int) -> float:
    """Seconds of processor time so far (proc(5), in ticks of the kernel; /proc/PID/schedstat is finer)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
