# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: whole, self-contained, and true to its rows."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from tests.demo.drawing import draw, owner
from tests.demo.page import render
from tests.demo.rows import Row
from tests.lab import topology

VOID = {"meta", "link", "br", "img", "input", "hr"}


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
        "calls": [("getsockname", "", "ok")],
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
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs

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


def test_page_is_well_formed_and_has_a_drawing_for_each_row() -> None:
    page = render(ALL, "Linux 6.1, today")
    text = "".join(outline(page).texts)
    assert page.count("<svg ") == len(ALL)
    for known in (
        "destination",
        "source",
        "device",
        "reason",
        "wire",
        "192.0.2.99",
        "nothing: ENETUNREACH",
        "Linux 6.1",
    ):
        assert known in text


def test_page_needs_nothing_but_itself() -> None:
    page = render(ALL)
    for name, value in outline(page).attributes:
        assert name not in ("src", "srcset", "action", "data", "xlink:href") and not name.startswith("on")
        assert name != "href" or (value or "").startswith("#")
    assert not re.search(r"@import|url\(|<script|<link|<iframe", page)


def test_links_of_the_table_lead_to_a_row() -> None:
    page = render(ALL)
    links = re.findall(r'href="#([^"]+)"', page)
    assert links == re.findall(r'<article id="([^"]+)"', page)
    assert len(links) == len(set(links)) == len(ALL)


def test_hostile_text_stays_text() -> None:
    bad = '"><script>alert(1)</script>'
    hostile = row(
        request=bad, title=bad, explanation=bad, reason=bad, error=bad, wire=None, source=bad, calls=[(bad, bad, bad)]
    )
    page = render([hostile, row(destination=bad)], bad)
    outline(page)
    assert "<script" not in page


@pytest.mark.parametrize("drawn", ALL, ids=["default", "second", "loopback", "stale", "foreign", "nowhere"])
def test_drawing_is_valid_xml_with_a_title(drawn: Row) -> None:
    picture = ElementTree.fromstring(draw(drawn))
    title = picture.find("title")
    assert title is not None
    assert title.text == picture.get("aria-label")
    assert drawn.destination in str(title.text)


def classes(drawn: Row) -> dict[str, list[str]]:
    """The texts inside each group of the drawing, by the group's class."""
    found: dict[str, list[str]] = {}
    for group in ElementTree.fromstring(draw(drawn)).iter("g"):
        found.setdefault(group.get("class", ""), []).extend(str(text.text) for text in group.iter("text"))
    return found


def test_drawing_marks_the_address_and_the_router_in_use() -> None:
    assert classes(row())["chip used"] == ["up0", "172.20.20.2"]
    assert classes(row())["router used"] == ["r1"]
    assert classes(SECOND)["chip used"] == ["up1", "172.20.30.2"]
    assert classes(SECOND)["router used"] == ["r2"]
    assert classes(LOOPBACK)["chip used"] == ["lo", "192.0.2.2"]
    assert classes(LOOPBACK)["router used"] == ["r1"]


def test_drawing_of_a_stale_source_shows_it_gone() -> None:
    assert classes(STALE)["gone"] == ["gone", "192.0.2.99"]
    assert "router used" not in classes(STALE)
    assert 'class="stop"' in draw(STALE)
    assert classes(FOREIGN)["gone"] == ["gone", "2001:db8:ff::99"]
    assert classes(FOREIGN)["router used"] == ["r1"]
    assert 'class="stop"' not in draw(FOREIGN)


def test_path_starts_at_the_address_and_leaves_by_the_device() -> None:
    def inside(drawn: Row) -> int:
        return draw(drawn).count(" C")

    assert (inside(row()), inside(SECOND)) == (0, 0)
    assert (inside(LOOPBACK), inside(STALE), inside(FOREIGN)) == (1, 1, 1)


def test_drawing_without_a_device_has_no_path() -> None:
    assert 'class="path' not in draw(NOWHERE)


def test_owner_of_every_address_of_the_lab() -> None:
    for family in (4, 6):
        assert owner(topology.HOST_SOURCE[family]) == "lo"
        for device, held in topology.UPLINKS.items():
            assert owner(held[family]) == device
    assert owner("192.0.2.99") is None
    assert owner(None) is None
