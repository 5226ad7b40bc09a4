# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module ``intent``. PRIVATE to the collection.

What only an audit needs is not imported here: it would travel with every intent.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._base.errors import Refused
from .._intent.document import unpack
from .._intent.options import LISTS
from . import engine
from .choose import AUTO, Choice, chosen, options_of
from .interface import Intent

if t.TYPE_CHECKING:
    # Ansible packs this, too: what the keeper's service runs travels with the module, and is not imported with it.
    from ._keeper import program as _program  # noqa: F401


def intent_of(module: AnsibleModule, backend: str | None) -> Intent:
    """The intent of a task: its document, or, where no action plugin has made one, its lists."""
    document = module.params["document"]
    if document is not None:
        return unpack(document)
    from .._intent.normal import normalise  # with a document, which every task of Ansible has, nobody needs it

    return normalise(**{name: module.params[name] for name in LISTS}, backend=backend)


def _carried(choice: Choice, intent: Intent) -> None:
    """Refused where the back end that was found cannot hold the intent; for a named one the controller has looked."""
    from .._intent.backends import cannot

    if reasons := cannot(choice.name, intent):
        raise Refused(
            f"backend: auto chose {choice.name} ({choice.why}), which cannot hold the intent; nothing was changed:\n"
            + "\n".join(reasons)
        )


def run_intent(module: AnsibleModule) -> dict[str, t.Any]:
    """The module ``intent``."""
    options = module.params
    named = None if options["backend"] == AUTO else options["backend"]
    intent = engine.NOTHING if options["state"] == "absent" else intent_of(module, named)
    choice = chosen(options["backend"], options, None if intent is engine.NOTHING else intent)
    if named is None:
        _carried(choice, intent)
    holder = options_of(choice.name, options)
    wire = options["wire"] if options["verify"] else None
    result = engine.run(choice.name, intent, holder, module.check_mode, options["lock_timeout"], wire=wire)
    result["backend_why"] = choice.why
    return result
