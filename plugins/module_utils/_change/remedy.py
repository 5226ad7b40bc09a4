# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about a refusal of which the kernel's own words leave that open. PRIVATE to the collection."""

from __future__ import annotations

import errno as errno_names
import re
import typing as t

from .._base.errors import KernelError
from .._base.names import NAME_OF_TYPE
from .._base.values import INET, Link, Query, read_address
from .._netlink import wire

ONLINK = "if it answers on the link all the same, set onlink: true for it, beside its device"
_KINDS = {"broadcast": "the broadcast address of a subnet", "local": "an address of this host"}
#: The next hops of a route's line.
_HOP = re.compile(
    r"(?P<hop>(?:\bvia (?:inet6 )?(?P<gateway>[0-9a-fA-F.:]+))? ?(?:\bdev (?P<device>\S+))?)"
    r"(?: weight \d+(?P<onlink> onlink)?)?"
)
_UNREACHED = "Nexthop has invalid gateway"
_DOWN = ("Nexthop device is not up", "Device for nexthop is not up")


class Asked(t.Protocol):
    """What is asked of the kernel; ``Kernel`` answers it."""

    def links(self) -> t.Sequence[Link]: ...
    def lookup(self, query: Query, fib_match: bool = False) -> bytes: ...


def remedy(kernel: Asked, errno: int, text: str, line: str) -> str:
    """To be put behind the kernel's words; empty where they say it all. ``line``: the object's, as ip(8) prints it."""
    if errno == errno_names.EPERM:
        return "; use become: true, or run as a user with CAP_NET_ADMIN"
    # Of an address that it refuses so, an older kernel does not say why.
    if errno == errno_names.EACCES and ("IPv6 is disabled" in text or line.startswith("inet6 ")):
        device = re.search(r"\bdev (\S+)", line)
        return f"; set the sysctl net.ipv6.conf.{device.group(1) if device else 'DEVICE'}.disable_ipv6 to 0 first"
    if text.startswith((_UNREACHED, *_DOWN)) or errno in (errno_names.EHOSTUNREACH, errno_names.ENETDOWN):
        return _of_hops(kernel, line)
    return ""


def _of_hops(kernel: Asked, line: str) -> str:
    """Which next hop the kernel did not want, and why."""
    links = {link.name: link for link in kernel.links()}
    onlink = " onlink" in line and " weight " not in line
    for found in _HOP.finditer(line):
        gateway, device = found.group("gateway"), found.group("device")
        link = links.get(device) if device else None
        hop = found.group("hop").strip()
        if link and not link.up:
            return f"; the next hop {hop}: {device} is down; set it up first"
        family, packed = read_address(gateway or "") or (INET, b"")
        if not packed:
            continue
        index = link.index if link else None
        kind = NAME_OF_TYPE.get(type_of(kernel, family, packed), "")
        if kind in ("broadcast", "local"):
            return f"; the next hop {hop}: {gateway} is {_KINDS[kind]}"
        if not (found.group("onlink") or onlink) and not on_link(kernel, family, packed, index):
            return f"; the next hop {hop}: no subnet of {device or 'this host'} holds {gateway}; {ONLINK}"
    return ""


def type_of(kernel: Asked, family: int, packed: bytes) -> int:
    """The type of the route that leads to this address; 0 where none does."""
    try:
        return int(wire.RTMSG.unpack_from(kernel.lookup(Query(family, packed)))[7])
    except KernelError:
        return 0


def on_link(kernel: Asked, family: int, packed: bytes, device: int | None) -> bool:
    """Whether packets to this address, by the device of this index where one is given, need no gateway."""
    try:
        answer = kernel.lookup(Query(family, packed, device=device))
    except KernelError:
        return False
    attrs = wire.attribute_dict(answer, wire.RTMSG.size)
    # For a device that no route leads by, IPv4 makes an answer up: of no table.
    invented = not wire.U32.unpack(attrs.get(wire.RTA_TABLE, bytes(4)))[0]
    return not invented and wire.RTA_GATEWAY not in attrs and wire.RTA_VIA not in attrs
