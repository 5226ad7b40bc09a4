# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier intent of ours gave to which routes, read from our own route-maps. Pure; standard library only.

An address is no owner: the operator may set the same one elsewhere. Only a route of a place that a map of ours served
(VRF, family, protocol, destinations) can carry a source that we left over.
"""

from __future__ import annotations

import socket
import typing as t

from ..._base.cover import Cover


class Place(t.NamedTuple):
    """A route-map of ours and what it was bound to.

    ``vrf``: "" for the default one; ``protocol``: a word of the intent or ``any``; ``sequences``: [(source, entries of
    the prefix-list in order, as FRR writes them)].
    """

    vrf: str
    family: str
    protocol: str
    sequences: list[tuple[str, list[str]]]


BITS = {"ipv4": 32, "ipv6": 128}
_SOCKET_FAMILY = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}


class Former:
    """Which sources our maps gave to a route.

    A protocol without a place takes that of ``any``; one that the operator has bound himself has one without
    sequences. A place may have had several maps, one after the other.
    """

    def __init__(self, places: t.Iterable[Place] = ()) -> None:
        self._maps: dict[tuple[str, str, str], list[list[tuple[str, _List]]]] = {}
        for vrf, family, protocol, sequences in places:
            parsed = [(source, _List(entries, family)) for source, entries in sequences]
            self._maps.setdefault((vrf, family, protocol), []).append(parsed)

    def sources(self, vrf: str, family: str, protocol: str, start: int, length: int) -> set[str]:
        """Of each map the source of the first sequence that takes the route in."""
        maps = self._maps.get((vrf, family, protocol))
        if maps is None:
            maps = self._maps.get((vrf, family, "any"), [])
        given = (next((source for source, entries in one if entries.permits(start, length)), None) for one in maps)
        return {source for source in given if source is not None}

    def places(self) -> set[tuple[str, str]]:
        """{(vrf, family)} in which there may be something left over."""
        return {place[:2] for place, maps in self._maps.items() if any(maps)}


class _List:
    """A prefix-list, looked up by length and start: the first entry that matches decides."""

    def __init__(self, entries: t.Sequence[str], family: str) -> None:
        # [(number, permits, longest)]
        self._entries: Cover[list[tuple[int, bool, int]]] = Cover(BITS[family], list)
        for number, entry in enumerate(entries):
            action, destination, *rest = entry.split()
            start, length = prefix(destination, family)
            # Ours say nothing else; a list that somebody edited by hand covers less rather than more.
            longest = int(rest[1]) if rest[:1] == ["le"] else -1 if rest else length
            self._entries.at(start, length).append((number, action == "permit", longest))

    def permits(self, start: int, length: int) -> bool:
        found = [
            (number, permits)
            for _length, entries in self._entries.over(start, length)
            for number, permits, longest in entries
            if length <= longest
        ]
        return bool(found) and min(found)[1]


def prefix(destination: str, family: str) -> tuple[int, int]:
    """A destination as `ip` prints it (`default`, a bare address, a prefix) as (first address, length)."""
    if destination == "default":
        return 0, 0
    host, _slash, length = destination.partition("/")
    start = int.from_bytes(socket.inet_pton(_SOCKET_FAMILY[family], host), "big")
    return start, int(length) if length else BITS[family]
