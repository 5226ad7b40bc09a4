# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an intent sends where: by its own routes, and by those that its policies cover now. Reads only. PRIVATE."""

from __future__ import annotations

import typing as t

from ..._base.values import MAIN, Prefix
from ..._intent.policy import Policy, prefix_of
from ..._routes.listing import unicast_routes
from .._managers.kernel import egress
from ..verify import candidates
from .surroundings import Surroundings

#: Routes that are looked at for the policies; a full table is judged by its first ones.
ROUTES = 1000


class Use(t.NamedTuple):
    """Packets with this source to a destination, by a route of ``vrf`` or of ``table`` (None: main, or the VRF's own).

    ``devices``: by which they leave; empty where that is not known.
    """

    source: str
    destination: Prefix
    vrf: str | None
    table: int | None
    devices: tuple[str, ...]


def uses(around: Surroundings, sources: t.Container[str]) -> t.Iterator[Use]:
    """Those with one of these sources."""
    ways: dict[tuple[str, str | None], str] = {}
    for entry in around.intent["routes"]:
        if entry["source"] in sources:
            found = []
            for hop in entry["nexthops"] or [entry]:
                gateway = (hop["gateway"], entry["vrf"])
                if not hop["device"] and gateway not in ways:
                    ways[gateway] = egress(around.hands, *gateway).device
                found.append(hop["device"] or ways[gateway])
            devices = tuple(dict.fromkeys(filter(None, found)))
            yield Use(entry["source"], prefix_of(entry["destination"]), entry["vrf"], entry["table"], devices)
    yield from _of_policies(around, sources)


def _of_policies(around: Surroundings, sources: t.Container[str]) -> t.Iterator[Use]:
    policies = [entry for entry in around.intent["policies"] if entry["source"] in sources]
    if not policies:
        return
    host = around.hands.host
    wanted = sorted({text for entry in policies for text in entry["destinations"]})
    policy, vrfs = Policy(around.intent["policies"]), host.vrfs
    # All at once: another question amid a list takes the end of that away.
    for route in list(unicast_routes(host, wanted, within=True, limit=ROUTES)):
        vrf = vrfs.get(route["table"])
        table = None if vrf or route["table"] == MAIN else route["table"]
        hops = route["nexthops"] or [route]
        for rule in candidates(policy, vrf, route, around.backend, table):
            if rule and rule.source in sources:
                devices = tuple(hop["device"] for hop in hops if hop["device"])
                yield Use(rule.source, prefix_of(route["destination"]), vrf, table, devices)
