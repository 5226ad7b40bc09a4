# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of the module ``nexthop`` to values. Pure but for the view of the host. PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._base.errors import InvalidInput
from .._base.names import number
from .._base.protocols import PROTOCOLS
from .._base.values import INET, INET6
from .._routes import parts
from .._routes.values import Hop
from .._routes.wanted import bounded, next_hop

if t.TYPE_CHECKING:
    from .._host.host import Host

_MAX_U32 = 0xFFFFFFFF
_FAMILIES = {"ipv4": INET, "ipv6": INET6}


class Wanted(t.NamedTuple):
    """Entry ``number``: an object by its ``id``; None is unnamed. ``group``: weights by the numbers of its members."""

    number: int
    id: int
    absent: bool = False
    family: int | None = None
    protocol: int | None = None
    hop: Hop | None = None
    blackhole: bool = False
    group: dict[int, int] | None = None

    @property
    def what(self) -> str:
        return f"nexthops[{self.number}]"


def nexthops(items: t.Sequence[t.Mapping[str, t.Any]], host: Host) -> list[Wanted]:
    """The entries in order; refuses two for one number."""
    found: dict[int, Wanted] = {}
    for at, item in enumerate(items):
        one = _nexthop(at, item, host)
        if one.id in found:
            raise InvalidInput(f"{one.what}: names the same object as {found[one.id].what}: {one.id}")
        found[one.id] = one
    return list(found.values())


def _nexthop(at: int, item: t.Mapping[str, t.Any], host: Host) -> Wanted:
    what = f"nexthops[{at}]"
    way = [name for name in ("gateway", "device", "encap", "onlink") if item.get(name)]
    kinds = [name for name in ("group", "blackhole") if item.get(name)]
    if len(kinds) > 1 or (kinds and way):
        raise InvalidInput(f"{what}: give {' or '.join([*kinds, *way])}, not both")
    family = _FAMILIES[item["family"]] if item.get("family") else None
    gateway = item.get("gateway") or ""
    if gateway not in ("", "none"):
        family = INET6 if ":" in gateway else INET
    protocol = item.get("protocol")
    return Wanted(
        number=at,
        id=bounded(item.get("id"), f"{what}.id", 1, _MAX_U32),
        absent=item.get("state") == "absent",
        family=family,
        protocol=None if protocol is None else number(protocol, PROTOCOLS, f"{what}.protocol", 255),
        hop=_hop(item, family, host, what) if way else None,
        blackhole=bool(item.get("blackhole")),
        group=_group(item["group"], f"{what}.group") if item.get("group") is not None else None,
    )


def _hop(item: t.Mapping[str, t.Any], family: int | None, host: Host, what: str) -> Hop:
    encap = parts.encapsulation(item.get("encap"), f"{what}.encap")
    if not item.get("gateway") and not item.get("device"):
        return Hop(onlink=item.get("onlink"), encap=encap)
    return replace(next_hop(item, family or INET, host, what), encap=encap)


def _group(members: t.Sequence[t.Mapping[str, t.Any]], what: str) -> dict[int, int]:
    if not members:
        raise InvalidInput(f"{what}: is empty; name at least one member")
    found: dict[int, int] = {}
    for at, member in enumerate(members):
        own = bounded(member.get("id"), f"{what}[{at}].id", 1, _MAX_U32)
        if own in found:
            raise InvalidInput(f"{what}[{at}]: names {own} twice; use weight instead")
        weight = member.get("weight")
        found[own] = bounded(1 if weight is None else weight, f"{what}[{at}].weight", 1, 256)
    return found
