# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nexthop objects, wanted against actual: the plan of the module ``nexthop``. PRIVATE to the collection.

Pure but for the dumps it is handed. Planning again after the steps were carried out must find nothing to do.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._base.errors import InvalidInput, Refused
from .._base.protocols import OWNERS, owner
from .._base.values import INET
from .._change.steps import Plan, Step
from .._netlink import wire
from .._netlink.wire import U32, Message
from .._routes.edit import agrees
from .._routes.kinds import NEXTHOP_ID
from .._routes.line import line as route_line
from .._routes.payload import Payload
from .line import line
from .payload import NHA_BLACKHOLE, NHA_GROUP, NHA_ID, Attributes, Nexthop, join, pack_group, pack_hop
from .wanted import Wanted

NOUN = "id"
_CREATE = wire.NLM_F_CREATE | wire.NLM_F_EXCL


@dataclass
class NexthopPlanner:
    """Plans ``wanted`` objects. ``dump`` gives those there are, ``routes`` what ``recv`` returns of all routes."""

    wanted: t.Sequence[Wanted]
    names: t.Mapping[int, str]
    dump: t.Callable[[], t.Iterable[bytes]]
    routes: t.Callable[[], t.Iterable[bytes]]
    protocol: int
    force: bool = False

    def plan(self) -> Plan:
        """Members before their groups where they come, groups before their members where they go."""
        plan = Plan(noun=NOUN)
        there = {found.id: found for found in map(Nexthop, self.dump())}
        singles: list[Step] = []
        groups: list[Step] = []
        going: list[tuple[Wanted, Nexthop]] = []
        for item in self.wanted:
            found = there.get(item.id)
            if item.absent:
                if found is None or not self._same(item, found):
                    plan.missing.append(str(item.id))
                else:
                    going.append((item, found))
                continue
            request = self._request(item, found)
            if found is not None and request == found.request():
                plan.unchanged.append((str(item.id), line(found, self.names)))
                continue
            if found is not None:
                self._check_owner(item, found, plan)
            step = self._step(item, found, request)
            (groups if Nexthop(request).group is not None else singles).append(step)
        plan.steps.extend([*singles, *groups])
        self._check_users(going, there)
        for item, found in sorted(going, key=lambda one: one[1].group is None):
            self._check_owner(item, found, plan)
            plan.steps.append(self._removal(item, found))
        return plan

    def _same(self, item: Wanted, found: Nexthop) -> bool:
        """Whether an object agrees with what is named."""
        if item.protocol not in (None, found.protocol):
            return False
        if item.group is not None:
            return item.group == found.group
        if item.family not in (None, found.family):
            return False
        if item.blackhole:
            return found.blackhole
        if item.hop is None:
            return True
        return found.group is None and not found.blackhole and agrees(item.hop, found.hop)

    def _request(self, item: Wanted, found: Nexthop | None) -> bytes:
        protocol = item.protocol
        if protocol is None:
            protocol = found.protocol if found else self.protocol
        if found is not None and self._same(item._replace(protocol=None), found):
            return join(found.family, protocol, Nexthop(found.request()).flags, found.requested)
        number: Attributes = {NHA_ID: U32.pack(item.id)}
        if item.group is not None:
            kept = {k: v for k, v in found.requested.items() if k != NHA_GROUP} if found and found.group else number
            return join(0, protocol, 0, {**kept, NHA_GROUP: pack_group(item.group)})
        if item.blackhole:
            return join(item.family or INET, protocol, 0, {**number, NHA_BLACKHOLE: b""})
        hop, family = item.hop, item.family
        if hop and found and not (hop.device or hop.gateway):
            # Gateway and device are one thing, which is kept where neither is named.
            there, family = found.hop, found.family
            named = {name: value for name in ("onlink", "encap") if (value := getattr(hop, name)) is not None}
            hop = replace(there, **named)
        if hop is None or not hop.device:
            raise InvalidInput(
                f"{item.what}: {item.id}: an object needs a device, with or without a gateway, or a group, or blackhole"
            )
        flags, attrs = pack_hop(hop)
        return join(family or INET, protocol, flags, {**number, **attrs})

    def _step(self, item: Wanted, found: Nexthop | None, request: bytes) -> Step:
        after = line(Nexthop(request), self.names)
        if found is None:
            undo = Message(wire.RTM_DELNEXTHOP, 0, _only_number(item.id))
            new = Message(wire.RTM_NEWNEXTHOP, _CREATE, request)
            return Step(item.what, str(item.id), "created", None, after, new, (undo,), NOUN)
        back = Message(wire.RTM_NEWNEXTHOP, wire.NLM_F_REPLACE, found.request())
        new = Message(wire.RTM_NEWNEXTHOP, wire.NLM_F_REPLACE, request)
        return Step(item.what, str(item.id), "changed", line(found, self.names), after, new, (back,), NOUN)

    def _removal(self, item: Wanted, found: Nexthop) -> Step:
        gone = Message(wire.RTM_DELNEXTHOP, 0, _only_number(item.id))
        back = Message(wire.RTM_NEWNEXTHOP, _CREATE, found.request())
        return Step(item.what, str(item.id), "removed", line(found, self.names), None, gone, (back,), NOUN)

    def _check_owner(self, item: Wanted, found: Nexthop, plan: Plan) -> None:
        owned = owner(found.protocol)
        if owned is None:
            return
        text = line(found, self.names)
        if not self.force:
            raise Refused(
                f"{item.what}: the object '{text}' belongs to {owned}, which may put its own back at any time. "
                f"{OWNERS[owned]}. To write to it in the kernel all the same, set force: true",
                owner=owned,
            )
        plan.warnings.append(f"{item.what}: '{text}' was changed by force: {owned} owns it and may put its own back")

    def _check_users(self, going: t.Sequence[tuple[Wanted, Nexthop]], there: t.Mapping[int, Nexthop]) -> None:
        """Refuse to take away what is used: the kernel removes the routes of an object with it, without a word."""
        gone = {found.id: item for item, found in going}
        if not gone:
            return
        after = {number: found.group or {} for number, found in there.items() if number not in gone}
        after.update({item.id: item.group for item in self.wanted if item.group and not item.absent})
        for number, members in after.items():
            for member in members:
                if member in gone:
                    raise Refused(
                        f"{gone[member].what}: {member} is a member of group {number}; take it out of that first, "
                        "or remove both in one task"
                    )
        for chunk in self.routes():
            if NEXTHOP_ID not in chunk:
                continue
            for kind, _flags, _sequence, raw in wire.messages(chunk):
                used = Payload(raw).attrs.get(wire.RTA_NH_ID) if kind == wire.RTM_NEWROUTE else None
                item = gone.get(U32.unpack(used)[0]) if used else None
                if item:
                    raise Refused(
                        f"{item.what}: the kernel would remove '{route_line(raw, self.names)}' with {item.id}; "
                        "give that route another next hop, or remove it, first"
                    )


def _only_number(number: int) -> bytes:
    return join(0, 0, 0, {NHA_ID: U32.pack(number)})
