# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the results of hosts to the document of a fleet."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.document import (
    VERSION,
    document,
    exit_status,
    host_row,
)

GOOD = {"answers": [{"destination": "198.51.100.1", "good": True}], "findings": [], "checked": 1, "omitted": 0}
LATE = {"checked": 3, "differing": [{"source": "10.0.0.1", "expected": "192.0.2.2"}]}
HOST = {
    "name", "groups", "status", "error", "asked", "kernel", "backend", "backend_why", "checked", "omitted", "answers",
    "findings", "connections", "warnings",
}  # fmt: skip


@pytest.mark.parametrize(
    ("result", "status", "error"),
    [
        (GOOD, "answered", None),
        ({"unreachable": True, "msg": "no route to host"}, "unreachable", "no route to host"),
        ({"failed": True, "msg": "no pyroute2\n"}, "failed", "no pyroute2"),
        (None, "unreachable", "the play ended before this host was asked"),
    ],
)
def test_every_host_has_every_key(result: Any, status: str, error: str | None) -> None:
    row = host_row("h1", ["web", "all"], result)
    assert set(row) == HOST
    assert (row["name"], row["groups"], row["status"], row["error"]) == ("h1", ["all", "web"], status, error)
    assert (row["checked"], len(row["answers"])) == ((1, 1) if result is GOOD else (0, 0))


def test_the_document_keeps_the_order_of_hosts() -> None:
    made = document("edge", "2026-11-25T08:00:00Z", [host_row(name, [], GOOD) for name in ("h2", "h10", "h1")])
    assert (made["version"], made["title"], made["made"]) == (VERSION, "edge", "2026-11-25T08:00:00Z")
    assert [host["name"] for host in made["hosts"]] == ["h2", "h10", "h1"]


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([], 0),
        ([GOOD], 0),
        ([GOOD, {**GOOD, "findings": [{"problem": "drift"}]}], 2),
        ([{**GOOD, "connections": LATE}], 2),
        ([{**GOOD, "connections": {"checked": 3, "differing": []}}], 0),
        ([{**GOOD, "findings": [{"problem": "drift"}]}, {"failed": True}], 4),
        ([None], 4),
    ],
)
def test_the_exit_status(results: list[Any], status: int) -> None:
    assert exit_status(document("", "", [host_row("h", [], result) for result in results])) == status
