# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where our piece of somebody else's file begins and ends. Pure. PRIVATE to the collection.

All of it works on bytes: what is not ours stays as it is, whatever its encoding, line ends and missing final newline.

    Markers("!").find(content, path) -> Block | None      our block, a pair of comment lines and what is between them
    Markers("!").put(content, body, path) -> bytes        with our block, where it stands already or at the end
    Markers("!").take(content, path) -> bytes             without our block: take(put(x)) == take(x)

Each raises Refused for markers that are not exactly in order: where our piece ends is never guessed.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._base.errors import InvalidInput, Refused

_LIKE = re.compile(rb"(?:BEGIN|END) l3host\.source_ip")
_JOINED = b" (the line before had no end)"


class Block(t.NamedTuple):
    """Our block, content[start:stop]: both markers with their line ends, and the lines between them.

    ``joined``: the line before had no end when the block was put there.
    """

    start: int
    stop: int
    joined: bool


class _Mark(t.NamedTuple):
    text: bytes
    line: int  # from 1
    start: int
    stop: int


def _damaged(path: str, line: int, problem: str) -> Refused:
    return Refused(
        f"{path}, line {line}: {problem}: what the collection l3host.source_ip wrote there cannot be told from what is "
        "yours. Put the marker back, or remove what is left of the piece with all of its markers, and run again. "
        "Nothing was written",
        path=path,
        line=line,
    )


@dataclass(frozen=True)
class Markers:
    """The lines around our block in a file whose comments begin with ``comment``."""

    comment: str

    @property
    def begin(self) -> bytes:
        text = f"{self.comment} BEGIN l3host.source_ip: written by Ansible, changes in this block are lost"
        return text.encode("ascii")

    @property
    def joined(self) -> bytes:
        """Begins a block in a file whose last line had no end; the line end before it goes with the block."""
        return self.begin + _JOINED

    @property
    def end(self) -> bytes:
        return f"{self.comment} END l3host.source_ip".encode("ascii")

    def find(self, content: bytes, path: str) -> Block | None:
        """Our block; None where there is no marker.

        A marker is a line of its own, compared without blanks and CR at its end. Raises Refused, with the line, for a
        line that holds a marker's words and more or less than them, and where there is not one begin with one end
        behind it.
        """
        begin: _Mark | None = None
        block: Block | None = None
        for mark in self._marks(content, path):
            if mark.text != self.end:
                if begin and not block:
                    raise _damaged(path, begin.line, f"{self._begins} has no {self._ends} before line {mark.line}")
                if begin:
                    raise _damaged(path, mark.line, f"a second block, the first begins in line {begin.line}")
                begin = mark
            elif block or not begin:
                raise _damaged(path, mark.line, f"{self._ends} has no {self._begins} before it")
            else:
                block = Block(begin.start, mark.stop, begin.text == self.joined)
        if begin and not block:
            raise _damaged(path, begin.line, f"{self._begins} has no {self._ends} behind it")
        return block

    def _marks(self, content: bytes, path: str) -> t.Iterator[_Mark]:
        stop = 0
        known = (self.begin, self.joined, self.end)
        for number, line in enumerate(_lines(content), start=1):
            start, stop = stop, stop + len(line)
            text = line.rstrip(b" \t\r\n")
            if text in known:
                yield _Mark(text, number, start, stop)
            elif _LIKE.search(line):
                raise _damaged(path, number, f"this is neither {self._begins} nor {self._ends}")

    @property
    def _begins(self) -> str:
        return f"`{self.begin.decode()}`"

    @property
    def _ends(self) -> str:
        return f"`{self.end.decode()}`"

    def put(self, content: bytes, body: bytes, path: str) -> bytes:
        """``content`` with the lines ``body`` as our block: where our block is already, else at the end."""
        if _LIKE.search(body):
            raise InvalidInput(f"{path}: a line of the intent holds the words of a marker, {self._ends}")
        if body and not body.endswith(b"\n"):
            body += b"\n"
        found = self.find(content, path)
        if found:
            before, after, joined = content[: found.start], content[found.stop :], found.joined
        else:
            joined = bool(content) and not content.endswith(b"\n")
            before, after = content + (b"\n" if joined else b""), b""
        return b"".join([before, self.joined if joined else self.begin, b"\n", body, self.end, b"\n", after])

    def take(self, content: bytes, path: str) -> bytes:
        """``content`` without our block, all else byte for byte as it was before the block came."""
        found = self.find(content, path)
        if not found:
            return content
        before, after = content[: found.start], content[found.stop :]
        if found.joined and not after and before.endswith(b"\n"):
            before = before[:-1]
        return before + after


def _lines(content: bytes) -> t.Iterator[bytes]:
    """Lines with their ends. Only LF ends a line: bytes.splitlines would take a lone CR for an end too."""
    start = 0
    while start < len(content):
        stop = content.find(b"\n", start) + 1 or len(content)
        yield content[start:stop]
        start = stop
