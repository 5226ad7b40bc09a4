# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the module `intent_info`."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.module_utils.parsing.convert_bool import boolean

from .intent import ActionModule as Intent


class ActionModule(Intent):
    """The same as of `intent`, for an intent that any back end may carry."""

    MODULE: ClassVar[str] = "l3host.source_ip.intent_info"
    #: What is asked of the host does not depend on what a back end can hold.
    REFUSE: ClassVar[bool] = False

    def _needs(self, arguments: dict[str, Any]) -> bool:
        """An audit says of a host that nothing is wanted of it."""
        return not _audits(arguments)


def _audits(arguments: dict[str, Any]) -> bool:
    return bool(boolean(arguments.get("audit") or False, strict=False))
