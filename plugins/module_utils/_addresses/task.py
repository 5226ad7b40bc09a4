# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module address: read, plan, refuse or predict, write, wait, read back. PRIVATE to the collection."""

from __future__ import annotations

import re
import socket
import time
import typing as t

from .._base.errors import InvalidInput, Refused
from .._base.names import TABLES
from .._base.protocols import PROTOCOLS
from .._base.values import INET, INET6, Address
from .._change.steps import Steps
from .._change.transaction import Mismatch, Transaction
from .._host.host import Host, snapshot
from .._host.version import kernel_version
from .._netlink import wire
from .._netlink.decode import Entry
from .._netlink.kernel import Kernel
from .._routes.payload import Payload, source_of
from . import items as _addresses
from .items import Item
from .left import Vrfs
from .line import line as address_line
from .plan import (
    Removals,
    Users,
    label,
    plan_additions,
    plan_removals,
)

#: From this Linux on an IPv6 route keeps its source as long as any device has the address (``fib6_remove_prefsrc()``).
#: Nothing that could be asked tells; where an older one does so too, ``force`` is asked for in vain.
_COPIES_KEEP = (6, 6)
_PAUSE = 0.05  # seconds between two looks at duplicate address detection, which takes one to two


class AddressChange:
    """What a list of addresses asks of the host: additions first, removals when nothing needs them any more."""

    def __init__(
        self, kernel: Kernel, host: Host, addresses: t.Sequence[t.Mapping[str, t.Any]], force: bool, wait: float
    ) -> None:
        """``addresses``: as the module takes them; ``force``: those in use go too; ``wait``: seconds, for DAD."""
        if wait < 0:
            raise InvalidInput(f"wait: {wait} is not a number of seconds")
        self._kernel = kernel
        self._host = host
        self._force = force
        self._wait = wait
        self._items = _addresses.parse(addresses, host.device)
        self.additions = plan_additions(self._items, host.entries)
        self.warnings = list(self.additions.warnings)

    def removals(self) -> Removals:
        """Planned as the routes are now. Refused where somebody needs an address that is to go."""
        items, entries = self._items, self.additions.entries
        there = _addresses.by_key(entries)
        going = [there[key] for key in (_addresses.key(item) for item in items if not item.present) if key in there]
        users = find_users(self._kernel, entries, going) if going else Users()
        return plan_removals(
            items,
            entries,
            self._promotes,
            users,
            self._host.names,
            self._force,
            _vrfs(self._host),
            copies_keep=kernel_version() >= _COPIES_KEEP,
        )

    def _promotes(self, index: int) -> bool:
        where = ("all", self._host.names[index])
        return any(self._host.sysctl(f"ipv4/conf/{name}/promote_secondaries") for name in where)

    def _now(self) -> dict[_addresses.Key, Entry]:
        return _addresses.by_key(self._kernel.addresses(self._host.names))

    def add(self, transaction: Transaction) -> None:
        """Additions and their duplicate detection."""
        present = [item for item in self._items if item.present and item.family == INET6]
        made = {item.name for item in self.additions.by_step}
        running = {index for index, link in self._host.links.items() if link.running}
        waited = [item for item in present if item.index in running] if self._wait else []
        problems = wait_for_detection(self._now, [item for item in waited if item.name not in made], self._wait)
        for item, problem in problems:
            raise Refused(f"{label(item)}: {item.text}: {problem}. Nothing was changed.")

        def read_back() -> t.Iterator[Mismatch]:
            of = {item.name: step for item, step in zip(self.additions.by_step, self.additions.steps)}
            new = [item for item in waited if item.name in made]
            failed = wait_for_detection(self._now, new, self._wait)
            yield from (Mismatch(of[item.name], problem) for item, problem in failed)
            there = self._now()
            for item in self.additions.by_step:
                entry = there.get(_addresses.key(item))
                if entry is None:
                    yield Mismatch(of[item.name], None)
                elif _addresses.differs(item, entry.address):
                    step = of[item.name]
                    why = _addresses.why_not_held(item, entry.address, step.action == "created")
                    yield Mismatch(step, address_line(entry.address) + why)

        transaction.carry_out(Steps(self.additions.steps), read_back)
        idle = [item for item in present if item.index not in running]
        there = self._now() if idle else {}
        self.warnings += [
            f"{label(item)}: {item.text} is tentative, and no source, until the device is up and has a carrier"
            for item in idle
            if not there[_addresses.key(item)].address.usable
        ]

    def remove(self, transaction: Transaction, removals: Removals) -> None:
        """The removals that were planned last."""

        def read_back() -> t.Iterator[Mismatch]:
            there = self._now()
            for step in removals.steps:
                if _addresses.key(step.entry.address) in there:
                    yield Mismatch(step, step.before)

        transaction.carry_out(Steps(removals.steps), read_back)


def ensure(
    kernel: Kernel, addresses: t.Sequence[t.Mapping[str, t.Any]], force: bool, wait: float, check: bool
) -> dict[str, t.Any]:
    """Bring the host's addresses to what the list says, or (``check``) tell what that would change."""
    change = AddressChange(kernel, snapshot(kernel), addresses, force, wait)
    removals = change.removals()
    if not check:
        transaction = Transaction(kernel)
        with transaction.whole():
            change.add(transaction)
            change.remove(transaction, removals)
    additions = change.additions
    plan = additions.plan()
    plan.steps.extend(removals.steps)
    plan.unchanged += removals.unchanged
    warnings = [*removals.warnings, *change.warnings]
    return {**plan.report(), "side_effects": removals.side_effects, "warnings": warnings}


def _vrfs(host: Host) -> Vrfs:
    domains = {index: host.domain_of(index) for index in host.links}
    tables = {link.table: index for index, link in host.links.items() if link.table is not None}
    return Vrfs({index: vrf.index for index, vrf in domains.items() if vrf}, tables)


def find_users(kernel: Kernel, entries: t.Sequence[Entry], going: t.Sequence[Entry]) -> Users:
    """The routes of all tables that removing these addresses, or undoing that, may touch."""
    devices = {entry.address.index for entry in going if entry.address.family == INET}
    near = [e for e in entries if e.address.family == INET and e.address.index in devices]
    users = Users()
    for family in (INET, INET6):
        sources = {e.address.packed for e in (*going, *near) if e.address.family == family}
        if not sources:
            continue
        ends: dict[bytes, list[bytes]] = {}
        for one in (*going, *near):
            if one.address.peer:
                ends.setdefault(one.address.packed, []).append(socket.inet_pton(one.address.family, one.address.peer))
        found = re.compile(b"|".join(re.escape(wire.attribute(wire.RTA_PREFSRC, source)) for source in sources))
        for chunk in kernel.dump_routes(family):
            if found.search(chunk):
                _sort_in(chunk, sources, ends, users.by_source)
    for device in devices:
        for chunk in kernel.dump_routes(INET, device=device):
            for _kind, _flags, _sequence, payload in wire.messages(chunk):
                route = Payload(payload)
                # Routes over a nexthop object stay when their device loses its last address.
                if route.header.protocol != PROTOCOLS["kernel"] and wire.RTA_NH_ID not in route.attrs:
                    users.by_device.setdefault(device, []).append(payload)
    return users


def _sort_in(
    chunk: bytes,
    sources: t.Collection[bytes],
    ends: t.Mapping[bytes, t.Sequence[bytes]],
    by_source: dict[bytes, list[bytes]],
) -> None:
    """``ends``: the other ends of those sources that are addresses of point-to-point links."""
    for _kind, _flags, _sequence, payload in wire.messages(chunk):
        source = source_of(payload)
        if source in sources and source and not _made_by_kernel(payload, source, ends.get(source, ())):
            by_source.setdefault(source, []).append(payload)


def _made_by_kernel(payload: bytes, source: bytes, ends: t.Iterable[bytes]) -> bool:
    """Whether the route came with the address itself (its entries in table local, its connected route)."""
    route = Payload(payload)
    if route.header.protocol != PROTOCOLS["kernel"]:
        return False
    destination = route.destination
    hosts = [destination._replace(packed=one, length=len(source) * 8) for one in (source, *ends)]
    return route.table == TABLES["local"] or any(destination.covers(host) for host in hosts)


def wait_for_detection(
    read: t.Callable[[], t.Mapping[_addresses.Key, Entry]], items: t.Sequence[Item], seconds: float
) -> list[tuple[Item, str]]:
    """Wait until duplicate address detection (RFC 4862 §5.4) is through; the items that failed, and why."""
    end = time.monotonic() + seconds
    failed = []
    waiting = list(items)
    while waiting:
        there = read()
        late = time.monotonic() >= end
        pending = []
        for item in waiting:
            entry = there.get(_addresses.key(item))
            if entry is None or entry.address.flags & Address.DADFAILED:
                # An address that has a lifetime is removed by the kernel when its detection fails.
                now = address_line(entry.address) if entry else "nothing"
                failed.append(
                    (item, f"{now}: duplicate address detection failed, another host on the link has this address")
                )
            elif not entry.address.usable:
                pending.append(item)
                if late:
                    failed.append(
                        (
                            item,
                            f"{address_line(entry.address)}: duplicate address detection has not ended after"
                            f" {seconds:g} s; raise wait, or set it to 0 not to wait",
                        )
                    )
        waiting = [] if late else pending
        if waiting:
            time.sleep(_PAUSE)
    return failed
