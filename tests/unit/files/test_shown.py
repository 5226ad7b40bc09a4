# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a diff shows of other people's files: no byte that is not ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._files.shown import difference


def shown(content: bytes, *pieces: bytes) -> str:
    spans = []
    start = 0
    for piece in pieces:
        start = content.index(piece, start)
        spans.append((start, start + len(piece)))
        start += len(piece)
    return difference("/etc/x", None, content, (None, spans))["after"]


@pytest.mark.parametrize(
    ("content", "pieces", "text"),
    [
        (b"password s3cret\nours\nmore s3cret\n", [b"ours\n"], "ours\n"),
        (b"password s3cret\nours\nours too\n", [b"ours\n", b"ours too\n"], "ours\nours too\n"),
        (b"export where s3cret;\n", [b"where"], "…where…\n"),
        (b"  export where;", [b"export"], "  export…\n"),
        (b"a s3cret ours b ours c\nd\n", [b"ours", b"ours"], "…ours…ours…\n"),
        (b"s3cret ours s3cret\ns3cret\ns3cret ours\n", [b"ours", b"ours"], "…ours…\n…ours\n"),
        (b"ours s3cret\ns3cret ours\n", [b"ours", b"ours"], "ours…\n…ours\n"),
        (b"ours\n\ns3cret ours\n", [b"ours\n", b"ours"], "ours\n…ours\n"),
        (b"s3cret ours\ns3cret\n", [b"ours\ns"], "…ours\ns…\n"),
        (b"ours", [b"ours"], "ours\n"),
        (b"ours\r\ns3cret", [b"ours"], "ours\r\n"),
        (b"\xff ours", [b"\xff ours"], "\\xff ours\n"),
        (b"s3cret\n", [], ""),
        (b"", [], ""),
    ],
)
def test_of_the_operators_line_only_what_we_change(content: bytes, pieces: list[bytes], text: str) -> None:
    assert shown(content, *pieces) == text


def test_a_file_of_our_own() -> None:
    assert difference("/etc/x", None, b"a\nb\n") == {
        "before": "",
        "after": "a\nb\n",
        "before_header": "/etc/x",
        "after_header": "/etc/x",
    }
    assert difference("/etc/x", b"a\n", None)["before"] == "a\n"


def test_an_empty_span_shows_no_line() -> None:
    assert difference("/etc/x", b"s3cret s3cret", b"", ([(3, 3)], []))["before"] == ""


@given(st.lists(st.tuples(st.booleans(), st.text("ab \n\r", max_size=6)), max_size=8))
def test_no_byte_of_the_operator(pieces: list[tuple[bool, str]]) -> None:
    """The operator's bytes are digits here, so none may come out; ours all come out, in their order."""
    content, spans = "", []
    for ours, text in pieces:
        if ours:
            spans.append((len(content), len(content) + len(text)))
        content += text if ours else text.replace("a", "1").replace("b", "2")
    text = difference("/etc/x", None, content.encode(), (None, spans))["after"]
    assert not set(text) & set("12")
    assert [letter for letter in text if letter in "ab"] == [letter for letter in content if letter in "ab"]
