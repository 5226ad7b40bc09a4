# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The setup of the VRF tests: a host with two VRFs beside its default one, and one far end for all three."""

from __future__ import annotations

import time
from types import TracebackType

from tests.lab.netns import Namespace, NamespaceError, batch, delete

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


class VrfHost(Namespace):
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

    def __init__(self, label: str = "vrf") -> None:
        super().__init__(label)
        self.peer = Namespace("peer")

    def create(self) -> VrfHost:
        """Make both namespaces and everything in them."""
        names = (self.name, self.peer.name)
        batch(f"netns add {name}" for name in names)
        loose = {"ipv4/conf/all/rp_filter": 0, "ipv4/conf/default/rp_filter": 0}
        loose |= {"ipv6/conf/all/accept_dad": 0, "ipv6/conf/default/accept_dad": 0}
        self.sysctl(loose)
        self.peer.sysctl({**loose, "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1})
        batch(f"link add {link} netns {names[0]} type veth peer name {link} netns {names[1]}" for link in self.LINKS)
        self.peer.batch(_PEER_LINES.splitlines())
        self.batch(_HOST_LINES.splitlines())
        self._settle()
        return self

    def _settle(self) -> None:
        for _wait in range(1000):
            if not any(ns.ip("-6 address show tentative").strip() for ns in (self, self.peer)):
                return
            time.sleep(0.01)
        raise NamespaceError(f"{self.name}: addresses stay tentative: {self.ip('-6 address show tentative')}")

    def delete(self) -> None:
        """Delete both namespaces."""
        delete([self.name, self.peer.name])

    def __enter__(self) -> VrfHost:
        try:
            return self.create()
        except BaseException:
            self.delete()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.delete()
