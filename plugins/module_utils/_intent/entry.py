# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading one entry of a list a user wrote: every problem is filed under the entry and the field. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Callable, NamedTuple

from . import fields


class Read(NamedTuple):
    """An entry that was read: its name for messages, its place in the order of the normal form, its normal form."""

    where: str
    order: tuple[Any, ...]
    entry: dict[str, Any]


class Entry:
    """One entry of a list while it is read: takes fields out of it and files problems under its name."""

    def __init__(self, where: str, raw: Any, keys: Collection[str], problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        self.mapping = isinstance(raw, Mapping)
        self.good = self.mapping
        self.raw: Mapping[str, Any] = raw if self.mapping else {}
        if not self.mapping:
            self.problem(None, f"{fields.show(raw)} is not a mapping; known keys: {', '.join(keys)}")
        for key in self.raw:
            if key not in keys:
                self.problem(None, f"{fields.show(key)} is not a known key; known keys: {', '.join(keys)}")

    def problem(self, field: str | None, text: str) -> None:
        self.good = False
        self.problems.append(f"{self.where}{'.' + field if field else ''}: {text}")

    def take(self, field: str, parse: Callable[..., Any], *args: Any, required: bool = False) -> Any:
        """The parsed field, `None` where it is unset or wrong."""
        value = self.raw.get(field)
        if value is None:
            if required:
                self.problem(field, "is required")
            return None
        return self.parse(field, value, parse, *args)

    def parse(self, field: str, value: Any, parse: Callable[..., Any], *args: Any) -> Any:
        try:
            return parse(value, *args)
        except fields.FieldError as error:
            self.problem(field, str(error))
            return None

    def take_list(self, field: str) -> list[Any]:
        """The field as a list; one plain text counts as a list of one."""
        value = self.raw.get(field)
        if value is None:
            return []
        if isinstance(value, str):
            return [value]
        if not isinstance(value, (list, tuple)):
            self.problem(field, f"{fields.show(value)} is not a list")
            return []
        return list(value)
