# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed errors. PRIVATE to the collection.

Every room raises one of these; ``_module`` alone turns them into ``fail_json``.
"""

from __future__ import annotations

import typing as t


class SourceIPError(Exception):
    """An error with a message for the user and values for the task's result.

    ``details`` is merged into the failed task's result, next to ``msg``.
    """

    def __init__(self, message: str, **details: t.Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(SourceIPError):
    """The task's input is wrong. Nothing was written."""


class IntentError(InvalidInput):
    """The intent cannot be used. `problems` lists every reason found, each beginning with entry and field."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        shown = problems[:50]
        if len(problems) > len(shown):
            shown = [*shown, f"and {len(problems) - len(shown)} more"]
        super().__init__("\n".join(shown))


class Refused(SourceIPError):
    """The input is valid, but doing it would harm somebody. Nothing was written; the message says what to do."""


class KernelError(SourceIPError):
    """The kernel refused a request.

    ``errno`` is positive; ``text`` is the kernel's own text: the extended ack where it sent one, else ``strerror``.
    """

    def __init__(self, message: str, errno: int, text: str, **details: t.Any) -> None:
        super().__init__(message, errno=errno, **details)
        self.errno = errno
        self.text = text


class MissingLibrary(SourceIPError):
    """A library that the host needs is absent or too old.

    The detail ``missing_library`` names it, with the version wanted: playbooks tell this failure from others by it.
    """
