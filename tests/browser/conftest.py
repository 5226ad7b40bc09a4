# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium, and the page of a report in it as a reader sees it."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet import html

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "img"
#: 35 minutes after the made-up documents, whatever the clock says: ages are the same in every picture.
_NOW = "Date.now = () => Date.parse('2026-11-25T08:35:00Z');"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="write the pictures of the docs again")


class Browser:
    """One tab. Sizes are CSS pixels of the window's inside."""

    def __init__(self, driver: webdriver.Chrome, folder: Path, pictures: Path) -> None:
        self.driver = driver
        self.folder = folder
        self.pictures = pictures

    def show(self, fleet: Any, width: int = 1440, scheme: str = "light", fragment: str = "", **options: Any) -> str:
        """Open the page of a document; returns its address without a fragment."""
        return self.open(html.render(fleet, **options), width, scheme, fragment)

    def open(self, page: str, width: int = 1440, scheme: str = "light", fragment: str = "") -> str:
        """Open a page; what it wrote to the console before is forgotten."""
        file = self.folder / "page.html"
        file.write_text(page, encoding="utf-8")
        self.look(width, scheme)
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(f"{file.as_uri()}{fragment}")
        return file.as_uri()

    @contextlib.contextmanager
    def at(self, time: str) -> Iterator[None]:
        """At this time, such as ``2026-11-25T08:00:00Z``, instead of the one of all pictures."""
        script = {"source": f"Date.now = () => Date.parse({time!r});"}
        added = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

    def look(self, width: int, scheme: str, media: str = "") -> None:
        """As a window of this width, in this colour scheme, or as on paper (media ``print``)."""
        height = 800 if width < 500 else 900
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def press(self, *keys: str) -> None:
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def shown(self, key: str) -> list[str]:
        """What a column shows, from the top, of the lines in the page now; empty where one has no such cell."""
        script = """
            const rows = [...document.querySelectorAll('.row')];
            rows.sort((a, b) => a.getAttribute('aria-rowindex') - b.getAttribute('aria-rowindex'));
            return rows.map((row) => row.querySelector('.cell.' + arguments[0])?.textContent ?? '');
        """
        return list(self.run(script, key))

    def number(self) -> int:
        """How many lines there are to scroll through."""
        return int(self.run("return document.querySelector('[role=grid]').getAttribute('aria-rowcount')")) - 1

    def set(self, name: str, value: str) -> None:
        """Type into a field, or choose in a list."""
        script = """
            const field = document.querySelector('[name=' + arguments[0] + ']');
            field.value = arguments[1];
            field.dispatchEvent(new Event('input', { bubbles: true }));
        """
        self.run(script, name, value)

    def click(self, selector: str) -> None:
        self.driver.find_element("css selector", selector).click()

    def complaints(self) -> list[str]:
        """What the browser said of the page: errors, and what the page's own policy has refused."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    def picture(self, name: str) -> Path:
        """What is seen, as a picture of the docs."""
        file = self.pictures / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        seen = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")
        # A palette takes a third of the bytes, and a page has few colours.
        seen.quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
        return file


@pytest.fixture(scope="session")
def _driver() -> Iterator[webdriver.Chrome]:
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("chromium and chromedriver are not here; 'make browser' sets up what is needed")
    options = Options()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ("--headless=new", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        # Chromium does not sandbox what root runs.
        options.add_argument("--no-sandbox")
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _NOW})
    yield driver
    driver.quit()


@pytest.fixture
def browser(_driver: webdriver.Chrome, tmp_path: Path, pytestconfig: pytest.Config) -> Browser:
    return Browser(_driver, tmp_path, PICTURES if pytestconfig.getoption("--pictures") else tmp_path)
