# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The map of hosts and destinations: a square for each, and each leads to its line."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.lines import lines
from tests.browser import seeing
from tests.browser.conftest import Browser
from tests.lab.documents import hostile, made_up

FLEET = made_up(120, 12, seed=4, bad=0.3)
BAD = [line for line in lines(FLEET) if line["problem"]]
NAMES = [host["name"] for host in FLEET["hosts"]]


def squares(browser: Browser, kind: str) -> list[str]:
    """What the squares of a kind say, of all rows that are in the page now."""
    found = browser.run(f"return [...document.querySelectorAll('.square.{kind}')].map((one) => one.ariaLabel)")
    return [str(text) for text in found]


@pytest.mark.parametrize("width", [375, 820, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_can_be_read(browser: Browser, width: int, scheme: str) -> None:
    browser.show(FLEET, width, scheme, "#view=map")
    seeing.check(browser, width)
    # As high as a finger needs is more than a row has; that squares can be told from each other is what counts.
    narrowest = browser.run(
        "return Math.min(...[...document.querySelectorAll('button.square')].map((one) => one.offsetWidth))"
    )
    assert narrowest >= 12
    assert browser.complaints() == []
    assert browser.picture(f"report-{width}-{scheme}-map").stat().st_size < seeing.MOST_BYTES


def test_a_row_for_each_host_and_the_worst_first(browser: Browser) -> None:
    browser.show(FLEET, fragment="#view=map")
    assert browser.number() == len(FLEET["hosts"])
    bad_hosts = {NAMES[line["host"]] for line in BAD}
    shown = browser.shown("host")
    assert set(shown[: len(bad_hosts)]) <= bad_hosts
    assert "unreachable Connection to" in " ".join(
        browser.run("return document.querySelector('.lines').innerText").split()
    )
    browser.set("problem", "absent")
    assert browser.number() == len({line["host"] for line in BAD if line["problem"] == "absent"})
    assert all(": absent, none" in text for text in squares(browser, "bad"))
    assert squares(browser, "good") == []


def test_a_square_leads_to_its_line(browser: Browser) -> None:
    browser.show(FLEET, fragment="#view=map&problem=absent")
    browser.click(".square.bad")
    line = next(line for line in BAD if line["problem"] == "absent")
    chosen = browser.driver.find_element("css selector", "aside h2").text
    assert chosen == f"{NAMES[line['host']]} → {line['destination']}"
    fragment = parse_qs(urlsplit(browser.driver.current_url).fragment)
    assert fragment["view"] == ["map"] and fragment["at"] == [f"{NAMES[line['host']]} {line['destination']}"]
    assert browser.run("return document.querySelectorAll('.square.chosen').length") == 1


def test_the_map_of_a_thousand_hosts_has_no_more_elements_than_that_of_a_hundred(browser: Browser) -> None:
    def elements(hosts: int) -> int:
        browser.show(made_up(hosts, 20), fragment="#view=map")
        return int(browser.run("return document.querySelectorAll('.grid *').length"))

    assert elements(1000) < 1.2 * elements(100)


@pytest.mark.parametrize(
    "fleet", [made_up(1, 5), made_up(5, 1, bad=0), made_up(3, 61)], ids=["one host", "one", "many"]
)
def test_there_is_none_where_it_would_say_nothing(browser: Browser, fleet: dict[str, object]) -> None:
    browser.show(fleet)
    assert browser.driver.find_elements("css selector", "[data-view=map]") == []
    browser.press("m")
    assert browser.complaints() == []
    assert browser.run("return document.querySelectorAll('.map').length") == 0


def test_hostile_names_stay_text(browser: Browser) -> None:
    browser.show(hostile("<img src=x onerror=document.title='owned'>"), fragment="#view=map")
    assert browser.run("return document.images.length") == 0
    assert browser.driver.title != "owned"
