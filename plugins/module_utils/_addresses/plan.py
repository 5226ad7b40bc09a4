# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses wanted × addresses there → steps, or refusals. Pure. PRIVATE to the collection.

Additions come before removals, so that an address that moves to another device keeps the routes that use it.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from .._base.errors import Refused
from .._base.values import INET, INET6, Address, Prefix
from .._change.steps import AnyStep, Plan, Step, Steps
from .._netlink import decode
from .._netlink.decode import Entry
from .._netlink.wire import NLM_F_CREATE, NLM_F_REPLACE, RTM_NEWROUTE, Message
from .._routes.edit import echo
from .._routes.line import line as route_line
from .._routes.payload import Payload
from . import items as _addresses
from . import payload as _payload
from .items import Item
from .left import NO_VRFS, Left, Vrfs, is_secondary, subnet
from .line import line as address_line

NOUN = "address"  # what results call the subject of a step
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

    @property
    def created(self) -> set[tuple[str, str]]:
        """(address with its length, device) of those that the host does not have yet."""
        return {(item.text, item.device) for item, step in zip(self.by_step, self.steps) if step.action == "created"}

    def plan(self) -> Plan:
        """What there is to report of them."""
        return _plan(self.steps, self.unchanged, self.warnings)


def label(item: Item) -> str:
    """How messages name an item."""
    return f"{item.name} (device {item.device})"


def plan_additions(items: t.Sequence[Item], entries: t.Sequence[Entry]) -> Additions:
    """Steps for the items that are to be present. Refused where the kernel could only remove and add again."""
    plan = Additions(entries=list(entries))
    positions = {_addresses.key(entry.address): at for at, entry in enumerate(entries)}
    primaries = {subnet(one.address) for one in entries if one.address.family == INET and not is_secondary(one)}
    for item in items:
        if not item.present:
            continue
        at = positions.get(_addresses.key(item))
        if _addresses.is_broadcast(item):
            plan.warnings.append(
                f"{label(item)}: {item.text} is the broadcast address of its own subnet; other hosts there send no "
                "packet to it as to one host"
            )
        if at is None:
            _add(plan, item, primaries)
            continue
        entry = plan.entries[at]
        _check_same(item, entry.address)
        before = address_line(entry.address)
        if _addresses.differs(item, entry.address):
            plan.entries[at] = _change(plan, item, entry, before)
        else:
            plan.unchanged.append((item.text, before))
    return plan


def _check_same(item: Item, address: Address) -> None:
    there = f"{label(item)}: {item.text}: the device has it as '{address_line(address)}'"
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


def _add(plan: Additions, item: Item, primaries: set[tuple[int, Prefix]]) -> None:
    payload = _payload.new_payload(item)
    address = decode.address(payload, {item.index: item.device})
    if item.family == INET:
        if subnet(address) in primaries:
            address = replace(address, flags=address.flags | Address.SECONDARY)
        primaries.add(subnet(address))
    after = address_line(address)
    undo = (_payload.removal(payload),)
    plan.steps.append(
        Step(label(item), item.text, "created", None, after, _payload.addition(payload), undo, NOUN),
    )
    plan.by_step.append(item)
    plan.entries.append(Entry(address, payload))


def _change(plan: Additions, item: Item, entry: Entry, before: str) -> Entry:
    payload = _payload.changed_payload(item, entry)
    address = decode.address(payload, {item.index: item.device})
    kept = entry.address.flags & (Address.SECONDARY | Address.TENTATIVE)
    if address.preferred_lifetime == 0:
        kept |= Address.DEPRECATED
    address = replace(address, flags=address.flags | kept)
    undo = (_payload.replacement(_payload.undoing_payload(item, entry)),)
    request = _payload.replacement(payload)
    plan.steps.append(Step(label(item), item.text, "changed", before, address_line(address), request, undo, NOUN))
    plan.by_step.append(item)
    return Entry(address, payload)


class Removal(t.NamedTuple):
    """A step that removes an address; its undo is worked out only when it is needed."""

    item: str
    subject: str
    before: str
    requests: tuple[Message, ...]
    entry: Entry
    behind: tuple[Entry, ...]
    along: frozenset[int]
    routes: tuple[bytes, ...]
    users: Users
    action: str = "removed"
    after: str | None = None
    noun: str = NOUN

    @property
    def undo(self) -> tuple[Message, ...]:
        return tuple(_undo(self))


@dataclass
class Removals:
    """Steps that remove, what goes with each of them, and the items that are not there anyway."""

    steps: list[Removal] = field(default_factory=list)
    side_effects: list[dict[str, t.Any]] = field(default_factory=list)
    unchanged: list[tuple[str, str | None]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def plan(self) -> Plan:
        """What there is to report of them."""
        return _plan(self.steps, self.unchanged, self.warnings)


def _plan(steps: t.Iterable[AnyStep], unchanged: t.Iterable[tuple[object, object]], warnings: list[str]) -> Plan:
    return Plan(Steps(steps), unchanged=list(unchanged), warnings=list(warnings), noun=NOUN)


def plan_removals(
    items: t.Sequence[Item],
    entries: t.Sequence[Entry],
    promotes: t.Callable[[int], bool],
    users: Users,
    names: t.Mapping[int, str],
    force: bool,
    vrfs: Vrfs = NO_VRFS,
    copies_keep: bool = True,
) -> Removals:
    """Steps for the items that are to be absent; Refused where something goes with one and ``force`` is not set.

    ``entries`` is the host after the additions, in the kernel's order; ``promotes`` says of a device index whether
    the kernel promotes secondaries (``net.ipv4.conf.*.promote_secondaries``); ``copies_keep`` as of ``Left``.
    """
    plan = Removals()
    there = _addresses.by_key(entries)
    near = {(entry.address.index, entry.address.packed): entry for entry in entries}
    positions = {id(entry): position for position, entry in enumerate(entries)}
    going: list[tuple[int, Item, Entry]] = []
    for item in items:
        if item.present:
            continue
        entry = there.get(_addresses.key(item))
        if entry is None:
            plan.unchanged.append((item.text, None))
            plan.warnings += _near_miss(item, near)
        else:
            _check_removable(item, entry.address)
            going.append((positions[id(entry)], item, entry))
    # The last in the kernel's order first: secondaries go before the primary that would take them along.
    going.sort(key=lambda one: -one[0])
    left = Left(entries, vrfs, copies_keep)
    for _position, item, entry in going:
        along, behind = left.take(entry, promotes(item.index))
        last = item.family == INET and not left.devices[item.index]
        routes = _harmed([entry, *along], left, users, last)
        if (along or routes) and not force:
            raise Refused(_refusal(item, along, routes, last, names))
        plan.steps.append(
            Removal(
                item=label(item),
                subject=item.text,
                before=address_line(entry.address),
                requests=(_payload.removal(entry.payload),),
                entry=entry,
                behind=behind,
                along=frozenset(id(one) for one in along),
                routes=tuple(routes),
                users=users,
            )
        )
        if along or routes:
            plan.side_effects.append(_side_effect(item, along, routes, names))
    return plan


def _near_miss(item: Item, near: t.Mapping[tuple[int, bytes], Entry]) -> list[str]:
    entry = near.get((item.index, item.packed))
    if entry is None:
        return []
    return [f"{label(item)}: {item.text} is not there, but '{address_line(entry.address)}' is, and stays"]


def _check_removable(item: Item, address: Address) -> None:
    there = f"{label(item)}: {item.text}: the device has it as '{address_line(address)}'"
    if item.peer not in (None, address.peer):
        raise Refused(f"{there}; name that peer, or none, to remove that one")
    if address.prefix_length != item.prefix_length:
        raise Refused(f"{there}; name it with /{address.prefix_length} to remove that one")


def _harmed(gone: t.Sequence[Entry], left: Left, users: Users, last: bool) -> list[bytes]:
    """Routes that lose something: their source is nowhere that they may have it from, or their device its last address.

    With its last IPv4 address a device loses its IPv4 routes (``fib_disable_ip``).
    """
    found: dict[bytes, None] = {}
    for entry in gone:
        routes = users.by_source.get(entry.address.packed, ())
        found.update(dict.fromkeys(route for route in routes if left.needs(route, entry)))
    if last:
        found.update(dict.fromkeys(users.by_device.get(gone[0].address.index, ())))
    return list(found)


def _side_effect(
    item: Item, along: t.Sequence[Entry], routes: t.Sequence[bytes], names: t.Mapping[int, str]
) -> dict[str, t.Any]:
    return {
        "address": item.text,
        "device": item.device,
        "addresses": [address_line(other.address) for other in along],
        "routes": len(routes),
        "route_lines": [route_line(payload, names) for payload in routes[:SHOWN]],
    }


def _refusal(
    item: Item, along: t.Sequence[Entry], routes: t.Sequence[bytes], last: bool, names: t.Mapping[int, str]
) -> str:
    parts = []
    if along:
        lines = "; ".join(address_line(entry.address) for entry in along[:SHOWN])
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
    return f"{label(item)}: {item.text}: {'. '.join(parts)}. {fix}, or set force: true to remove it all the same"


def _undo(step: Removal) -> t.Iterator[Message]:
    """What brings back the address, its place among the device's addresses, and the routes that went with it."""
    entry = step.entry
    payload = _payload.restoring_payload(entry.payload)
    if entry.address.family == INET6:
        # Without NODAD the address would be tentative, and the kernel refuse it as the source of its routes.
        yield _payload.addition(_payload.restoring_payload(entry.payload, Address.NODAD))
        yield _payload.replacement(payload)
        yield from _routes_again(step.routes)
        return
    yield _payload.addition(payload)
    # An address that is added goes to the end, and is secondary where its subnet has a primary. The first one of a
    # device is the source of what has no other, so those behind it are taken away and put behind it again.
    yield from (_payload.removal(one.payload) for one in reversed(step.behind) if id(one) not in step.along)
    yield from (_payload.addition(_payload.restoring_payload(one.payload)) for one in step.behind)
    lost = dict.fromkeys(step.routes)
    for one in step.behind:
        lost.update(dict.fromkeys(step.users.by_source.get(one.address.packed, ())))
    yield from _routes_again(lost)


def _routes_again(payloads: t.Iterable[bytes]) -> t.Iterator[Message]:
    for payload in payloads:
        yield Message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, echo(Payload(payload)))
