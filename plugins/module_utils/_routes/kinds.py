# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of one type. Pure. PRIVATE to the collection.

A route over a nexthop object that is a blackhole is one as well, and its payload says so. But it was made unicast, and
the kernel's filter goes by that (``fn_trie_dump_leaf()`` in net/ipv4/fib_trie.c, ``rt6_dump_route()``).
"""

from __future__ import annotations

import typing as t

from .._base.names import TYPES
from .._netlink import wire

_TYPE_AT = 7  # rtm_type in struct rtmsg
#: How RTA_NH_ID begins in a payload: what a search finds without it is looked at, what lacks it is not.
NEXTHOP_ID = wire.ATTRIBUTE.pack(8, wire.RTA_NH_ID)


def is_of(payload: bytes, kind: int) -> bool:
    """Whether a route is of this type; 0 is any."""
    return not kind or payload[_TYPE_AT] == kind


def chunks_of(dump: t.Callable[[int], t.Iterable[bytes]], kind: int) -> t.Iterator[bytes]:
    """What ``dump(type)`` gives for a type, blackholes by nexthop objects included; of others, ``is_of`` tells."""
    yield from dump(kind)
    if kind == TYPES["blackhole"]:
        yield from (chunk for chunk in dump(TYPES["unicast"]) if NEXTHOP_ID in chunk)
