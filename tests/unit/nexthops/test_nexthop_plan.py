# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the module ``nexthop``: current, desired, steps; and what is refused."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import Link
from ansible_collections.l3host.source_ip.plugins.module_utils._change.steps import Plan
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import Host
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._nexthops.line import line
from ansible_collections.l3host.source_ip.plugins.module_utils._nexthops.payload import Nexthop
from ansible_collections.l3host.source_ip.plugins.module_utils._nexthops.plan import NexthopPlanner
from ansible_collections.l3host.source_ip.plugins.module_utils._nexthops.wanted import nexthops
from tests.unit.host.hosts import Written
from tests.unit.routes import routes as R

LINKS = (Link(1, "lo"), Link(2, "v0"), Link(3, "v1"))
ID, GROUP, GROUP_TYPE, BLACKHOLE, OIF, GATEWAY, RESILIENT = 1, 2, 3, 4, 5, 6, 12


def single(number: int, gateway: str = "10.0.0.254", device: int = 2, protocol: int = 133, flags: int = 0) -> bytes:
    """As ``nh_fill_node()`` dumps it."""
    head = struct.pack("=BBBBI", 10 if ":" in gateway else 2, 253, protocol, 0, flags)
    return head + R.attr(ID, R.u32(number)) + R.attr(OIF, R.u32(device)) + R.attr(GATEWAY, R.packed(gateway))


def group(number: int, weights: dict[int, int], protocol: int = 133, extra: bytes = b"") -> bytes:
    members = b"".join(
        struct.pack("=IBBH", member, weight - 1 & 0xFF, weight - 1 >> 8, 0) for member, weight in weights.items()
    )
    head = struct.pack("=BBBBI", 0, 0, protocol, 0, 0)
    return head + R.attr(ID, R.u32(number)) + R.attr(GROUP, members) + R.attr(GROUP_TYPE, b"\0\0") + extra


def plan(there: Sequence[bytes], *items: dict[str, Any], routes: Sequence[bytes] = (), force: bool = False) -> Plan:
    planner = NexthopPlanner(
        wanted=nexthops(items, Host(Written(LINKS))),
        names=R.NAMES,
        dump=lambda: there,
        routes=lambda: [R.chunk(routes)] if routes else [],
        protocol=133,
        force=force,
    )
    return planner.plan()


V0 = {"id": 7, "gateway": "10.0.0.254", "device": "v0"}
V1 = {"id": 8, "gateway": "10.1.0.254", "device": "v1"}
NINE = {"id": 9, "group": [{"id": 7, "weight": 3}, {"id": 8}]}
LINE7, LINE8 = (
    "id 7 via 10.0.0.254 dev v0 scope link proto 133",
    "id 8 via 10.1.0.254 dev v1 scope link proto 133",
)


@pytest.mark.parametrize(
    ("there", "items", "steps"),
    [
        ([], [V0], [("created", None, LINE7)]),
        ([single(7)], [V0], []),
        ([single(7, flags=4 | 16)], [V0, {"id": 8, "state": "absent"}], []),
        (
            [single(7)],
            [{**V0, "gateway": "10.0.0.253"}],
            [("changed", LINE7, "id 7 via 10.0.0.253 dev v0 scope link proto 133")],
        ),
        ([single(7)], [{"id": 7, "protocol": "static"}], [("changed", LINE7, LINE7.replace("133", "static"))]),
        (
            [],
            [NINE, V0, V1],
            [("created", None, LINE7), ("created", None, LINE8), ("created", None, "id 9 group 7,3/8 proto 133")],
        ),
        ([single(7), single(8), group(9, {7: 3, 8: 1})], [NINE], []),
        (
            [single(7), single(8, "10.1.0.254", 3), group(9, {7: 256})],
            [{"id": 7, "state": "absent"}, {"id": 9, "group": [{"id": 8}]}],
            [("changed", "id 9 group 7,256 proto 133", "id 9 group 8 proto 133"), ("removed", LINE7, None)],
        ),
        (
            [single(7), group(9, {7: 1})],
            [{"id": 7, "state": "absent"}, {"id": 9, "state": "absent"}],
            [("removed", "id 9 group 7 proto 133", None), ("removed", LINE7, None)],
        ),
        ([single(7)], [{"id": 7, "gateway": "10.0.0.9", "device": "v0", "state": "absent"}], []),
        ([], [{"id": 7, "blackhole": True}], [("created", None, "id 7 blackhole proto 133")]),
    ],
)
def test_current_and_desired_to_steps(
    there: list[bytes], items: list[dict[str, Any]], steps: list[tuple[str, str | None, str | None]]
) -> None:
    found = plan(there, *items)
    assert [(step.action, step.before, step.after) for step in found.steps] == steps


def test_a_group_keeps_its_kind_and_its_timers_when_its_members_change() -> None:
    timers = R.attr(RESILIENT, R.attr(1, b"\x20\0") + R.attr(2, R.u32(6000)) + R.attr(4, bytes(8)))
    there = group(9, {7: 1}, extra=timers)
    (step,) = plan([single(7), single(8), there], {"id": 9, "group": [{"id": 7}, {"id": 8}]}).steps
    attrs = dict(R.walk(step.requests[0].payload[8:]))
    assert attrs[GROUP_TYPE] == b"\0\0"
    # Without the time that has passed, which only a dump says.
    assert [kind for kind, _value in R.walk(attrs[RESILIENT])] == [1, 2]
    assert step.undo[0].payload == Nexthop(there).request()


def test_what_a_removal_takes_back_is_the_object_as_it_was() -> None:
    there = single(7, flags=4 | 16)
    (step,) = plan([there], {"id": 7, "state": "absent"}).steps
    (message,) = step.undo
    assert (message.kind, message.flags) == (wire.RTM_NEWNEXTHOP, wire.NLM_F_CREATE | wire.NLM_F_EXCL)
    # Neither the scope nor the state of the link may stand in a request.
    assert struct.unpack_from("=BBBBI", message.payload) == (2, 0, 133, 0, 4)
    assert line(Nexthop(message.payload), R.NAMES) == f"{LINE7} onlink"


@pytest.mark.parametrize(
    ("there", "item", "options", "words"),
    [
        ([single(7), group(9, {7: 1})], {"id": 7, "state": "absent"}, {}, "7 is a member of group 9"),
        ([single(7, protocol=186)], {**V0, "device": "v1"}, {}, "belongs to bgp"),
        (
            [single(7)],
            {"id": 7, "state": "absent"},
            {"routes": [R.payload("198.51.100.0/24", extra=[(R.NH_ID, R.u32(7))])]},
            "would remove '198.51.100.0/24 nhid 7",
        ),
    ],
)
def test_what_somebody_needs_or_owns_is_refused(
    there: list[bytes], item: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        plan(there, item, **options)
    other = [R.payload("198.51.100.0/24", extra=[(R.NH_ID, R.u32(8))])]
    assert plan([single(7)], {"id": 7, "state": "absent"}, routes=other).steps
