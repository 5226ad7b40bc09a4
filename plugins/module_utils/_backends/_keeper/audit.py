# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the keeper, by what it says of itself. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..finding import Finding

#: What stands for a destination in a finding that is about the whole host.
_HOST = "*"


def audit(said: t.Mapping[str, t.Any] | None, wanted: bool) -> tuple[list[Finding], list[str]]:
    """Findings and notes. ``said``: what ``status.read`` has found; ``wanted``: whether the options say `keep`."""
    if said is None or not said["runs"]:
        if not wanted:
            return [], []
        why = "the keeper does not run"
        if said is not None and said["state"] != "ended":
            why += f"; it ran as process {said['pid']}, and ended without a word"
        return [_finding(_HOST, why, "systemctl start l3host-source-ip-keeper")], []
    findings = []
    if said["document_error"]:
        findings.append(_finding(_HOST, said["document_error"], "apply the intent again"))
    if said["error"]:
        findings.append(_finding(_HOST, f"the keeper cannot judge: {said['error']}"))
    findings += [_finding(entry["what"], entry["why"]) for entry in said["waiting"]]
    notes = []
    if said["waiting_count"] > len(said["waiting"]):
        notes.append(f"the keeper waits for {said['waiting_count'] - len(said['waiting'])} more than are listed")
    if said["repairs"]:
        last = said["last"][0]
        notes.append(
            f"the keeper has made {said['repairs']} repairs since {said['since']}, the last at {last['time']}: "
            f"{last['before'] or 'absent'} became {last['after'] or 'absent'}"
        )
    return findings, notes


def _finding(what: str, why: str, repair: str | None = None) -> Finding:
    return Finding(what, None, None, "unkept", why, repair=repair)
