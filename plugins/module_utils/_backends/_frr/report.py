# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgement over FRR's routes as a module's result. PRIVATE to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .host import Host
from .repair import LEVELS, Step, describe, mend


def sources(host: Host, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """The result of the module `frr_sources`."""
    settings = {**params["settings"], "kernel_edit": params["kernel_edit"]}
    found = mend(host, params["intent"], settings, params["repair"], params["delay"], params["timeout"], act=not check)
    limit = params["limit"]
    allowed = [s for s in found["possible"] if LEVELS.index(s["level"]) <= LEVELS.index(params["repair"])]
    return {
        "changed": bool(allowed if check else found["done"]),
        "checked": found["checked"],
        "wrong_count": len(found["wrong"]),
        "wrong": [{key: value for key, value in f.items() if key != "route"} for f in found["wrong"][:limit]],
        "missing": found["missing"],
        "absent_vrfs": found["absent_vrfs"],
        "repaired": [_shown(step) for step in found["done"][:limit]],
        "possible": [_shown(step) for step in found["possible"][:limit]],
        "errors": found["failed"][:limit],
        "diff": {"prepared": "".join(_line(f) for f in found["before"][:limit])} if found["done"] or allowed else {},
    }


def _shown(step: Step) -> dict[str, Any]:
    return {"level": step["level"], "loses": step["loses"], "why": step["why"], "command": describe(step)}


def _line(finding: Mapping[str, Any]) -> str:
    place = f" vrf {finding['vrf']}" if finding["vrf"] else ""
    words = f"{finding['destination']}{place} proto {finding['protocol']}"
    old = f" src {finding['actual']}" if finding["actual"] else " (refused)" if finding["problem"] == "rejected" else ""
    new = f" src {finding['expected']}" if finding["expected"] else ""
    return f"-{words}{old}\n+{words}{new}\n"
