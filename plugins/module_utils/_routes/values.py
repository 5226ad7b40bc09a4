# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes as values: as the kernel holds them, in one line, and as a task wants them. PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._base.names import NAME_OF_SCOPE, NAME_OF_TOS, NAME_OF_TYPE, table_name
from .._base.protocols import protocol_name
from .._base.values import INET, INET6, MAIN, Prefix, address_text
from .encap import Details, words


@dataclass(frozen=True)
class NextHop:
    """One way out. ``weight`` counts from 1; ``flags`` are words of its state."""

    gateway: str | None = None
    device: str | None = None
    weight: int = 1
    onlink: bool = False
    encap: Details | None = None
    realm: int | None = None
    flags: tuple[str, ...] = ()

    def result(self) -> dict[str, t.Any]:
        return {
            "gateway": self.gateway,
            "device": self.device,
            "weight": self.weight,
            "onlink": self.onlink,
            "encap": self.encap,
            "realms": realms_text(self.realm) if self.realm else None,
            "flags": list(self.flags),
        }

    def words(self, family: int) -> list[str]:
        """Of one of several, as ``print_rta_multipath()`` of iproute2 says them."""
        said = words(self.encap) if self.encap else []
        said += _via(self, family)
        if self.realm:
            said.append(_realm_words(self.realm))
        said += _dev(self)
        return [*said, f"weight {self.weight}", *flag_words(self.flags, self.onlink)]


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
    encap: Details | None = None
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
            "encap": self.encap,
            "realms": realms_text(self.realm) if self.realm else None,
            "expires": self.expires,
            "pref": self.preference,
            "flags": list(self.flags),
            "metrics": dict(self.metrics),
            "locked": list(self.locked),
            "line": self.line(),
        }

    def line(self) -> str:
        """One line in the words and the order of ``ip -d route show`` (``print_route()`` of iproute2).

        Left out are ``unicast``, ``table main`` and ``scope global``, which go without saying, and the ``nh_info`` of a
        nexthop object.
        """
        single = self.hops[0] if self.hops and not self.multipath else None
        said = [] if self.type == 1 else [NAME_OF_TYPE.get(self.type, str(self.type))]
        said.append(self.destination.short)
        if self.from_prefix:
            said.append(f"from {self.from_prefix.short}")
        if self.nexthop_id:
            said.append(f"nhid {self.nexthop_id}")
        if self.encap:
            said += words(self.encap)
        if self.tos:
            said.append(f"tos {NAME_OF_TOS.get(self.tos, f'0x{self.tos:02x}')}")
        if single:
            said += [*_via(single, self.family), *_dev(single)]
        if self.table != MAIN:
            said.append(f"table {table_name(self.table)}")
        said.append(f"proto {protocol_name(self.protocol)}")
        if self.scope:
            said.append(f"scope {NAME_OF_SCOPE.get(self.scope, str(self.scope))}")
        if self.source:
            said.append(f"src {self.source}")
        if self.metric or self.family == INET6:
            said.append(f"metric {self.metric}")
        said += flag_words(self.flags, bool(single and single.onlink))
        if self.realm:
            said.append(_realm_words(self.realm))
        if self.expires is not None:
            said.append(f"expires {self.expires}sec")
        for name, value in self.metrics:
            said.append(f"{name} {'lock ' if name in self.locked else ''}{value}{_unit(name)}")
        if self.preference:
            said.append(f"pref {self.preference}")
        if self.multipath:
            for hop in self.hops:
                said += ["nexthop", *hop.words(self.family)]
        return " ".join(said)


def _unit(name: str) -> str:
    return "ms" if name in ("rtt", "rttvar", "rto_min") else ""


def flag_words(flags: t.Iterable[str], onlink: bool) -> list[str]:
    """``onlink`` among the other flags, where ``print_rt_flags()`` of iproute2 says it."""
    said = list(flags)
    if onlink:
        said.insert(1 if said[:1] == ["dead"] else 0, "onlink")
    return said


def realms_text(realm: int) -> str:
    """``3/4``, or ``4`` where there is no source realm."""
    source, own = realm >> 16, realm & 0xFFFF
    return f"{source}/{own}" if source else str(own)


def _realm_words(realm: int) -> str:
    source, own = realm >> 16, realm & 0xFFFF
    named = str(own) if own else "cosmos"  # as iproute2's rt_realms calls realm 0
    return f"realms {source}/{named}" if source else f"realm {named}"


def _via(hop: NextHop, family: int) -> list[str]:
    if not hop.gateway:
        return []
    return [f"via {'inet6 ' if family == INET and ':' in hop.gateway else ''}{hop.gateway}"]


def _dev(hop: NextHop) -> list[str]:
    return [f"dev {hop.device}"] if hop.device else []


@dataclass(frozen=True)
class Hop:
    """A next hop that the user wants; None is unnamed. ``gateway`` is (family, packed), ``device`` an index.

    ``direct``: it is named that there is no gateway. ``encap`` is (type, payload), of type 0 where it is named that
    there is none; ``realms`` as RTA_FLOW has them, 0 for none.
    """

    gateway: tuple[int, bytes] | None = None
    device: int | None = None
    weight: int = 1
    onlink: bool | None = None
    direct: bool = False
    encap: tuple[int, bytes] | None = None
    realms: int | None = None

    def words(self, names: t.Mapping[int, str]) -> str:
        """As ``ip route`` prints it: ``via 10.0.0.254 dev v0``."""
        words = [f"via {address_text(self.gateway[1])}"] if self.gateway else []
        if self.device:
            words.append(f"dev {names.get(self.device, str(self.device))}")
        return " ".join(words)


@dataclass(frozen=True)
class Shape:
    """Everything that a task names of a route but its destination; None is unnamed.

    Thousands of routes share one, so that what is costly is done once for each Shape. ``locked`` as RTAX_LOCK has it;
    ``encap`` and ``realms``, as in ``Hop``, are those of the only next hop or of each; ``expires`` in seconds, 0 for
    ever.
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
    locked: int | None = None
    encap: tuple[int, bytes] | None = None
    realms: int | None = None
    expires: int | None = None
    preference: int | None = None
