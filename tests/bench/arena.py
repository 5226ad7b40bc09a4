# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a benchmark runs: one namespace, each measurement in a forked child of its own inside it."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.lab.netns import enter
from tests.lab.pair import Host


class Arena(Host):
    """A host whose routes of other than connected networks vanish by ``clear``."""

    def device(self) -> int:
        """The index of v0."""
        index: int = self.ip_json("link show v0")[0]["ifindex"]
        return index

    def clear(self) -> None:
        """Take all routes through v0 away, as the kernel does when a device goes down."""
        self.batch(["link set v0 down", "link set v0 up"])

    def count(self) -> int:
        """How many routes the main table holds."""
        return self.ip("-4 route show").count("\n")

    def timed(self, action: Callable[[], float | None]) -> float:
        """Seconds that ``action`` took, or says it took, in a child inside the namespace; imports are done already."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            code = 1
            try:
                enter(self.name)
                gc.freeze()
                start = time.perf_counter()
                own = action()
                spent = time.perf_counter() - start if own is None else own
                os.write(writer, json.dumps(spent).encode())
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        os.close(writer)
        with open(reader, "rb") as pipe:
            text = pipe.read()
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or not text:
            raise RuntimeError(f"a measurement in {self.name} failed; see above")
        found: float = json.loads(text)
        return found


class Contender(NamedTuple):
    """One way to do the work: ``prepare`` is not timed, ``measure`` returns seconds."""

    name: str
    prepare: Callable[[], None]
    measure: Callable[[], float]


def race(contenders: Sequence[Contender], rounds: int) -> dict[str, list[float]]:
    """Seconds of all contenders in turn, again and again, every second round backwards."""
    seconds: dict[str, list[float]] = {one.name: [] for one in contenders}
    for number in range(rounds):
        for one in contenders if number % 2 == 0 else reversed(contenders):
            one.prepare()
            seconds[one.name].append(one.measure())
    return seconds


def run_batch(path: Path) -> None:
    """``ip -batch``, which must succeed."""
    subprocess.run(["ip", "-batch", str(path)], check=True, stdout=subprocess.DEVNULL)
