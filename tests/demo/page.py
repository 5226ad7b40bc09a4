# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one HTML file that needs nothing but itself. Pure: rows in, text out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from tests.demo.drawing import draw
from tests.demo.rows import Row

_STYLE = Path(__file__).with_name("page.css")


def render(rows: Sequence[Row], measured: str = "") -> str:
    """The page: the table, then every row with its path, explanation and socket calls.

    ``measured`` says where and when, for the foot of the page.
    """
    numbered = list(enumerate(rows, 1))
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            "<title>Which source, and why</title>",
            f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style></head><body><main>",
            "<h1>Which source does this host use, and why?</h1>",
            '<p class="lead">Each line was asked of the kernel, proved by a socket, and read off a captured packet. '
            "<b>Source</b> is the kernel's answer, <b>wire</b> what left the host.</p>",
            *_table(numbered),
            *_cards(numbered),
            f"<footer>{escape(measured)}</footer>",
            "</main></body></html>\n",
        ]
    )


def _table(rows: list[tuple[int, Row]]) -> Iterator[str]:
    yield '<div class="scroll"><table class="summary"><thead><tr>'
    yield "".join(f"<th>{name}</th>" for name in ("destination", "source", "device", "reason", "wire"))
    yield "</tr></thead>"
    for (chapter, request), group in groupby(rows, key=lambda item: (item[1].chapter, item[1].request)):
        yield f'<tbody><tr><th class="group" colspan="5"><i>{chapter}</i> <code>{escape(request)}</code></th></tr>'
        for number, row in group:
            source = f"{escape(row.source or 'none')}{_badge('stale') if row.stale else ''}"
            cells = [
                f'<a href="#row-{number}">{escape(row.destination)}</a>',
                source,
                escape(row.device or "none"),
                _badge(row.reason),
                f'<span class="mark">{"✓" if row.agreed else "✗"}</span> {escape(row.wire_text)}',
            ]
            yield f'<tr class="{_state(row)}">{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        yield "</tbody>"
    yield "</table></div>"


def _cards(rows: list[tuple[int, Row]]) -> Iterator[str]:
    for (chapter, title), group in groupby(rows, key=lambda item: (item[1].chapter, item[1].title)):
        yield f'<section><h2><i>{chapter}</i> {escape(title)}</h2><div class="cards">'
        for number, row in group:
            yield from _card(number, row)
        yield "</div></section>"


def _card(number: int, row: Row) -> Iterator[str]:
    yield f'<article id="row-{number}" class="{_state(row)}">'
    stale = _badge("stale") if row.stale else ""
    yield draw(row)
    yield f"<div><h3><code>{escape(row.request)}</code></h3>"
    yield f"<p>{_badge(row.reason)}{stale} {escape(row.explanation)}</p>"
    if row.calls:
        yield "<details><summary>Socket calls</summary><table>"
        for call, argument, result in row.calls:
            said = row.socket if call == "getsockname" and result == "ok" and row.socket else result
            yield f"<tr><td>{escape(call)}</td><td>{escape(argument)}</td><td>{escape(said)}</td></tr>"
        yield "</table></details>"
    yield "</div></article>"


def _badge(word: str) -> str:
    return f' <span class="badge {escape(word, quote=True)}">{escape(word)}</span>'


def _state(row: Row) -> str:
    return "agreed" if row.agreed else "stale" if row.stale else "differs"
