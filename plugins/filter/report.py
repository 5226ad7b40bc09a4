# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `l3host.source_ip.report`."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..plugin_utils._fleet import reports


def report(value: Any, form: str = "html") -> str:
    """The fleet document in one form; what there is stands in plugin_utils/_fleet/reports.py."""
    try:
        return reports.report(value, form)
    except ValueError as error:
        raise AnsibleFilterError(f"l3host.source_ip.report: {error}") from error


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"report": report}
