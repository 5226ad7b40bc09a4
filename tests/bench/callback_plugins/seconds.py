# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Appends the seconds of each task called "Bench KEY" to the file that BENCH_TIMES names."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: seconds
type: aggregate
short_description: Seconds of tasks, for the benchmark
description: >-
  Time on the controller from the start of a task "Bench KEY" to the start of the next "Bench …" or "Then …", or the end
  of its play. What is between them, such as the tasks of a role, counts.
"""


class CallbackModule(CallbackBase):
    """One span at a time."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "seconds"

    def __init__(self) -> None:
        super().__init__()
        self._start = 0.0
        self._key = ""

    def _end(self) -> None:
        spent = time.perf_counter() - self._start
        if self._key:
            with open(os.environ["BENCH_TIMES"], "a", encoding="utf-8") as file:
                file.write(json.dumps([self._key, spent]) + "\n")
        self._key = ""

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._end()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._end()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        word, _blank, key = task.get_name().partition(" ")
        if word in ("Bench", "Then"):
            self._end()
        if word == "Bench":
            self._key, self._start = key, time.perf_counter()
