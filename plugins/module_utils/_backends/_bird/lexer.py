# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokens of BIRD's configuration language, each with its place in the text. PRIVATE to the collection. Pure.

As ``conf/cf-lex.l`` of BIRD has them: a comment runs from ``#`` to the end of the line or from ``/*`` to ``*/``, a
string stands between quotes and a symbol may stand between apostrophes, all of it on one line.
"""

from __future__ import annotations

import bisect
import re
import typing as t

# Each alternative ends where it fails to end, so that the time is linear whatever the text.
_TOKEN = re.compile(
    r"""(?P<blank>\s+)|(?P<comment>\#[^\n]*|/\*.*?(?:\*/|\Z))|(?P<string>"[^"\n]*"|'[^'\n]*')|(?P<word>\w+)|(?P<other>.)""",
    re.S,
)

_WHOLE_COMMENT = re.compile(r"/\*.*\*/\Z", re.S)


class Token(t.NamedTuple):
    """One token of the configuration, with its place in the text."""

    text: str
    start: int
    end: int


class Tokens(t.NamedTuple):
    """What BIRD reads, and beside it the comments.

    ``broken``: a string, symbol or comment that does not end; BIRD refuses such a file.
    """

    tokens: list[Token]
    comments: list[Token]
    broken: list[Token]


def lex(text: str) -> Tokens:
    """All tokens and all comments, each in the order of the text."""
    found = Tokens([], [], [])
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "blank":
            continue
        token = Token(match.group(), *match.span())
        (found.comments if kind == "comment" else found.tokens).append(token)
        if token.text in ('"', "'") or (token.text.startswith("/*") and not _WHOLE_COMMENT.match(token.text)):
            found.broken.append(token)
    return found


class Lines:
    """The number of the line in which a place of the text lies, from 1 on."""

    def __init__(self, text: str) -> None:
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def of(self, place: int) -> int:
        return bisect.bisect_left(self._ends, place) + 1
