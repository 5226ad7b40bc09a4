# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A keyfile of NetworkManager (nm-settings-keyfile(5)), as it is read and as ours comes and goes. Pure. PRIVATE.

Ours is one block at the end of the file: sections of one name are one to NetworkManager. `nmcli connection modify`
writes the whole file anew, without comments and with other numbers; then ours are known by what they say.
"""

from __future__ import annotations

import re
import typing as t

from ..._files.markers import Markers
from ..._files.shown import Spans

#: The numbers of our keys begin here, far from those that anybody counts up from 1.
FIRST = 133001
MARKERS = Markers("#")
SECTIONS = ("ipv4", "ipv6")
_HEAD = re.compile(r"\[([^\]]*)\]\s*$")
_KEY = re.compile(r"(address|route|routing-rule)(\d*)$")
_NO_GATEWAY = ("", "0.0.0.0", "::")


class Entry(t.NamedTuple):
    """An address, a route or a policy rule in a keyfile.

    ``kind``: `address`, `route` or `routing-rule`; ``options``: of a route, `src=…,table=…`.
    """

    section: str
    kind: str
    value: str
    options: str = ""

    @property
    def meaning(self) -> tuple[t.Any, ...]:
        """The same for two ways to write one entry; a rule is written as `nmcli` writes it."""
        place, *rest = [part.strip() for part in self.value.split(",")]
        rest = [part for part in rest if part not in _NO_GATEWAY]
        options = frozenset(filter(None, (part.strip() for part in self.options.split(","))))
        return self.section, self.kind, place, tuple(rest), options


class Line(t.NamedTuple):
    """A line that says something, of a section; ``start``, ``stop``: its bytes, with its end."""

    section: str
    key: str
    value: str
    start: int
    stop: int


class Without(t.NamedTuple):
    """A keyfile without ours, and which bytes of the old one were ours."""

    content: bytes
    spans: Spans


def lines(content: bytes) -> t.Iterator[Line]:
    """The keys of a keyfile in their order."""
    section, stop = "", 0
    for raw in content.splitlines(keepends=True):
        start, stop = stop, stop + len(raw)
        text = raw.decode("utf-8", "replace").strip()
        head = _HEAD.match(text)
        if head:
            section = head.group(1)
        elif text and not text.startswith("#"):
            key, _equals, value = text.partition("=")
            yield Line(section, key.strip(), value.strip(), start, stop)


def settings(content: bytes) -> dict[str, dict[str, str]]:
    """{section: {key: value}}; of a key that is there twice, the last."""
    found: dict[str, dict[str, str]] = {}
    for line in lines(content):
        found.setdefault(line.section, {})[line.key] = line.value
    return found


def entries(content: bytes) -> dict[tuple[str, str], Entry]:
    """The addresses, routes and rules by (section, key)."""
    found = {}
    for section, keys in settings(content).items():
        for key, value in keys.items():
            kind = _KEY.match(key)
            if section in SECTIONS and kind:
                found[section, key] = Entry(section, kind.group(1), value, keys.get(f"{key}_options", ""))
    return found


def without(content: bytes, path: str, ours: t.Collection[Entry]) -> Without:
    """``content`` without our block, and without what `nmcli` has made of it. ``ours``: what we have put there.

    Refused where the marks of the block are not in order.
    """
    block = MARKERS.find(content, path)
    if block:
        return Without(MARKERS.take(content, path), [(block.start, block.stop)])
    meant = {entry.meaning for entry in ours}
    gone = {place for place, entry in entries(content).items() if entry.meaning in meant}
    gone |= {(section, f"{key}_options") for section, key in gone}
    spans = [(line.start, line.stop) for line in lines(content) if (line.section, line.key) in gone]
    kept, done = b"", 0
    for start, stop in spans:
        kept += content[done:start]
        done = stop
    return Without(kept + content[done:], spans)


def put(content: bytes, path: str, ours: t.Sequence[Entry]) -> bytes:
    """``content``, which has none of ours, with these."""
    return MARKERS.put(content, "".join(f"{line}\n" for line in text(ours)).encode("ascii"), path)


def text(ours: t.Sequence[Entry], first: int = FIRST) -> t.Iterator[str]:
    """The lines for these entries, section by section. ``first``: the number of the first of each kind."""
    for section in SECTIONS:
        there = [entry for entry in ours if entry.section == section]
        if there:
            yield f"[{section}]"
        numbers = dict.fromkeys(("address", "route", "routing-rule"), first)
        for entry in there:
            key = f"{entry.kind}{numbers[entry.kind]}"
            numbers[entry.kind] += 1
            yield f"{key}={entry.value}"
            if entry.options:
                yield f"{key}_options={entry.options}"
