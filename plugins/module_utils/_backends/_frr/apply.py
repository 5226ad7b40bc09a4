# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving stages of lines to a running FRR. PRIVATE to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .audit import canonical
from .host import CommandError, Host


class ApplyError(Exception):
    """Why the lines were not, or not all, applied. `applied` counts the stages that were."""

    def __init__(self, message: str, applied: int = 0) -> None:
        super().__init__(message)
        self.applied = applied


def apply(host: Host, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """The result of the module `frr_config`."""
    stages = [stage for stage in params["stages"] if stage["lines"]]
    if not stages:
        return {"changed": False, "applied": 0}
    applied = 0
    try:
        _refuse_absent(host, params, check)
        for stage in stages:
            host.load(stage["lines"], check=True)
        if not check:
            for stage in stages:
                host.wait_for_maps(stage["needs"])
                host.load(stage["lines"])
                applied += 1
    except CommandError as error:
        state = f"{applied} of {len(stages)} stages were applied before" if applied else "nothing was applied"
        raise ApplyError(f"FRR refused: {error} ({state})", applied) from error
    return {"changed": True, "applied": applied, "diff": {"prepared": _diff(stages)}}


def _refuse_absent(host: Host, params: Mapping[str, Any], check: bool) -> None:
    there = host.addresses()
    if check:
        there |= {canonical(text.split("/")[0]) for text in params["planned"]}
    absent = [text for text in params["sources"] if canonical(text) not in there]
    if absent:
        raise ApplyError(
            f"this host does not have {', '.join(absent)} (or only as a tentative address): the kernel would refuse "
            "every route with that source and FRR would not try again; add the address first (source_ip_addresses)"
        )


def _diff(stages: list[dict[str, Any]]) -> str:
    """The lines, those that remove with a minus."""
    lines = [line for stage in stages for line in stage["lines"]]
    shown = [
        f"-{line.replace('no ', '', 1)}" if line.lstrip().startswith("no ") else f"+{line}" for line in lines[:2000]
    ]
    if len(lines) > len(shown):
        shown.append(f" and {len(lines) - len(shown)} more lines")
    return "running configuration of FRR\n" + "\n".join(shown) + "\n"
