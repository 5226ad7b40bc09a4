# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten prefixes on a host with a million routes, against a dump that nobody reads; time and peak memory."""

from __future__ import annotations

import functools
import json
import os
import sys

from tests.bench import sample
from tests.bench.arena import Arena, Contender, race
from tests.bench.results import Found, Run, Target, cell, middle, table, times
from tests.bench.work import send_prebuilt
from tests.lab.modules import CHECKOUT, collections_path
from tests.lab.pair import Host

TITLE = "Ten prefixes on a host with a million routes"


def measure(run: Run) -> dict[str, list[float]]:
    """Seconds of ``dump``, ``check`` (nothing to change) and ``set`` (all ten change); ``WAY MiB``: its peak memory."""
    count = 20000 if run.quick else 1000000
    memory: dict[str, list[float]] = {"dump": [], "check": [], "set": []}
    sources = [Host.S4]

    def once(what: str) -> float:
        if what == "set":
            sources.append(Host.S4_OTHER if sources[-1] == Host.S4 else Host.S4)
        argv = [sys.executable, "-m", "tests.bench.once", what, str(count), sources[-1]]
        path = os.pathsep.join([str(CHECKOUT), str(collections_path())])
        answer = json.loads(arena.run(argv, env={**os.environ, "PYTHONPATH": path}).stdout)
        memory[what].append(answer["rss"])
        spent: float = answer["seconds"]
        return spent

    with Arena("bench") as arena:
        device = arena.device()
        arena.timed(lambda: send_prebuilt(sample.prebuilt(count, device, replace=True)))
        found = race([Contender(what, lambda: None, functools.partial(once, what)) for what in memory], run.rounds)
    return {**found, **{f"{what} MiB": values for what, values in memory.items()}, "routes": [count]}


def targets(found: Found) -> list[Target]:
    """Of time and of memory."""
    ten = f"Ten prefixes among {found['routes'][0]:,}"
    most = max(middle(found, "check MiB"), middle(found, "set MiB"))
    return [
        Target(f"{ten}: times an unread dump", times(found, "check", "dump"), 2),
        Target(f"{ten}: MiB of memory", most, 64),
    ]


def section(found: Found) -> list[str]:
    """The part's text."""
    words = {
        "dump": "all routes received, none looked at",
        "check": "`prefsrc`, ten destinations, nothing to change",
        "set": "`prefsrc`, ten destinations changed and read back",
    }
    rows = [[text, cell(found, way, "dump"), f"{middle(found, f'{way} MiB'):.0f} MiB"] for way, text in words.items()]
    return [
        f"A host with {found['routes'][0]:,} routes.",
        "",
        *table(["", "times the unread dump", "peak memory, imports included"], rows),
    ]
