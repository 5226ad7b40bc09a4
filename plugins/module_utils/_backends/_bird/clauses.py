# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as the clauses of our functions, of which the last that matches counts. PRIVATE to the collection. Pure."""

from __future__ import annotations

import ipaddress
import typing as t

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
    for policy in policies:
        for text in policy["destinations"]:
            length = int(text.rsplit("/", 1)[1])
            key = (
                (length, policy["match"] == "exact"),
                tuple(policy["protocols"]),
                policy["source"],
                tuple(policy["except"]),
            )
            clause = grouped.setdefault(key, {"names": set(), "nets": set()})
            clause["names"].add(policy["name"] or "(no name)")
            clause["nets"].add(text)
    merged: list[tuple[tuple[t.Any, ...], Entry]] = []
    for key in sorted(grouped):
        _add(merged, key, grouped[key])
    return [_clause(key, clause) for key, clause in merged]


def _add(merged: list[tuple[tuple[t.Any, ...], Entry]], key: tuple[t.Any, ...], clause: Entry) -> None:
    """Join an earlier clause of the same conditions where nothing between them could change the answer."""
    exact = key[0][1]
    for other, earlier in reversed(merged):
        if other[1:] == key[1:] and other[0][1] == exact:
            earlier["nets"] |= clause["nets"]
            earlier["names"] |= clause["names"]
            return
        if other[2] != key[2]:
            break
    merged.append((key, clause))


def _clause(key: tuple[t.Any, ...], clause: Entry) -> Entry:
    (_length, exact), protocols, source, exempt = key
    names = sorted(clause["names"])
    return {
        "comment": ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""),
        "condition": None if "any" in protocols else condition(protocols),
        "nets": [text if exact else f"{text}+" for text in sorted(clause["nets"], key=_order)],
        "except": [f"{text}+" for text in exempt],
        "source": source,
    }


def _order(text: str) -> tuple[int, int]:
    network = ipaddress.ip_network(text)
    return int(network.network_address), network.prefixlen
