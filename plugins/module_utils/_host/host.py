# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host as the kernel has it: devices, addresses, rules, tables; what is a source here. PRIVATE to the collection.

One view for all who ask. It reads each kind of thing when somebody first asks for it, and keeps it: who has changed
the host takes a new view.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import replace

from .._base.errors import InvalidInput
from .._base.kinds import reserved
from .._base.names import IFNAMSIZ, TABLES, TYPES, number, table_name
from .._base.values import (
    INET,
    INET6,
    MAIN,
    Address,
    Label,
    Link,
    Prefix,
    Query,
    Rule,
    address_text,
    parse_address,
)
from .._netlink.decode import Entry
from .domain import domain_of
from .tables import table_names


class Reader(t.Protocol):
    """What the view asks the kernel; ``Kernel`` answers it."""

    def links(self) -> t.Sequence[Link]: ...
    def addresses(self, names: t.Mapping[int, str]) -> t.Sequence[Entry]: ...
    def rules(self, family: int) -> t.Sequence[Rule]: ...
    def labels(self) -> t.Sequence[Label]: ...
    def destinations(self, family: int, table: int, kind: int) -> t.Sequence[Prefix]: ...
    def lookup(self, query: Query, fib_match: bool = False) -> bytes: ...

    def dump_routes(
        self, family: int, table: int | None = None, protocol: int = 0, device: int | None = None, kind: int = 0
    ) -> t.Iterable[bytes]: ...


class Host:
    """The view.

    ``planned``: addresses to count as present (check mode, where the task that adds them did not run).
    ``warnings``: what there is to say of sources that ``check_source`` let pass.
    """

    def __init__(self, kernel: Reader, planned: t.Collection[bytes] = ()) -> None:
        self.kernel = kernel
        self.planned = frozenset(planned)
        self.warnings: list[str] = []
        self._rules: dict[int, t.Sequence[Rule]] = {}
        self._local: dict[tuple[int, int], t.Sequence[Prefix]] = {}
        self._reasons: dict[tuple[bytes, int, frozenset[int] | None], str | None] = {}
        self._remarked: set[tuple[bytes, int, frozenset[int] | None]] = set()
        self._sysctls: dict[str, int] = {}

    # Devices and tables

    @functools.cached_property
    def links(self) -> dict[int, Link]:
        """Devices by index."""
        return {link.index: link for link in self.kernel.links()}

    @functools.cached_property
    def names(self) -> dict[int, str]:
        """Device names by index."""
        return {index: link.name for index, link in self.links.items()}

    @functools.cached_property
    def _by_name(self) -> dict[str, Link]:
        found = {name: link for link in self.links.values() for name in link.altnames}
        return {**found, **{link.name: link for link in self.links.values()}}

    def find(self, name: str | None) -> Link | None:
        """The device of this name or alternative name, if there is one."""
        return self._by_name.get(name or "")

    def device(self, name: str, what: str) -> Link:
        """The same, else InvalidInput that lists those there are."""
        found = self.find(name)
        if found is None:
            there = ", ".join(sorted(self.names.values())[:20])
            raise InvalidInput(f"{what}: there is no device {name!r}; this host has {there}")
        return found

    def first_name(self, name: str) -> str:
        """What the kernel calls the device of this name first; of one that is not there (yet) the name itself.

        InvalidInput where no device could ever have the name as its first one.
        """
        found = self.find(name)
        if found is None and len(name) >= IFNAMSIZ:
            return self.device(name, "device").name
        return found.name if found else name

    def vrf(self, name: str, what: str) -> Link:
        """The VRF of this name, else InvalidInput."""
        found = self.device(name, what)
        if found.table is None:
            vrfs = ", ".join(sorted(self.vrfs.values())) or "none"
            raise InvalidInput(f"{what}: {name!r} is a device, but not a VRF; VRFs of this host: {vrfs}")
        return found

    @property
    def vrfs(self) -> dict[int, str]:
        """{table: name} of the VRFs."""
        return {link.table: link.name for link in self.links.values() if link.table is not None}

    def domain_of(self, index: int | None) -> Link | None:
        """The VRF that a device is or belongs to, None for the default one."""
        return self.links.get(domain_of(index, self.links)) if index else None

    @functools.cached_property
    def tables(self) -> dict[str, int]:
        """Names of routing tables: the kernel's three and those of iproute2's files."""
        return table_names()

    def table(self, table: t.Any, vrf: str | None, what: str, default: int = MAIN) -> int:
        """The number of a table given by name, by number or by its vrf; ``default`` where neither is given."""
        if vrf is not None:
            if table is not None:
                raise InvalidInput(f"{what}: give table or vrf, not both")
            return t.cast(int, self.vrf(vrf, f"{what}.vrf").table)
        if table is None:
            return default
        # Of a number no file says more.
        found = number(table, TABLES if str(table).strip().isdigit() else self.tables, f"{what}.table", 0xFFFFFFFF)
        if found == 0:
            raise InvalidInput(f"{what}.table: 0 is no table; use a number from 1 on, or a name such as main")
        return found

    def table_or_all(self, table: t.Any, vrf: str | None, what: str, default: int = MAIN) -> int | None:
        """The same where ``all`` is a table too; None for that."""
        if table != "all":
            return self.table(table, vrf, what, default)
        if vrf is not None:
            raise InvalidInput(f"{what}: give table or vrf, not both")
        return None

    # Addresses

    @functools.cached_property
    def entries(self) -> t.Sequence[Entry]:
        """Addresses in the kernel's order, IPv4 first, each with the payload it was dumped as."""
        return self.kernel.addresses(self.names)

    @functools.cached_property
    def addresses(self) -> list[Address]:
        return [entry.address for entry in self.entries]

    @functools.cached_property
    def _holders(self) -> dict[bytes, list[Address]]:
        found: dict[bytes, list[Address]] = {}
        for address in self.addresses:
            found.setdefault(address.packed, []).append(address)
        return found

    def holders(self, packed: bytes) -> t.Sequence[Address]:
        """This address, once for each device that has it."""
        return self._holders.get(packed, ())

    def local_prefixes(self, family: int, table: int) -> t.Sequence[Prefix]:
        """The prefixes of type ``local`` in a table, any IPv4 address of which is a source (AnyIP)."""
        if (family, table) not in self._local:
            self._local[family, table] = self.kernel.destinations(family, table, TYPES["local"])
        return self._local[family, table]

    # Rules, labels, sysctls

    def rules(self, family: int) -> t.Sequence[Rule]:
        """The policy rules of a family, by priority."""
        if family not in self._rules:
            self._rules[family] = [self.named(rule) for rule in self.kernel.rules(family)]
        return self._rules[family]

    def named(self, rule: Rule) -> Rule:
        """The rule with the first names of its devices; the kernel keeps the name that the rule was made with."""
        if rule.iif in (None, "lo") and rule.oif is None:
            return rule
        iif, oif = (self.first_name(name) if name else None for name in (rule.iif, rule.oif))
        return replace(rule, iif=iif, oif=oif)

    @functools.cached_property
    def labels(self) -> t.Sequence[Label]:
        """The RFC 6724 policy table."""
        return self.kernel.labels()

    def sysctl(self, path: str) -> int:
        """A number below ``net``, as ``ipv6/conf/lo/use_tempaddr``; 0 where this kernel does not have it."""
        if path not in self._sysctls:
            try:
                with open(f"/proc/sys/net/{path}", encoding="ascii") as file:
                    self._sysctls[path] = int(file.read())
            except (OSError, ValueError):
                self._sysctls[path] = 0
        return self._sysctls[path]

    # Sources

    def check_source(self, source: bytes, table: int, what: str, devices: frozenset[int] | None = None) -> None:
        """InvalidInput where ``why_not_source`` has a reason; the kernel's words would be fewer."""
        reason = self.why_not_source(source, table, devices)
        if reason:
            raise InvalidInput(f"{what}: {reason}")
        if (source, table, devices) not in self._remarked:
            self._remarked.add((source, table, devices))
            self.warnings += [f"{what}: {remark}" for remark in self._remarks(source)]

    def why_not_source(self, source: bytes, table: int = MAIN, devices: frozenset[int] | None = None) -> str | None:
        """Why routes of this table could not use this source now, beginning with the address; None where they could.

        ``table``: for routes of a VRF the VRF's. ``devices``: the indexes of those that the route leaves by, None where
        they are not known. ``fib_valid_prefsrc()`` in net/ipv4/fib_semantics.c, ``ip6_route_info_create()`` in
        net/ipv6/route.c.
        """
        key = (source, table, devices)
        if key not in self._reasons:
            self._reasons[key] = self._why_not(source, table, devices)
        return self._reasons[key]

    def _why_not(self, source: bytes, table: int, devices: frozenset[int] | None) -> str | None:
        text = address_text(source)
        holders = self.holders(source)
        if not holders:
            if source in self.planned or self._any_ip(source, table):
                return None
            return f"{text} is not an address of this host; add it first (module l3host.source_ip.address)"
        if not any(holder.usable for holder in holders):
            return f"{text} on {holders[0].device} {_why_unusable(holders[0])}"
        reason = self._wrong_domain(holders, table, devices)
        return f"{text} {reason}" if reason else None

    def _any_ip(self, source: bytes, table: int) -> bool:
        if len(source) != 4:
            return False
        host = Prefix(INET, source, 32)
        tables = dict.fromkeys((TABLES["local"], table))
        return any(prefix.covers(host) for where in tables for prefix in self.local_prefixes(INET, where))

    def _wrong_domain(self, holders: t.Sequence[Address], table: int, devices: frozenset[int] | None) -> str | None:
        homes = [self.domain_of(holder.index) for holder in holders]
        names = ", ".join(sorted({_domain_text(home) for home in homes}))
        if holders[0].family == INET6 and devices:
            # IPv6 compares with the device and not with the table.
            for link in (self.links[index] for index in sorted(devices) if index in self.links):
                domain = self.domain_of(link.index)
                if domain not in homes:
                    return f"belongs to {names}, but device {link.name} to {_domain_text(domain)}"
            return None
        if any(home is None or home.table == table for home in homes):
            return None
        return f"belongs to {names}, but the route is in table {table_name(table)}"

    def _remarks(self, source: bytes) -> list[str]:
        text, holders = address_text(source), self.holders(source)
        found = []
        if len(source) == 4 and source[0] == 127:
            found.append(f"{text} never leaves the host; packets from it are dropped as martian")
        if block := reserved(source):
            found.append(f"{text} is in {block}: this host uses it, but many hosts and routers drop packets from it")
        if holders and all(holder.deprecated for holder in holders):
            found.append(f"{text} is deprecated; a preferred source is used all the same")
        return found


def _domain_text(vrf: Link | None) -> str:
    return f"vrf {vrf.name}" if vrf else "no vrf"


def _why_unusable(holder: Address) -> str:
    if holder.flags & Address.DADFAILED:
        return "failed duplicate address detection: another host uses it; remove it there, then remove and add it here"
    return (
        "is tentative: duplicate address detection has not finished; wait for it (module l3host.source_ip.address"
        " does) or add the address with nodad"
    )


def snapshot(kernel: Reader, planned: t.Iterable[str] = ()) -> Host:
    """A view of the host as it is from now on; ``planned`` are addresses as text, with or without a length."""
    texts = [text.partition("/")[0] for text in planned]
    return Host(kernel, [parse_address(text, "planned_addresses")[1] for text in texts])
