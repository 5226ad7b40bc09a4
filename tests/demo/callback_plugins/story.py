# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's output as a story: a chapter for each play, what a user would type, and the answer."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

from tests.demo import telling
from tests.demo.ink import Ink, folded, heading
from tests.demo.rows import short

DOCUMENTATION = r"""
name: story
type: stdout
short_description: The demo's terminal output
description:
  - Shows each play as a chapter, each task as what a user would type and what came back.
  - Writes every answer as a line of JSON to the file that E(L3HOST_DEMO_RECORD) names.
  - A task with the variable C(quiet), and every task inside a role, is not shown unless it fails; the variable C(row),
    of the task or of what includes it, names the request that the task's answers describe in the report, or one request
    for each answer.
author: The l3host.source_ip contributors
"""


class CallbackModule(CallbackBase):
    """One play is one chapter; its variable ``intro`` opens it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "story"

    def __init__(self) -> None:
        super().__init__()
        self._ink = Ink(os.environ.get("L3HOST_DEMO_COLOURS") == "1")
        self._chapter = 0
        self._title = ""

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Open a chapter."""
        self._chapter += 1
        self._title = str(play.get_name())
        intro = folded(str(play.get_vars().get("intro", "")), telling.WIDTH - 2, "  ")
        self._say(["", heading(self._title, telling.WIDTH, self._ink, self._chapter), "", *intro])

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Show the task before it runs, so that nobody waits in front of an empty screen."""
        if not self._quiet(task) and short(task.action) not in ("assert", "debug", "include_tasks"):
            name = self._ink(str(task.get_name()), "blue", "bold")
            self._say(["", f"  {name}", *telling.command(task.action, task.args, self._ink)])

    def v2_runner_on_ok(self, result: Any) -> None:
        """Show and record the answer."""
        self._record(result)
        self._handle_warnings_and_exception(result)
        if not self._quiet(result.task):
            self._say(telling.answer(result.task.action, result.result, self._ink))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Show all there is to know, unless the story meant the failure."""
        self._record(result)
        if ignore_errors:
            self._say(telling.answer(result.task.action, result.result, self._ink))
            return
        self._say(["", f"  {result.task.get_name()}", *telling.failure(result.task.action, result.result, self._ink)])

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """The interpreter of the lab's host did not start."""
        self._say(telling.failure(result.task.action, result.result, self._ink))

    @staticmethod
    def _quiet(task: Any) -> bool:
        return bool(task.get_vars().get("quiet") or task._role)

    def _say(self, lines: list[str]) -> None:
        if lines:
            self._display.display("\n".join(lines))

    def _record(self, result: Any) -> None:
        path = os.environ.get("L3HOST_DEMO_RECORD")
        if not path:
            return
        record = {
            "chapter": self._chapter,
            "title": self._title,
            "task": result.task.get_name(),
            "row": result.task.get_vars().get("row"),
            "module": result.task.action,
            "result": result.result,
        }
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(f"{json.dumps(record, default=str)}\n")
