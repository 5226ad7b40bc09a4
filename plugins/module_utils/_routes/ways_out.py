# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the kernel would take a next hop now. PRIVATE to the collection.

``fib_check_nh()`` in net/ipv4/fib_semantics.c and ``ip6_route_check_nh()`` in net/ipv6/route.c: the device is up, and
the gateway on its link, by the route's own table or else by the rules. What they say is one sentence for all reasons.
"""

from __future__ import annotations

import typing as t

from .._base.errors import KernelError
from .._base.kinds import kind_of
from .._base.names import TYPES
from .._base.values import BITS, INET, INET6, Address, Prefix, Query, address_text
from .._change.remedy import ONLINK, on_link, type_of
from .._host.host import Host
from .._netlink import wire
from .._netlink.kernel import Kernel
from .payload import Payload
from .runs import Run
from .values import Hop


class WaysOut:
    """The view of one task. ``wanted``: routes that it will have made.

    ``addresses``: those that the host will have by then, where they are not those it has. Of planned ones no more is
    known than themselves: then gateways are the kernel's to judge.
    """

    def __init__(
        self, kernel: Kernel, host: Host, addresses: t.Sequence[Address] | None, wanted: t.Sequence[Run] = ()
    ) -> None:
        self._kernel = kernel
        self._host = host
        self._given = addresses
        self._wanted = wanted
        self._known: dict[tuple[Hop, int], tuple[str, str] | None] = {}
        self._objects: dict[int, int | None] = {}
        self._links: dict[tuple[int, int], list[Prefix]] = {}

    @property
    def _addresses(self) -> t.Sequence[Address] | None:
        if self._given is not None:
            return self._given
        return None if self._host.planned else self._host.addresses

    def why_not(self, hop: Hop, table: int) -> tuple[str, str] | None:
        """Why a route of this table cannot have this next hop now, and what to do; None where it can."""
        if (hop, table) not in self._known:
            self._known[hop, table] = self._why_not(hop, table)
        return self._known[hop, table]

    def why_no_object(self, number: int, family: int) -> str | None:
        """Why a route of this family cannot use this nexthop object; None where it can."""
        if number not in self._objects:
            self._objects[number] = self._kernel.nexthop_family(number)
        found = self._objects[number]
        if found is None:
            return f"there is no nexthop object {number}"
        if (found, family) == (INET, INET6):
            return f"the nexthop object {number} is one of IPv4, which IPv6 routes cannot use"
        return None

    def _why_not(self, hop: Hop, table: int) -> tuple[str, str] | None:
        link = self._host.links.get(hop.device or 0)
        if link and not link.up:
            return f"{link.name} is down", "set it up first"
        if not hop.gateway or self._addresses is None or kind_of(hop.gateway[1]) == "link-local":
            return None
        family, packed = hop.gateway
        text = address_text(packed)
        kind = type_of(self._kernel, family, packed)
        if kind == TYPES["broadcast"]:
            return f"{text} is the broadcast address of a subnet", "name the address of another host"
        if kind == TYPES["local"] and (family == INET6 or hop.onlink):
            return f"{text} is an address of this host", "name the address of another host"
        if hop.onlink and family == INET6 and (elsewhere := self._link_of(packed)) not in (None, hop.device):
            name = self._host.names.get(elsewhere or 0, str(elsewhere))
            return f"{text} is on the link of {name}", "name that device"
        if hop.onlink or self._on_link(family, packed, hop.device or None, table):
            return None
        return f"no subnet of {link.name if link else 'this host'} holds {text}", ONLINK

    def _link_of(self, packed: bytes) -> int | None:
        """The device of the IPv6 route to an address, but for the default route (``ip6_route_check_nh_onlink()``)."""
        try:
            found = Payload(self._kernel.lookup(Query(INET6, packed), fib_match=True))
        except KernelError:
            return None
        return found.hops[0].device if found.header.length and found.hops else None

    def _on_link(self, family: int, packed: bytes, device: int | None, table: int) -> bool:
        gateway = Prefix(family, packed, BITS[family])
        # The kernel passes over routes that lead there by another gateway: of a subnet the address itself is enough.
        subnets = (one.subnet for one in self._addresses or () if device in (None, one.index))
        return (
            any(subnet.covers(gateway) for subnet in subnets)
            or on_link(self._kernel, family, packed, device)
            or any(prefix.covers(gateway) for prefix in self._of_table(family, table))
            or any(self._makes(run, gateway) for run in self._wanted)
        )

    def _of_table(self, family: int, table: int) -> list[Prefix]:
        """The destinations of a table's routes that need no gateway."""
        if (family, table) not in self._links:
            found = self._links[family, table] = []
            for chunk in self._kernel.dump_routes(family, table, kind=TYPES["unicast"]):
                for kind, _flags, _sequence, raw in wire.messages(chunk):
                    if kind == wire.RTM_NEWROUTE and not any(hop.gateway for hop in Payload(raw).hops):
                        found.append(wire.destination_of(raw))
        return self._links[family, table]

    def _makes(self, run: Run, gateway: Prefix) -> bool:
        """Whether a route of the task brings this gateway to the link."""
        shape = run.shape
        if run.absent or shape.family != gateway.family or not shape.hops or any(hop.gateway for hop in shape.hops):
            return False
        return any(item.prefix.covers(gateway) for item in run)
