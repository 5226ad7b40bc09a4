# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 6724 on this host: its addresses, labels and sysctls put before the rules. PRIVATE to the collection."""

from __future__ import annotations

import dataclasses
import functools

from .._base.values import INET6, Address
from .._host.domain import domain_of
from .._host.host import Host
from .._host.mobility import has_rule_4
from . import rfc6724
from .options import Options


class Choice:
    """Chooses IPv6 sources as the kernel of ``host`` does."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._settings: dict[int, rfc6724.Settings] = {}
        #: Of the question at hand: see Destination.
        self.near_only = False

    @functools.cached_property
    def _mobility(self) -> bool:
        """Whether there is a rule 4; asked only where it could decide."""
        homes = any(one.family == INET6 and one.flags & Address.HOMEADDRESS for one in self.host.addresses)
        return homes and has_rule_4()

    def settings(self, index: int) -> rfc6724.Settings:
        """The sysctls of a device that source selection goes by."""
        if index not in self._settings:
            self._settings[index] = self._read(self.host.names.get(index, ""))
        return self._settings[index]

    def _read(self, name: str) -> rfc6724.Settings:
        def sysctl(where: str, key: str) -> int:
            return self.host.sysctl(f"ipv6/conf/{where}/{key}")

        # Each of the two may be on for the device or for all: ipv6_use_optimistic_addr().
        optimistic = all(
            any(sysctl(where, key) for where in (name, "all")) for key in ("optimistic_dad", "use_optimistic")
        )
        return rfc6724.Settings(
            use_tempaddr=sysctl(name, "use_tempaddr"),
            optimistic=optimistic,
            use_oif_addrs_only=bool(sysctl(name, "use_oif_addrs_only")),
        )

    def destination(self, packed: bytes, index: int, options: Options | None = None) -> rfc6724.Destination:
        """What the rules compare with. ``index`` is the device that the route leaves by, 0 where there is no route.

        ``options``: those of the socket, for what it prefers.
        """
        # Rules 3 and 7 go by the settings of each candidate's own device.
        devices = {address.index for address in self.host.addresses if address.family == INET6} | {index} - {0}
        options = options or Options()
        return rfc6724.Destination(
            packed,
            index,
            self.host.labels,
            {each: self.settings(each) for each in devices},
            self._mobility,
            options.temporary,
            options.care_of,
            self.near_only,
        )

    def learn(self, packed: bytes, index: int, chosen: str) -> None:
        """What the kernel's answer to this question, for a route by this device, tells of its candidates in a VRF.

        No version tells: where a single address is near, newer kernels decide by memory that nothing was written to
        (``scopedist`` in ``ipv6_dev_get_saddr()``).
        """
        if domain_of(index, self.host.links):
            to = self.destination(packed, index)
            near, all_of_them = (self.choose(dataclasses.replace(to, near_only=one)) for one in (True, False))
            self.near_only = chosen == near != all_of_them

    def decide(self, to: rfc6724.Destination, chosen: str) -> rfc6724.Decision | None:
        """Why the kernel chose this address; None where it is no candidate."""
        return rfc6724.decide(rfc6724.candidates(self.host.addresses, self.host.links, to), to, chosen)

    def choose(self, to: rfc6724.Destination) -> str | None:
        """The address that the kernel would choose."""
        found = rfc6724.choose(rfc6724.candidates(self.host.addresses, self.host.links, to), to)
        return found.address if found else None
