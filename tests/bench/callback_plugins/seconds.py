# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Appends the seconds of each task whose name begins with "bench " to the file that BENCH_TIMES names."""

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
description: Time on the controller from the start of a task to its result, loop included.
"""


class CallbackModule(CallbackBase):
    """From the start of a task to its result, on the controller, loop included."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "seconds"

    def __init__(self) -> None:
        super().__init__()
        self._start = 0.0

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._start = time.perf_counter()

    def v2_runner_on_ok(self, result: Any) -> None:
        spent = time.perf_counter() - self._start
        name = result.task.get_name()
        if name.startswith("Bench "):
            with open(os.environ["BENCH_TIMES"], "a", encoding="ascii") as file:
                file.write(json.dumps([*name.split()[1:], spent]) + "\n")
