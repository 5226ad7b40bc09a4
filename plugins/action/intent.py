# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the module `intent`: check the whole intent before a connection is made, send it once."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from ..module_utils._backends.choose import OPTIONS
from ..module_utils._base.errors import IntentError
from ..module_utils._intent.document import pack
from ..module_utils._intent.normal import normalise
from ..plugin_utils._raw import resolve, uncollected
from ..plugin_utils._variables import LISTS, UNDEFINED, undefined, unknown

#: Options that the roles take from a variable of another name than that of back end and option.
_SHARED = {("kernel", "purge"): "source_ip_purge", ("kernel", "keep"): "source_ip_keep"}


class ActionModule(ActionBase):
    """Takes the lists from the task or from the host's variables, checks them, and sends one document.

    What the task does not say of a back end the variables of its role say: a playbook for all back ends would have all
    their options as templates, which cost the controller more than the rest of the task.
    """

    MODULE: ClassVar[str] = "l3host.source_ip.intent"
    #: Whether what the back end cannot hold is refused here.
    REFUSE: ClassVar[bool] = True

    @classmethod
    def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:
        """Ansible's own hook, from ansible-core 2.19 on: the lists are left as they are, `run` looks into them."""
        if name in LISTS:
            return value
        return super().finalize_task_arg(name, value, templar, context)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if "document" in arguments:
            return {
                **result,
                "failed": True,
                "msg": "document: is made here; set the lists of the intent",
            }
        try:
            with uncollected():
                arguments["document"] = self._document(arguments, task_vars or {})
                arguments.update(self._options(arguments, task_vars or {}))
        except IntentError as error:
            # Not raised: what is raised here passes by the task's failed_when.
            return {**result, "failed": True, "msg": f"The intent cannot be used:\n{error}"}
        result.update(self._execute_module(self.MODULE, module_args=arguments, task_vars=task_vars))
        return result

    def _document(self, arguments: dict[str, Any], variables: dict[str, Any]) -> str:
        """The document of the intent; takes the lists out of the arguments."""
        given = {option: arguments.pop(option, None) for option in LISTS}
        if arguments.get("state", "present") == "absent":
            # To take an intent off, nothing of it needs to be known, or right.
            return pack(normalise())
        if problems := unknown(variables):
            raise IntentError(problems)
        if self._needs(arguments) and undefined(given, variables):
            raise IntentError([UNDEFINED])
        backend = arguments.get("backend") if self.REFUSE else None
        lists = {
            option: self._value(variables.get(variable) if given[option] is None else given[option], variables)
            for option, variable in LISTS.items()
        }
        # What `auto` will find is known on the host only, which refuses what that cannot hold.
        return pack(normalise(**lists, backend=None if backend == "auto" else backend))

    def _options(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """The options of each back end: those of the task, then what the variables of its role say."""
        found = {}
        for name, options in OPTIONS.items():
            names = {option: _SHARED.get((name, option), f"{name}_{option}") for option in options}
            said = {option: self._value(variables[key], variables) for option, key in names.items() if key in variables}
            if said:
                found[name] = {**said, **(arguments.get(name) or {})}
        return found

    def _needs(self, _arguments: dict[str, Any]) -> bool:
        """Whether a host of which nothing is wanted is an error."""
        return True

    def _value(self, value: Any, variables: dict[str, Any]) -> Any:
        return resolve(value, variables, self._templar.template)
