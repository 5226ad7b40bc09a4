# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `l3host.source_ip.verify_questions` of the role verify."""

from __future__ import annotations

from typing import Any, Callable

from ..module_utils._backends.verify import questions


def verify_questions(intent: Any, listed: list[Any], backend: str | None = None, limit: int = 200) -> dict[str, Any]:
    """What to ask the host about a normalised intent."""
    return questions(intent, listed, backend or None, limit)


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"verify_questions": verify_questions}
