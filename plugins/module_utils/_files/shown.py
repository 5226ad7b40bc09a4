# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a diff may show of a file with the operator's lines, passwords among them. Pure. PRIVATE to the collection.

difference(path, before, after, (before_spans, after_spans)) -> an entry for a result's ``diff``
"""

from __future__ import annotations

import typing as t

#: Offsets of pieces of a file, [start, stop), in order and apart.
Spans = t.Sequence[tuple[int, int]]
_HIDDEN = "…"


def difference(
    path: str, before: bytes | None, after: bytes | None, spans: tuple[Spans | None, Spans | None] = (None, None)
) -> dict[str, str]:
    """{before, after, before_header, after_header} with what is ours, and nothing else.

    ``before``, ``after``: the file; None where there is none. ``spans``: which of their bytes are ours, or go and come
    by our doing; None: all, for files of our own. A line without such bytes is not shown; of a line with some, the rest
    is one sign, ``…``.
    """
    return {
        "before": _shown(before, spans[0]),
        "after": _shown(after, spans[1]),
        "before_header": path,
        "after_header": path,
    }


def _shown(content: bytes | None, spans: Spans | None) -> str:
    if content is None:
        return ""
    if spans is None:
        return _text(content)
    if not any(start < stop for start, stop in spans):
        return ""
    result: list[str] = []
    done = 0
    for start, stop in spans:
        if start < stop:
            result += [_hidden(content[done:start], _line_open(result), True), _text(content[start:stop])]
            done = stop
    result.append(_hidden(content[done:], _line_open(result), False))
    return "".join(result)


def _line_open(result: list[str]) -> bool:
    return bool(result) and not result[-1].endswith("\n")


def _hidden(content: bytes, behind: bool, before: bool) -> str:
    """What stands for bytes of the operator, ``behind`` a piece of ours in its line, ``before`` one in its line."""
    first, newline, rest = content.partition(b"\n")
    if not newline and behind and before:
        return _part(first)
    last = rest.rpartition(b"\n")[2] if newline else first
    return (_part(first) + "\n" if behind else "") + (_part(last) if before else "")


def _part(content: bytes) -> str:
    return _HIDDEN if content.strip() else _text(content)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")
