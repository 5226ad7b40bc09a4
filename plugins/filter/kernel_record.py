# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `l3host.source_ip.kernel_record` of the role kernel."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._backends._kernel.plan import (
    RecordError,
    read_record,
    record_after,
    record_text,
)


def kernel_record(
    wanted: Any, content: str | None = None, results: list[Any] | None = None, complete: bool = True
) -> str:
    """The text of the record's file after a run.

    wanted: what `kernel_plan` returned under that name. results: what the module address returned.
    """
    try:
        before = read_record(content)
    except RecordError as error:
        raise AnsibleFilterError(str(error)) from error
    # A line of ip(8): `inet 192.0.2.2/32 dev lo scope global`.
    created = [
        (str(result["address"]), str(result["after"]).partition(" dev ")[2].split()[0])
        for result in results or []
        if result.get("action") == "created"
    ]
    return record_text(record_after(before, wanted, created, complete))


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"kernel_record": kernel_record}
