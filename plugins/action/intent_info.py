# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the module `intent_info`."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._backends.choose import OPTIONS
from .intent import ActionModule as Intent

#: Options that the roles take from a variable of another name than `BACKEND_OPTION`.
_SHARED = {("kernel", "purge"): "source_ip_purge"}


class ActionModule(Intent):
    """The same as of `intent`, for an intent that any back end may carry."""

    MODULE: ClassVar[str] = "l3host.source_ip.intent_info"
    #: What is asked of the host does not depend on what a back end can hold.
    REFUSE: ClassVar[bool] = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        arguments = self._task.args
        if _audits(arguments):
            self._task.args = {**arguments, **self._options(arguments, task_vars or {})}
        return super().run(tmp, task_vars)

    def _needs(self, arguments: dict[str, Any]) -> bool:
        """An audit says of a host that nothing is wanted of it."""
        return not _audits(arguments)

    def _options(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """The options of each back end: those of the task, then what the variables of its role say."""
        found = {}
        for name, options in OPTIONS.items():
            names = {option: _SHARED.get((name, option), f"{name}_{option}") for option in options}
            said = {option: self._value(variables[key], variables) for option, key in names.items() if key in variables}
            if said:
                found[name] = {**said, **(arguments.get(name) or {})}
        return found


def _audits(arguments: dict[str, Any]) -> bool:
    return bool(boolean(arguments.get("audit") or False, strict=False))
