# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks around our pieces in an operator's bird.conf: taken out exactly, or refused by line."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import conf, hook, marks
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused
from tests.unit.backends.bird.common import INCLUDE, OPERATOR, plan

EVERY = [(254, "ipv4"), (254, "ipv6"), (100, "ipv4"), (100, "ipv6")]
HOOKED = hook.hook(OPERATOR, INCLUDE, EVERY)
MARKS = [match.span() for match in re.finditer(r"/\* (?:source_ip\{[^*]*|\}source_ip) \*/", HOOKED)]


def test_the_marks_of_every_form_are_met_below() -> None:
    assert len(MARKS) == 10


@pytest.mark.parametrize("start, end", MARKS)
def test_one_mark_missing_is_refused_by_line_and_nothing_is_guessed(start: int, end: int) -> None:
    damaged = HOOKED[:start] + HOOKED[end:]
    line = HOOKED.count("\n", 0, start) + 1
    with pytest.raises(Refused, match=rf"bird\.conf line {line}: "):
        marks.unhook(damaged)
    with pytest.raises(Refused, match=rf"bird\.conf line {line}: "):
        plan(text=damaged)


def test_both_marks_of_different_pieces_missing_do_not_join_into_one_piece() -> None:
    (_begin, first_end), (second_begin, _end) = MARKS[1], MARKS[2]
    own = HOOKED[first_end:second_begin] + 'password "secret";'
    damaged = HOOKED[: MARKS[1][0]] + own + HOOKED[MARKS[2][1] :]
    with pytest.raises(Refused, match="stands what we did not write") as refused:
        marks.unhook(damaged)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("source_ip(); /*", "source_ip(); krt_mtu = 1400; /*"),
        ("{ source_ip(); accept; }", "{ source_ip(); krt_mtu = 1400; accept; }"),
        ("then accept; reject; }", "then accept; }"),
    ],
)
def test_what_the_operator_wrote_between_our_marks_is_not_thrown_away(before: str, after: str) -> None:
    with pytest.raises(Refused, match="stands what we did not write"):
        marks.unhook(HOOKED.replace(before, after, 1))


def test_half_of_a_where_is_refused() -> None:
    tail = "/* source_ip{ */ then accept; reject; } /* }source_ip */"
    head = re.search(r"/\* source_ip\{ was: where \*/.*?/\* \}source_ip \*/", HOOKED)
    assert head
    for piece in (tail, head.group()):
        with pytest.raises(Refused, match="one of two pieces that belong together"):
            marks.unhook(HOOKED.replace(piece, "", 1))


OWN_TEXT = [
    "# was: export /* source_ip{ was: all */ filter { source_ip(); accept; } /* }source_ip */;\n",
    "# ends with /* }source_ip */\n# begins with /* source_ip{ */\n",
    'protocol device { description "/* source_ip{ */ kept /* }source_ip */"; }\n',
    'log "a /* source_ip{ */" all;\nprotocol device {}\nlog "b /* }source_ip */" all;\n',
    "/* include the file source_ip { }source_ip */\n",
    "/* source_ip */ protocol device {}\n",
    f'# include "{INCLUDE}"; /* source_ip */\n',
    f'# include "{INCLUDE}"; /* source_ip, and the newline above */\n',
]


@pytest.mark.parametrize("own", OWN_TEXT)
def test_the_operators_comments_and_strings_may_hold_the_marks(own: str) -> None:
    text = own + OPERATOR + own
    assert marks.unhook(text) == text
    assert marks.unhook(hook.hook(text, INCLUDE, EVERY)) == text
    assert marks.unhook(hook.append_include(text, INCLUDE)) == text


@pytest.mark.parametrize("ending", [" \n", "\t \n", "\r\n"])
def test_blanks_and_a_carriage_return_behind_our_include_are_no_damage(ending: str) -> None:
    hooked = hook.hook(OPERATOR, INCLUDE, [(100, "ipv4")])
    line = f'include "{INCLUDE}"; /* source_ip */\n'
    assert line in hooked
    assert marks.unhook(hooked.replace(line, line[:-1] + ending)) == OPERATOR
    appended = hook.append_include("protocol device {}", INCLUDE)
    assert marks.unhook(appended[:-1] + ending) == "protocol device {}"
    assert marks.unhook(appended[:-1]) == "protocol device {}"


@pytest.mark.parametrize("rest", ["protocol device {}\n", "# mine\n"])
def test_what_stands_behind_our_include_on_its_line_is_not_thrown_away(rest: str) -> None:
    line = f'include "{INCLUDE}"; /* source_ip */'
    hooked = hook.hook(OPERATOR, INCLUDE, [(100, "ipv4")]).replace(line + "\n", f"{line} {rest}")
    with pytest.raises(Refused, match=r"bird\.conf line 10: "):
        marks.unhook(hooked)


def test_without_the_newline_that_was_ours_the_include_is_refused() -> None:
    with pytest.raises(Refused, match=r"bird\.conf line 1: "):
        marks.unhook(f'include "{INCLUDE}"; /* source_ip, and the newline above */\n')


def test_the_include_begins_its_line_as_bird_wants_it() -> None:
    text = "/* a */ protocol device {} protocol kernel { ipv4 { export all; }; }\n"
    hooked = hook.hook(text, INCLUDE, [(254, "ipv4")])
    assert f'\ninclude "{INCLUDE}"; ' in hooked
    assert marks.unhook(hooked) == text


@given(st.sets(st.sampled_from(EVERY)), st.sets(st.sampled_from(EVERY)))
def test_what_a_diff_may_show_is_all_that_changes(before: set[tuple[int, str]], after: set[tuple[int, str]]) -> None:
    texts = [hook.hook(OPERATOR, INCLUDE, wanted) for wanted in (before, after)]
    kept = []
    for text, spans in zip(texts, marks.changed_spans(*texts)):
        shown = [text[start:end] for start, end in spans]
        assert all("source_ip" in piece or piece in ("all", "where") for piece in shown)
        ends = [0, *(end for _start, end in spans)]
        kept.append("".join(text[end:start] for end, (start, _end) in zip(ends, [*spans, (len(text), 0)])))
    assert kept[0] == kept[1]


MANY = {
    "whole pieces": "protocol kernel { ipv4 { export /* source_ip{ was: all */ filter { source_ip(); accept; } "
    "/* }source_ip */; }; }\n",
    "begins": "/* source_ip{ */ ",
    "ends": "/* }source_ip */ ",
    "comments that do not end": "/* /",
    "quotes": '"',
    "apostrophes": "'\n",
    "includes": f'include "{INCLUDE}"; /* source_ip */\n',
    "include marks": "/* source_ip */ ",
    "braces": "{",
    "kernel protocols": "protocol kernel { kernel table 7; ipv4 { export filter f; }; }\nfilter f { accept; }\n",
}


@pytest.mark.parametrize("kind", MANY)
def test_a_hundred_kilobytes_take_less_than_a_second(kind: str) -> None:
    text = MANY[kind] * (100_000 // len(MANY[kind]) + 1)
    start = time.process_time()
    try:
        conf.read(marks.unhook(text))
        hook.hook(text, INCLUDE, [(7, "ipv4")])
    except Refused:
        pass
    assert time.process_time() - start < 1
