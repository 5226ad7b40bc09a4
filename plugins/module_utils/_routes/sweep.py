# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the module ``route`` without a destination: all routes of a table that agree shall go. Pure. PRIVATE."""

from __future__ import annotations

import typing as t

from .._base.errors import InvalidInput
from .._base.values import INET, INET6
from .owners import owner_of
from .payload import Payload
from .values import Shape
from .wanted import shape_of

if t.TYPE_CHECKING:
    from .._host.host import Host

#: One of them must be named: a table is not emptied by leaving options out.
SELECTING = ("device", "gateway", "protocol", "source", "nexthop_id")


class Sweep(t.NamedTuple):
    """Entry ``number``: of each family that it can mean, what routes must agree with."""

    number: int
    shapes: tuple[Shape, ...]

    @property
    def what(self) -> str:
        return f"routes[{self.number}]"


def sweeps(found: t.Iterable[tuple[int, t.Mapping[str, t.Any]]], host: Host) -> list[Sweep]:
    """The entries of these numbers."""
    read = []
    for number, item in found:
        what = f"routes[{number}]"
        if not any(item.get(name) for name in SELECTING):
            some = f"{', '.join(SELECTING[:-1])} or {SELECTING[-1]}"
            raise InvalidInput(
                f"{what}.destination: is required, unless all routes shall go that have the {some} that the entry names"
            )
        read.append(Sweep(number, tuple(shape_of(item, family, host, what) for family in _families(item))))
    return read


def _families(item: t.Mapping[str, t.Any]) -> tuple[int, ...]:
    """IPv4 routes may have an IPv6 gateway; all else that an entry names belongs to one family, or to both."""
    if item.get("source"):
        return (INET6,) if ":" in item["source"] else (INET,)
    if any(item.get(name) is not None for name in ("from", "expires", "pref")):
        return (INET6,)
    if any(item.get(name) is not None for name in ("tos", "realms", "scope")):
        return (INET,)
    gateway = item.get("gateway") or "none"
    return (INET, INET6) if gateway == "none" or ":" in gateway else (INET,)


def selects(shape: Shape, payload: Payload) -> bool:
    """Whether a route agrees in what identifies it; the rest is for ``edited`` to compare."""
    return (
        shape.metric in (None, payload.metric)
        and shape.tos in (0, payload.header.tos)
        and shape.from_prefix in (None, payload.from_prefix)
    )


def spared(shape: Shape, payload: Payload, force: bool) -> str | None:
    """Who owns a route that stays because the entry does not name the owner's protocol."""
    owner = owner_of(payload) if shape.protocol is None else None
    return owner if owner == "kernel" or not force else None
