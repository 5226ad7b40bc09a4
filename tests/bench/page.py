# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measurements to a page of tables."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import NamedTuple

import pyroute2

from tests.bench.arena import Timing
from tests.bench.tasks import LOOP


class Target(NamedTuple):
    """What this project asks of itself; ``ratio`` at least ``wanted``, or at most where ``most`` is set."""

    text: str
    ratio: float
    wanted: float
    most: bool = False

    @property
    def met(self) -> bool:
        return self.ratio <= self.wanted if self.most else self.ratio >= self.wanted

    def row(self) -> str:
        sign = "at most" if self.most else "at least"
        return (
            f"| {self.text} | {sign} {self.wanted:g} | **{self.ratio:.2f}** | {'reached' if self.met else 'missed'} |"
        )


class Measured(NamedTuple):
    """All that a run measured."""

    work: Mapping[int, Mapping[str, Mapping[str, Timing]]]
    million: Mapping[str, Timing]
    memory: Mapping[str, float]
    routes: int
    tasks: Mapping[tuple[int, str], Timing]

    def targets(self) -> list[Target]:
        """Those whose sizes were measured."""
        found = []
        largest = max(self.work)
        apply, check = self.work[largest]["apply"], self.work[largest]["check"]
        found += [
            Target(f"Apply {largest:,} routes: times as fast as `ip -batch`", _faster(apply, "module"), 2.5),
            Target(f"Check {largest:,} routes: times as fast as `ip -batch`", _faster(check, "module"), 4),
        ]
        slower = 1 / self.million["check"].times_faster_than(self.million["dump"])
        ten = f"Ten prefixes among {self.routes:,}"
        found.append(Target(f"{ten}: times an unread dump", slower, 2, most=True))
        found.append(Target(f"{ten}: MiB of memory", max(self.memory["check"], self.memory["set"]), 64, most=True))
        tasks = self.tasks
        biggest = max(count for count, _name in tasks)
        for way, words in (("list", "a list in the task"), ("file", "a file on the host")):
            for phase, when in (("first", "first run"), ("again", "no change")):
                ratio = 1 / tasks[biggest, f"{way} {phase}"].times_faster_than(tasks[biggest, f"ip {phase}"])
                text = f"Task of {biggest:,} routes, {words}, {when}: times the `ip -batch` task"
                found.append(Target(text, ratio, 2, most=True))
        if (LOOP, "loop first") in tasks:
            rounds = tasks[LOOP, "loop first"]
            # A run may hold more rounds of the list than of the loop; both are of the same minutes.
            ratio = rounds.middle / tasks[LOOP, "list first"].middle
            found.append(Target(f"Task of {LOOP} routes: times as fast as a loop of {LOOP}", ratio, 20))
        return found


def _faster(timings: Mapping[str, Timing], name: str) -> float:
    return timings[name].times_faster_than(timings["ip"])


_WORK = {
    "ip": "`ip -batch`",
    "module": "the module behind argument validation",
    "parsed": "the same without parsing the items",
    "prebuilt": "prebuilt bytes, nothing but sent",
    "pyroute2": "pyroute2, a call for each route",
}


def page(measured: Measured, command: str, rounds: int) -> str:
    """docs/benchmark.md."""
    lines = [_head(command, rounds), "| what | wanted | measured | |", "|---|---|---|---|"]
    lines += [target.row() for target in measured.targets()]
    lines += ["", "![Times as fast as ip -batch](benchmark.svg)"]
    for label, title in (
        ("apply", "## Routes created on an empty table\n\n`ip -batch` says `route add`."),
        ("check", "## The same again, nothing to change\n\n`ip -batch` says `route replace`: it cannot tell."),
    ):
        lines += ["", title, "", *_work_table(measured, label)]
    lines += ["", f"## Ten prefixes on a host with {measured.routes:,} routes", "", *_million_table(measured)]
    lines += ["", "## Whole Ansible tasks", "", _TASKS, "", *_task_table(measured)]
    return "\n".join(lines) + "\n"


def _work_table(measured: Measured, label: str) -> list[str]:
    sizes = sorted(measured.work)
    lines = [f"| times as fast as `ip -batch` | {' | '.join(f'{size:,}' for size in sizes)} |"]
    lines.append("|---" * (len(sizes) + 1) + "|")
    for name, words in _WORK.items():
        cells = []
        for size in sizes:
            timings = measured.work[size][label]
            cells.append(f"{_faster(timings, name):.2f} ({_seconds(timings[name])})" if name in timings else "")
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return lines


def _million_table(measured: Measured) -> list[str]:
    words = {
        "dump": "all routes received, none looked at",
        "check": "`prefsrc`, ten destinations, nothing to change",
        "set": "`prefsrc`, ten destinations changed and read back",
    }
    lines = ["| | times the unread dump | peak memory, imports included |", "|---|---|---|"]
    for name, timing in measured.million.items():
        ratio = 1 / timing.times_faster_than(measured.million["dump"])
        lines.append(f"| {words[name]} | {ratio:.2f} ({_seconds(timing)}) | {measured.memory[name]:.0f} MiB |")
    return lines


def _task_table(measured: Measured) -> list[str]:
    ways = {"ip": "`command: ip -batch FILE`", "list": "`routes:` a list", "file": "`routes_file:` a file on the host"}
    lines = ["| times the `ip -batch` task | routes | first run | no change |", "|---|---|---|---|"]
    for count in sorted({count for count, name in measured.tasks if name.startswith("ip ")}):
        for way, words in ways.items():
            cells = []
            for phase in ("first", "again"):
                timing = measured.tasks[count, f"{way} {phase}"]
                ratio = 1 / timing.times_faster_than(measured.tasks[count, f"ip {phase}"])
                cells.append(f"{ratio:.2f} ({_seconds(timing)})")
            lines.append(f"| {words} | {count:,} | {' | '.join(cells)} |")
    if (LOOP, "loop first") in measured.tasks:
        loop, ours = measured.tasks[LOOP, "loop first"], measured.tasks[LOOP, "list first"]
        lines += [
            "",
            f"A loop of `ip route replace` over {LOOP} routes took {_seconds(loop)}, the task without a loop "
            f"{_seconds(ours)}: {loop.middle / ours.middle:.0f} times as fast.",
        ]
    return lines


_TASKS = (
    "From the start of a task to its result, on the controller, `connection: local`. A list in a task is templated, "
    "sent and\nvalidated entry by entry by Ansible itself, some 0.3 ms each here, before the module "
    "starts; that is why\nthousands of routes belong in a file on the host."
)


def _seconds(timing: Timing) -> str:
    return f"{timing.middle * 1000:.0f} ms" if timing.middle < 1 else f"{timing.middle:.1f} s"


def _head(command: str, rounds: int) -> str:
    iproute2 = subprocess.run(["ip", "-V"], capture_output=True, text=True, check=True).stdout
    iproute2 = iproute2.split(",")[1].strip().replace("-", " ")
    kernel = ".".join(platform.release().split("-")[0].split(".")[:2])
    today = datetime.now(tz=timezone.utc).date()
    busy = os.getloadavg()[2] / (os.cpu_count() or 1)
    load = f"its load average was {busy:.1f} for each core" if busy > 0.7 else "otherwise idle"
    return f"""\
<!--
Copyright (c) 2026 The l3host.source_ip contributors
GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->

# Benchmark

Measured on {today} by `{command}`, in one run: {rounds} rounds in which all contenders take turns, every second one
backwards ({max(1, rounds // 2)} for whole tasks, one for the loop of {LOOP}). A ratio is the median of the rounds'
ratios; seconds are medians and only say the order of magnitude. The machine: a virtual one with {os.cpu_count()} cores,
{load}; Linux {kernel}, Python {platform.python_version()}, pyroute2 {pyroute2.__version__}, {iproute2}. IPv4 host
routes with a gateway and a preferred source.
"""
