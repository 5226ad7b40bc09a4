# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `l3host.source_ip.verify_judgement` of the role verify."""

from __future__ import annotations

from typing import Any, Callable

from ..module_utils._backends.verify import judge, table


def verify_judgement(
    intent: Any,
    listed: list[Any],
    subjects: list[Any],
    sources: list[Any],
    probes: list[Any],
    wire: str = "reachable",
    missing: str = "ignore",
    backend: str | None = None,
) -> dict[str, Any]:
    """The rows, and the bad ones of them also as text."""
    rows = judge(intent, listed, subjects, sources, probes, wire, missing, backend or None)
    bad = [row for row in rows if not row["good"]]
    return {"rows": rows, "bad": bad, "table": table(bad) if bad else ""}


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"verify_judgement": verify_judgement}
