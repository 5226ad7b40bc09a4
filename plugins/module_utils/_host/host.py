# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What validation needs to know of the host: devices, tables, addresses. PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._base.errors import InvalidInput
from .._base.names import number, table_name, table_names
from .._base.values import (
    INET6,
    MAIN,
    Address,
    Link,
    Prefix,
    address_text,
    parse_address,
)
from .._netlink import wire

if t.TYPE_CHECKING:
    from .._netlink.kernel import Kernel

_LOCAL_TABLE, _LOCAL_TYPE = 255, 2


@dataclass
class Host:
    """A snapshot of devices and addresses, asked once for each task.

    ``planned``: addresses to count as present (check mode, where the task that adds them did not run).
    ``local_prefixes(family, table)`` lists the prefixes of type ``local``, any address of which is a valid source.
    """

    links: tuple[Link, ...]
    addresses: tuple[Address, ...]
    local_prefixes: t.Callable[[int, int], t.Sequence[Prefix]]
    planned: frozenset[bytes] = frozenset()
    tables: dict[str, int] = field(default_factory=table_names)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._devices = {link.name: link for link in self.links}
        self._by_index = {link.index: link for link in self.links}
        self._holders: dict[bytes, list[Address]] = {}
        for address in self.addresses:
            self._holders.setdefault(address.packed, []).append(address)
        self._checked: set[tuple[bytes, int, frozenset[int] | None]] = set()

    @property
    def names(self) -> dict[int, str]:
        """Device names by index."""
        return {link.index: link.name for link in self.links}

    def device(self, name: str, what: str) -> Link:
        """The device of this name, else InvalidInput that lists those there are."""
        found = self._devices.get(name)
        if found is None:
            there = ", ".join(sorted(self._devices)[:20])
            raise InvalidInput(f"{what}: there is no device {name!r}; this host has {there}")
        return found

    def table(self, table: t.Any, vrf: str | None, what: str) -> int:
        """The number of a table given by name, by number or by its vrf; ``main`` where neither is given."""
        if vrf is not None:
            if table is not None:
                raise InvalidInput(f"{what}: give table or vrf, not both")
            link = self.device(vrf, f"{what}.vrf")
            if link.table is None:
                raise InvalidInput(f"{what}.vrf: {vrf!r} is a device, but not a VRF")
            return link.table
        if table is None:
            return MAIN
        found = number(table, self.tables, f"{what}.table", 0xFFFFFFFF)
        if found == 0:
            raise InvalidInput(f"{what}.table: 0 is no table; use a number from 1 on, or a name such as main")
        return found

    def vrf_of(self, address: Address) -> Link | None:
        """The VRF that an address lives in, None for the default one."""
        link = self._by_index.get(address.index)
        return self.domain_of(link) if link is not None else None

    def domain_of(self, link: Link) -> Link | None:
        """The VRF that a device is or belongs to, None for the default one."""
        if link.table is not None:
            return link
        master = self._by_index.get(link.master)
        return master if master is not None and master.table is not None else None

    def check_source(self, source: bytes, table: int, what: str, devices: frozenset[int] | None = None) -> None:
        """Refuse a source that routes of this table could not use now; the kernel's words would be fewer.

        ``devices`` are the indexes of those that the route leaves by, None where they are not known yet.
        ``fib_valid_prefsrc()`` in net/ipv4/fib_semantics.c, ``ip6_route_info_create()`` in net/ipv6/route.c.
        """
        if (source, table, devices) in self._checked:
            return
        text = address_text(source)
        holders = self._holders.get(source, [])
        if source in self.planned and not holders:
            self._checked.add((source, table, devices))
            return
        if not holders:
            self._check_any_ip(source, table, f"{what}: {text}")
        elif not any(holder.usable for holder in holders):
            self._refuse_unusable(holders[0], f"{what}: {text}")
        else:
            self._check_vrf(holders, table, devices, f"{what}: {text}")
        if len(source) == 4 and source[0] == 127:
            self.warnings.append(f"{what}: {text} never leaves the host; packets from it are dropped as martian")
        if holders and all(holder.deprecated for holder in holders):
            self.warnings.append(f"{what}: {text} is deprecated; a preferred source is used all the same")
        self._checked.add((source, table, devices))

    def _check_any_ip(self, source: bytes, table: int, what: str) -> None:
        if len(source) == 4:
            host = Prefix(parse_address(str(address_text(source)), what)[0], source, 32)
            for where in (_LOCAL_TABLE, table):
                if any(prefix.covers(host) for prefix in self.local_prefixes(host.family, where)):
                    return
        raise InvalidInput(f"{what} is not an address of this host; add it first (module l3host.source_ip.address)")

    @staticmethod
    def _refuse_unusable(holder: Address, what: str) -> None:
        if holder.flags & Address.DADFAILED:
            raise InvalidInput(
                f"{what} on {holder.device} failed duplicate address detection: another host uses it; "
                "remove it there, then remove and add it here"
            )
        raise InvalidInput(
            f"{what} on {holder.device} is tentative: duplicate address detection has not finished; "
            "wait for it (module l3host.source_ip.address does) or add the address with nodad"
        )

    def _check_vrf(self, holders: t.Sequence[Address], table: int, devices: frozenset[int] | None, what: str) -> None:
        homes = [self.vrf_of(holder) for holder in holders]
        names = ", ".join(sorted({_vrf_text(home) for home in homes}))
        if holders[0].family == INET6 and devices:
            # IPv6 compares with the device and not with the table.
            for link in (self._by_index[index] for index in sorted(devices) if index in self._by_index):
                domain = self.domain_of(link)
                if domain not in homes:
                    raise InvalidInput(f"{what} belongs to {names}, but device {link.name} to {_vrf_text(domain)}")
            return
        if not any(home is None or home.table == table for home in homes):
            raise InvalidInput(f"{what} belongs to {names}, but the route is in table {table_name(table)}")


def _vrf_text(vrf: Link | None) -> str:
    return f"vrf {vrf.name}" if vrf else "no vrf"


def snapshot(kernel: Kernel, planned: t.Iterable[str] = ()) -> Host:
    """The host as the kernel sees it now."""
    known: dict[tuple[int, int], list[Prefix]] = {}

    def local_prefixes(family: int, table: int) -> t.Sequence[Prefix]:
        if (family, table) not in known:
            payloads = kernel.routes(family, table, kind=_LOCAL_TYPE)
            known[family, table] = [wire.destination_of(payload) for payload in payloads]
        return known[family, table]

    addresses = [text.partition("/")[0] for text in planned]
    packed = frozenset(parse_address(text, "planned_addresses")[1] for text in addresses)
    return Host(kernel.links(), kernel.addresses(), local_prefixes, packed)
