# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which VRF addresses and devices are, as the look-ups and sockets of a host see it. PRIVATE to the collection."""

from __future__ import annotations

import socket
import typing as t

from .._base.values import INET, INET6, Address
from .._host.domain import domain_of
from .._host.host import Host
from .._routes.values import NextHop
from .question import Question


class Domains:
    """The VRFs of one host: a domain is the index of a VRF, 0 the default one."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def holders(self, source: str | None) -> t.Sequence[Address]:
        """An address, once for each device that has it."""
        return self.host.holders(socket.inet_pton(INET6 if ":" in source else INET, source)) if source else ()

    def index(self, device: str | None) -> int:
        """The index of a device; 0 where there is none of this name."""
        found = self.host.find(device)
        return found.index if found else 0

    def of(self, device: str | None) -> int:
        """The domain that a device is or belongs to."""
        return domain_of(self.index(device), self.host.links)

    def holder(self, source: str | None, domain: int) -> str | None:
        """The device that holds an address in this domain."""
        holders = (address.device for address in self.holders(source))
        return next((device for device in holders if self.of(device) == domain), None)

    def text(self, domain: int) -> str:
        """``vrf red``, ``no vrf``."""
        return f"vrf {self.host.names.get(domain, domain)}" if domain else "no vrf"

    def foreign(self, question: Question, source: str, hop: NextHop) -> str | None:
        """Where an address lives that this socket can't have, as ``vrf red``; None for one that it can.

        ``bind()`` takes addresses of the socket's own domain (``inet_addr_type_table()``, ``ipv6_chk_addr()``). A route
        may also name one of the default domain, and one that leads out of the VRF one of the egress device.
        """
        if question.options.beside and question.query.family == INET:
            return None  # any address of the host will do: __ip_dev_find() in net/ipv4/devinet.c
        own = self.of(question.device)
        allowed = {own} if question.source else {own, 0, self.of(hop.device)}
        homes = {self.of(address.device) for address in self.holders(source)}
        return None if not homes or homes & allowed else " and ".join(map(self.text, sorted(homes)))
