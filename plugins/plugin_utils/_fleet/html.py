# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet document as one HTML file that needs nothing but itself. PRIVATE to the collection.

The page is the same for every fleet: the style and the script of `page/`, with the packed lines as JSON between them.
No text of a host is markup: the JSON has no sign that could end its element, and the script only sets the text of
elements. Should that fail one day, the page's own policy still runs no script but this one, by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import typing as t
from html import escape
from pathlib import Path

from .lines import Row, counts
from .pack import FIELDS, SENTENCES, pack
from .words import PROBLEMS, REASONS

_FOLDER = Path(__file__).with_name("page")
#: In the order in which they are read; they are one script.
_SCRIPTS = ("data.js", "choice.js", "rows.js", "map.js", "drawing.js", "chosen.js", "page.js")
#: What could end the element, or open another, to a parser of HTML.
_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def render(fleet: Row, lead: str = "", everything: bool = False) -> str:
    """The page. ``lead``: a sentence below the title; ``everything``: it opens with all lines, not with problems."""
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    script = "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    data = {
        **{key: fleet[key] for key in ("version", "made", "title")},
        "lead": lead,
        "everything": everything,
        "counts": counts(fleet)._asdict(),
        "problems": PROBLEMS,
        "reasons": REASONS,
        "fields": FIELDS,
        "sentences": SENTENCES,
        **pack(fleet),
    }
    sources = f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    policy = f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(str(fleet['title']))} · source addresses</title>",
            f"<style>{style}</style></head><body>",
            "<noscript><p>This page needs its own script, which is switched off here.</p></noscript>",
            f'<script type="application/json" id="fleet">{embedded(data)}</script>',
            f"<script>{script}</script>",
            "</body></html>\n",
        ]
    )


def embedded(data: t.Any) -> str:
    """JSON that may stand inside an element of HTML, whatever texts it holds."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str).translate(_UNSAFE)


def _hash(text: str) -> str:
    """As a policy names an inline script or style. A parser reads CRLF as LF: the files have none."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
