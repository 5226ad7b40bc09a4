# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small setup of the kernel tests: one host namespace with v0 and v1, their far ends in a second one."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TypeVar

from tests.lab.netns import Namespace, NamespaceError, batch, delete

_HOST_LINES = """\
link set lo up
link set v0 up
link set v1 up
address add 10.0.0.1/24 dev v0
address add 10.0.0.2/24 dev v0
address add 2001:db8::1/64 dev v0 nodad
address add 2001:db8::2/64 dev v0 nodad
address add 10.1.0.1/24 dev v1
address add 2001:db8:1::1/64 dev v1 nodad
address add 192.0.2.2/32 dev lo
address add 192.0.2.3/32 dev lo
address add 2001:db8:ff::2/128 dev lo nodad
address add 2001:db8:ff::3/128 dev lo nodad
"""

_PEER_LINES = """\
link set lo up
link set v0 up
link set v1 up
address add 10.0.0.254/24 dev v0
address add 2001:db8::fe/64 dev v0 nodad
address add 10.1.0.254/24 dev v1
address add 2001:db8:1::fe/64 dev v1 nodad
address add 198.51.100.34/32 dev lo
address add 2001:db8:100::34/128 dev lo nodad
route add 192.0.2.0/24 via 10.0.0.1
route add 2001:db8:ff::/64 via 2001:db8::1
"""


P = TypeVar("P", bound="Pair")
H = TypeVar("H", bound="Host")


class Pair(Namespace):
    """A host and, in a namespace of its own, the peer at the other end of each of its links."""

    LINKS: tuple[str, ...]
    HOST_LINES: str
    PEER_LINES: str
    #: How many hundredths of a second addresses may stay tentative.
    PATIENCE = 500

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.peer = Namespace("peer")

    def create(self: P) -> P:
        """Make both namespaces and everything in them."""
        names = (self.name, self.peer.name)
        batch(f"netns add {name}" for name in names)
        no_filter = {"ipv4/conf/all/rp_filter": 0, "ipv4/conf/default/rp_filter": 0}
        # Link-local addresses must work at once: neighbours of an address on lo are asked for from them.
        no_dad = {"ipv6/conf/all/accept_dad": 0, "ipv6/conf/default/accept_dad": 0}
        self.sysctl({**no_filter, **no_dad})
        self.peer.sysctl({**no_filter, **no_dad, "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1})
        batch(f"link add {link} netns {names[0]} type veth peer name {link} netns {names[1]}" for link in self.LINKS)
        self.peer.batch(self.PEER_LINES.splitlines())
        self.batch(self.HOST_LINES.splitlines())
        self._settle()
        return self

    def _settle(self) -> None:
        """Wait until no address is tentative: without detection too, a worker of the kernel says when it is over."""
        for _wait in range(self.PATIENCE):
            if not any(ns.ip("-6 address show tentative").strip() for ns in (self, self.peer)):
                return
            time.sleep(0.01)
        raise NamespaceError(f"{self.name}: addresses stay tentative: {self.ip('-6 address show tentative')}")

    def delete(self) -> None:
        """Delete both namespaces."""
        delete([self.name, self.peer.name])

    def __enter__(self: P) -> P:
        try:
            return self.create()
        except BaseException:
            self.delete()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.delete()


class Host(Pair):
    """A host with the addresses below; ``peer`` holds the gateways and one address inside P4 and P6 each.

    ===== ================================= ==========================
    lo    192.0.2.2, 192.0.2.3 (S2, S3)     2001:db8:ff::2, ::3
    v0    10.0.0.1 then .2 /24              2001:db8::1, ::2 /64
    v1    10.1.0.1/24                       2001:db8:1::1/64
    peer  10.0.0.254, 10.1.0.254            2001:db8::fe, 2001:db8:1::fe
    peer  198.51.100.34 (P4)                2001:db8:100::34 (P6)
    ===== ================================= ==========================

    No routes but the connected ones. IPv6 duplicate detection is left on for addresses that a test adds.
    """

    P4 = "198.51.100.0/24"
    P6 = "2001:db8:100::/64"
    S4 = "192.0.2.2"
    S4_OTHER = "192.0.2.3"
    S6 = "2001:db8:ff::2"
    S6_OTHER = "2001:db8:ff::3"
    G4 = "10.0.0.254"
    G4_V1 = "10.1.0.254"
    G6 = "2001:db8::fe"
    G6_V1 = "2001:db8:1::fe"
    LINKS = ("v0", "v1")
    HOST_LINES = _HOST_LINES
    PEER_LINES = _PEER_LINES

    def __init__(self, label: str = "host") -> None:
        super().__init__(label)

    def create(self: H) -> H:
        """As every pair; afterwards new addresses are tested for duplicates, as on any host."""
        super().create()
        self.sysctl({f"ipv6/conf/{link}/accept_dad": 1 for link in ("default", *self.LINKS)})
        return self
