# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module's body needs of an AnsibleModule once the arguments are validated."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn


class Task:
    """Holds the arguments, takes the result, and ends the benchmark on a failure."""

    check_mode = False
    _diff = False
    #: Entries are validated by the options of ``routes``; here they are validated already.
    argument_spec: ClassVar[dict[str, Any]] = {"routes": {"options": {}}}

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.result: dict[str, Any] = {}

    def exit_json(self, **result: Any) -> None:
        self.result = result

    def fail_json(self, **result: Any) -> NoReturn:
        raise AssertionError(result["msg"])

    def warn(self, text: str) -> NoReturn:
        raise AssertionError(text)

    def expect(self, action: str, count: int) -> None:
        """All of ``count`` routes met this action."""
        check_counts(self.result["counts"], action, count)


def check_counts(counts: dict[str, int], action: str, count: int) -> None:
    """A benchmark of something that was not done would be fast."""
    if counts[action] != count:
        raise AssertionError(f"{count} routes should be {action}: {counts}")
