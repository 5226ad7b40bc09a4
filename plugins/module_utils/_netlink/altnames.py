# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices by alternative names, for who works on hosts without pyroute2. PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import socket

from . import wire
from .plain import IFINFOMSG, IFLA_ALT_IFNAME

_RTM_NEWLINK, _RTM_GETLINK = 16, 18
_LONGEST = 127  # ALTIFNAMSIZ, linux/if.h


def index_of(name: str) -> int | None:
    """The index of the device of this name, of whatever length; None where there is none.

    if_nametoindex(3) finds alternative names too, but none that is longer than a first name can be.
    """
    with contextlib.suppress(OSError, UnicodeError, ValueError):
        return socket.if_nametoindex(name)
    text = name.encode("utf-8", "surrogateescape")
    if not text or len(text) > _LONGEST or b"\0" in text:
        return None
    body = IFINFOMSG.pack(0, 0, 0, 0, 0) + wire.attribute(IFLA_ALT_IFNAME, text + b"\0")
    with contextlib.closing(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)) as asking:
        asking.send(wire.message(_RTM_GETLINK, wire.NLM_F_REQUEST, 1, body))
        for kind, _flags, _sequence, payload in wire.messages(asking.recv(1 << 16)):
            if kind == _RTM_NEWLINK:
                return int(IFINFOMSG.unpack_from(payload)[2])
    return None
