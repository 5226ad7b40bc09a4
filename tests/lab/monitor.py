# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listeners of the routing tables are told, between two marks so that no waiting is guesswork."""

from __future__ import annotations

import itertools
import select
import subprocess
from collections.abc import Callable

from tests.lab.netns import Namespace


def route_notifications(ns: Namespace, action: Callable[[], object], device: str = "v0") -> list[str]:
    """The lines of ``ip monitor route`` during ``action``, both families, the marks left out."""
    marks = (f"198.18.{number // 256}.{number % 256}/32" for number in itertools.count(60000))

    def mark() -> str:
        text = next(marks)
        ns.ip(f"route add {text} dev {device}")
        return text.partition("/")[0]

    monitor = ns.popen(["ip", "-o", "monitor", "route"], stdout=subprocess.PIPE, bufsize=0)
    try:
        assert monitor.stdout is not None
        # It may not listen yet: the first mark it tells of proves that it does.
        last = mark()
        while not select.select([monitor.stdout], [], [], 0.2)[0]:
            last = mark()
        _until(monitor, last)
        action()
        return _until(monitor, mark())
    finally:
        monitor.kill()
        monitor.wait()


def _until(monitor: subprocess.Popen[str], mark: str) -> list[str]:
    assert monitor.stdout is not None
    found: list[str] = []
    while True:
        line = monitor.stdout.readline()
        assert line, "ip monitor ended early"
        if line.split()[0] == mark:
            return found
        found.append(line.strip())
