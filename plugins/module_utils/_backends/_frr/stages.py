# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the objects a host has to the objects it shall have: stages of vtysh lines. Pure.

The stages go to vtysh one after the other, each in a call of its own: within one call FRR 10 hands the lines to its
daemons in parallel, so a map could be bound before it exists, which removes every route of that protocol. The order
makes an abort after any line harmless: maps get their final permit first, are bound last and unbound first.
"""

from __future__ import annotations

import typing as t

from .objects import TAIL
from .parse import BindingKey, Objects

Entries = dict[int, str]


class Stage(t.NamedTuple):
    """Lines for one call of vtysh. ``needs``: the maps zebra must show complete before it runs."""

    lines: list[str]
    needs: list[str]


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


def stages(have: Objects, want: Objects, operator: t.Mapping[BindingKey, str]) -> list[Stage]:
    """What to give to vtysh, one call per stage; empty when nothing is to do.

    ``operator``: {(vrf, word, protocol): map} of the operator's bindings to put back where ours go.
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
        Stage(_in_vrfs(unbind), []),
        Stage(_lists(have, want) + _maps(have, want), []),
        Stage(_in_vrfs(bind), sorted({line.split()[-1] for _vrf, line in bind})),
        Stage(_in_vrfs(sorted(want.routes - have.routes)), []),
        Stage(_removals(have, want), []),
    ]
    return [stage for stage in found if stage.lines]


def _in_vrfs(pairs: list[tuple[str, str]]) -> list[str]:
    """Lines under their vrf. Those of the default VRF come first, before any vrf block could swallow them."""
    by_vrf: dict[str, list[str]] = {}
    for vrf, text in pairs:
        by_vrf.setdefault(vrf, []).append(text)
    result = by_vrf.pop("", [])
    for vrf, texts in sorted(by_vrf.items()):
        result += [f"vrf {vrf}", *(f" {text}" for text in texts), "exit-vrf"]
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
