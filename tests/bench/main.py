# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures, and writes docs/benchmark.md, .svg and .json: tests/bench/run [--quick] [--only PART]… [--rounds N].

`make bench` sets up what it needs and calls it. All happens in network namespaces of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench.page import PARTS, page, rows
from tests.bench.plot import plot
from tests.bench.results import Clock, Run, load, result_of, save, table
from tests.lab import privileges
from tests.lab.modules import CHECKOUT


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small sizes, two rounds; writes to build/")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part, others stay as they are in the page")
    parser.add_argument("--rounds", type=int, help="how often each contender has its turn (default 5, quick 2)")
    parser.add_argument("--into", type=Path, help="folder to write to (default docs)")
    return parser.parse_args()


def main() -> int:
    """Measure and write; the exit status says only whether that worked, not who won."""
    chosen = arguments()
    if not privileges.entered():
        privileges.enter([sys.executable, *sys.argv])
    rounds = chosen.rounds or (2 if chosen.quick else 5)
    into = chosen.into or CHECKOUT / ("build" if chosen.quick else "docs")
    into.mkdir(parents=True, exist_ok=True)
    results = load(into / "benchmark.json")
    for name in chosen.only or PARTS:
        print(PARTS[name].TITLE, flush=True)
        with tempfile.TemporaryDirectory(prefix="l3host-bench-") as folder:
            clock = Clock()
            found = PARTS[name].measure(Run(chosen.quick, rounds, Path(folder)))
        results[name] = result_of(clock, rounds, found)
        # After each part: a run takes long, and may be ended before its end.
        save(into / "benchmark.json", results)
        (into / "benchmark.md").write_text(page(results), encoding="utf-8")
        if "work" in results:
            (into / "benchmark.svg").write_text(plot(results["work"].found), encoding="utf-8")
    print("\n".join(table(["what", "wanted", "measured", ""], rows(results))))
    print(f"Written: {into / 'benchmark.md'}")
    return 0
