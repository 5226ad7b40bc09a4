# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the module `route`: a long list goes to the host as one text."""

from __future__ import annotations

import json
from typing import Any

from ansible.plugins.action import ActionBase

from ..plugin_utils._raw import resolve

#: Up to so many entries, templating and packing them one by one costs less than is worth a word.
FEW = 100


class ActionModule(ActionBase):
    """Sends `routes` as it is where it is short, else packed in the option `document`."""

    @classmethod
    def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:
        """Ansible's own hook, from ansible-core 2.19 on: the list is left as it is, `run` looks into it."""
        return value if name == "routes" else super().finalize_task_arg(name, value, templar, context)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if "document" in arguments:
            return {**result, "failed": True, "msg": "document: is made here; set routes"}
        if arguments.get("routes") is not None:
            routes = resolve(arguments["routes"], task_vars or {}, self._templar.template)
            arguments["routes"] = routes
            if isinstance(routes, list) and len(routes) > FEW:
                arguments["document"] = json.dumps(arguments.pop("routes"), separators=(",", ":"))
        result.update(self._execute_module(module_args=arguments, task_vars=task_vars))
        return result
