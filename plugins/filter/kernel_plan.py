# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `l3host.source_ip.kernel_plan` of the role kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._backends._kernel.plan import RecordError, plan, read_record


def kernel_plan(intent: Any, content: str | None = None) -> dict[str, Any]:
    """The items of the role's tasks, from a normalised intent and the record's file."""
    if not isinstance(intent, Mapping) or "policies" not in intent:
        raise AnsibleFilterError("l3host.source_ip.kernel_plan needs what the filter l3host.source_ip.intent returns")
    try:
        return plan(intent, read_record(content))
    except RecordError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"kernel_plan": kernel_plan}
