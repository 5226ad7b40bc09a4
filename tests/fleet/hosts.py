# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is in the fleet: the kind of each host, its intent, and what is to become of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.lab.fleet import GATEWAY

OWN = "198.51.100.0/24"
SECOND = "198.51.101.0/24"
LEARNED = "203.0.113.0/24"
YESTERDAY = "198.51.99.0/24"


class Kind(NamedTuple):
    """A kind of host. ``applied``: whether applying the intent works; else ``before``: what an audit then finds.

    ``damage`` is the name of one in ``tests.fleet.damage``, and ``after`` what an audit finds when it is done.
    """

    backend: str = "kernel"
    applied: bool = True
    before: frozenset[str] = frozenset()
    damage: str = ""
    after: frozenset[str] = frozenset()


def _found(*problems: str) -> frozenset[str]:
    return frozenset(problems)


KINDS: Mapping[str, Kind] = {
    "plain": Kind(),
    "slow": Kind(),
    "older": Kind(),
    "unreachable": Kind(applied=False, before=_found("unreachable"), after=_found("unreachable")),
    "addressless": Kind(applied=False, before=_found("refused", "absent"), after=_found("refused", "absent")),
    "lifeless": Kind("bird", applied=False, before=_found("silent"), after=_found("silent")),
    "routeless": Kind(damage="route", after=_found("absent")),
    "renumbered": Kind(damage="address", after=_found("absent", "drift")),
    "resourced": Kind(damage="source", after=_found("different")),
    "twofold": Kind(damage="second", after=_found("twofold")),
    "forgetful": Kind(damage="record", after=_found("drift")),
    "connected": Kind(damage="connection", after=_found("connection")),
    "frr": Kind("frr", damage="daemon", after=_found("silent")),
    "frr-well": Kind("frr"),
    "bird": Kind("bird", damage="daemon", after=_found("silent")),
    "bird-well": Kind("bird"),
}
#: The first hosts are one of each kind; then more of those, in this order.
_MORE = ("plain", "older", "plain", "routeless", "frr-well", "plain", "connected", "bird-well", "resourced", "plain")


class Member(NamedTuple):
    """One host: ``number`` counts from 1 and is in its addresses."""

    name: str
    kind: str
    number: int

    @property
    def traits(self) -> Kind:
        return KINDS[self.kind]

    @property
    def source(self) -> str:
        return f"192.0.2.{self.number}"

    @property
    def address(self) -> str:
        """Of ``eth0``, as tests.lab.fleet gives it."""
        return f"10.64.{self.number >> 8}.{self.number & 255}"


def members(count: int, daemons: Mapping[str, int]) -> list[Member]:
    """``count`` hosts (at most 254), of which at most ``daemons[NAME]`` run that daemon; others are plain then."""
    found: list[Member] = []
    left = dict(daemons)
    kinds = [*KINDS, *(_MORE[at % len(_MORE)] for at in range(count))][:count]
    for number, wanted in enumerate(kinds, 1):
        kind, backend = wanted, KINDS[wanted].backend
        if backend != "kernel" and kind != "lifeless":
            kind = wanted if left.get(backend, 0) > 0 else "plain"
            left[backend] = left.get(backend, 0) - 1
        found.append(Member(f"{kind}-{number:03}", kind, number))
    return found


def intent(member: Member, yesterday: bool = False) -> dict[str, Any]:
    """The variables ``source_ip_*`` of a host; ``yesterday``: as they were before."""
    source = member.source
    backend = member.traits.backend
    own = {"gateway": GATEWAY, "source": source}
    routes = [{"destination": OWN, **own}, {"destination": SECOND, "metric": 100, **own}]
    if yesterday:
        routes.append({"destination": YESTERDAY, **own})
    policies = [{"name": "what BGP brings", "protocols": ["bgp"], "destinations": [LEARNED], "source": source}]
    return {
        "source_ip_backend": backend,
        "source_ip_addresses": [] if member.kind == "addressless" else [{"address": f"{source}/32", "device": "lo"}],
        "source_ip_routes": routes if backend == "kernel" else [],
        "source_ip_policies": [] if backend == "kernel" else policies,
    }
