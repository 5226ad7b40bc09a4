# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet document as Markdown: the figures, what differs, and what hosts said. Pure. PRIVATE to the collection."""

from __future__ import annotations

import re
import typing as t
from collections import Counter

from .lines import Line, Row, counts, lines
from .words import PROBLEMS

_HEAD = ("host", "problem", "destination", "expected", "actual", "device", "reason", "owner", "why")
#: Lines of the table; a page of Markdown that nobody can scroll helps nobody.
MOST = 500
#: What Markdown or HTML would read as markup.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@:-])")


def render(fleet: Row, most: int = MOST) -> str:
    """At most ``most`` lines of what differs; the whole is in the JSON."""
    found = lines(fleet)
    bad = [line for line in found if line["problem"]]
    names = [str(host["name"]) for host in fleet["hosts"]]
    parts = [f"# {plain(fleet['title'])}: source addresses", f"Made {plain(fleet['made'])}.", _figures(fleet)]
    if bad:
        number = Counter(line["problem"] for line in bad)
        words = [word for word in PROBLEMS if word in number] + sorted(set(number) - set(PROBLEMS))
        parts.append(
            _table(("problem", "lines", "means"), [(word, number[word], PROBLEMS.get(word)) for word in words])
        )
        parts.append("## What differs")
        parts.append(_table(_HEAD, [_cells(line, names) for line in bad[:most]]))
        if len(bad) > most:
            parts.append(f"And {len(bad) - most} more lines.")
    else:
        parts.append("Nothing differs.")
    said = [(host["name"], text) for host in fleet["hosts"] for text in host["warnings"]]
    if said:
        parts += ["## What hosts said besides", _table(("host", "said"), said[:most])]
    return "\n\n".join(parts) + "\n"


def plain(value: t.Any) -> str:
    """A value as text and nothing else: on one line, without control characters, every sign of markup escaped."""
    if value is None or value == "":
        return "-"
    text = "".join(sign if sign.isprintable() else "?" for sign in " ".join(str(value).split()))
    return _MARKUP.sub(r"\\\1", text)


def _figures(fleet: Row) -> str:
    found = counts(fleet)._asdict()
    return _table(("figure", ""), [(key.replace("_", " "), value) for key, value in found.items()])


def _cells(line: Line, names: t.Sequence[str]) -> list[t.Any]:
    return [names[line["host"]], *(line[key] for key in _HEAD[1:])]


def _table(head: t.Sequence[str], rows: t.Iterable[t.Sequence[t.Any]]) -> str:
    text = [_row(head), _row(["---"] * len(head), escape=False)]
    return "\n".join([*text, *(_row(row) for row in rows)])


def _row(cells: t.Iterable[t.Any], escape: bool = True) -> str:
    return f"| {' | '.join(plain(cell) if escape else str(cell) for cell in cells)} |"
