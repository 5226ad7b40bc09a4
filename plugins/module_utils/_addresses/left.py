# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of addresses while some are removed, and which routes lose by it. Pure. PRIVATE to the collection."""

from __future__ import annotations

import collections
import typing as t
from dataclasses import replace

from .._base.values import INET, Address, Prefix
from .._netlink.decode import Entry
from .._routes.payload import Payload


def subnet(address: Address) -> tuple[int, Prefix]:
    """What the kernel groups IPv4 addresses into primaries and secondaries by (``inet_ifa_match`` and the mask)."""
    return address.index, address.subnet


def is_secondary(entry: Entry) -> bool:
    return bool(entry.address.flags & Address.SECONDARY)


class Vrfs(t.NamedTuple):
    """The index of the VRF that a device is or belongs to, and of that whose table this is; 0 where there is none."""

    of_device: t.Mapping[int, int] = {}
    of_table: t.Mapping[int, int] = {}


NO_VRFS = Vrfs()


class Left:
    """The addresses that are still there while removals are planned: IPv4 by device and in the kernel's order.

    ``copies_keep``: an IPv6 route keeps its source as long as any device has the address; before Linux 6.6 a route by
    the device that loses it loses it all the same.
    """

    def __init__(self, entries: t.Sequence[Entry], vrfs: Vrfs, copies_keep: bool = True) -> None:
        self._copies_keep = copies_keep
        self.devices: dict[int, list[Entry]] = {}
        self._vrfs = vrfs
        self._copies = collections.Counter(self._copy(entry) for entry in entries)
        for entry in entries:
            if entry.address.family == INET:
                self.devices.setdefault(entry.address.index, []).append(entry)

    def _copy(self, entry: Entry) -> tuple[bytes, int]:
        return entry.address.packed, self._vrfs.of_device.get(entry.address.index, 0)

    def needs(self, route: bytes, gone: Entry) -> bool:
        """Whether this route loses its source, or the use of it, with the address that is gone.

        IPv6 judges by the VRF of the device that the route leaves by (``fib6_remove_prefsrc()``). IPv4 takes the routes
        of a VRF's table with the VRF's address, whoever else has that (``fib_sync_down_addr()``); with one of no VRF,
        which a route of a VRF may name as well, that route is left with a source that nobody has.
        """
        read = Payload(route)
        source, home = self._copy(gone)
        if read.header.family == INET:
            vrf = self._vrfs.of_table.get(read.table, 0)
            needed = {home} if home == vrf else {home, vrf}
            return home in (vrf, 0) and not any(self._copies[source, one] for one in needed)
        devices = {hop.device or 0 for hop in read.hops} or {0}
        if not self._copies_keep and gone.address.index in devices:
            return True
        return not self._copies[source, home] and home in {self._vrfs.of_device.get(one, 0) for one in devices}

    def take(self, entry: Entry, promotes: bool) -> tuple[list[Entry], tuple[Entry, ...]]:
        """Remove one as ``__inet_del_ifa`` does; ``(secondaries that go with it, IPv4 addresses behind it)``."""
        self._copies[self._copy(entry)] -= 1
        if entry.address.family != INET:
            return [], ()
        device = self.devices[entry.address.index]
        at = next(position for position, one in enumerate(device) if one is entry)
        behind = tuple(device[at + 1 :])
        device.pop(at)
        along: list[Entry] = []
        if not is_secondary(entry):
            own = subnet(entry.address)
            members = [one for one in behind if is_secondary(one) and subnet(one.address) == own]
            if promotes and members:
                first = members[0]
                primary = replace(first.address, flags=first.address.flags & ~Address.SECONDARY)
                device[:] = [Entry(primary, first.payload) if one is first else one for one in device]
            elif members:
                along = members
                gone = {id(one) for one in members}
                device[:] = [one for one in device if id(one) not in gone]
                self._copies.subtract(self._copy(one) for one in members)
        return along, behind
