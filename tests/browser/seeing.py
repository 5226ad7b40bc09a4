# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether people can read a page: by what the browser has laid out, not by what the style sheet says."""

from __future__ import annotations

from tests.browser.conftest import Browser

#: Of a picture in the docs.
MOST_BYTES = 150_000

# Every text that is in sight: what it says, where it is, how large, in which colours. Where several backgrounds lie
# over each other, the first that is not transparent counts.
TEXTS = """
    const colour = (text) => text.match(/[\\d.]+/g).map(Number);
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!node.textContent.trim() || ['SCRIPT', 'OPTION', 'title'].includes(parent.tagName)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      const style = getComputedStyle(parent);
      if (!box.width || style.visibility === 'hidden') continue;
      const svg = parent.closest('svg');
      const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
      // What is cut off is seen up to there.
      const cut = style.overflow === 'visible' ? box : parent.getBoundingClientRect();
      let over = parent;
      while (over && (colour(getComputedStyle(over).backgroundColor)[3] ?? 1) === 0) over = over.parentElement;
      found.push({
        text: node.textContent, size: parseFloat(style.fontSize) * scale, svg: Boolean(svg),
        left: Math.max(box.left, cut.left), right: Math.min(box.right, cut.right),
        ink: colour(svg ? style.fill : style.color),
        paper: colour(getComputedStyle(over ?? document.body).backgroundColor),
      });
    }
    return found;
"""


def contrast(first: list[float], second: list[float]) -> float:
    """Of two colours, as WCAG 2 has it: 1 to 21."""

    def light(colour: list[float]) -> float:
        parts = [part / 255 for part in colour[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(first), light(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def check(browser: Browser, width: int) -> None:
    """Every text in sight is large enough, has contrast, and is 8 pixels from the edge; nothing is wider than that."""
    texts = browser.run(TEXTS)
    assert len(texts) > 30
    assert browser.run("return document.documentElement.scrollWidth") <= width
    for text in texts:
        assert text["size"] >= 11, text
        assert text["left"] >= 8 and text["right"] <= width - 8, text
        if not text["svg"]:
            assert contrast(text["ink"], text["paper"]) >= 4.5, text
