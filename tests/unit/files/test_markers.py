# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our block in somebody else's file: what is read as one, what is refused, and that all other bytes stay."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput, Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._files.markers import Markers

OURS = Markers("!")
BEGIN, JOINED, END = OURS.begin, OURS.joined, OURS.end
PATH = "/etc/x.conf"
# Pieces of which files are made that could be taken for each other: line ends of all kinds, text in no encoding, ours.
_PIECES = st.sampled_from(
    [b"\n", b"\r\n", b"\r", b" ", b"\xff\xfe", "ä".encode(), b"router ospf", b"\x00", b"!", b"END"]
)
contents = st.one_of(st.binary(max_size=80), st.lists(_PIECES, max_size=30).map(b"".join))
bodies = st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), max_size=4).map(
    lambda lines: b"".join(line + b"\n" for line in lines)
)


def block(body: bytes = b"ours\n", begin: bytes = BEGIN, end: bytes = END) -> bytes:
    return begin + b"\n" + body + end + b"\n"


@given(contents, bodies, bodies)
def test_all_other_bytes_stay(content: bytes, body: bytes, other: bytes) -> None:
    put = OURS.put(content, body, PATH)
    assert OURS.take(put, PATH) == content
    found = OURS.find(put, PATH)
    assert found is not None
    assert put[found.start : found.stop] == block(body, JOINED if found.joined else BEGIN)
    assert put[: found.start] == content + (b"\n" if found.joined else b"")
    assert put[found.stop :] == b""
    assert OURS.put(put, body, PATH) == put
    assert OURS.put(put, other, PATH) == OURS.put(content, other, PATH)


@given(contents, contents, bodies, bodies)
def test_a_block_stays_where_it_is(before: bytes, after: bytes, body: bytes, other: bytes) -> None:
    assume(not before or before.endswith(b"\n"))
    content = before + block(body) + after
    assert OURS.take(content, PATH) == before + after
    assert OURS.put(content, other, PATH) == before + block(other) + after


@given(contents, bodies)
def test_lines_added_behind_a_block_keep_the_end_of_the_line_before(content: bytes, body: bytes) -> None:
    assume(content and not content.endswith(b"\n"))
    put = OURS.put(content, body, PATH)
    assert OURS.take(put + b"more\n", PATH) == content + b"\nmore\n"


@pytest.mark.parametrize("blank", [b" ", b"\t ", b"\r", b" \r"])
@pytest.mark.parametrize("where", ["begin", "end", "both"])
@pytest.mark.parametrize("begin", [BEGIN, JOINED])
def test_blanks_and_cr_at_the_end_of_a_marker(blank: bytes, where: str, begin: bytes) -> None:
    first = begin + (blank if where != "end" else b"")
    last = END + (blank if where != "begin" else b"")
    content = b"a\n" + block(b"ours\n", first, last) + b"router ospf\n"
    found = OURS.find(content, PATH)
    assert found is not None
    assert content[found.start : found.stop] == first + b"\nours\n" + last + b"\n"
    assert found.joined == (begin == JOINED)
    assert OURS.take(content, PATH) == b"a\nrouter ospf\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (BEGIN + b"\nours\nrouter ospf\n", 1),
        (b"a\n" + JOINED + b"\nours\nrouter ospf\n", 2),
        (b"ours\n" + END + b"\nrouter ospf\n", 2),
        (END + b"\nours\n" + BEGIN + b"\n", 1),
        (block() + b"router ospf\n" + block(), 5),
        (BEGIN + b"\n" + block(), 1),
        (block() + END + b"\n", 4),
        (b" " + BEGIN + b"\nours\n" + END + b"\n", 1),
        (BEGIN + b"\nours\n " + END + b"\n", 3),
        (b"! see " + END + b" below\n", 1),
        (block() + b"! " + END + b"\n", 4),
        (BEGIN + b"\nours\n" + END + b"x\nrouter ospf\n", 3),
        (BEGIN + b"\nours\r" + END + b"\nrouter ospf\n", 2),
        (BEGIN[:-5] + b"\nours\n" + END + b"\n", 1),
        (BEGIN + b"\nours\nno newline" + END, 3),
        (BEGIN + b"\nours " + END + b"\nrouter ospf\n" + END + b"\n", 2),
    ],
)
def test_anything_else_is_refused_by_its_line(content: bytes, line: int) -> None:
    for attempt in (OURS.find, OURS.take, lambda c, p: OURS.put(c, b"new\n", p)):
        with pytest.raises(Refused, match=f"/etc/x.conf, line {line}: ") as error:
            attempt(content, PATH)
        assert error.value.details["line"] == line
        assert "Nothing was written" in error.value.message
        assert "router" not in error.value.message, "the operator's lines may hold passwords"


def test_the_last_line_may_have_no_end() -> None:
    content = b"a\n" + BEGIN + b"\nours\n" + END
    assert OURS.take(content, PATH) == b"a\n"
    assert OURS.put(content, b"new\n", PATH) == b"a\n" + block(b"new\n")


def test_the_end_of_our_last_line_is_made() -> None:
    assert OURS.put(b"", b"a\nb", PATH) == OURS.put(b"", b"a\nb\n", PATH) == block(b"a\nb\n")


def test_the_intent_cannot_write_a_marker() -> None:
    with pytest.raises(InvalidInput, match="holds the words of a marker"):
        OURS.put(b"", END + b"\n", PATH)


def test_much_of_it_is_read_once() -> None:
    """Quadratic work over this much would take hours."""
    lines = b"! a line\n" * 300_000
    content = lines + block(b"ours\n" * 300_000) + lines
    assert OURS.take(content, PATH) == lines + lines
    with pytest.raises(Refused, match="line 300001: "):
        OURS.find(lines + BEGIN + b"\n" + lines, PATH)
    with pytest.raises(Refused, match="line 4: "):
        OURS.find(block() * 100_000, PATH)
