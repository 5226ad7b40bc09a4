# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the answers of the story's tasks to rows."""

from __future__ import annotations

from typing import Any

from tests.demo.rows import Row, collect

CURL = "curl http://web/"


def record(module: str, result: dict[str, Any], row: Any = CURL, chapter: int = 1) -> dict[str, Any]:
    return {
        "chapter": chapter,
        "title": f"Chapter {chapter}",
        "row": row,
        "module": f"l3host.source_ip.{module}",
        "result": result,
    }


def asked(destination: str, source: str | None, **more: Any) -> dict[str, Any]:
    return {"destination": destination, "source": source, "device": "up0", "reason": "interface", **more}


def proved(destination: str, source: str | None, wire: str | None, **more: Any) -> dict[str, Any]:
    carried = {"source": wire, "device": "up0"} if wire else None
    return {"destination": destination, "source": source, "error": None, "calls": [], "wire": carried, **more}


def test_question_and_proof_of_one_destination_are_one_row() -> None:
    calls = [{"call": "connect", "arguments": "198.51.100.34, 80", "result": "ok"}]
    rows = collect(
        [
            record("source_info", {"sources": [asked("198.51.100.34", "172.20.20.2", gateway="172.20.20.1")]}),
            record("probe", {"probes": [proved("198.51.100.34", "172.20.20.2", "172.20.20.2", calls=calls)]}),
        ]
    )
    assert rows == [
        Row(
            chapter=1,
            title="Chapter 1",
            request=CURL,
            destination="198.51.100.34",
            source="172.20.20.2",
            device="up0",
            gateway="172.20.20.1",
            reason="interface",
            socket="172.20.20.2",
            wire="172.20.20.2",
            wire_device="up0",
            calls=[("connect", "198.51.100.34, 80", "ok")],
        )
    ]
    assert rows[0].agreed


def test_order_of_the_tasks_does_not_matter() -> None:
    tasks = [
        record("source_info", {"sources": [asked("198.51.100.34", "172.20.20.2", socket={"source": "10.9.9.9"})]}),
        record("probe", {"probes": [proved("198.51.100.34", "172.20.20.2", "172.20.20.2")]}),
    ]
    assert collect(tasks) == collect(reversed(tasks))


def test_same_destination_in_another_chapter_or_request_is_another_row() -> None:
    answer = {"sources": [asked("198.51.100.34", "172.20.20.2")]}
    rows = collect(
        [
            record("source_info", answer),
            record("source_info", answer, chapter=3),
            record("source_info", answer, row="other"),
        ]
    )
    assert [(row.chapter, row.request) for row in rows] == [(1, CURL), (3, CURL), (1, "other")]


def test_one_task_may_describe_several_requests() -> None:
    answers = {"probes": [proved("198.51.100.34", "a", "a"), proved("198.51.100.34", "b", "b")]}
    rows = collect([record("probe", answers, row=["by device", "by address"])])
    assert [(row.request, row.wire) for row in rows] == [("by device", "a"), ("by address", "b")]


def test_tasks_without_a_request_make_no_row() -> None:
    assert collect([record("source_info", {"sources": [asked("198.51.100.34", "172.20.20.2")]}, row=None)]) == []


def test_disagreement_is_never_called_agreement() -> None:
    def row(kernel: str | None, socket: str | None, wire: str | None, stale: bool = False) -> Row:
        found = collect(
            [
                record("source_info", {"sources": [asked("198.51.100.34", kernel, stale=stale)]}),
                record("probe", {"probes": [proved("198.51.100.34", socket, wire)]}),
            ]
        )
        return found[0]

    assert row("a", "a", "a").agreed
    for differing in (("a", "a", "b"), ("a", "b", "a"), ("b", "a", "a"), ("a", "a", None), (None, None, None)):
        assert not row(*differing).agreed
    assert not row("a", "a", "a", stale=True).agreed


def test_wire_says_why_nothing_was_seen() -> None:
    def wire_text(**answer: Any) -> str:
        return collect([record("probe", {"probes": [proved("203.0.113.80", None, None, **answer)]})])[0].wire_text

    assert wire_text(error="ENETUNREACH: Network is unreachable (connect …)") == "nothing: ENETUNREACH"
    assert wire_text(wire_error="no packet within 2 s") == "nothing: no packet within 2 s"
    assert wire_text() == "not captured"
