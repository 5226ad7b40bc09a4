# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small setup of the kernel tests: one host namespace with v0 and v1, their far ends in a second one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, TypeVar

from tests.lab.netns import Namespace, NamespaceError, batch, delete, within

IFA_F_TENTATIVE = 0x40

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

_NO_FILTER = {"ipv4/conf/all/rp_filter": 0, "ipv4/conf/default/rp_filter": 0}
# Link-local addresses must work at once: neighbours of an address on lo are asked for from them.
_NO_DETECTION = {"ipv6/conf/all/accept_dad": 0, "ipv6/conf/default/accept_dad": 0}
_FORWARDING = {"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1}


class Pair(Namespace):
    """A host and, in a namespace of its own, the peer at the other end of each of its links."""

    LINKS: tuple[str, ...]
    HOST_LINES: str
    PEER_LINES: str
    #: Written once no address is tentative any more.
    LAST_SYSCTLS: ClassVar[Mapping[str, int]] = {}
    #: How many hundredths of a second addresses may stay tentative.
    PATIENCE = 500

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.peer = Namespace("peer")

    def create(self: P) -> P:
        """Make both namespaces and everything in them."""
        make([self])
        return self

    def settle(self) -> None:
        """Wait until no address is tentative: without detection too, a worker of the kernel says when it is over.

        And until each link has its own: it gets one when the kernel has noticed that its other end is up.
        """
        for _wait in range(self.PATIENCE):
            if not any(within(ns.name, lambda: _tentative(self.LINKS)) for ns in (self, self.peer)):
                self.sysctl(self.LAST_SYSCTLS)
                return
            time.sleep(0.01)
        raise NamespaceError(f"{self.name}: addresses stay tentative: {self.ip('-6 address show tentative')}")

    @property
    def names(self) -> tuple[str, str]:
        """The host's name and its peer's."""
        return self.name, self.peer.name

    def delete(self) -> None:
        """Delete both namespaces."""
        delete(self.names)

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


def make(pairs: Sequence[Pair]) -> None:
    """Make the namespaces of all these pairs, each step for all at once: starting ``ip`` takes most of the time."""
    batch(f"netns add {name}" for pair in pairs for name in pair.names)
    for pair in pairs:
        pair.sysctl({**_NO_FILTER, **_NO_DETECTION})
        pair.peer.sysctl({**_NO_FILTER, **_NO_DETECTION, **_FORWARDING})
    batch(
        f"link add {link} netns {pair.name} type veth peer name {link} netns {pair.peer.name}"
        for pair in pairs
        for link in pair.LINKS
    )
    for pair in pairs:
        pair.peer.batch(pair.PEER_LINES.splitlines())
        pair.batch(pair.HOST_LINES.splitlines())
    for pair in pairs:
        pair.settle()


def _tentative(links: Iterable[str]) -> bool:
    """Whether the namespace of the calling thread has an IPv6 address that is not usable yet, or a link has none."""
    lines = [line.split() for line in Path("/proc/thread-self/net/if_inet6").read_text(encoding="ascii").splitlines()]
    own = {line[5] for line in lines if line[0].startswith("fe80")}
    return not own.issuperset(links) or any(int(line[4], 16) & IFA_F_TENTATIVE for line in lines)


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
    # From then on new addresses are tested for duplicates, as on any host.
    LAST_SYSCTLS = dict.fromkeys(
        ("ipv6/conf/default/accept_dad", *(f"ipv6/conf/{link}/accept_dad" for link in LINKS)), 1
    )

    def __init__(self, label: str = "host") -> None:
        super().__init__(label)
