# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten prefixes on a host with a million routes, against a dump that nobody reads; time and peak memory."""

from __future__ import annotations

import functools
import json
import os
import sys
from statistics import median

from tests.bench import sample
from tests.bench.arena import Arena, Contender, Timing, race
from tests.bench.work import send_prebuilt
from tests.lab.modules import CHECKOUT, collections_path
from tests.lab.pair import Host


def measure(arena: Arena, count: int, rounds: int) -> tuple[dict[str, Timing], dict[str, float]]:
    """Seconds of dump, check (nothing to change) and set (all ten change), and the peak memory of each in MiB."""
    device = arena.device()
    arena.timed(lambda: send_prebuilt(sample.prebuilt(count, device, replace=True)))
    memory: dict[str, list[float]] = {"dump": [], "check": [], "set": []}
    sources = [Host.S4]

    def once(what: str) -> float:
        if what == "set":
            sources.append(Host.S4_OTHER if sources[-1] == Host.S4 else Host.S4)
        argv = [sys.executable, "-m", "tests.bench.once", what, str(count), sources[-1]]
        path = os.pathsep.join([str(CHECKOUT), str(collections_path())])
        found = json.loads(arena.run(argv, env={**os.environ, "PYTHONPATH": path}).stdout)
        memory[what].append(found["rss"])
        seconds: float = found["seconds"]
        return seconds

    contenders = [Contender(what, lambda: None, functools.partial(once, what)) for what in memory]
    timings = race(contenders, rounds)
    arena.clear()
    return timings, {what: median(found) for what, found in memory.items()}
