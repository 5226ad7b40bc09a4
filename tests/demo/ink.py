# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours and layout of the demo's terminal output."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from tests.demo.rows import Row

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Ink:
    """Paints text with ANSI colours, or leaves it as it is."""

    def __init__(self, colours: bool) -> None:
        self.colours = colours

    def __call__(self, text: str, *styles: str) -> str:
        if not self.colours or not styles:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


def width_of(text: str) -> int:
    """Columns that painted text takes."""
    return len(_ESCAPE.sub("", text))


def columns(lines: Iterable[Sequence[str]], gap: str = "  ") -> list[str]:
    """Painted cells as lines of aligned columns, without trailing spaces."""
    table = [list(line) for line in lines]
    widths = [max(map(width_of, column)) for column in zip(*table)]
    return [
        gap.join(cell + " " * (width - width_of(cell)) for cell, width in zip(line, widths)).rstrip() for line in table
    ]


def folded(text: str, width: int, indent: str) -> list[str]:
    """Plain text folded at ``width`` columns, every line indented."""
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False)


def heading(title: str, width: int, ink: Ink, number: int | None = None) -> str:
    """A heading as wide as the page; a chapter's has its number."""
    words = [ink(str(number), "bold", "cyan")] if number else []
    words.append(ink(title, "bold"))
    rule = "─" * (width - 4 - sum(width_of(word) + 1 for word in words))
    return " ".join([ink("───", "dim"), *words, ink(rule, "dim")])


def summary(rows: Sequence[Row], ink: Ink) -> list[str]:
    """The closing table: destination, source, device, reason, wire; one group of lines for each request."""
    titles = ["destination", "source", "device", "reason", "wire"]
    cells = [_cells(row, ink) for row in rows]
    table = columns([[ink(title, "bold") for title in titles], *cells])
    lines = [f"  {table[0]}"]
    before = None
    for row, line in zip(rows, table[1:]):
        if (row.chapter, row.request) != before:
            lines += ["", f"  {ink(f'{row.chapter} · {row.request}', 'cyan')}"]
            before = (row.chapter, row.request)
        lines.append(f"  {line}")
    return lines


def _cells(row: Row, ink: Ink) -> list[str]:
    source = ink(f"{row.source} stale", "red") if row.stale else row.source or "none"
    wire = ink(f"✓ {row.wire}", "green") if row.agreed else ink(f"✗ {row.wire_text}", "red")
    return [row.destination, source, row.device or "none", row.reason, wire]
