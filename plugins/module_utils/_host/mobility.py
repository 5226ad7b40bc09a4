# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this kernel knows Mobile IPv6. PRIVATE to the collection.

Without CONFIG_IPV6_MIP6 a kernel takes the flag ``home`` of an address and makes nothing of it: the rule of RFC 6724
that prefers home addresses is not compiled in (``ipv6_get_saddr_eval()`` in net/ipv6/addrconf.c). Nor is it where
CONFIG_IPV6_MIP6 is a module, though all else of Mobile IPv6 is there then.
"""

from __future__ import annotations

import contextlib
import socket

#: A routing header of type 2, which only such kernels take as an option of a socket (``ipv6_set_opt_hdr()`` in
#: net/ipv6/ipv6_sockglue.c): next header, length, type, segments left, and one address.
_TYPE_2 = bytes((0, 2, 2, 1)) + bytes(4) + bytes(15) + b"\x01"


def has_mobility() -> bool:
    """Asks a socket, which sends nothing and needs no privilege; False also where there is no IPv6.

    Where it is True, there may still be no rule 4.
    """
    try:
        with contextlib.closing(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)) as sock:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RTHDR, _TYPE_2)
    except OSError:
        return False
    return True
