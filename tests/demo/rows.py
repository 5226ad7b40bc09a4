# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the story's tasks answered to the rows of its report. Pure: no terminal, no file, no namespace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Any]


@dataclass
class Row:
    """One destination, asked about in one way: what the kernel said, what the socket got, what the wire carried."""

    chapter: int
    title: str
    request: str
    destination: str
    source: str | None = None
    device: str | None = None
    gateway: str | None = None
    reason: str = "unknown"
    explanation: str = ""
    stale: bool = False
    socket: str | None = None
    error: str | None = None
    wire: str | None = None
    wire_device: str | None = None
    missed: str | None = None
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    table: int | None = None
    owner: str | None = None
    route: str | None = None

    @property
    def agreed(self) -> bool:
        """Whether kernel, socket and wire name the same source, and the host has it."""
        return self.source is not None and self.source == self.socket == self.wire and not self.stale

    @property
    def wire_text(self) -> str:
        """What the capture showed, in the table's words."""
        if self.wire:
            return self.wire
        return f"nothing: {self.error or self.missed}" if self.error or self.missed else "not captured"


def short(module: str) -> str:
    """A module's name without its collection."""
    return module.rsplit(".", 1)[-1]


def collect(records: Iterable[Record]) -> list[Row]:
    """Rows in the order of the story.

    A record is what the callback writes for a task: ``chapter``, ``title``, ``module``, ``result`` and ``row``, the
    request that the task's answers describe: one for all of them, a list with one for each, or None for tasks that
    make none. Tasks of one chapter with the same request describe the same rows, one for each destination.
    """
    rows: dict[tuple[int, str, str], Row] = {}
    for record in records:
        if not record.get("row"):
            continue
        result = record["result"]
        answers = {"source_info": result.get("sources"), "probe": result.get("probes")}.get(short(record["module"]))
        answers = answers or []
        requests = [record["row"]] * len(answers) if isinstance(record["row"], str) else record["row"]
        for request, answer in zip(requests, answers):
            key = (record["chapter"], request, answer["destination"])
            if key not in rows:
                rows[key] = Row(record["chapter"], record["title"], request, answer["destination"])
            if short(record["module"]) == "source_info":
                _asked(rows[key], answer)
            else:
                _proved(rows[key], answer)
    return list(rows.values())


def _asked(row: Row, answer: Mapping[str, Any]) -> None:
    row.source, row.device, row.gateway = (answer.get(key) or None for key in ("source", "device", "gateway"))
    route = answer.get("route") or {}
    row.table, row.owner, row.route = answer.get("table"), route.get("protocol"), route.get("line")
    row.reason = answer.get("reason") or row.reason
    row.explanation = answer.get("explanation") or ""
    row.stale = bool(answer.get("stale"))
    if row.socket is None:
        row.socket = (answer.get("socket") or {}).get("source")


def _proved(row: Row, answer: Mapping[str, Any]) -> None:
    wire = answer.get("wire") or {}
    row.socket, row.error = answer.get("source") or None, _brief(answer.get("error"))
    row.missed = _brief(answer.get("wire_error"))
    row.wire, row.wire_device = wire.get("source"), wire.get("device")
    row.calls = [(call["call"], str(call["arguments"]), str(call["result"])) for call in answer.get("calls") or []]


def _brief(error: str | None) -> str | None:
    """The error's name without its explanation, which the socket calls show in full."""
    return error.split(":", 1)[0] if error else None
