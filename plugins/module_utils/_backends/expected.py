# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which source an intent expects of a connection, by the route that would carry it now. PRIVATE. Pure."""

from __future__ import annotations

import socket
import typing as t

from .._base.cover import Cover
from .._base.values import BITS, DEFAULT_METRICS, INET, INET6, MAIN
from .._intent.policy import Policy, prefix_of
from .interface import Intent
from .verify import candidates

#: (vrf, table) as the normal form has them.
_Place = tuple["str | None", "int | None"]
_Route = dict["str", t.Any]


class IntentSources:
    """What an intent says of destinations.

    ``vrfs``: the names of the host's VRFs by their table. ``backend``: as `verify.candidates` takes it.
    """

    def __init__(self, intent: Intent, backend: str | None, vrfs: t.Mapping[int, str]) -> None:
        self._policy = Policy(intent["policies"])
        self._backend = backend
        self._vrfs = vrfs
        self._routes: dict[tuple[_Place, int], Cover[list[_Route]]] = {}
        self._named: dict[int, Cover[list[None]]] = {family: Cover(bits, list) for family, bits in BITS.items()}
        for entry in intent["routes"]:
            prefix = prefix_of(entry["destination"])
            where = (entry["vrf"], entry["table"]), prefix.family
            cover = self._routes.setdefault(where, Cover(BITS[prefix.family], list))
            cover.at(prefix.start, prefix.length).append(entry)
        self.destinations = {entry["destination"] for entry in intent["routes"]}
        self.destinations |= {text for entry in intent["policies"] for text in entry["destinations"]}
        for prefix in map(prefix_of, self.destinations):
            self._named[prefix.family].at(prefix.start, prefix.length)

    def speaks_of(self, destination: bytes) -> bool:
        """Whether the intent may say something of this address."""
        family = INET if len(destination) == 4 else INET6
        return self._named[family].covers(int.from_bytes(destination, "big"), BITS[family])

    def sources(self, destination: bytes, vrf: str | None, route: t.Mapping[str, t.Any] | None) -> frozenset[bytes]:
        """The sources that connections to an address may have, packed; empty where the intent says nothing of them.

        ``route``: the one that would carry a new connection now, as `route_info` has it; None where there is none.
        ``vrf``: the socket's, which counts where there is no route.

        A route of the intent speaks for its destination, unless the host has a longer one; then, and where there is
        none, the policies speak. A route of the intent that the host does not have speaks all the same.
        """
        if route is not None and route["type"] != "unicast":
            return frozenset()
        place = self._place(vrf, route)
        family = INET if len(destination) == 4 else INET6
        found = prefix_of(route["destination"]) if route else None
        cover = self._routes.get((place, family))
        for length, entries in cover.over(int.from_bytes(destination, "big"), BITS[family]) if cover else ():
            if found is None or length >= found.length:
                same = route is not None and found is not None and length == found.length
                alike = [one for one in entries if same and route and _metric(one, family) == route["metric"]]
                return frozenset(_packed(one["source"]) for one in alike or entries)
            break
        rules = candidates(self._policy, place[0], route, self._backend, place[1]) if route else []
        if None in rules:  # which policy is for the route cannot be told, and perhaps none is
            return frozenset()
        return frozenset(_packed(rule.source) for rule in rules if rule)

    def _place(self, vrf: str | None, route: t.Mapping[str, t.Any] | None) -> _Place:
        if route is None:
            return vrf, None
        table = route["table"]
        if table == MAIN:
            return None, None
        return (self._vrfs[table], None) if table in self._vrfs else (None, table)


def _metric(entry: t.Mapping[str, t.Any], family: int) -> int:
    found: int = entry["metric"] or DEFAULT_METRICS[family]
    return found


def _packed(text: str) -> bytes:
    return socket.inet_pton(INET6 if ":" in text else INET, text)
