# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking back what was done when a later step fails. PRIVATE to the collection. Standard library only."""

from __future__ import annotations

import typing as t

from .._base.errors import SourceIPError

if t.TYPE_CHECKING:
    from types import TracebackType


class Undo:
    """A context: what was added to it is done, last first, when the block ends with an error.

    The error's message then says that the host is as it was, or what could not be put back and why.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[str, t.Callable[[], object]]] = []

    def add(self, what: str, step: t.Callable[[], object]) -> None:
        """``what`` is being put back, for the message; ``step`` may raise SourceIPError or OSError."""
        self._steps.append((what, step))

    def __enter__(self) -> Undo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or not self._steps:
            return
        trouble = []
        for what, step in reversed(self._steps):
            try:
                step()
            except (SourceIPError, OSError) as reason:
                trouble.append(f"{what}: {reason}")
        if isinstance(error, SourceIPError):
            error.message += (
                f"\nNot everything could be put back as it was: {'; '.join(trouble)}"
                if trouble
                else "\nWhat was done before was undone; the host is as it was."
            )
