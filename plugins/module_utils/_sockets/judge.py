# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections whose source is not the one that is expected now. PRIVATE to the collection. Pure.

A connected socket keeps its source through every change of routes and addresses.
"""

from __future__ import annotations

import typing as t

from .._base.cover import Cover
from .._base.errors import InvalidInput
from .._base.values import BITS, Link, Prefix, address_text, parse_address, parse_prefix
from .._host.domain import domain_of
from .bytecode import plain
from .message import STATES, Socket

_CLOSE, _LISTEN = STATES["close"], STATES["listen"]
_LOOPBACK6 = bytes(15) + b"\1"
#: What may be expected of a connection: packed addresses, any of which will do; empty where nothing is.
Sources = t.Collection[bytes]


class Differing(t.NamedTuple):
    """A connection with another source than one of those expected (text, ``a or b`` for several)."""

    socket: Socket
    expected: str


class Judgement(t.NamedTuple):
    """How many connections something is expected of, those that differ, and how many were left out as incoming."""

    checked: int
    differing: list[Differing]
    incoming: int


class Listeners:
    """Where this host is a server, by its listening TCP sockets and its UDP sockets that are not connected."""

    def __init__(self, sockets: t.Iterable[Socket]) -> None:
        self._any: set[tuple[int, int]] = set()
        self._at: set[tuple[int, int, bytes]] = set()
        for one in sockets:
            if one.state in (_CLOSE, _LISTEN) and one.source_port:
                if any(one.source):
                    self._at.add((one.protocol, one.source_port, one.source))
                else:
                    self._any.add((one.protocol, one.source_port))

    def reached(self, socket: Socket) -> bool:
        """Whether the peer of a connection has connected to us: its local port is one that somebody listens on."""
        protocol, port = socket.protocol, socket.source_port
        return (protocol, port) in self._any or (protocol, port, socket.source) in self._at


def differing(
    sockets: t.Iterable[Socket],
    expected_source_of: t.Callable[[Socket], Sources],
    own: t.Container[bytes] = (),
    listeners: Listeners | None = None,
) -> Judgement:
    """Judge connections, in their order. Sockets that are not connected are passed over.

    ``expected_source_of`` is asked for each of the others, and keeps what is dear to find out. ``own``: the addresses
    of this host, packed; connections to them and to loopback addresses are passed over, as their source is no choice
    of a route. ``listeners``: connections that reached one of them are left out, because they answer from the address
    they were made to.
    """
    found: list[Differing] = []
    checked = incoming = 0
    for one in sockets:
        if not one.destination_port or not any(one.source) or one.destination in own or _loopback(one.destination):
            continue
        expected = expected_source_of(one)
        if not expected:
            continue
        if listeners is not None and listeners.reached(one):
            incoming += 1
            continue
        checked += 1
        if one.source not in expected:
            found.append(Differing(one, " or ".join(str(address_text(source)) for source in sorted(expected))))
    return Judgement(checked, found, incoming)


def _loopback(address: bytes) -> bool:
    return address[0] == 127 if len(address) == 4 else address == _LOOPBACK6


class Expectation(t.NamedTuple):
    """One entry of ``expect``: the source of connections to a destination, in a VRF (its name) or, None, in none."""

    destination: Prefix
    source: bytes
    vrf: str | None


def expectations(items: t.Iterable[t.Mapping[str, t.Any]], what: str) -> list[Expectation]:
    """The entries of a task; InvalidInput names ``what`` and the entry."""
    found = []
    for number, item in enumerate(items):
        where = f"{what}[{number}]"
        family, source = parse_address(item["source"], f"{where}.source")
        destination = plain(parse_prefix(item["destination"], f"{where}.destination", family))
        if destination.family != family:
            raise InvalidInput(f"{where}.source: {item['source']} is not of the family of {item['destination']}")
        found.append(Expectation(destination, source, item.get("vrf")))
    return found


class Expected:
    """``expected_source_of`` of a list of expectations: the longest destination counts."""

    def __init__(self, entries: t.Iterable[Expectation], links: t.Mapping[int, Link]) -> None:
        self._links = links
        self._known: dict[tuple[str | None, int], Cover[dict[bytes, None]]] = {}
        for entry in entries:
            family = entry.destination.family
            cover = self._known.setdefault((entry.vrf, family), Cover(BITS[family], dict))
            cover.at(entry.destination.start, entry.destination.length)[entry.source] = None

    def __call__(self, socket: Socket) -> Sources:
        vrf = self._links[domain] if (domain := domain_of(socket.device, self._links)) else None
        cover = self._known.get((vrf.name if vrf else None, socket.family))
        if cover is None:
            return ()
        start = int.from_bytes(socket.destination, "big")
        for _length, sources in cover.over(start, BITS[socket.family]):
            return sources
        return ()
