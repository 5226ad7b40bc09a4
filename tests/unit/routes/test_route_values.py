# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A route in one line, as ``ip`` prints it, and as a result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, Prefix
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.values import NextHop, Route

ROUTE = Route(Prefix(INET, bytes([198, 51, 100, 0]), 24), 254, 0, 4, 0, 1, hops=(NextHop("10.0.0.254", "v0"),))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, "198.51.100.0/24 via 10.0.0.254 dev v0 proto static"),
        ({"source": "192.0.2.2"}, "198.51.100.0/24 via 10.0.0.254 dev v0 proto static src 192.0.2.2"),
        ({"metric": 7, "tos": 16}, "198.51.100.0/24 tos 0x10 via 10.0.0.254 dev v0 proto static metric 7"),
        ({"table": 1000}, "198.51.100.0/24 via 10.0.0.254 dev v0 table 1000 proto static"),
        ({"table": 255}, "198.51.100.0/24 via 10.0.0.254 dev v0 table local proto static"),
        ({"protocol": 133}, "198.51.100.0/24 via 10.0.0.254 dev v0 proto 133"),
        ({"scope": 253, "hops": (NextHop(None, "v0"),)}, "198.51.100.0/24 dev v0 proto static scope link"),
        ({"scope": 17}, "198.51.100.0/24 via 10.0.0.254 dev v0 proto static scope 17"),
        ({"type": 6, "hops": ()}, "blackhole 198.51.100.0/24 proto static"),
        ({"hops": (NextHop("2001:db8::fe", "v0"),)}, "198.51.100.0/24 via inet6 2001:db8::fe dev v0 proto static"),
        (
            {"hops": (NextHop("10.0.0.254", "v0", 1, True),)},
            "198.51.100.0/24 via 10.0.0.254 dev v0 proto static onlink",
        ),
        (
            {"hops": (NextHop("10.0.0.254", "v0", 3), NextHop("10.1.0.254", "v1", 1, True)), "multipath": True},
            "198.51.100.0/24 proto static nexthop via 10.0.0.254 dev v0 weight 3 "
            "nexthop via 10.1.0.254 dev v1 weight 1 onlink",
        ),
        ({"nexthop_id": 7, "hops": ()}, "198.51.100.0/24 nhid 7 proto static"),
        (
            {"metrics": (("mtu", 1400), ("rtt", 100)), "locked": ("mtu",)},
            "198.51.100.0/24 via 10.0.0.254 dev v0 proto static mtu lock 1400 rtt 100ms",
        ),
        ({"realm": 4}, "198.51.100.0/24 via 10.0.0.254 dev v0 proto static realm 4"),
        ({"realm": 0x30004}, "198.51.100.0/24 via 10.0.0.254 dev v0 proto static realms 3/4"),
        ({"flags": ("dead", "linkdown")}, "198.51.100.0/24 via 10.0.0.254 dev v0 proto static dead linkdown"),
        ({"expires": 0}, "198.51.100.0/24 via 10.0.0.254 dev v0 proto static expires 0sec"),
        ({"preference": "high"}, "198.51.100.0/24 via 10.0.0.254 dev v0 proto static pref high"),
        (
            {"encap": {"type": "mpls", "labels": [100, 200], "ttl": 3}, "tos": 0xB8, "nexthop_id": 7},
            "198.51.100.0/24 nhid 7 encap mpls 100/200 ttl 3 tos EF via 10.0.0.254 dev v0 proto static",
        ),
        (
            {"hops": (NextHop("10.0.0.254", "v0", 3, realm=0x30004, flags=("dead", "linkdown"), onlink=True),) * 2}
            | {"multipath": True},
            "198.51.100.0/24 proto static"
            + " nexthop via 10.0.0.254 realms 3/4 dev v0 weight 3 dead onlink linkdown" * 2,
        ),
    ],
)
def test_lines(change: dict[str, Any], line: str) -> None:
    assert replace(ROUTE, **change).line() == line


def test_results_name_one_way_out_or_all_of_them() -> None:
    single = ROUTE.result()
    assert (single["gateway"], single["device"], single["nexthops"]) == ("10.0.0.254", "v0", [])
    both = (NextHop("10.0.0.254", "v0", 3), NextHop("10.1.0.254", "v1"))
    several = replace(ROUTE, hops=both, multipath=True).result()
    assert (several["gateway"], several["device"]) == (None, None)
    assert [(hop["gateway"], hop["weight"]) for hop in several["nexthops"]] == [("10.0.0.254", 3), ("10.1.0.254", 1)]
