# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's page: the same code, with requests and chapters, and a drawing for each line."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import seeing
from tests.browser.conftest import Browser
from tests.demo.page import render
from tests.demo.rows import Row


def row(chapter: int, title: str, request: str, **changes: Any) -> Row:
    values: dict[str, Any] = {
        "destination": "198.51.100.34",
        "source": "172.20.20.2",
        "device": "up0",
        "gateway": "172.20.20.1",
        "reason": "interface",
        "explanation": "table main, default via 172.20.20.1 dev up0: the route carries no preferred source.",
        "socket": "172.20.20.2",
        "wire": "172.20.20.2",
        "wire_device": "up0",
        "calls": [("socket", "AF_INET", "ok"), ("connect", "198.51.100.34:80", "ok"), ("getsockname", "", "ok")],
    }
    return Row(chapter, title, request, **{**values, **changes})


STALE = {"source": "192.0.2.99", "stale": True, "socket": None, "wire": None, "wire_device": None, "reason": "prefsrc"}
ROWS = [
    row(1, "The default source", "curl http://web/"),
    row(1, "The default source", "curl http://[web]/", destination="2001:db8:113::80", source="2001:db8:20::2",
        socket="2001:db8:20::2", wire="2001:db8:20::2", gateway="fe80::1", reason="rfc6724"),
    row(2, "A bound socket", "curl --interface 172.20.30.2 http://web/", source="172.20.30.2", socket="172.20.30.2",
        wire="172.20.30.2", reason="bound"),
    row(4, "A stale source", "curl http://web/", error="ENETUNREACH", **STALE),
]  # fmt: skip
PAGE = render(ROWS, "6.12.0", "2026-11-25T08:00:00Z")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 820, 1440])
@pytest.mark.parametrize("chosen", [None, 4])
def test_all_can_be_read(browser: Browser, width: int, scheme: str, chosen: int | None) -> None:
    browser.open(PAGE, width, scheme)
    if chosen:
        browser.run("document.querySelector(`[aria-rowindex='${arguments[0] + 1}']`).click()", chosen)
    seeing.check(browser, width)
    assert browser.complaints() == []
    name = f"demo-{width}-{scheme}{'-chosen' if chosen else ''}"
    assert browser.picture(name).stat().st_size < seeing.MOST_BYTES


def test_all_lines_are_there_with_what_proves_them(browser: Browser) -> None:
    browser.open(PAGE, 375)
    assert browser.number() == len(ROWS)
    assert browser.shown("wire")[:2] == ["172.20.20.2", "2001:db8:20::2"]
    assert browser.shown("request") == [one.request for one in ROWS]
    wide = browser.run("return document.querySelector('.cell.wire').getBoundingClientRect().right")
    assert wide <= 375 - 8
    text = str(browser.run("return document.querySelector('main').innerText"))
    assert "Linux 6.12.0" in text and "2026-11-25 08:00:00 UTC" in text and "Host host" in text
    assert "ADDRESS" not in text


def test_a_line_that_is_wrong_is_wrong_everywhere(browser: Browser) -> None:
    browser.open(PAGE, 1440)
    browser.run("document.querySelector(`[aria-rowindex='5']`).click()")
    badges = browser.run("return [...document.querySelectorAll('aside .badge')].map((one) => one.className)")
    assert "badge bad" in badges and "badge fine" not in badges
    drawing = browser.run(
        "const d = document.querySelector('aside svg'); return [d.getAttribute('class'), d.textContent]"
    )
    assert drawing[0] == "bad" and "172.20.20.1" in drawing[1] and "192.0.2.99" in drawing[1]
    assert browser.run("return document.querySelectorAll('aside svg .gone, aside svg .stop').length") == 2


def test_reasons_are_explained(browser: Browser) -> None:
    browser.open(PAGE, 375)
    words = browser.run("return [...document.querySelectorAll('.legend dt')].map((one) => one.textContent)")
    assert {"interface", "rfc6724", "bound", "prefsrc"} <= set(words)
