# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the benchmark: what is asked, what was found, and each part's tables."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from types import ModuleType

import pyroute2
from ansible.release import __version__ as ansible_version

from tests.bench import fleet, learned, million, payload, role, sockets, tasks, work
from tests.bench.results import Result, prose, table

#: By the name that the command line knows.
PARTS: Mapping[str, ModuleType] = {
    "role": role,
    "fleet": fleet,
    "learned": learned,
    "tasks": tasks,
    "work": work,
    "million": million,
    "sockets": sockets,
    "payload": payload,
}


def rows(results: Mapping[str, Result]) -> list[list[str]]:
    """What is asked of the parts that were measured, and whether it was reached."""
    return [
        target.row() for name, part in PARTS.items() if name in results for target in part.targets(results[name].found)
    ]


def page(results: Mapping[str, Result]) -> str:
    """docs/benchmark.md."""
    lines = [_head(), *table(["what", "wanted", "measured", ""], rows(results))]
    for name, part in PARTS.items():
        if name in results:
            result = results[name]
            lines += ["", f"## {part.TITLE}", "", *prose(result.conditions()), "", *part.section(result.found)]
    return "\n".join(lines) + "\n"


def _head() -> str:
    iproute2 = subprocess.run(["ip", "-V"], capture_output=True, text=True, check=True).stdout
    iproute2 = iproute2.split(",")[1].strip().replace("-", " ")
    kernel = ".".join(platform.release().split("-")[0].split(".")[:2])
    machine = "\n".join(
        prose(
            f"The machine: a virtual one with {os.cpu_count()} cores; Linux {kernel}, Python "
            f"{platform.python_version()}, ansible-core {ansible_version}, pyroute2 {pyroute2.__version__}, "
            f"{iproute2}. IPv4."
        )
    )
    return f"""\
<!--
Copyright (c) 2026 The l3host.source_ip contributors
GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->

# Benchmark

In each part all contenders take turns in one run, every second round backwards. A ratio is the median of the rounds'
ratios; seconds are medians and only say the order of magnitude. `make bench` measures all of it, `make bench
ARGS="--only role"` one part; each says when it was measured, and what else the machine had to do. The values of each
round are in [benchmark.json](benchmark.json).

{machine}
"""
