# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels of the RFC 6724 policy table: read from a task's list, compared, changed. Pure. PRIVATE to the collection.

An entry is known by prefix and device, and nothing in it says who made it. Of two with the same, the first counts and
is the one that a removal takes: some kernels put a new one in front of one of those that they begin with, even with
NLM_F_REPLACE (``ip6addrlbl_add()`` in net/ipv6/addrlabel.c), so a changed one is removed first.
"""

from __future__ import annotations

import struct
import typing as t
from dataclasses import dataclass, replace

from .._base.errors import InvalidInput
from .._base.names import number
from .._base.values import INET6, MAX_LABEL, Label, Link, Prefix, parse_prefix
from .._change.steps import LongStep, Plan
from .._netlink.wire import (
    NLM_F_CREATE,
    NLM_F_EXCL,
    RTM_DELADDRLABEL,
    RTM_NEWADDRLABEL,
    U32,
    Message,
    attribute,
)

#: struct ifaddrlblmsg: family, a reserved byte, prefix length, flags, device index, sequence.
_IFADDRLBLMSG = struct.Struct("=BBBBII")
_IFAL_ADDRESS, _IFAL_LABEL = 1, 2


@dataclass(frozen=True)
class Item:
    """An entry of the task. ``label`` None: whatever it is, of those that are to go. ``only``: where it is this now."""

    name: str
    prefix: Prefix
    device: int
    label: int | None
    absent: bool = False
    only: int | None = None


def parse(items: t.Sequence[t.Mapping[str, t.Any]], device: t.Callable[[str, str], Link]) -> list[Item]:
    """The task's list as values. InvalidInput names entry, value and cause."""
    found: list[Item] = []
    seen: dict[tuple[Prefix, int], str] = {}
    for position, given in enumerate(items):
        item = read(given, f"labels[{position}]", device)
        before = seen.setdefault((item.prefix, item.device), item.name)
        if before != item.name:
            raise InvalidInput(f"{item.name}.prefix: {item.prefix} is already in {before}")
        found.append(item)
    return found


def read(given: t.Mapping[str, t.Any], what: str, device: t.Callable[[str, str], Link]) -> Item:
    """One entry."""
    prefix = parse_prefix(str(given["prefix"]), f"{what}.prefix", INET6)
    if prefix.family != INET6:
        raise InvalidInput(f"{what}.prefix: {prefix} is IPv4: write it as IPv6 has it, ::ffff:0:0/96 for all of IPv4")
    absent = given.get("state") == "absent"
    label = given.get("label")
    if label is None and not absent:
        raise InvalidInput(f"{what}.label: is required")
    return Item(
        what,
        prefix,
        device(given["device"], f"{what}.device").index if given.get("device") else 0,
        None if label is None else number(label, {}, f"{what}.label", MAX_LABEL),
        absent,
    )


def line(label: Label, names: t.Mapping[int, str]) -> str:
    """As ``ip addrlabel`` prints it."""
    device = f" dev {names.get(label.device, f'if{label.device}')}" if label.device else ""
    return f"prefix {label.prefix}{device} label {label.label}"


@dataclass
class LabelPlanner:
    """``there``: reads the table; ``names``: of devices by index."""

    items: t.Sequence[Item]
    there: t.Callable[[], t.Sequence[Label]]
    names: t.Mapping[int, str]

    def plan(self) -> Plan:
        """The steps in the order of the items."""
        plan = Plan(noun="label")
        known: dict[tuple[Prefix, int], Label] = {}
        for one in self.there() if self.items else ():
            known.setdefault((one.prefix, one.device), one)
        for item in self.items:
            there = known.get((item.prefix, item.device))
            if item.only is not None and (there is None or there.label != item.only):
                continue
            wanted = None if item.absent else Label(item.prefix, item.label or 0, item.device)
            if item.absent and there is not None and item.label not in (None, there.label):
                there = None
            self._step(plan, item, there, wanted)
        return plan

    def _step(self, plan: Plan, item: Item, there: Label | None, wanted: Label | None) -> None:
        before, after = (None if one is None else line(one, self.names) for one in (there, wanted))
        subject = str(item.prefix)
        if there == wanted:
            if there is None:
                plan.missing.append(subject)
            else:
                plan.unchanged.append((subject, before))
            return
        action = "created" if there is None else "removed" if wanted is None else "changed"
        requests, undo = _messages(there, wanted), _messages(wanted, there)
        plan.steps.append(LongStep("label", item.name, subject, action, before, after, requests, undo))


def _messages(before: Label | None, after: Label | None) -> tuple[Message, ...]:
    gone = [Message(RTM_DELADDRLABEL, 0, _payload(before))] if before else []
    new = [Message(RTM_NEWADDRLABEL, NLM_F_CREATE | NLM_F_EXCL, _payload(after))] if after else []
    return (*gone, *new)


def _payload(label: Label) -> bytes:
    payload = _IFADDRLBLMSG.pack(INET6, 0, label.prefix.length, 0, label.device, 0)
    return payload + attribute(_IFAL_ADDRESS, label.prefix.packed) + attribute(_IFAL_LABEL, U32.pack(label.label))


def undoing(entry: t.Mapping[str, t.Any], device: t.Callable[[str, str], Link]) -> Item:
    """What takes back a label that was made: ``{prefix, label, device, before}``, where it is still that label."""
    item = replace(read({**entry, "state": "absent"}, "labels", device), only=int(entry["label"]))
    return item if entry["before"] is None else replace(item, absent=False, label=int(entry["before"]))
