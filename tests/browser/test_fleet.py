# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the simulated fleet, which `make fleet` has left."""

from __future__ import annotations

import json

import pytest

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.lines import lines
from tests.browser import seeing
from tests.browser.conftest import Browser
from tests.lab.modules import CHECKOUT

REPORT = CHECKOUT / "build" / "fleet" / "report"


def test_the_page_shows_what_is_wrong_with_the_simulated_fleet(browser: Browser) -> None:
    page = REPORT / "fleet.html"
    if not page.exists():
        pytest.skip(f"{page.relative_to(CHECKOUT)} is not here; 'make fleet' makes it")
    document = json.loads((REPORT / "fleet.json").read_text(encoding="utf-8"))
    with browser.at(document["made"]):
        browser.open(page.read_text(encoding="utf-8"))
        seeing.check(browser, 1440)
        shown = set(zip(browser.shown("host"), browser.shown("problem"), strict=True))
        wrong = {(document["hosts"][line["host"]]["name"], line["problem"]) for line in lines(document)}
        assert shown and shown <= wrong
        assert browser.complaints() == []
        assert browser.picture("fleet-1440-light").stat().st_size < seeing.MOST_BYTES
