# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures, and writes docs/benchmark.md and docs/benchmark.svg: tests/bench/run [--quick] [--rounds N].

`make bench` sets up what it needs and calls it. All happens in network namespaces of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import million, tasks, work
from tests.bench.arena import Arena
from tests.bench.page import Measured, page
from tests.bench.plot import plot
from tests.lab import privileges
from tests.lab.modules import CHECKOUT


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small sizes, two rounds, no loop; writes to build/")
    parser.add_argument("--rounds", type=int, help="rounds of the work behind the modules (default 5, quick 2)")
    parser.add_argument("--into", type=Path, help="folder to write to (default docs)")
    return parser.parse_args()


def main() -> int:
    """Measure and write; the exit status says only whether that worked, not who won."""
    chosen = arguments()
    if not privileges.privileged():
        privileges.enter([sys.executable, *sys.argv])
    rounds = chosen.rounds or (2 if chosen.quick else 5)
    into = chosen.into or CHECKOUT / ("build" if chosen.quick else "docs")
    sizes = [100, 1000] if chosen.quick else [1000, 10000, 100000]
    many = 20000 if chosen.quick else 1000000
    arena = Arena("bench")
    with arena, tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        found = {}
        for size in sizes:
            print(f"{size:,} routes: the module's own work", flush=True)
            found[size] = work.measure(arena, size, rounds, scratch)
        print("Whole tasks", flush=True)
        task_sizes = [10, 100] if chosen.quick else [10, 1000, 10000]
        timings = tasks.measure(arena, task_sizes, max(1, rounds // 2), 0 if chosen.quick else 1, scratch)
        print(f"Ten prefixes among {many:,}", flush=True)
        dump, memory = million.measure(arena, many, rounds)
    measured = Measured(found, dump, memory, many, timings)
    given = " ".join(sys.argv[1:])
    command = f'make bench ARGS="{given}"' if given else "make bench"
    into.mkdir(parents=True, exist_ok=True)
    (into / "benchmark.md").write_text(page(measured, command, rounds), encoding="utf-8")
    (into / "benchmark.svg").write_text(plot(measured), encoding="utf-8")
    for target in measured.targets():
        print(target.row())
    print(f"Written: {into / 'benchmark.md'}, {into / 'benchmark.svg'}")
    return 0
