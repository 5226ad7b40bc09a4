# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a report as columns of small numbers, for a page that carries them with it. Pure. PRIVATE.

A fleet says the same few things many times. Each text stands once, in ``strings``, the most frequent first; a cell is
its place there. Sentences and routes name the addresses of their own line: these become single signs, so that a
sentence is the same text on every host. ``page/data.js`` has the way back.
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter

from .lines import KEYS, Line, Row, lines

#: A cell that is equal to `kernel` of its line.
SAME = -1
#: Columns that are mostly equal to `kernel`.
_LIKE_KERNEL = ("expected", "actual", "socket", "wire")
#: Columns that may name what stands in others, which are FIELDS, by the sign _FIRST, the next one …
SENTENCES = ("route", "explanation", "why", "repair")
FIELDS = ("destination", "prefix", "kernel", "expected", "actual", "device", "gateway", "table", "vrf", "route")
_FIRST = 0xE000
_SIGNS = re.compile(f"[{chr(_FIRST)}-{chr(_FIRST + len(FIELDS) - 1)}]")
#: An address, a prefix, a name: dots and colons only inside.
_WORD = re.compile(r"[\w/%-]+(?:[.:]+[\w/%-]+)*")
#: Single digits and letters are in half of all words.
_LEAST = 2


def pack(fleet: Row) -> dict[str, t.Any]:
    """``strings``, ``hosts`` and ``lines``: columns by name, one cell for each host or line.

    A column with the same cell everywhere is that cell and not a list. ``groups`` of hosts is a list of lists of
    places; ``calls`` of lines is None where no line has any. ``length`` is the number of lines.
    """
    rows = [_shortened(line) for line in lines(fleet)]
    texts = [key for key in KEYS if key not in ("host", "calls")]
    hosts = fleet["hosts"]
    of_hosts = {key: [host[key] for host in hosts] for key in ("name", "status", "error", "asked", "kernel", "backend")}
    of_hosts["backend_why"] = [host["backend_why"] for host in hosts]
    groups = [[str(group) for group in host["groups"]] for host in hosts]
    warnings = [[str(warning) for warning in host["warnings"]] for host in hosts]
    count: Counter[str] = Counter()
    for key in texts:
        count.update(row[key] for row in rows if isinstance(row[key], str))
    for column in of_hosts.values():
        count.update(str(value) for value in column if value is not None)
    for lists in (groups, warnings):
        count.update(text for one in lists for text in one)
    strings = [text for text, _number in count.most_common()]
    place = {text: at for at, text in enumerate(strings, 1)}

    def cell(value: t.Any) -> int:
        return value if isinstance(value, int) else 0 if value is None else place[value]

    def listed(lists: list[list[str]]) -> t.Any:
        return _folded([[place[text] for text in one] for one in lists])

    calls = [row["calls"] for row in rows]
    return {
        "strings": strings,
        "hosts": {
            **{key: _folded([cell(None if v is None else str(v)) for v in column]) for key, column in of_hosts.items()},
            **{key: _folded([host[key] for host in hosts]) for key in ("checked", "omitted")},
            "groups": listed(groups),
            "warnings": listed(warnings),
        },
        "lines": {
            "host": [row["host"] for row in rows],
            **{key: _folded([cell(row[key]) for row in rows]) for key in texts},
            "calls": calls if any(calls) else None,
        },
        "length": len(rows),
    }


def _folded(column: list[t.Any]) -> t.Any:
    first = column[0] if column else 0
    if not isinstance(first, list) and all(value == first for value in column):
        return first
    return column


def _shortened(line: Line) -> Line:
    found = dict(line)
    for key in SENTENCES:
        text = line[key]
        if isinstance(text, str):
            # Signs of our own that a host has sent would be read as ours.
            text = _SIGNS.sub("\ufffd", text)
            found[key] = _with_signs(text, line, [field for field in FIELDS if field != key])
    for key in _LIKE_KERNEL:
        if line["kernel"] is not None and line[key] == line["kernel"]:
            found[key] = SAME
    return found


def _with_signs(text: str, line: Line, fields: t.Iterable[str]) -> str:
    """A value is found only where it is a word of its own: 10.0.0.1 is no part of 10.0.0.17. A route is many words."""
    known: dict[str, str] = {}
    for field in fields:
        value = line[field]
        if value is None or len(value) < _LEAST or _SIGNS.search(value):
            continue
        if field == "route":
            text = text.replace(value, _sign(field))
        else:
            known.setdefault(value, _sign(field))
    return _WORD.sub(lambda found: known.get(found.group(), found.group()), text) if known else text


def _sign(field: str) -> str:
    return chr(_FIRST + FIELDS.index(field))
