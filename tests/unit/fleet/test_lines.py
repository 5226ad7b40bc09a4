# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the document to lines, and to columns and back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.document import document, host_row
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.lines import KEYS, Line, counts, lines
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.pack import FIELDS, SAME, SENTENCES, pack
from tests.lab.documents import hostile, made_up

#: Of a private range that means nothing: a host that sends them in a sentence gets them back as unreadable.
SIGNS = re.compile("[\ue000-\ue009]")
ANSWER = {"destination": "198.51.100.1", "prefix": "198.51.100.0/24", "kernel": "10.0.0.2", "expected": "192.0.2.2"}
FINDING = {"destination": "198.51.100.0/24", "problem": "unset", "why": "no src", "expected": None, "actual": None}
LATE = {
    "protocol": "tcp", "source": "10.0.0.2", "sport": 40000, "destination": "2001:db8::1", "dport": 443,
    "device": None, "expected": "2001:db8::2", "process": "curl", "unit": None,
}  # fmt: skip


def of(result: dict[str, Any] | None) -> list[Line]:
    return lines(document("t", "2026-11-25T08:00:00Z", [host_row("h1", [], result)]))


def brief(found: list[Line]) -> list[tuple[Any, ...]]:
    return [(line["destination"], line["problem"], line["expected"], line["actual"]) for line in found]


def test_a_finding_shares_the_line_of_its_answer() -> None:
    found = of({"answers": [{**ANSWER, "good": False}], "findings": [FINDING]})
    assert brief(found) == [("198.51.100.1", "unset", "192.0.2.2", "10.0.0.2")]
    assert found[0]["why"] == "no src"


@pytest.mark.parametrize("elsewhere", [{"destination": "198.51.0.0/16"}, {"vrf": "red"}])
def test_a_finding_about_another_place_has_a_line_of_its_own(elsewhere: dict[str, str]) -> None:
    found = of({"answers": [{**ANSWER, "good": True}], "findings": [{**FINDING, **elsewhere}]})
    assert [line["problem"] for line in found] == [None, "unset"]


def test_two_findings_about_one_place_are_two_lines() -> None:
    found = of({"answers": [{**ANSWER, "good": False}], "findings": [FINDING, {**FINDING, "problem": "drift"}]})
    assert [line["problem"] for line in found] == ["unset", "drift"]


def test_an_answer_that_is_not_good_is_a_problem_without_a_finding_too() -> None:
    assert [line["problem"] for line in of({"answers": [{**ANSWER, "good": False}]})] == ["differs"]


@pytest.mark.parametrize(
    ("result", "problem", "why"),
    [
        (None, "unreachable", "the play ended before this host was asked"),
        ({"unreachable": True, "msg": "no route to host"}, "unreachable", "no route to host"),
        ({"failed": True, "msg": "no pyroute2"}, "failed", "no pyroute2"),
    ],
)
def test_a_silent_host_is_a_line(result: Any, problem: str, why: str) -> None:
    assert [(line["problem"], line["why"], line["destination"]) for line in of(result)] == [(problem, why, None)]


def test_a_connection_is_a_line() -> None:
    found = of({"answers": [], "connections": {"checked": 1, "differing": [LATE]}})
    assert brief(found) == [("[2001:db8::1]:443", "connection", "2001:db8::2", "10.0.0.2")]
    assert found[0]["why"] == "tcp from port 40000 of curl, open before the change"


def test_the_figures() -> None:
    fleet = made_up(60, 3, bad=0.5)
    found = counts(fleet)
    assert found.hosts == found.good + found.differ + found.unreachable + found.failed == 60
    assert min(found.good, found.differ, found.unreachable, found.failed) > 0
    assert found.checked == 3 * (found.good + found.differ)


def unpacked(packed: dict[str, Any]) -> list[Line]:
    """What `page/data.js` does."""

    def at(column: Any, number: int) -> Any:
        return column[number] if isinstance(column, list) else column

    def text(place: int) -> str | None:
        return packed["strings"][place - 1] if place else None

    found = []
    for number in range(packed["length"]):
        cells = {key: at(column, number) for key, column in packed["lines"].items() if key != "calls"}
        line: Line = {key: text(cells["kernel"] if cell == SAME else cell) for key, cell in cells.items()}
        for key in SENTENCES:
            for place, field in enumerate(FIELDS):
                if line[key] and line[field] is not None:
                    line[key] = line[key].replace(chr(0xE000 + place), line[field])
        calls = packed["lines"]["calls"]
        found.append({**line, "host": cells["host"], "calls": calls[number] if calls else None})
    return found


@pytest.mark.parametrize(
    "fleet",
    [made_up(0, 1), made_up(1, 1), made_up(80, 5, bad=0.6), hostile("\ue000 </script> \ue001"), hostile("10.0.0.2")],
)
def test_packing_loses_nothing(fleet: dict[str, Any]) -> None:
    packed = json.loads(json.dumps(pack(fleet)))
    assert unpacked(packed) == [
        {key: SIGNS.sub("\ufffd", one) if key in SENTENCES and one else one for key, one in line.items()}
        for line in lines(fleet)
    ]
    assert set(packed["lines"]) == set(KEYS)


def test_sentences_are_the_same_on_every_host() -> None:
    packed = pack(made_up(300, 4, bad=0))
    cells = {key: packed["lines"][key] for key in ("route", "explanation", "expected", "socket", "wire")}
    # One cell for all lines: a page of many hosts is small.
    assert all(isinstance(cell, int) for cell in cells.values()), cells
    assert cells["expected"] == cells["socket"] == cells["wire"] == SAME


def test_an_address_is_not_found_inside_another() -> None:
    answer = {**ANSWER, "kernel": "10.0.0.1", "explanation": "10.0.0.17 via 110.0.0.1, 10.0.0.1.", "good": True}
    packed = pack(document("t", "", [host_row("h1", [], {"answers": [answer]})]))
    assert "10.0.0.17 via 110.0.0.1, \ue002." in packed["strings"]
