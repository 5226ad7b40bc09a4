# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel the tests run on: docs/kernels.md says what differs, and a test that asserts it asks here.

By version and not by trying, since what is tried is what the test asserts. A distribution that brings a change to an
older version fails such a test, and should: the table is then wrong for it.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from pathlib import Path


def version() -> tuple[int, int, int]:
    """``(6, 12, 113)`` for Linux 6.12.113-something."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", platform.release())
    assert found, platform.release()
    return int(found[1]), int(found[2]), int(found[3] or 0)


def since(major: int, minor: int, backported: Mapping[tuple[int, int], int] | None = None) -> bool:
    """Whether this is that version of Linux or a newer one.

    ``backported``: the stable releases of older versions that were seen to have the change, too.
    """
    now = version()
    return now >= (major, minor) or now[2] >= (backported or {}).get(now[:2], 1 << 30)


#: An IPv6 route loses the source that its host loses, by whatever device it leads; before, only a route by the device
#: that had the address (``fib6_remove_prefsrc()`` in net/ipv6/route.c).
STRIPS_EVERY_IPV6_ROUTE = since(6, 6)

#: A packet that leaves a VRF by a route of the main table has an address of the VRF. Before, it has that of the route
#: or of its device (``fib_select_path()`` in net/ipv4/fib_semantics.c, ``ip6_route_get_saddr()`` in net/ipv6/route.c).
LEAVES_WITH_ADDRESS_OF_VRF = since(6, 11, {(6, 1): 176})
#: In a VRF the rules of RFC 6724 compare the addresses of all its devices. Before, those of the outgoing device and of
#: the VRF's own are the only candidates where there are any, whatever their scope (``ipv6_dev_get_saddr()``).
COMPARES_ALL_OF_VRF = since(6, 11, {(6, 1): 103})
#: A router advertisement renews a default route that somebody gave a source. Before, it sets its lifetime to nothing,
#: and a later one makes a new route (``rt6_add_dflt_router()`` in net/ipv6/route.c).
RENEWS_DEFAULT_WITH_SOURCE = since(6, 9)
#: By family: IP_UNICAST_IF leads a connected UDP socket, as it leads one that is not connected on any Linux
#: (``ip4_datagram_connect()``, ``ip6_datagram_flow_key_init()``).
LEADS_CONNECTED = {4: since(5, 17), 6: since(6, 1)}
#: The traffic class of a connected IPv6 UDP socket (IPV6_TCLASS) leads its look-up by rules with ``tos``
#: (``ip6_datagram_flow_key_init()``).
TCLASS_LEADS_CONNECTED = since(6, 1)
#: Of several IPv4 next hops a packet takes one whose own source it has, if any does. Before, it may take any, so that a
#: packet leaves by the one device with the address of the other (``fib_select_multipath()``).
PREFERS_HOP_WITH_SOURCE = since(6, 16)
#: Of an address on a device whose IPv6 is off it is said why it is refused (``ipv6_add_addr()``).
SAYS_THAT_IPV6_IS_DISABLED = since(6, 6)
#: Addresses have a protocol (IFA_PROTO), which of an IPv4 address that is there can be changed only later
#: (``inet_rtm_newaddr()``).
KEEPS_PROTOCOL_OF_ADDRESS = since(5, 18)
CHANGES_PROTOCOL_OF_IPV4_ADDRESS = since(6, 4)
#: Built with CONFIG_IPV6_OPTIMISTIC_DAD: addresses may be used while duplicates are looked for.
OPTIMISTIC_DAD = Path("/proc/sys/net/ipv6/conf/all/optimistic_dad").exists()
#: A member of a nexthop group has a weight of up to this (``nh_check_attr_group()`` in net/ipv4/nexthop.c).
GREATEST_WEIGHT = 256 if since(6, 12) else 255
#: A rule can select by DSCP (``FRA_DSCP``). Before, the kernel passes over the attribute.
KNOWS_DSCP_OF_RULE = since(6, 13)
