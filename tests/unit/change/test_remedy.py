# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal says to do: which next hop, and why."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import KernelError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import Link, Query
from ansible_collections.l3host.source_ip.plugins.module_utils._change.remedy import remedy
from tests.unit.routes import routes as R

LINKS = (Link(1, "lo"), Link(2, "v0"), Link(3, "v1"), Link(4, "v2", up=False))
ONLINK = "; if it answers on the link all the same, set onlink: true for it, beside its device"
GATEWAY = "Nexthop has invalid gateway"


class Lab:
    """10.0.0.0/24 and 2001:db8::/64 on v0, 10.1.0.0/24 on v1, and a default route by v0."""

    def links(self) -> Sequence[Link]:
        return LINKS

    def lookup(self, query: Query, fib_match: bool = False) -> bytes:
        for address, kind in (("10.0.0.1", 2), ("10.0.0.255", 3)):
            if query.destination == R.packed(address):
                return R.payload("0.0.0.0/0", None, 2, kind=kind)
        for prefix, device in (
            (R.packed("10.0.0.0")[:3], 2),
            (R.packed("10.1.0.0")[:3], 3),
            (b"\x20\x01\x0d\xb8\0\0", 2),
        ):
            if query.destination.startswith(prefix) and query.device in (None, device):
                return R.payload("0.0.0.0/0", None, device)
        if query.device not in (None, 2):
            if len(query.destination) == 16:
                raise KernelError("unreachable", errno.ENETUNREACH, "")
            return R.payload("0.0.0.0/0", None, query.device or 0, table=0)
        return R.payload("0.0.0.0/0", "10.0.0.254", 2)


@pytest.mark.parametrize(
    ("number", "text", "line", "words"),
    [
        (errno.EPERM, "Operation not permitted", "", "; use become: true, or run as a user with CAP_NET_ADMIN"),
        (
            errno.EACCES,
            "IPv6 is disabled on this device",
            "inet6 2001:db8::1/64 dev v1 scope global",
            "; set the sysctl net.ipv6.conf.v1.disable_ipv6 to 0 first",
        ),
        (
            errno.EACCES,
            "Permission denied",
            "inet6 2001:db8::1/64 dev v1 scope global",
            "; set the sysctl net.ipv6.conf.v1.disable_ipv6 to 0 first",
        ),
        (errno.EACCES, "Permission denied", "", ""),
        (
            errno.ENETUNREACH,
            GATEWAY,
            "198.51.100.0/24 via 172.16.9.9 proto 133",
            f"; the next hop via 172.16.9.9: no subnet of this host holds 172.16.9.9{ONLINK}",
        ),
        (
            errno.ENETUNREACH,
            GATEWAY,
            "198.51.100.0/24 via 10.0.0.254 dev v1 proto 133",
            f"; the next hop via 10.0.0.254 dev v1: no subnet of v1 holds 10.0.0.254{ONLINK}",
        ),
        (
            errno.EHOSTUNREACH,
            "No route to host",
            "2001:db8:100::/64 via 2001:db9::1 dev v1 proto 133 metric 1024 pref medium",
            f"; the next hop via 2001:db9::1 dev v1: no subnet of v1 holds 2001:db9::1{ONLINK}",
        ),
        (
            errno.ENETUNREACH,
            GATEWAY,
            "198.51.100.0/24 nexthop via 10.0.0.254 dev v0 weight 1 nexthop via inet6 fe80::1 dev v2 weight 1",
            "; the next hop via inet6 fe80::1 dev v2: v2 is down; set it up first",
        ),
        (
            errno.ENETDOWN,
            "Device for nexthop is not up",
            "198.51.100.0/24 dev v2 proto 133 scope link",
            "; the next hop dev v2: v2 is down; set it up first",
        ),
        (
            errno.ENETUNREACH,
            GATEWAY,
            "198.51.100.0/24 via 10.0.0.1 dev v0 proto 133",
            "; the next hop via 10.0.0.1 dev v0: 10.0.0.1 is an address of this host",
        ),
        (
            errno.EINVAL,
            GATEWAY,
            "198.51.100.0/24 nexthop via 10.7.0.1 dev v0 weight 1 onlink nexthop via 10.0.0.255 dev v0 weight 1 onlink",
            "; the next hop via 10.0.0.255 dev v0: 10.0.0.255 is the broadcast address of a subnet",
        ),
        (errno.ENETUNREACH, GATEWAY, "198.51.100.0/24 via 172.16.9.9 dev v0 proto 133 onlink", ""),
        # The kernel's reason is another one.
        (errno.ENETUNREACH, GATEWAY, "198.51.100.0/24 via 10.0.0.254 dev v0 proto 133", ""),
    ],
)
def test_what_to_do(number: int, text: str, line: str, words: str) -> None:
    assert remedy(Lab(), number, text, line) == words
