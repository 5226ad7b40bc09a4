# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the kernel's messages concern an intent. Pure. PRIVATE to the collection.

A host with a full table hears of thousands of routes that are nobody's business here, and judges nothing for them.
"""

from __future__ import annotations

import socket
import typing as t

from ..._base.cover import Cover
from ..._base.protocols import OWN_PROTOCOL, owner, word_of
from ..._base.values import BITS, INET, INET6
from ..._intent.policy import Statement, prefix_of
from ..._netlink import wire
from ..._netlink.decode import IFA_ADDRESS, IFA_LOCAL, IFADDRMSG
from ..._routes.payload import Payload
from .rivals import Key

_ROUTES = (wire.RTM_NEWROUTE, wire.RTM_DELROUTE)
_ADDRESSES = (wire.RTM_NEWADDR, wire.RTM_DELADDR)
_NAMES = {int(INET): "ipv4", int(INET6): "ipv6"}


def route_key(payload: Payload) -> Key:
    """What the kernel tells a route from others by, but for the fields that no route of ours has."""
    return payload.table, payload.destination.key, payload.metric


def address_key(packed: bytes, length: int, index: int) -> Key:
    """An address with its prefix length, and the number of its device."""
    return packed, length, index


class Concern(t.NamedTuple):
    """``look``: whether to judge; ``key``: what a process has changed of ours, None where it is not known.

    ``lost``: somebody else's route that the kernel has removed with the source that a policy had given it.
    """

    look: bool
    key: Key | None = None
    by: str = ""
    lost: Payload | None = None


_NO = Concern(False)


class Interest:
    """The destinations, gateways and policies of an intent. ``force``: daemons' routes get their source, too."""

    def __init__(self, intent: t.Mapping[str, list[t.Any]], force: bool) -> None:
        self._force = force
        self._own = {prefix_of(entry["destination"]).key for entry in intent["routes"]}
        self._gateways = {family: _Gateways(family) for family in (INET, INET6)}
        for entry in intent["routes"]:
            for hop in entry["nexthops"] or [entry]:
                if hop["gateway"]:
                    packed = prefix_of(hop["gateway"]).packed
                    self._gateways[INET if len(packed) == 4 else INET6].add(packed)
        self._policies: dict[int, Cover[list[Statement]]] = {
            family: Cover(BITS[family], list) for family in (INET, INET6)
        }
        self._sources: dict[Statement, bytes] = {}
        for statement in map(Statement, intent["policies"]):
            family = INET if statement.family == "ipv4" else INET6
            self._sources[statement] = socket.inet_pton(family, statement.source)
            for prefix in statement.destinations:
                self._policies[family].at(prefix.start, prefix.length).append(statement)

    def of(self, event: wire.Event, ours: int, waiting: bool) -> Concern:
        """``ours``: the port of the keeper's own changes; ``waiting``: something may wait for a way to a gateway."""
        if event.port == ours:
            return _NO
        if event.kind in _ROUTES:
            return self._route(event, waiting)
        if event.kind in _ADDRESSES and event.port:
            return Concern(True, _address_key(event.payload), _by(event.port))
        return Concern(True)

    def _route(self, event: wire.Event, waiting: bool) -> Concern:
        payload = Payload(event.payload)
        family = payload.header.family
        if family not in _NAMES:
            return _NO
        prefix = payload.destination
        ours = prefix.key in self._own
        if not ours and event.kind == wire.RTM_DELROUTE and not event.port and self._gave_source(payload):
            return Concern(True, lost=payload)
        if not ours and not (event.kind == wire.RTM_NEWROUTE and self._lacks_source(payload)):
            return Concern(waiting and self._gateways[family].any_in(prefix.start, prefix.length))
        if not event.port:
            return Concern(True)
        return Concern(True, route_key(payload), _by(event.port, owner(payload.header.protocol)))

    def _lacks_source(self, payload: Payload) -> bool:
        """Whether some policy would give this route another source than it has."""
        return any(source != payload.source for source in self._policy_sources(payload))

    def _gave_source(self, payload: Payload) -> bool:
        """Whether the source that it has is that of a policy."""
        return payload.source in self._policy_sources(payload)

    def _policy_sources(self, payload: Payload) -> set[bytes]:
        """The sources of all policies that could be for this route."""
        header, prefix = payload.header, payload.destination
        if header.protocol == OWN_PROTOCOL or (owner(header.protocol) and not self._force):
            return set()
        word = word_of(header.protocol, _NAMES[header.family])
        return {
            self._sources[statement]
            for length, statements in self._policies[header.family].over(prefix.start, prefix.length)
            for statement in statements
            if (length == prefix.length or not statement.exact) and statement.speaks_of(word)
        }


class _Gateways:
    def __init__(self, family: int) -> None:
        self._bits = BITS[family]
        self._all: set[int] = set()

    def add(self, packed: bytes) -> None:
        self._all.add(int.from_bytes(packed, "big"))

    def any_in(self, start: int, length: int) -> bool:
        shift = self._bits - length
        return any(gateway >> shift == start >> shift for gateway in self._all)


def _address_key(payload: bytes) -> Key:
    found = wire.attribute_dict(payload, IFADDRMSG.size)
    _family, length, _flags, _scope, index = IFADDRMSG.unpack_from(payload)
    return address_key(found.get(IFA_LOCAL, found.get(IFA_ADDRESS, b"")), length, index)


def _by(port: int, program: str | None = None) -> str:
    """Who has asked for a change. A socket's port is the id of its process, unless that has several."""
    return f"netlink port {port}" + (f" ({program})" if program else "")
