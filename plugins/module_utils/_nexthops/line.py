# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A nexthop object in one line. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._base.names import NAME_OF_SCOPE
from .._base.protocols import protocol_name
from .._base.values import address_text
from .._routes.encap import details, words
from .payload import Nexthop


def line(found: Nexthop, names: t.Mapping[int, str]) -> str:
    """As ``ip nexthop`` prints it (``ipnexthop.c`` of iproute2); ``names`` are those of devices by index."""
    said = [f"id {found.id}"]
    if found.group is not None:
        members = [f"{number},{weight}" if weight > 1 else str(number) for number, weight in found.group.items()]
        said.append(f"group {'/'.join(members)}")
    hop = found.hop
    if hop.encap:
        said += words(details(*hop.encap, names))
    if hop.gateway:
        said.append(f"via {address_text(hop.gateway[1])}")
    if hop.device:
        said.append(f"dev {names.get(hop.device, f'if{hop.device}')}")
    scope = found.scope or found.own_scope  # a request says none
    if scope:
        said.append(f"scope {NAME_OF_SCOPE.get(scope, str(scope))}")
    if found.blackhole:
        said.append("blackhole")
    if found.protocol:
        said.append(f"proto {protocol_name(found.protocol)}")
    if hop.onlink:
        said.append("onlink")
    return " ".join(said)
