# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket and the devices of library.py by the standard library alone. PRIVATE to the collection.

For what stays on a host: with pyroute2 a waiting process would hold 14 MiB more (docs/keeper.md), and would need it in
the system's Python, which a host that Ansible reaches by another one may not have.
"""

from __future__ import annotations

import socket
import struct

from .._base.values import Link
from .wire import U32, attribute_dict, attributes

_SOL_NETLINK, _NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK = 270, 11, 12
IFINFOMSG = struct.Struct("=BxHiII")  # family, ARPHRD_*, index, IFF_*, change mask
_IFLA_IFNAME, _IFLA_MASTER, _IFLA_LINKINFO, _IFLA_PROP_LIST, IFLA_ALT_IFNAME = 3, 10, 18, 52, 53
_IFLA_INFO_KIND, _IFLA_INFO_DATA, _IFLA_VRF_TABLE = 1, 2, 1
_IFF_UP, _IFF_RUNNING = 0x1, 0x40


def open_socket(protocol: int = 0) -> socket.socket:
    """As ``library.open_socket``."""
    opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    opened.setsockopt(_SOL_NETLINK, _NETLINK_EXT_ACK, 1)
    opened.setsockopt(_SOL_NETLINK, _NETLINK_GET_STRICT_CHK, 1)
    opened.bind((0, 0))
    return opened


def link(message: bytes) -> Link:
    """As ``library.link``."""
    payload = message[16:]
    _family, _kind, index, flags, _change = IFINFOMSG.unpack_from(payload)
    attrs = attribute_dict(payload, IFINFOMSG.size)
    info = attribute_dict(attrs.get(_IFLA_LINKINFO, b""))
    table, of_kind = None, _text(info.get(_IFLA_INFO_KIND, b""))
    if of_kind == "vrf":
        number = attribute_dict(info.get(_IFLA_INFO_DATA, b"")).get(_IFLA_VRF_TABLE)
        table = U32.unpack(number)[0] if number else None
    properties = attributes(attrs.get(_IFLA_PROP_LIST, b""))
    return Link(
        index=index,
        name=_text(attrs[_IFLA_IFNAME]),
        master=U32.unpack(attrs[_IFLA_MASTER])[0] if _IFLA_MASTER in attrs else 0,
        table=table,
        up=bool(flags & _IFF_UP),
        running=bool(flags & _IFF_RUNNING),
        altnames=tuple(_text(value) for kind, value in properties if kind == IFLA_ALT_IFNAME),
        kind=of_kind,
    )


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode(errors="replace")
