# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet document: what all hosts said, in one piece, for all who show it. Pure. PRIVATE to the collection.

    {version, made, title, hosts: [
        {name, groups: [], status, error, asked, kernel, backend, backend_why, checked, omitted,
         answers: [], findings: [], connections, warnings: []}]}

``status`` is one of STATUSES. ``made`` and ``asked`` are times as ``2026-11-25T08:00:00Z``. ``answers``, ``findings``
and ``connections`` are those of the module ``intent_info``. Counts of problems are computed from it, never stored.
"""

from __future__ import annotations

import typing as t

#: Rises when a key goes or changes its meaning, not when one comes.
VERSION = 1
#: ``failed``: the host was reached, and the task ended with an error.
STATUSES = ("answered", "unreachable", "failed")
_COUNTS = ("checked", "omitted")
_LISTS = ("answers", "findings")
_TEXTS = ("asked", "kernel", "backend", "backend_why")
_NO_ANSWER = "the play ended before this host was asked"


def status_of(result: t.Mapping[str, t.Any] | None) -> str:
    """The status of a host, by what its task returned; None where it returned nothing."""
    if result is None or result.get("unreachable"):
        return "unreachable"
    return "failed" if result.get("failed") or "answers" not in result else "answered"


def host_row(name: str, groups: t.Iterable[str], result: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """One host of the document, from the result of its task ``intent_info`` as Ansible registers it."""
    status, found = status_of(result), result or {}
    error = None if status == "answered" else str(found.get("msg") or _NO_ANSWER).strip()
    return {
        "name": name,
        "groups": sorted(groups),
        "status": status,
        "error": error,
        **{key: found.get(key) for key in _TEXTS},
        **{key: int(found.get(key) or 0) for key in _COUNTS},
        **{key: list(found.get(key) or []) for key in _LISTS},
        "connections": found.get("connections"),
        "warnings": [*map(str, found.get("notes") or []), *map(str, found.get("warnings") or [])],
    }


def document(title: str, made: str, hosts: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """The document of these ``host_row``s, in the order in which they are given."""
    return {"version": VERSION, "made": made, "title": title, "hosts": [dict(host) for host in hosts]}


def differing(host: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The open connections of a host that leave with another source than the intent's; none where nobody looked."""
    return list((host["connections"] or {}).get("differing", []))


def exit_status(fleet: t.Mapping[str, t.Any]) -> int:
    """4 where a host did not answer, else 2 where one differs from its intent, else 0."""
    if any(host["status"] != "answered" for host in fleet["hosts"]):
        return 4
    return 2 if any(host["findings"] or differing(host) for host in fleet["hosts"]) else 0
