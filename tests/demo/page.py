# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's rows as the document of a fleet of one host, and the collection's own page of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet import html
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.document import document, host_row
from tests.demo.rows import Row

TITLE = "Which source does this host use, and why?"
LEAD = (
    "Each line was asked of the kernel, proved by a socket, and read off a captured packet. Actual is the kernel's "
    "answer, wire what left the host. Choose a line to see its path."
)


def render(rows: Sequence[Row], kernel: str, asked: str) -> str:
    """The page. ``kernel``: its release; ``asked``: when, as ``2026-11-25T08:00:00Z``."""
    return html.render(fleet(rows, kernel, asked), lead=LEAD, everything=True)


def fleet(rows: Sequence[Row], kernel: str, asked: str) -> dict[str, Any]:
    """The document: an answer for each row, which names its request and its chapter besides."""
    found = {"asked": asked, "kernel": kernel, "checked": len(rows), "answers": [_answer(row) for row in rows]}
    return document(TITLE, asked, [host_row("host", [], found)])


def _answer(row: Row) -> dict[str, Any]:
    return {
        "destination": row.destination,
        "prefix": None,
        "vrf": None,
        "expected": None,
        "kernel": row.source,
        "device": row.device,
        "gateway": row.gateway,
        "table": row.table,
        "reason": row.reason,
        "explanation": row.explanation,
        "owner": row.owner,
        "route": row.route,
        "socket": row.socket or row.error,
        "wire": row.wire_text,
        "good": row.agreed,
        "problem": None if row.agreed else "stale" if row.stale else "absent" if row.source is None else "wire",
        "captured": row.wire_device if row.wire else None,
        "request": row.request,
        "section": f"{row.chapter} · {row.title}",
        "calls": [[call, argument, _said(row, call, result)] for call, argument, result in row.calls],
    }


def _said(row: Row, call: str, result: str) -> str:
    return row.socket if call == "getsockname" and result == "ok" and row.socket else result
