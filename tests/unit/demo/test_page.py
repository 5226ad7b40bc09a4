# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's page: its rows as the document of a fleet. What is drawn of it, tests/browser sees."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.lines import lines
from tests.demo.page import fleet, render
from tests.demo.rows import Row

SCHEMA = json.loads(Path(__file__).parents[3].joinpath("docs/fleet.schema.json").read_text(encoding="utf-8"))
VOID = {"meta", "link", "br", "img", "input", "hr"}
ASKED = "2026-11-25T08:00:00Z"


def row(**changes: object) -> Row:
    values: dict[str, object] = {
        "chapter": 1,
        "title": "The default source",
        "request": "curl http://web/",
        "destination": "198.51.100.34",
        "source": "172.20.20.2",
        "device": "up0",
        "reason": "interface",
        "socket": "172.20.20.2",
        "wire": "172.20.20.2",
        "wire_device": "up0",
        "calls": [("socket", "AF_INET", "ok"), ("getsockname", "", "ok")],
    }
    return Row(**{**values, **changes})  # type: ignore[arg-type]


STALE = row(chapter=4, source="192.0.2.99", stale=True, socket=None, wire=None, error="ENETUNREACH", reason="prefsrc")
FOREIGN = row(destination="2001:db8:113::80", source="2001:db8:ff::99", socket=None, wire="2001:db8:ff::99", stale=True)
LOOPBACK = row(source="192.0.2.2", socket="192.0.2.2", wire="192.0.2.2", reason="prefsrc")
SECOND = row(source="172.20.30.2", socket="172.20.30.2", wire="172.20.30.2", device="up1", wire_device="up1")
NOWHERE = row(source=None, device=None, socket=None, wire=None, wire_device=None, reason="no_route")
ALL = [row(), SECOND, LOOPBACK, STALE, FOREIGN, NOWHERE]


class Outline(HTMLParser):
    """Checks that tags are closed in order, and keeps the text and the attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def outline(page: str) -> Outline:
    parsed = Outline()
    parsed.feed(page)
    parsed.close()
    assert parsed.open == []
    return parsed


def data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="fleet">(.*?)</script>', page, re.DOTALL)
    assert found
    packed: dict[str, Any] = json.loads(found.group(1))
    return packed


def test_page_is_well_formed_and_carries_a_line_for_each_row() -> None:
    page = render(ALL, "6.1.0", ASKED)
    assert outline(page).tags.count("script") == 2
    assert data(page)["length"] == len(ALL)
    for known in ("192.0.2.99", "nothing: ENETUNREACH", "6.1.0", ASKED, "1 · The default source", "curl http://web/"):
        assert known in data(page)["strings"] or data(page)["made"] == known


def test_page_needs_nothing_but_itself() -> None:
    page = render(ALL, "6.1.0", ASKED)
    for name, _value in outline(page).attributes:
        assert name not in ("src", "srcset", "action", "data", "href", "xlink:href") and not name.startswith("on")
    # Names: of the licence, of the drawing's markup, and of what was asked for. None is fetched.
    names = r"https?://(?!www\.gnu\.org/licenses/|www\.w3\.org/2000/svg|web/)"
    assert not re.search(rf"@import|url\(|<link|<iframe|fetch\(|XMLHttpRequest|WebSocket|innerHTML|{names}", page)
    assert "default-src 'none'" in page


def test_hostile_text_stays_text() -> None:
    bad = '"></script><script>alert(1)</script><!--'
    hostile = row(
        request=bad, title=bad, explanation=bad, reason=bad, error=bad, wire=None, source=bad, calls=[(bad, bad, bad)]
    )
    page = render([hostile, row(destination=bad)], bad, ASKED)
    assert outline(page).tags.count("script") == 2
    assert bad in data(page)["strings"]


def test_the_rows_are_a_document_of_a_fleet() -> None:
    made = json.loads(json.dumps(fleet(ALL, "6.1.0", ASKED)))
    jsonschema.Draft202012Validator(SCHEMA).validate(made)
    assert [(host["name"], host["kernel"], host["asked"]) for host in made["hosts"]] == [("host", "6.1.0", ASKED)]


@pytest.mark.parametrize(
    ("told", "problem", "wire", "socket"),
    [
        (row(), None, "172.20.20.2", "172.20.20.2"),
        (LOOPBACK, None, "192.0.2.2", "192.0.2.2"),
        (STALE, "stale", "nothing: ENETUNREACH", "ENETUNREACH"),
        (FOREIGN, "stale", "2001:db8:ff::99", None),
        (NOWHERE, "absent", "not captured", None),
        (row(wire="10.9.9.9"), "wire", "10.9.9.9", "172.20.20.2"),
    ],
)
def test_a_row_is_good_only_where_kernel_socket_and_wire_agree(
    told: Row, problem: str | None, wire: str, socket: str | None
) -> None:
    (line,) = lines(fleet([told], "6.1.0", ASKED))
    assert (line["problem"], line["wire"], line["socket"]) == (problem, wire, socket)


def test_one_destination_asked_in_several_ways_is_as_many_lines_in_their_order() -> None:
    found = lines(
        fleet([row(), row(request="curl --interface up1 http://web/"), row(chapter=3, title="Three")], "6", ASKED)
    )
    assert [(line["request"], line["section"]) for line in found] == [
        ("curl http://web/", "1 · The default source"),
        ("curl --interface up1 http://web/", "1 · The default source"),
        ("curl http://web/", "3 · Three"),
    ]


def test_the_socket_calls_say_what_the_socket_got() -> None:
    (line,) = lines(fleet([row()], "6.1.0", ASKED))
    assert line["calls"] == [["socket", "AF_INET", "ok"], ["getsockname", "", "172.20.20.2"]]
