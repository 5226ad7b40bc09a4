# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes as values: as the kernel holds them, in one line, and as a task wants them. PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._base.names import NAME_OF_SCOPE, NAME_OF_TYPE, table_name
from .._base.protocols import protocol_name
from .._base.values import INET, INET6, MAIN, Prefix


@dataclass(frozen=True)
class NextHop:
    """One way out. ``weight`` counts from 1."""

    gateway: str | None = None
    device: str | None = None
    weight: int = 1
    onlink: bool = False

    def result(self) -> dict[str, t.Any]:
        return {"gateway": self.gateway, "device": self.device, "weight": self.weight, "onlink": self.onlink}


@dataclass(frozen=True)
class Route:
    """A route as the kernel holds it. ``metric`` is 0 where IPv4 has none; ``expires`` in seconds."""

    destination: Prefix
    table: int
    metric: int
    protocol: int
    scope: int
    type: int
    tos: int = 0
    source: str | None = None
    hops: tuple[NextHop, ...] = ()
    nexthop_id: int | None = None
    metrics: tuple[tuple[str, t.Any], ...] = ()
    locked: tuple[str, ...] = ()
    from_prefix: Prefix | None = None
    encapsulation: str | None = None
    realm: int | None = None
    preference: str | None = None
    expires: int | None = None
    flags: tuple[str, ...] = ()
    multipath: bool = False

    @property
    def family(self) -> int:
        return self.destination.family

    def result(self) -> dict[str, t.Any]:
        """The form that tasks return."""
        single = self.hops[0] if len(self.hops) == 1 and not self.multipath else NextHop()
        return {
            "destination": str(self.destination),
            "gateway": single.gateway,
            "device": single.device,
            "nexthops": [hop.result() for hop in self.hops] if self.multipath else [],
            "nexthop_id": self.nexthop_id,
            "source": self.source,
            "metric": self.metric,
            "table": self.table,
            "protocol": protocol_name(self.protocol),
            "scope": NAME_OF_SCOPE.get(self.scope, str(self.scope)),
            "type": NAME_OF_TYPE.get(self.type, str(self.type)),
            "tos": self.tos,
            "from": str(self.from_prefix) if self.from_prefix else None,
            "metrics": dict(self.metrics),
            "locked": list(self.locked),
            "line": self.line(),
        }

    def line(self) -> str:
        """One line in the words and the order of ``ip route show`` (``iproute.c`` of iproute2)."""
        words = [] if self.type == 1 else [NAME_OF_TYPE.get(self.type, str(self.type))]
        words.append(self.destination.short)
        if self.from_prefix:
            words.append(f"from {self.from_prefix.short}")
        if self.encapsulation:
            words.append(f"encap {self.encapsulation}")
        if self.nexthop_id:
            words.append(f"nhid {self.nexthop_id}")
        if self.tos:
            words.append(f"tos 0x{self.tos:02x}")
        if self.hops and not self.multipath:
            words.append(_hop_words(self.hops[0], self.family))
        if self.table != MAIN:
            words.append(f"table {table_name(self.table)}")
        words.append(f"proto {protocol_name(self.protocol)}")
        if self.scope:
            words.append(f"scope {NAME_OF_SCOPE.get(self.scope, str(self.scope))}")
        if self.source:
            words.append(f"src {self.source}")
        if self.metric or self.family == INET6:
            words.append(f"metric {self.metric}")
        words += self.flags
        if self.hops and not self.multipath and self.hops[0].onlink:
            words.append("onlink")
        if self.realm:
            source_realm, realm = self.realm >> 16, self.realm & 0xFFFF
            words.append(f"realms {source_realm}/{realm}" if source_realm else f"realm {realm}")
        if self.expires is not None:
            words.append(f"expires {self.expires}sec")
        for name, value in self.metrics:
            words.append(f"{name} {'lock ' if name in self.locked else ''}{value}{_unit(name)}")
        if self.preference:
            words.append(f"pref {self.preference}")
        if self.multipath:
            words += [
                f"nexthop {_hop_words(hop, self.family)} weight {hop.weight}{' onlink' if hop.onlink else ''}"
                for hop in self.hops
            ]
        return " ".join(words)


def _unit(name: str) -> str:
    return "ms" if name in ("rtt", "rttvar", "rto_min") else ""


def _hop_words(hop: NextHop, family: int) -> str:
    words = []
    if hop.gateway:
        other = "inet6 " if family == INET and ":" in hop.gateway else ""
        words.append(f"via {other}{hop.gateway}")
    if hop.device:
        words.append(f"dev {hop.device}")
    return " ".join(words)


@dataclass(frozen=True)
class Hop:
    """A next hop that the user wants; None is unnamed. ``gateway`` is (family, packed), ``device`` an index.

    ``direct``: it is named that there is no gateway.
    """

    gateway: tuple[int, bytes] | None = None
    device: int | None = None
    weight: int = 1
    onlink: bool | None = None
    direct: bool = False


@dataclass(frozen=True)
class Shape:
    """Everything that a task names of a route but its destination; None is unnamed.

    Thousands of routes share one, so that what is costly is done once for each Shape.
    """

    family: int
    table: int = MAIN
    metric: int | None = None
    tos: int = 0
    protocol: int | None = None
    scope: int | None = None
    type: int | None = None
    source: bytes | None = None
    hops: tuple[Hop, ...] | None = None
    nexthop_id: int | None = None
    metrics: tuple[tuple[int, bytes], ...] = field(default=())
    from_prefix: Prefix | None = None
