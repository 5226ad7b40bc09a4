# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a message to the kernel cannot hold, and what no packet can use. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._base.errors import InvalidInput
from .._base.kinds import kind_of_prefix
from .._base.names import TABLES, TYPES
from .._base.values import INET, address_text
from .._netlink.wire import MOST, RTA_MULTIPATH
from .payload import pack_hops
from .runs import Run
from .values import Hop, Shape

if t.TYPE_CHECKING:
    from .._host.host import Host

#: What the kernel has room for when it lists a route: a buffer of 32 KiB, less its own part (``netlink_dump()`` in
#: net/netlink/af_netlink.c). Where a route is larger the list ends, for every program, and with no error (Linux 6.18).
MOST_LISTED = 32000
#: The same in the buffer of a page that the kernel gives to who does not ask for more: ``ip route`` of iproute2 6.1.
_COMMON = 3600
_LONGEST_NAME = 15  # TCP_CA_NAME_MAX without the terminating zero, include/net/tcp.h
#: First bytes of addresses that are neither loopback nor multicast.
_USUAL = {
    4: bytes(set(range(256)) - {127, *range(224, 240)}),
    16: bytes(set(range(256)) - {0x00, 0xFF}),
}


def check_destinations(run: Run, host: Host) -> None:
    """InvalidInput for destinations to which no packet can go from the source of the route.

    Tried on Linux 6.18. Loopback: without policy rules the kernel keeps the tables main and local as one, so that a
    prefix longer than 127.0.0.0/8 is used, its packets leave, and every receiver drops them as martian; with rules, and
    of ::1 always, the table local comes first. IPv4 multicast: a connected socket has the source of the route, and by
    that leaves through the device that holds it. IPv6 multicast: the table local has ff00::/8, and comes first.
    """
    shape, packed = run.shape, run.columns.packed
    if shape.source is None or shape.type not in (None, TYPES["unicast"]):
        return
    if not packed[:: run.width].translate(None, _USUAL[run.width]):
        return
    for item in run:
        kind = kind_of_prefix(item.prefix.packed, item.prefix.length)
        if kind and (why := _why_unusable(kind, shape, host)):
            raise InvalidInput(f"routes[{item.number}].destination: {item.prefix} is {kind}: {why}")


def _why_unusable(kind: str, shape: Shape, host: Host) -> str:
    source = shape.source or b""
    if kind == "loopback":
        return f"no other host takes packets from {address_text(source)} to it, and this one sends them from itself"
    if shape.family != INET:
        if shape.table == TABLES["local"]:
            return ""
        return "ff00::/8 in the table local comes first; name table: local"
    devices = {hop.device for hop in shape.hops or ()}
    holders = {holder.index for holder in host.holders(source)}
    if holders & devices or (source in host.planned and not holders):
        return ""
    return (
        f"sockets would send by the device that has {address_text(source)}, not by the route's; name that device, or "
        "give the route a source of its device"
    )


def check_size(hops: t.Sequence[Hop], family: int, what: str) -> str | None:
    """InvalidInput for more next hops than the kernel takes, or lists again; what there is to say of fewer ones."""
    # Two at a time: of one alone no list is made.
    size = sum(len(pack_hops((hop, hop), family)[1][RTA_MULTIPATH]) // 2 for hop in hops)
    if size > MOST_LISTED:
        raise InvalidInput(
            f"{what}: {len(hops)} of them take {size} bytes, and the limit is {MOST_LISTED}: the kernel cannot list a "
            f"larger route, and would end every list in front of it without a word (above {MOST} it takes none); use "
            "fewer"
        )
    if size > _COMMON:
        return (
            f"{what}: {len(hops)} of them take {size} bytes: programs that read lists in pieces of a page, such as ip "
            "route, see neither this route nor those behind it"
        )
    return None


def congestion_control(name: str, what: str) -> bytes:
    """The value of RTAX_CC_ALGO; an empty name takes it away. InvalidInput for what can't be a name."""
    packed = name.encode("utf-8", "surrogateescape")
    if b"\0" in packed:
        raise InvalidInput(f"{what}: {name!r} is no name; see the sysctl net.ipv4.tcp_available_congestion_control")
    if len(packed) > _LONGEST_NAME:
        shown = name if len(name) <= 60 else f"{name[:57]}..."
        raise InvalidInput(
            f"{what}: {shown!r} is longer than the {_LONGEST_NAME} bytes that the kernel gives such a name "
            "(TCP_CA_NAME_MAX)"
        )
    return packed + b"\0"
