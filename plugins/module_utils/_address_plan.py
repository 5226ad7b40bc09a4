# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses wanted × addresses there → steps, or refusals. Pure. PRIVATE to the collection.

Additions come before removals, so that an address that moves to another device keeps the routes that use it.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.l3host.source_ip.plugins.module_utils import _addresses
from ansible_collections.l3host.source_ip.plugins.module_utils._addresses import Entry, Item
from ansible_collections.l3host.source_ip.plugins.module_utils._decode import line as route_line
from ansible_collections.l3host.source_ip.plugins.module_utils._errors import Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._model import INET, INET6, Address
from ansible_collections.l3host.source_ip.plugins.module_utils._steps import Step
from ansible_collections.l3host.source_ip.plugins.module_utils._wire import (
    NLM_F_CREATE,
    NLM_F_REPLACE,
    RTM_NEWROUTE,
    Message,
    echo,
)

SHOWN = 10  # lines of routes in a message or a result; the others are counted


@dataclass
class Users:
    """Dumped routes, without those that the kernel made for the addresses themselves.

    ``by_source``: that have this preferred source. ``by_device``: IPv4 routes that leave through this device.
    """

    by_source: dict[bytes, list[bytes]] = field(default_factory=dict)
    by_device: dict[int, list[bytes]] = field(default_factory=dict)


@dataclass
class Additions:
    """Steps that make or change, the items that need nothing, and the host's addresses afterwards."""

    steps: list[Step] = field(default_factory=list)
    unchanged: list[tuple[str, str | None]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    by_step: list[Item] = field(default_factory=list)


@dataclass
class Removals:
    """Steps that remove, and what goes with each of them."""

    steps: list[Step] = field(default_factory=list)
    by_step: list[Entry] = field(default_factory=list)
    side_effects: list[dict[str, t.Any]] = field(default_factory=list)


def label(item: Item) -> str:
    """How messages name an item."""
    return f"{item.name} (device {item.device})"


def same_subnet(one: Address, other: Address) -> bool:
    """Whether the kernel takes both IPv4 addresses for members of one subnet (``inet_ifa_match`` and same mask)."""
    if one.index != other.index or one.family != INET or other.family != INET:
        return False
    shift = 32 - one.prefix_length
    ends = [int.from_bytes(_network_end(address), "big") >> shift for address in (one, other)]
    return one.prefix_length == other.prefix_length and ends[0] == ends[1]


def _network_end(address: Address) -> bytes:
    return Address(address.peer, 32, INET, 0, "").packed if address.peer else address.packed


def find(item: Item, entries: t.Iterable[Entry]) -> Entry | None:
    for entry in entries:
        if _addresses.matches(item, entry.address):
            return entry
    return None


def plan_additions(items: t.Sequence[Item], entries: t.Sequence[Entry]) -> Additions:
    """Steps for the items that are to be present. Refused where the kernel could only remove and add again."""
    plan = Additions(entries=list(entries))
    for item in items:
        if not item.present:
            continue
        entry = find(item, plan.entries)
        if entry is None:
            _add(plan, item)
            continue
        _check_same(item, entry.address)
        before = _addresses.line(entry.address)
        if _addresses.differs(item, entry.address):
            _change(plan, item, entry, before)
        else:
            plan.unchanged.append((item.text, before))
    return plan


def _check_same(item: Item, address: Address) -> None:
    there = f"{label(item)}: {item.text}: the device has it as '{_addresses.line(address)}'"
    if address.peer:
        raise Refused(f"{there}, a point-to-point address, which this module does not manage")
    if address.prefix_length != item.prefix_length:
        raise Refused(
            f"{there}; the kernel holds an IPv6 address of a device with one prefix length only."
            f" Name it with /{address.prefix_length}, or remove that one in a task before"
        )
    if address.flags & Address.DADFAILED:
        raise Refused(
            f"{there}: duplicate address detection failed, another host on the link has this address."
            " Free the address there, then remove it here and add it again"
        )
    fixed = _addresses.fixed_differences(item, address)
    if fixed:
        raise Refused(
            f"{there}: {', '.join(fixed)}; the kernel cannot change that in place."
            " Remove the address with state: absent in a task before, then add it again"
        )


def _add(plan: Additions, item: Item) -> None:
    payload = _addresses.new_payload(item)
    address = _addresses.decode(payload, {item.index: item.device})
    if any(
        same_subnet(address, other.address) and not other.address.flags & Address.SECONDARY for other in plan.entries
    ):
        address = replace(address, flags=address.flags | Address.SECONDARY)
    after = _addresses.line(address)
    undo = (_addresses.removal(payload),)
    plan.steps.append(
        Step(label(item), item.text, "created", None, after, _addresses.addition(payload), undo),
    )
    plan.by_step.append(item)
    plan.entries.append(Entry(address, payload))


def _change(plan: Additions, item: Item, entry: Entry, before: str) -> None:
    payload = _addresses.changed_payload(item, entry)
    address = _addresses.decode(payload, {item.index: item.device})
    kept = entry.address.flags & (Address.SECONDARY | Address.TENTATIVE)
    if address.preferred_lifetime == 0:
        kept |= Address.DEPRECATED
    address = replace(address, flags=address.flags | kept)
    undo = (_addresses.replacement(_addresses.restoring_payload(entry.payload)),)
    request = _addresses.replacement(payload)
    plan.steps.append(Step(label(item), item.text, "changed", before, _addresses.line(address), request, undo))
    plan.by_step.append(item)
    plan.entries[plan.entries.index(entry)] = Entry(address, payload)


def plan_removals(
    items: t.Sequence[Item],
    entries: t.Sequence[Entry],
    promotes: t.Callable[[int], bool],
    users: Users,
    names: t.Mapping[int, str],
    force: bool,
) -> tuple[Removals, list[tuple[str, str | None]], list[str]]:
    """``(removals, unchanged, warnings)`` for the items that are to be absent.

    ``entries`` is the host after the additions, in the kernel's order; ``promotes`` says of a device index whether
    the kernel promotes secondaries (``net.ipv4.conf.*.promote_secondaries``).
    """
    unchanged: list[tuple[str, str | None]] = []
    warnings: list[str] = []
    going: list[tuple[Item, Entry]] = []
    for item in items:
        if item.present:
            continue
        entry = find(item, entries)
        if entry is None:
            unchanged.append((item.text, None))
            warnings += _near_miss(item, entries)
        else:
            _check_removable(item, entry.address)
            going.append((item, entry))
    # The last in the kernel's order first: secondaries go before the primary that would take them along.
    going.sort(key=lambda pair: -list(entries).index(pair[1]))
    plan = Removals()
    left = list(entries)
    for item, entry in going:
        left = _remove(plan, item, entry, left, promotes(item.index), users, names, force)
    return plan, unchanged, warnings


def _near_miss(item: Item, entries: t.Iterable[Entry]) -> list[str]:
    for entry in entries:
        if entry.address.index == item.index and entry.address.packed == item.packed:
            return [f"{label(item)}: {item.text} is not there, but '{_addresses.line(entry.address)}' is, and stays"]
    return []


def _check_removable(item: Item, address: Address) -> None:
    if address.prefix_length != item.prefix_length or address.peer:
        raise Refused(
            f"{label(item)}: {item.text}: the device has it as '{_addresses.line(address)}';"
            f" name it with /{address.prefix_length} to remove that one"
            if not address.peer
            else f"{label(item)}: {item.text}: the device has it as '{_addresses.line(address)}', a point-to-point"
            " address, which this module does not manage"
        )


def _taken_along(entry: Entry, left: t.Sequence[Entry], promotes: bool) -> list[Entry]:
    """The secondaries that the kernel removes together with this IPv4 primary (``__inet_del_ifa``)."""
    if promotes or entry.address.family != INET or entry.address.flags & Address.SECONDARY:
        return []
    return [
        other
        for other in left
        if other is not entry and other.address.flags & Address.SECONDARY and same_subnet(entry.address, other.address)
    ]


def _remove(
    plan: Removals,
    item: Item,
    entry: Entry,
    left: list[Entry],
    promotes: bool,
    users: Users,
    names: t.Mapping[int, str],
    force: bool,
) -> list[Entry]:
    along = _taken_along(entry, left, promotes)
    gone = [entry, *along]
    after = [other for other in left if other not in gone]
    routes = _harmed(gone, after, users)
    last = _is_last(entry, after)
    if (along or routes) and not force:
        raise Refused(*_refusal(item, along, routes, last, names))
    before = _addresses.line(entry.address)
    undo = _undo(entry, left, gone, users, last)
    plan.steps.append(
        Step(label(item), item.text, "removed", before, None, _addresses.removal(entry.payload), tuple(undo))
    )
    plan.by_step.append(entry)
    if along or routes:
        plan.side_effects.append(
            {
                "address": item.text,
                "device": item.device,
                "addresses": [_addresses.line(other.address) for other in along],
                "routes": len(routes),
                "route_lines": [route_line(payload, names) for payload in routes[:SHOWN]],
            }
        )
    return _promoted(entry, after) if promotes else after


def _promoted(entry: Entry, after: list[Entry]) -> list[Entry]:
    """The list after the kernel made the first secondary of this primary's subnet the new primary."""
    if entry.address.family != INET or entry.address.flags & Address.SECONDARY:
        return after
    for at, other in enumerate(after):
        if other.address.flags & Address.SECONDARY and same_subnet(entry.address, other.address):
            primary = replace(other.address, flags=other.address.flags & ~Address.SECONDARY)
            return [*after[:at], Entry(primary, other.payload), *after[at + 1 :]]
    return after


def _is_last(entry: Entry, after: t.Iterable[Entry]) -> bool:
    """Whether the device has no IPv4 address any more: the kernel then flushes its routes (``fib_disable_ip``)."""
    if entry.address.family != INET:
        return False
    return not any(e.address.family == INET and e.address.index == entry.address.index for e in after)


def _harmed(gone: t.Sequence[Entry], after: t.Sequence[Entry], users: Users) -> list[bytes]:
    """Routes that lose something: their source is nowhere on the host any more, or their device its last address."""
    remaining = {other.address.packed for other in after}
    found: dict[bytes, None] = {}
    for entry in gone:
        if entry.address.packed not in remaining:
            found.update(dict.fromkeys(users.by_source.get(entry.address.packed, ())))
    if _is_last(gone[0], after):
        found.update(dict.fromkeys(users.by_device.get(gone[0].address.index, ())))
    return list(found)


def _refusal(
    item: Item, along: t.Sequence[Entry], routes: t.Sequence[bytes], last: bool, names: t.Mapping[int, str]
) -> tuple[str]:
    parts = []
    if along:
        lines = "; ".join(_addresses.line(entry.address) for entry in along[:SHOWN])
        parts.append(
            f"with this primary address the kernel would remove {len(along)} secondary address(es)"
            f" (promote_secondaries is 0): {lines}"
        )
    if routes:
        lines = "; ".join(route_line(payload, names) for payload in routes[:SHOWN])
        more = f" … and {len(routes) - SHOWN} more" if len(routes) > SHOWN else ""
        also = f", or leave through {item.device}, whose last IPv4 address it is" if last else ""
        parts.append(f"{len(routes)} route(s) use it as their source{also}: {lines}{more}")
    fix = "Give them another source or another way first" if routes else "Name them in the task as well"
    return (f"{label(item)}: {item.text}: {'. '.join(parts)}. {fix}, or set force: true to remove it all the same",)


def _undo(
    entry: Entry, left: t.Sequence[Entry], gone: t.Sequence[Entry], users: Users, last: bool
) -> t.Iterator[Message]:
    """What brings back the address, its place among the device's addresses, and the routes that went with it."""
    payload = _addresses.restoring_payload(entry.payload)
    if entry.address.family == INET6:
        # Without NODAD the address would be tentative, and the kernel refuse it as the source of its routes.
        yield _addresses.addition(_addresses.restoring_payload(entry.payload, Address.NODAD))
        yield _addresses.replacement(payload)
        yield from _routes_again(users.by_source.get(entry.address.packed, ()))
        return
    yield _addresses.addition(payload)
    # An address that is added goes to the end, and is secondary where its subnet has a primary. The first one of a
    # device is the source of what has no other, so those behind it are taken away and put behind it again.
    device = [e for e in left if e.address.family == INET and e.address.index == entry.address.index]
    behind = device[device.index(entry) + 1 :]
    yield from (_addresses.removal(other.payload) for other in reversed(behind) if other not in gone)
    yield from (_addresses.addition(_addresses.restoring_payload(other.payload)) for other in behind)
    lost: dict[bytes, None] = {}
    for other in (entry, *behind):
        lost.update(dict.fromkeys(users.by_source.get(other.address.packed, ())))
    if last:
        lost.update(dict.fromkeys(users.by_device.get(entry.address.index, ())))
    yield from _routes_again(lost)


def _routes_again(payloads: t.Iterable[bytes]) -> t.Iterator[Message]:
    for payload in payloads:
        yield Message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, echo(payload))
