# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the objects a host has to the objects it shall have: stages of vtysh lines, and the new frr.conf. Pure.

The stages go to vtysh one after the other, each in a call of its own: within one call FRR 10 hands the lines to its
daemons in parallel, so a map could be bound before it exists, which removes every route of that protocol. The order
makes an abort after any line harmless: maps get their final permit first, are bound last and unbound first.
"""

from __future__ import annotations

from typing import Any

from ..._files.markers import Markers
from .objects import TAIL, called
from .parse import (
    BindingKey,
    Objects,
    lines,
    parse,
    static,
)

_MARKERS = Markers("!")
BEGIN, BEGIN_NEWLINE, END = (text.decode("ascii") for text in (_MARKERS.begin, _MARKERS.joined, _MARKERS.end))
_FILE = "frr.conf"
Entries = dict[int, str]


def same_list(one: Entries, other: Entries) -> bool:
    """Whether two prefix-lists mean the same: without exemptions the order of the entries has no meaning."""
    ordered = [[text for _number, text in sorted(entries.items())] for entries in (one, other)]
    if any(text.startswith("deny ") for texts in ordered for text in texts):
        return ordered[0] == ordered[1]
    return sorted(ordered[0]) == sorted(ordered[1])


def same(one: Objects, other: Objects) -> bool:
    """Whether two sets of objects mean the same."""
    return (
        one.lists.keys() == other.lists.keys()
        and all(same_list(entries, other.lists[key]) for key, entries in one.lists.items())
        and (one.maps, one.bindings, one.routes) == (other.maps, other.bindings, other.routes)
    )


def stages(have: Objects, want: Objects, operator: dict[BindingKey, str]) -> list[dict[str, Any]]:
    """[{lines: [text], needs: [map]}]: what to give to vtysh, one call per stage; empty when nothing is to do.

    needs: the maps zebra must show complete before the stage runs.
    operator: {(vrf, word, protocol): map} of the operator's bindings to put back where ours go.
    """
    unbind: list[tuple[str, str]] = []
    for key in sorted(have.bindings.keys() - want.bindings.keys()):
        vrf, word, protocol = key
        back = operator.get(key)
        unbind.append(
            (vrf, f"{word} protocol {protocol} route-map {back}" if back else f"no {word} protocol {protocol}")
        )
    unbind += [(vrf, f"no {text}") for vrf, text in sorted(have.routes - want.routes)]
    bind = [
        (key[0], f"{key[1]} protocol {key[2]} route-map {name}")
        for key, name in sorted(want.bindings.items())
        if have.bindings.get(key) != name
    ]
    found = [
        {"lines": _in_vrfs(unbind), "needs": []},
        {"lines": _lists(have, want) + _maps(have, want), "needs": []},
        {"lines": _in_vrfs(bind), "needs": sorted({line.split()[-1] for _vrf, line in bind})},
        {"lines": _in_vrfs(sorted(want.routes - have.routes)), "needs": []},
        {"lines": _removals(have, want), "needs": []},
    ]
    return [stage for stage in found if stage["lines"]]


def _in_vrfs(pairs: list[tuple[str, str]]) -> list[str]:
    """Lines under their vrf. Those of the default VRF come first, before any vrf block could swallow them."""
    result = [text for vrf, text in pairs if not vrf]
    for vrf in sorted({vrf for vrf, _text in pairs if vrf}):
        result += [f"vrf {vrf}", *(f" {text}" for v, text in pairs if v == vrf), "exit-vrf"]
    return result


def _lists(have: Objects, want: Objects) -> list[str]:
    remove: list[str] = []
    add: list[str] = []
    for key, entries in sorted(want.lists.items()):
        word, name = key
        old = have.lists.get(key, {})
        if same_list(old, entries):
            continue
        new = entries
        if not any(text.startswith("deny ") for text in [*old.values(), *entries.values()]):
            new = _keep_numbers(old, entries)
        gone = {n: text for n, text in old.items() if new.get(n) != text}
        remove += [f"no {word} prefix-list {name} seq {n} {text}" for n, text in sorted(gone.items())]
        add += [f"{word} prefix-list {name} seq {n} {t}" for n, t in sorted(new.items()) if old.get(n) != t]
    # Everything goes before anything comes: FRR refuses an entry that stands under another number still.
    return remove + add


def _keep_numbers(old: Entries, entries: Entries) -> Entries:
    """The wanted entries under the numbers they have already, new ones behind the last."""
    numbers = {text: number for number, text in old.items()}
    result = {numbers[text]: text for text in entries.values() if text in numbers}
    following = max(old, default=0)
    for text in entries.values():
        if text not in numbers:
            following += 5
            result[following] = text
    return result


def map_lines(name: str, sequence: int, body: tuple[str, ...]) -> list[str]:
    """One sequence of a route-map as FRR writes it: match, set, call."""
    order = {"match": 0, "set": 1, "call": 2}
    ordered = sorted(body, key=lambda line: order.get(line.split()[0], 3))
    return [f"route-map {name} permit {sequence}", *(f" {line}" for line in ordered), "exit"]


def _maps(have: Objects, want: Objects) -> list[str]:
    result: list[str] = []
    for name, sequences in sorted(want.maps.items()):
        old = have.maps.get(name, {})
        if old == sequences:
            continue
        if old.get(TAIL) != sequences[TAIL]:
            # Not removed first: without this sequence the map denies, and `call` is replaced in place.
            result += [f"route-map {name} permit {TAIL}"]
            calls = any(line.startswith("call ") for line in old.get(TAIL, ("", ()))[1])
            if calls and not sequences[TAIL][1]:
                result.append(" no call")
            result += [*(f" {line}" for line in sequences[TAIL][1]), "exit"]
        for sequence in sorted(old.keys() | sequences.keys()):
            if sequence == TAIL or old.get(sequence) == sequences.get(sequence):
                continue
            # Recreated, not edited: FRR 8.4 loses `set src` of a sequence when its family changes.
            if sequence in old:
                result.append(f"no route-map {name} {old[sequence][0]} {sequence}")
            if sequence in sequences:
                result += map_lines(name, sequence, sequences[sequence][1])
    return result


def _removals(have: Objects, want: Objects) -> list[str]:
    result = [f"no route-map {name}" for name in sorted(have.maps.keys() - want.maps.keys())]
    return result + [f"no {word} prefix-list {name}" for word, name in sorted(have.lists.keys() - want.lists.keys())]


def block(objects: Objects) -> dict[str, Any]:
    """The objects in the order of the file, for the template: [lists], [maps], and per VRF what binds them."""
    vrfs = sorted({key[0] for key in objects.bindings} | {vrf for vrf, _text in objects.routes})
    return {
        "lists": [
            {"word": word, "name": name, "entries": [{"seq": n, "text": text} for n, text in sorted(entries.items())]}
            for (word, name), entries in sorted(objects.lists.items())
        ],
        "maps": [
            {"name": name, "sequences": [map_lines(name, n, body[1]) for n, body in sorted(sequences.items())]}
            for name, sequences in sorted(objects.maps.items())
        ],
        "vrfs": [
            {
                "name": vrf,
                "bindings": [
                    {"word": key[1], "protocol": key[2], "map": name}
                    for key, name in sorted(objects.bindings.items())
                    if key[0] == vrf
                ],
                "routes": [text for v, text in sorted(objects.routes) if v == vrf],
            }
            for vrf in vrfs
        ],
    }


def strip(text: str, prefix: str, tag: int) -> str:
    """A frr.conf without our piece, all else byte for byte.

    Our marked block goes as it is. Where FRR has rewritten the file (`write memory` drops comments and sorts), our
    objects are found by name and tag; the operator's binding that our map had wrapped is put back in its place.
    Raises Refused where the markers do not say which lines are ours.
    """
    kept = _MARKERS.take(text.encode(), _FILE).decode()
    config = parse(kept, prefix, tag)
    whole = parse(text, prefix, tag)
    result: list[str] = []
    gone = False
    for raw, line in zip(kept.split("\n"), lines(kept)):
        replaced = _ours(raw, line.text, line.vrf, line.block, prefix, tag, config.theirs.bindings, whole.ours)
        if replaced is None:
            if gone and line.text == "!" and (not result or result[-1].strip() == "!"):
                continue
            result.append(raw)
            gone = False
        else:
            result += replaced
            gone = True
    return "\n".join(result)


def _ours(
    raw: str,
    text: str,
    vrf: str,
    opened: str,
    prefix: str,
    tag: int,
    theirs: dict[BindingKey, str],
    ours: Objects,
) -> list[str] | None:
    """What stands in place of this line of ours (mostly nothing); None when the line is not ours."""
    words = text.split()
    if opened.startswith(f"route-map {prefix}") and not text.startswith("!"):
        return []
    if len(words) > 2 and words[1] == "prefix-list" and words[2].startswith(prefix):
        return []
    if len(words) == 5 and words[1] == "protocol" and words[3] == "route-map" and words[4].startswith(prefix):
        back = called(ours, words[4])
        if not back or (vrf, words[0], words[2]) in theirs or theirs.get((vrf, words[0], "any")) == back:
            return []
        return [f"{raw[: len(raw) - len(raw.lstrip())]}{words[0]} protocol {words[2]} route-map {back}"]
    route = static(text, vrf)
    if route and route.options.get("tag") == str(tag):
        return []
    return None


def file_plan(text: str, want: Objects, prefix: str, tag: int) -> dict[str, Any]:
    """{changed, rest, begin}: whether frr.conf must be written, the operator's part, the line that begins our block.

    Raises Refused where the markers in it do not say which lines are ours.
    """
    found = parse(text, prefix, tag)
    rest = strip(text, prefix, tag)
    newline = rest == "" or rest.endswith("\n")
    marked = _MARKERS.find(text.encode(), _FILE) is not None
    nothing = same(want, Objects())
    changed = not same(found.ours, want) or (nothing and (marked or rest != text))
    return {
        "changed": changed,
        "rest": rest,
        "begin": BEGIN if newline else BEGIN_NEWLINE,
        "end": END,
        "empty": nothing,
    }
