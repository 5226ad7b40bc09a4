# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the module `socket_info`: the intent, where connections are compared with one."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ..plugin_utils._variables import LISTS
from .intent_info import ActionModule as IntentInfo


class ActionModule(IntentInfo):
    """The same as of `intent_info`; without an intent the module gets its arguments as they are."""

    MODULE: ClassVar[str] = "l3host.source_ip.socket_info"

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        arguments = self._task.args
        if any(arguments.get(name) is not None for name in LISTS):
            arguments = self._task.args = {**arguments, "intent": True}
        if boolean(arguments.get("intent") or False, strict=False):
            return super().run(tmp, task_vars)
        result: dict[str, Any] = ActionBase.run(self, tmp, task_vars)
        result.update(self._execute_module(self.MODULE, module_args=arguments, task_vars=task_vars))
        return result
