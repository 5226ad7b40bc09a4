# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks around what we insert into an operator's ``bird.conf``. PRIVATE to the collection. Pure.

A piece stands between two comments of BIRD, and what it replaces stands in the first of them, so that ``unhook`` gives
back the operator's file byte for byte. Marks inside the operator's own comments and strings are his text. A mark
without its other one, or with something between the two that we did not write, is refused: where our piece ends is
never guessed.
"""

from __future__ import annotations

import bisect
import re
import typing as t

from ..._base.errors import Refused
from .lexer import Lines, Token, Tokens, lex

_BEGIN = re.compile(r"/\* source_ip\{(?: was: (all|where))? \*/\Z")
_END = "/* }source_ip */"
_CALL = r"source_ip(?:_\d+)?\(\);"
# BIRD's protocols that hold our own static routes, whose source stands at the route.
_OTHERS = '{ if !(proto ~ "source_ip_*") then'
_TAIL = "then accept; reject; }"
#: What may stand in a piece: the word that its first mark remembers, the content, and of which piece it is the end.
_FORMS = {
    "all": ("all", re.compile(rf"filter {{ {_CALL} accept; }}\Z"), None),
    "where": ("where", re.compile(rf"filter {{ {_CALL} if\Z"), None),
    "where, end": (None, re.compile(rf"{re.escape(_TAIL)}\Z"), "where"),
    "call": (None, re.compile(rf"{_CALL}\Z"), None),
    "assignment": (None, re.compile(rf"{re.escape(_OTHERS)}\Z"), None),
    "assignment, end": (None, re.compile(rf"{_CALL} }}\Z"), "assignment"),
}
_FIRST_HALVES = tuple(first for _was, _content, first in _FORMS.values() if first)

_INCLUDE_MARK = "/* source_ip */"
_INCLUDE_MARK_NEWLINE = "/* source_ip, and the newline above */"
_INCLUDE = re.compile(r'include[ \t]*"[^"\n]*"[ \t]*;[ \t]*\Z')
_END_OF_LINE = re.compile(r"[ \t\r]*(?:\n|\Z)")


def piece(content: str, was: str = "") -> str:
    """A piece of ours, as ``unhook`` takes it out again; ``was`` is the word that it replaces."""
    return f"/* source_ip{{{' was: ' + was if was else ''} */ {content} {_END}"


def where_pieces(call: str) -> tuple[str, str]:
    """Before and behind the condition of ``export where``."""
    return piece(f"filter {{ {call} if", "where"), piece(_TAIL)


def assignment_pieces(call: str) -> tuple[str, str]:
    """Before and behind a statement by which the operator sets a source: where the intent speaks, it speaks last."""
    return piece(_OTHERS), piece(f"{call} }}")


def include_line(path: str, newline_above: bool = False) -> str:
    """Our include, on a line of its own; ``newline_above``: the newline before it is ours, too."""
    if newline_above:
        return f'\ninclude "{path}"; {_INCLUDE_MARK_NEWLINE}\n'
    return f'include "{path}"; {_INCLUDE_MARK}\n'


class _Cut(t.NamedTuple):
    start: int
    end: int
    instead: str


def unhook(text: str) -> str:
    """The operator's own text: what we inserted is taken out, what it replaced is back.

    Refused names the line where the marks do not tell what is ours.
    """
    parts, at = [], 0
    for cut in _cuts(text):
        parts += [text[at : cut.start], cut.instead]
        at = cut.end
    return "".join([*parts, text[at:]])


def changed_spans(before: str, after: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Which parts of two texts of one operator's file are ours, or a word of his that a piece of ours replaces.

    (start, end) in each, in order: what a diff may show.
    """
    cuts = _cuts(before), _cuts(after)
    places = _own_places(cuts[0]), _own_places(cuts[1])
    return _spans(cuts[0], places[0], cuts[1], places[1]), _spans(cuts[1], places[1], cuts[0], places[0])


def _own_places(cuts: t.Iterable[_Cut]) -> list[int]:
    """Where in the operator's own text each piece stands."""
    found, shift = [], 0
    for cut in cuts:
        found.append(cut.start - shift)
        shift += cut.end - cut.start - len(cut.instead)
    return found


def _spans(
    cuts: t.Sequence[_Cut], places: t.Sequence[int], others: t.Iterable[_Cut], other_places: t.Iterable[int]
) -> list[tuple[int, int]]:
    found = [(cut.start, cut.end) for cut in cuts]
    here = set(places)
    for cut, place in zip(others, other_places):
        if cut.instead and place not in here:
            at = bisect.bisect_left(places, place)
            start = place + (cuts[at - 1].end - places[at - 1] - len(cuts[at - 1].instead) if at else 0)
            found.append((start, start + len(cut.instead)))
    return sorted(found)


def _cuts(text: str) -> list[_Cut]:
    """What to take out of the text to have the operator's own, in order."""
    if "source_ip" not in text:
        return []
    lines = Lines(text)
    found = lex(text)
    return sorted([*_pieces(text, found.comments, lines), *_includes(text, found, lines)])


def _pieces(text: str, comments: t.Iterable[Token], lines: Lines) -> t.Iterator[_Cut]:
    begin: Token | None = None
    open_half: tuple[str, Token] | None = None  # the first of two pieces, as long as the second has not come
    for mark in comments:
        if _BEGIN.match(mark.text):
            if begin:
                what = f"has no '{_END}' before the next one begins in line {lines.of(mark.start)}"
                raise _damaged(lines, begin, what)
            begin = mark
        elif mark.text == _END:
            if not begin:
                raise _damaged(lines, mark, "ends a piece that does not begin")
            was = t.cast("re.Match[str]", _BEGIN.match(begin.text)).group(1)
            content = " ".join(text[begin.end : mark.start].split())
            form = next((name for name, form in _FORMS.items() if form[0] == was and form[1].match(content)), None)
            if form is None:
                # Not shown: it is the operator's, and may hold a password.
                raise _damaged(lines, begin, "and its end: between them stands what we did not write")
            if _FORMS[form][2] != (open_half[0] if open_half else None):
                raise _lonely(lines, open_half[1] if open_half else begin)
            open_half = (form, begin) if form in _FIRST_HALVES else None
            yield _Cut(begin.start, mark.end, was or "")
            begin = None
    if begin:
        raise _damaged(lines, begin, f"has no '{_END}' behind it")
    if open_half:
        raise _lonely(lines, open_half[1])


def _lonely(lines: Lines, mark: Token) -> Refused:
    return _damaged(lines, mark, "begins one of two pieces that belong together, and the other one is missing")


def _includes(text: str, found: Tokens, lines: Lines) -> t.Iterator[_Cut]:
    marks = [mark for mark in found.comments if mark.text in (_INCLUDE_MARK, _INCLUDE_MARK_NEWLINE)]
    starts = [token.start for token in found.tokens] if marks else []
    for mark in marks:
        at = bisect.bisect_left(starts, mark.start)
        begin = found.tokens[at - 3].start if at >= 3 else mark.start
        line_start = text.rfind("\n", 0, mark.start) + 1
        if not _INCLUDE.match(text[begin : mark.start]) or text[line_start:begin].strip(" \t"):
            first = bisect.bisect_left(starts, line_start)
            if first < at and found.tokens[first].text == "include":
                raise _damaged(lines, mark, "does not stand directly behind an include that begins its line")
            continue  # the operator's comment
        end = _END_OF_LINE.match(text, mark.end)
        if not end:
            raise _damaged(lines, mark, "marks the include on its line, and behind it stands something else")
        start = line_start
        if mark.text == _INCLUDE_MARK_NEWLINE:
            start -= 1
            if start < 0:
                raise _damaged(lines, mark, "speaks of a newline above that is not there")
        yield _Cut(begin if start == line_start else start, end.end(), "")


def _damaged(lines: Lines, mark: Token, what: str) -> Refused:
    return Refused(
        f"bird.conf line {lines.of(mark.start)}: '{mark.text}' {what}. The marks around what we inserted are damaged, "
        "and where our piece ends is not to be guessed; nothing was written. Take the piece out by hand, marks and all "
        "(its first mark says what stood there before), or put the file back from its backup."
    )
