# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies that strict reverse path filtering drops. Reads only. PRIVATE to the collection.

`__fib_validate_source()` in net/ipv4/fib_frontend.c looks up the way back of what comes in: to its sender, from the
address that it is for, with no mark. It drops the packet unless a next hop of that route is on the device that the
packet has come in by (or is enslaved to it: of a VRF all devices are as one). The kernel is asked for that very route.
"""

from __future__ import annotations

import itertools
import typing as t

from ..._base.errors import KernelError
from ..._base.values import BITS, INET, MAIN, Link, Prefix, Query, parse_address
from ..._netlink.kernel import Kernel
from ..._routes.payload import Payload
from .sentences import Dropped, dropped
from .surroundings import Surroundings
from .uses import Use, uses

#: How many ways back are asked for.
QUESTIONS = 200


def replies(around: Surroundings, homes: t.Mapping[str, t.Sequence[Link]]) -> list[str]:
    """``homes``: by source, the strict devices whose subnet has it (the VRF, where they belong to one)."""
    found = []
    for use in itertools.islice(uses(around, homes), QUESTIONS):
        leaves = _way_back(around, use)
        if leaves is None:
            continue
        for home in homes[use.source]:
            if home.name not in leaves and not (use.table and _marked(around, home)):
                strict = "all" if around.hands.host.sysctl("ipv4/conf/all/rp_filter") == 1 else home.name
                found.append(Dropped(use.source, str(use.destination), home.name, strict, leaves))
    return [dropped(found)] if found else []


def _marked(around: Surroundings, home: Link) -> bool:
    """Whether the way back of what comes in there is looked up with its mark, which a rule to a table may ask for."""
    sysctl = around.hands.host.sysctl
    return any(sysctl(f"ipv4/conf/{name}/src_valid_mark") for name in ("all", home.name))


def _way_back(around: Surroundings, use: Use) -> tuple[str, ...] | None:
    """The devices (or the VRFs they are in) by which the way back leaves; None where there is none, or it is not known.

    Before a change the host may lack the route, or the rule for it: the route of the intent counts as there, unless
    another table answers, and where rules are to come nothing is known.
    """
    host = around.hands.host
    if use.table and not any(_leads(rule, use.table) for rule in host.rules(INET)):
        return None  # nothing is sent by this table
    if around.planned and around.intent["rules"]:
        return None
    vrf = host.find(use.vrf)
    if use.vrf and vrf is None:
        return None
    table = (vrf.table if vrf else None) or use.table or MAIN
    answer = _answer(around.hands.kernel, use, vrf)
    if around.planned and use.devices and (answer is None or answer.table == table):
        indexes = [link.index for link in map(host.find, use.devices) if link]
    elif answer is None or (answer.table == table and answer.destination.length > use.destination.length):
        return None  # no packet comes back, or that address is another route's
    else:
        indexes = [hop.device for hop in answer.hops if hop.device]
    links = filter(None, (host.domain_of(index) or host.links.get(index) for index in indexes))
    return tuple(dict.fromkeys(link.name for link in links))


def _leads(rule: t.Any, table: int) -> bool:
    """Whether a rule leads packets of the host itself to this table."""
    return rule.table == table and rule.iif in (None, "lo")


def _answer(kernel: Kernel, use: Use, vrf: Link | None) -> Payload | None:
    prefix = use.destination
    source = parse_address(use.source, "source")[1]
    query = Query(INET, _inside(prefix), source=source, device=vrf.index if vrf else None)
    try:
        return Payload(kernel.lookup(query, fib_match=True))
    except KernelError:
        return None


def _inside(prefix: Prefix) -> bytes:
    """An address of a prefix: not that of the network itself, which nobody has."""
    first = prefix.start + (prefix.length < BITS[prefix.family] - 1)
    return first.to_bytes(len(prefix.packed), "big")
