# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a part of the benchmark found, what is asked of it, and how both are kept and written."""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import NamedTuple

#: What was measured -> its value in each round: seconds where the key does not name another unit.
Found = Mapping[str, Sequence[float]]


def middle(found: Found, key: str) -> float:
    """The median over the rounds."""
    return median(found[key])


def times(found: Found, one: str, other: str) -> float:
    """Median over the rounds of (one / other in the same round): load hits both alike."""
    return median([mine / theirs for mine, theirs in zip(found[one], found[other])])


def seconds(found: Found, key: str) -> str:
    """The median, as people say it."""
    value = middle(found, key)
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def cell(found: Found, one: str, other: str) -> str:
    """``RATIO (SECONDS)`` of ``one``, as times ``other``; nothing where it was not measured."""
    return f"{times(found, one, other):.2f} ({seconds(found, one)})" if one in found else ""


def prose(text: str) -> list[str]:
    """A paragraph, as lines."""
    return textwrap.wrap(text, 120, break_on_hyphens=False, break_long_words=False)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Markdown."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


class Target(NamedTuple):
    """What this project asks of itself: ``ratio`` at most ``wanted``, or at least where ``least`` is set."""

    text: str
    ratio: float
    wanted: float
    least: bool = False

    @property
    def met(self) -> bool:
        return self.ratio >= self.wanted if self.least else self.ratio <= self.wanted

    def row(self) -> list[str]:
        sign = "at least" if self.least else "at most"
        verdict = "reached" if self.met else "missed"
        return [self.text, f"{sign} {self.wanted:g}", f"**{self.ratio:.2f}**", verdict]


class Run(NamedTuple):
    """How a part is to measure: small sizes or not, how many rounds, a folder of its own to write to."""

    quick: bool
    rounds: int
    scratch: Path


class Result(NamedTuple):
    """What one part found, and when and how; as it stands in the file that is kept."""

    date: str
    command: str
    rounds: int
    busy: float
    found: dict[str, list[float]]

    def conditions(self) -> str:
        """A sentence."""
        rounds = "one round" if self.rounds == 1 else f"{self.rounds} rounds"
        return (
            f"Measured on {self.date} by `{self.command}`, {rounds}; what else ran on the machine used "
            f"{self.busy:.0%} of its processors."
        )


class Clock:
    """Which share of the processors others used since it was made (proc(5), getrusage(2))."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._before = self._busy() - self._own()

    @staticmethod
    def _busy() -> float:
        """Seconds since boot that any processor was not idle."""
        fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
        user, nice, system, _idle, _iowait, *rest = map(int, fields)
        return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def _own() -> float:
        found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in found)

    def others(self) -> float:
        """Between 0 and 1."""
        spent = (time.monotonic() - self._start) * (os.cpu_count() or 1)
        return min(1.0, max(0.0, (self._busy() - self._own() - self._before) / spent))


def result_of(clock: Clock, rounds: int, found: Mapping[str, Sequence[float]]) -> Result:
    """The result of a part that has just been measured."""
    # Where it was written to says nothing of what was measured.
    given = re.sub(r"--into[= ]\S+", "", " ".join(sys.argv[1:])).strip()
    command = f'make bench ARGS="{given}"' if given else "make bench"
    short = {key: [round(value, 5) for value in values] for key, values in found.items()}
    return Result(datetime.now(tz=timezone.utc).date().isoformat(), command, rounds, clock.others(), short)


def load(path: Path) -> dict[str, Result]:
    """The results that were kept, by part; none where there is no file."""
    if not path.exists():
        return {}
    return {part: Result(**fields) for part, fields in json.loads(path.read_text(encoding="utf-8")).items()}


def save(path: Path, results: Mapping[str, Result]) -> None:
    """Keep them: a line for each series, so that what changes can be seen."""
    parts = []
    for part, result in sorted(results.items()):
        lines = [f"   {json.dumps(key)}: {json.dumps(values)}" for key, values in result.found.items()]
        fields = {**result._asdict(), "busy": round(result.busy, 3)}
        del fields["found"]
        head = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in fields.items())
        parts.append(f' {json.dumps(part)}: {{\n{head}  "found": {{\n' + ",\n".join(lines) + "\n  }\n }")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
