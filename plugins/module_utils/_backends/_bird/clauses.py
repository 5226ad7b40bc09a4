# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as the clauses of our functions, of which the last that matches counts. PRIVATE to the collection. Pure."""

from __future__ import annotations

import typing as t

from ..._intent.policy import prefix_of

# filter/config.Y and proto/ospf/config.Y of BIRD: OSPF has four route sources.
SOURCES = {
    "babel": ("RTS_BABEL",),
    "bgp": ("RTS_BGP",),
    "ospf": ("RTS_OSPF", "RTS_OSPF_IA", "RTS_OSPF_EXT1", "RTS_OSPF_EXT2"),
    "rip": ("RTS_RIP",),
    "static": ("RTS_STATIC",),
}

Entry = dict[str, t.Any]


def condition(protocols: t.Sequence[str]) -> str:
    """The condition on BIRD's ``source`` for protocols of the intent."""
    names = [name for protocol in protocols for name in SOURCES[protocol]]
    return f"source = {names[0]}" if len(names) == 1 else f"source ~ [ {', '.join(names)} ]"


def clauses(policies: t.Sequence[Entry]) -> list[Entry]:
    """The policies of one table and family as ``if`` clauses, of which the LAST that matches counts.

    Order as the intent defines it (``_intent.policy``), turned round: shorter destinations first, ``orlonger``
    before ``exact``. Destinations of one length and match cannot overlap, so those with the same conditions share one
    clause whatever the number of policies; that keeps the function short where the intent is long.
    """
    grouped: dict[tuple[t.Any, ...], Entry] = {}
    exempt = [tuple(policy["except"]) for policy in policies]
    # A number instead of the list itself, which would be hashed and compared for every destination.
    known = sorted(set(exempt))
    numbers = {texts: number for number, texts in enumerate(known)}
    for policy, texts in zip(policies, exempt):
        exact, number = policy["match"] == "exact", numbers[texts]
        for text in policy["destinations"]:
            key = ((int(text.rsplit("/", 1)[1]), exact), tuple(policy["protocols"]), policy["source"], number)
            clause = grouped.setdefault(key, {"names": set(), "nets": set()})
            clause["names"].add(policy["name"] or "(no name)")
            clause["nets"].add(text)
    return [_clause(key, known[key[-1]], clause) for key, clause in _joined(grouped)]


def _joined(grouped: dict[tuple[t.Any, ...], Entry]) -> list[tuple[tuple[t.Any, ...], Entry]]:
    """The clauses in order; one joins an earlier one of its conditions where only its own source lies between."""
    found: list[tuple[tuple[t.Any, ...], Entry]] = []
    run: dict[tuple[t.Any, ...], Entry] = {}
    for key in sorted(grouped):
        (_length, exact), protocols, source, number = key
        if found and found[-1][0][2] != source:
            run = {}
        earlier = run.setdefault((exact, protocols, number), grouped[key])
        if earlier is grouped[key]:
            found.append((key, earlier))
        else:
            earlier["nets"] |= grouped[key]["nets"]
            earlier["names"] |= grouped[key]["names"]
    return found


def _clause(key: tuple[t.Any, ...], exempt: tuple[str, ...], clause: Entry) -> Entry:
    (_length, exact), protocols, source, _number = key
    names = sorted(clause["names"])
    return {
        "comment": ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""),
        "condition": None if "any" in protocols else condition(protocols),
        "nets": [text if exact else f"{text}+" for text in sorted(clause["nets"], key=prefix_of)],
        "except": [f"{text}+" for text in exempt],
        "source": source,
    }
