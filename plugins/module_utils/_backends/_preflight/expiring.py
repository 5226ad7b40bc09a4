# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes that end by themselves and have their source from a policy. Reads only. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..._base.names import TYPES
from ..._base.protocols import PROTOCOLS
from ..._base.values import INET6, MAIN
from ..._intent.policy import Policy
from ..._netlink import wire
from ..._routes import line
from ..._routes.values import Route
from ..verify import candidates
from .sentences import expire
from .surroundings import Surroundings

#: Who makes such routes: router advertisements, and the kernel for the prefixes that come with them.
_OWNERS = [PROTOCOLS["ra"], PROTOCOLS["kernel"]]


def expiring(around: Surroundings) -> list[str]:
    """One sentence where there are such routes."""
    host, policy = around.hands.host, Policy(around.intent["policies"])
    found = []
    for route in _listed(around):
        vrf = host.vrfs.get(route.table)
        table = None if vrf or route.table == MAIN else route.table
        if candidates(policy, vrf, route.result(), around.backend, table):
            found.append(_named(route))
    return [expire(found)] if found else []


def _listed(around: Surroundings) -> t.Iterator[Route]:
    names = around.hands.host.names
    for owner in _OWNERS:
        # All at once: another question amid a list takes the end of that away.
        chunks = list(around.hands.kernel.dump_routes(INET6, protocol=owner, kind=TYPES["unicast"]))
        for chunk in chunks:
            for kind, _flags, _sequence, payload in wire.messages(chunk):
                if kind == wire.RTM_NEWROUTE and line.expires(payload):
                    yield line.route(payload, names)


def _named(route: Route) -> str:
    """As `ip route` names it, without what changes from second to second."""
    hop = route.hops[0]
    words = [route.destination.short, *(["via", hop.gateway] if hop.gateway else [])]
    return " ".join([*words, *(["dev", hop.device] if hop.device else [])])
