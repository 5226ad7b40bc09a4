# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exception boundary between the rooms and Ansible. PRIVATE to the collection."""

from __future__ import annotations

import gc
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._base.errors import SourceIPError
from .._netlink.netns import enter_netns
from .archive import compile_once

if t.TYPE_CHECKING:
    from .._netlink.kernel import Kernel

_SHOWN_ENTRIES = 10
#: A task may concern ten thousand routes; nobody reads a warning for each.
MAX_WARNINGS = 10
#: The option that every module has which works on the kernel alone.
NETNS: dict[str, t.Any] = {"netns": {"type": "str"}}


def run(module: AnsibleModule, body: t.Callable[[AnsibleModule, Kernel], dict[str, t.Any]]) -> None:
    """``answer`` with a connection to the kernel, for modules that always need one."""
    # Imported here: who needs no connection needs no pyroute2, and does not pay for its import.
    from .._netlink.kernel import Kernel

    def connected() -> dict[str, t.Any]:
        with Kernel() as kernel:
            return body(module, kernel)

    answer(module, connected)


def answer(module: AnsibleModule, body: t.Callable[[], dict[str, t.Any]]) -> None:
    """Enter the task's namespace, and end the module with what ``body`` returns or raises.

    ``warnings`` of the result, or of the error's details, are texts; they are shown by Ansible's own door for warnings.
    """
    compile_once()
    # A short life with many small objects and hardly a cycle: collecting them costs a third of the work on big lists.
    gc.disable()
    try:
        if module.params.get("netns"):
            enter_netns(module.params["netns"])
        result = body()
    except SourceIPError as error:
        module.fail_json(msg=error.message, invocation=_invocation(module), **_warned(module, error.details))
    except PermissionError as error:
        module.fail_json(msg=f"the kernel does not let user id {os.geteuid()} do this: {error}; use become: true")
    module.exit_json(invocation=_invocation(module), **_warned(module, result))


def few(warnings: t.Sequence[str]) -> list[str]:
    """The first of many warnings of one kind, and how many more there are."""
    more = len(warnings) - MAX_WARNINGS
    return [*warnings[:MAX_WARNINGS], *([f"{more} more warnings of this kind"] if more > 0 else [])]


def _warned(module: AnsibleModule, result: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The result without its warnings, which Ansible has been told of."""
    for warning in result.get("warnings", ()):
        module.warn(warning)
    return {name: value for name, value in result.items() if name != "warnings"}


def _invocation(module: AnsibleModule) -> dict[str, t.Any]:
    """The arguments as ``ansible-playbook -vvv`` shows them; of a long list only the beginning travels back."""
    arguments = {name: value for name, value in module.params.items() if name != "document"}
    for name, value in module.params.items():
        if isinstance(value, list) and len(value) > _SHOWN_ENTRIES:
            arguments[name] = [*value[:_SHOWN_ENTRIES], f"(and {len(value) - _SHOWN_ENTRIES} more)"]
    return {"module_args": arguments}
