# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""frr.conf: the operator's file with our block at its end. Pure.

After `write memory`, which drops comments and sorts, there is no block: our objects are found by name and tag.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ..._files.markers import Markers
from .objects import called
from .parse import Config, Line, Objects, lines, sort, static
from .stages import map_lines, same

MARKERS = Markers("!")


@dataclass
class Saved:
    """A frr.conf as it was read. ``inside``: the first line of our block and the one after its last."""

    content: bytes
    path: str
    prefix: str
    tag: int
    raw: list[str] = field(repr=False)
    walked: list[Line] = field(repr=False)
    config: Config
    inside: tuple[int, int]


class Edit(t.NamedTuple):
    """What becomes of frr.conf. ``content``: None where it stays; ``before`` and ``after``: what of it is ours."""

    content: bytes | None = None
    before: bytes = b""
    after: bytes = b""


def read(content: bytes, path: str, prefix: str, tag: int) -> Saved:
    """Refused, with the line, where the markers do not say which lines are ours."""
    block = MARKERS.find(content, path)
    inside = (content[: block.start].count(b"\n"), content[: block.stop].count(b"\n")) if block else (0, 0)
    raw = _text(content).split("\n")
    walked = list(lines(raw))
    return Saved(content, path, prefix, tag, raw, walked, sort(walked, prefix, tag), inside)


def edit(saved: Saved, want: Objects) -> Edit:
    """The file with these objects and the operator's part byte for byte; without any, the file as it was before us."""
    kept, gone, back = _without(saved)
    nothing = same(want, Objects())
    if same(saved.config.ours, want) and not (nothing and kept != saved.content):
        return Edit()
    body = [] if nothing else render(want)
    first, last = saved.inside
    before, after = [*gone, *saved.raw[first + 1 : max(last - 1, first + 1)]], [*back, *body]
    content = kept if nothing else MARKERS.put(kept, _whole(body), saved.path)
    return Edit(content, _whole(before), _whole(after))


def _without(saved: Saved) -> tuple[bytes, list[str], list[str]]:
    """(the file without anything of ours, our lines outside of the block, the operator's bindings put back)."""
    kept: list[str] = []
    gone: list[str] = []
    back: list[str] = []
    first, last = saved.inside
    skipping = False
    for number, (raw, line) in enumerate(zip(saved.raw, saved.walked)):
        instead = None if first <= number < last else _instead(saved, raw, line)
        if instead is None:
            if skipping and line.text == "!" and (not kept or kept[-1].strip() == "!"):
                continue
            kept.append(raw)
            skipping = False
        else:
            gone.append(raw)
            back += instead
            kept += instead
            skipping = True
    return MARKERS.take(_bytes("\n".join(kept)), saved.path), gone, back


def _instead(saved: Saved, raw: str, line: Line) -> list[str] | None:
    """What stands in place of this line of ours (mostly nothing); None when the line is not ours."""
    words = line.text.split()
    prefix, bound = saved.prefix, saved.config.bound
    if line.block.startswith(f"route-map {prefix}") and not line.text.startswith("!"):
        return []
    if len(words) > 2 and words[1] == "prefix-list" and words[2].startswith(prefix):
        return []
    if len(words) == 5 and words[1] == "protocol" and words[3] == "route-map" and words[4].startswith(prefix):
        back = called(saved.config.ours, words[4])
        if not back or (line.vrf, words[0], words[2]) in bound or bound.get((line.vrf, words[0], "any")) == back:
            return []
        return [f"{raw[: len(raw) - len(raw.lstrip())]}{words[0]} protocol {words[2]} route-map {back}"]
    route = static(line.text, line.vrf)
    if route and route.options.get("tag") == str(saved.tag):
        return []
    return None


def render(objects: Objects) -> list[str]:
    """The lines of the block.

    Prefix-lists stand first: they end an unterminated vrf block, which would swallow `ip protocol`.
    """
    result: list[str] = []
    for (word, name), entries in sorted(objects.lists.items()):
        result += [f"{word} prefix-list {name} seq {number} {text}" for number, text in sorted(entries.items())]
    result.append("!")
    for name, sequences in sorted(objects.maps.items()):
        for number, (_action, body) in sorted(sequences.items()):
            result += [*map_lines(name, number, body), "!"]
    by_vrf: dict[str, list[str]] = {}
    for (vrf, word, protocol), name in sorted(objects.bindings.items()):
        by_vrf.setdefault(vrf, []).append(f"{word} protocol {protocol} route-map {name}")
    for vrf, text in sorted(objects.routes):
        by_vrf.setdefault(vrf, []).append(text)
    for vrf, texts in sorted(by_vrf.items()):
        result += [f"vrf {vrf}", *(f" {text}" for text in texts), "exit-vrf", "!"] if vrf else [*texts, "!"]
    return result


def _text(content: bytes) -> str:
    """Text that gives back the same bytes, whatever their encoding."""
    return content.decode("utf-8", "surrogateescape")


def _whole(texts: t.Iterable[str]) -> bytes:
    """Whole lines."""
    return _bytes("".join(f"{text}\n" for text in texts))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
