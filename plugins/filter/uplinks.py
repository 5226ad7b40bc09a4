# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `l3host.source_ip.uplinks`."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._intent.uplinks import expand


def uplinks(value: Any) -> dict[str, list[Any]]:
    """What a list of uplinks stands for, as variables of a host."""
    if not isinstance(value, (list, tuple)):
        raise AnsibleFilterError("l3host.source_ip.uplinks needs a list of uplinks")
    problems: list[str] = []
    found = expand([(f"source_ip_uplinks[{number}]", entry) for number, entry in enumerate(value)], problems)
    if problems:
        raise AnsibleFilterError("The uplinks cannot be used:\n" + "\n".join(problems))
    return found.variables()


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"uplinks": uplinks}
