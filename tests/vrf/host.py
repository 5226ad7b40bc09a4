# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The setup of the VRF tests: a host with two VRFs beside its default one, and one far end for all three."""

from __future__ import annotations

from tests.lab.pair import Pair

_HOST_LINES = """\
link add blue type vrf table 10
link add red type vrf table 20
link set lo up
link set blue up
link set red up
link set v1 master blue
link set v2 master red
link set v0 up
link set v1 up
link set v2 up
address add 192.0.2.2/32 dev lo
address add 2001:db8:ff::2/128 dev lo nodad
address add 10.0.0.1/24 dev v0
address add 2001:db8::1/64 dev v0 nodad
address add 203.0.113.2/32 dev blue
address add 2001:db8:b1::2/128 dev blue nodad
address add 10.1.0.1/24 dev v1
address add 10.1.0.2/24 dev v1
address add 2001:db8:1::1/64 dev v1 nodad
address add 203.0.113.3/32 dev red
address add 2001:db8:ed::2/128 dev red nodad
address add 10.2.0.1/24 dev v2
address add 2001:db8:2::1/64 dev v2 nodad
"""

_PEER_LINES = """\
link set lo up
link set v0 up
link set v1 up
link set v2 up
address add 10.0.0.254/24 dev v0
address add 2001:db8::fe/64 dev v0 nodad
address add 10.1.0.254/24 dev v1
address add 2001:db8:1::fe/64 dev v1 nodad
address add 10.2.0.254/24 dev v2
address add 2001:db8:2::fe/64 dev v2 nodad
address add 198.51.100.34/32 dev lo
address add 2001:db8:100::34/128 dev lo nodad
route add 192.0.2.2/32 via 10.0.0.1
route add 203.0.113.2/32 via 10.1.0.1
route add 203.0.113.3/32 via 10.2.0.1
route add 2001:db8:ff::2/128 via 2001:db8::1
route add 2001:db8:b1::2/128 via 2001:db8:1::1
route add 2001:db8:ed::2/128 via 2001:db8:2::1
"""


#: What both families have, by family: addresses by device, gateways, the far prefix and the address in it.
LO = {4: "192.0.2.2", 6: "2001:db8:ff::2"}
V0 = {4: "10.0.0.1", 6: "2001:db8::1"}
BLUE = {4: "203.0.113.2", 6: "2001:db8:b1::2"}
V1 = {4: "10.1.0.1", 6: "2001:db8:1::1"}
RED = {4: "203.0.113.3", 6: "2001:db8:ed::2"}
V2 = {4: "10.2.0.1", 6: "2001:db8:2::1"}
G0 = {4: "10.0.0.254", 6: "2001:db8::fe"}
G1 = {4: "10.1.0.254", 6: "2001:db8:1::fe"}
G2 = {4: "10.2.0.254", 6: "2001:db8:2::fe"}
P = {4: "198.51.100.0/24", 6: "2001:db8:100::/64"}
FAR = {4: "198.51.100.34", 6: "2001:db8:100::34"}
HOST_BITS = {4: 32, 6: 128}


class VrfHost(Pair):
    """A host with the devices and addresses below; ``peer`` holds the gateways and FAR.

    ====== ======================== ============ ================= ===================
    VRF    its own device           in it        addresses         gateways
    ====== ======================== ============ ================= ===================
    none   lo: 192.0.2.2            v0           10.0.0.1/24       10.0.0.254
           2001:db8:ff::2                        2001:db8::1/64    2001:db8::fe
    blue   203.0.113.2              v1           10.1.0.1, .2/24   10.1.0.254
    (10)   2001:db8:b1::2                        2001:db8:1::1/64  2001:db8:1::fe
    red    203.0.113.3              v2           10.2.0.1/24       10.2.0.254
    (20)   2001:db8:ed::2                        2001:db8:2::1/64  2001:db8:2::fe
    ====== ======================== ============ ================= ===================

    No routes but the connected ones.
    """

    LINKS = ("v0", "v1", "v2")
    HOST_LINES = _HOST_LINES
    PEER_LINES = _PEER_LINES
    PATIENCE = 1000

    def __init__(self, label: str = "vrf") -> None:
        super().__init__(label)
