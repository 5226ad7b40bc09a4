# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses wanted × addresses there: order, refusals, and what an undo consists of."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._addresses import items as addresses
from ansible_collections.l3host.source_ip.plugins.module_utils._addresses.left import NO_VRFS, Left, Vrfs
from ansible_collections.l3host.source_ip.plugins.module_utils._addresses.plan import (
    Removals,
    Users,
    plan_additions,
    plan_removals,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Address, Link, family_of
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import decode, wire
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.decode import Entry
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import edit
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Header, Payload, join, source_of

INDEXES = {"lo": 1, "v0": 2, "v1": 3}
NAMES = {index: name for name, index in INDEXES.items()}
SECONDARY = Address.SECONDARY


def entry(text: str, device: str, flags: int = 0, peer: str | None = None) -> Entry:
    own, _slash, length = text.partition("/")
    family = family_of(own)
    packed = socket.inet_pton(family, own)
    far = socket.inet_pton(family, peer) if peer else packed
    payload = decode.IFADDRMSG.pack(family, int(length), flags & 0xFF, 0, INDEXES[device])
    for kind, value in ((1, far), (2, packed), (8, flags.to_bytes(4, "little"))):
        payload += wire.attribute(kind, value)
    return Entry(decode.address(payload, NAMES), payload)


def route(destination: str, source: str, device: str = "v0", table: int = 254) -> bytes:
    network, _slash, length = destination.partition("/")
    family = family_of(network)
    header = Header(family, int(length), table=table if table < 256 else 252, protocol=4, type=1)
    attrs = {
        wire.RTA_TABLE: table.to_bytes(4, "little"),
        wire.RTA_DST: socket.inet_pton(family, network),
        wire.RTA_PREFSRC: socket.inet_pton(family, source),
        wire.RTA_OIF: INDEXES[device].to_bytes(4, "little"),
    }
    return join(header, attrs)


def items(*given: dict[str, Any]) -> list[addresses.Item]:
    return addresses.parse(given, lambda name, what: Link(INDEXES[name], name))


def absent(text: str, device: str) -> dict[str, Any]:
    return {"address": text, "device": device, "state": "absent"}


def removals(
    given: Sequence[dict[str, Any]],
    entries: Sequence[Entry],
    *,
    promotes: bool = False,
    force: bool = False,
    routes: Sequence[bytes] = (),
) -> Removals:
    users = Users()
    for payload in routes:
        users.by_source.setdefault(source_of(payload) or b"", []).append(payload)
    wanted = items(*given)
    return plan_removals(wanted, plan_additions(wanted, entries).entries, lambda _i: promotes, users, NAMES, force)


HOST = [
    entry("192.0.2.2/32", "lo"),
    entry("10.0.0.1/24", "v0"),
    entry("10.5.0.1/24", "v0"),
    entry("10.0.0.2/24", "v0", SECONDARY),
    entry("10.5.0.2/24", "v0", SECONDARY),
    entry("10.1.0.1/24", "v1"),
    entry("2001:db8::1/64", "v0"),
]
PRIMARY = absent("10.0.0.1/24", "v0")


def test_additions() -> None:
    wanted = items(
        {"address": "192.0.2.2", "device": "lo"},
        {"address": "10.0.0.3/24", "device": "v0"},
        {"address": "2001:db8::1/64", "device": "v0", "preferred_lifetime": 0},
    )
    plan = plan_additions(wanted, HOST)
    assert plan.unchanged == [("192.0.2.2/32", "inet 192.0.2.2/32 dev lo scope global")]
    assert [(step.action, step.before, step.after) for step in plan.steps] == [
        ("created", None, "inet 10.0.0.3/24 dev v0 scope global secondary"),
        (
            "changed",
            "inet6 2001:db8::1/64 dev v0 scope global",
            "inet6 2001:db8::1/64 dev v0 scope global deprecated",
        ),
    ]
    assert [step.request.flags for step in plan.steps] == [wire.NLM_F_CREATE | wire.NLM_F_EXCL, wire.NLM_F_REPLACE]


@pytest.mark.parametrize(
    ("there", "wanted", "message"),
    [
        (
            entry("2001:db8::5/128", "v0"),
            {"address": "2001:db8::5/64"},
            "with one prefix length only. Name it with /128",
        ),
        (entry("2001:db8::5/64", "v0", 0x48), {"address": "2001:db8::5/64"}, "another host on the link has"),
        (
            entry("10.0.0.5/24", "v0"),
            {"address": "10.0.0.5/24", "scope": "link"},
            "scope is global, not link; the kernel",
        ),
        (entry("10.0.0.5/24", "v0"), {"address": "10.0.0.5/24", "label": "v0:a"}, "label is None, not v0:a"),
        (entry("10.0.0.5/24", "v0"), {"address": "10.0.0.5/24", "noprefixroute": True}, "noprefixroute is false"),
    ],
)
def test_what_the_kernel_cannot_change_is_refused(there: Entry, wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=r"^addresses\[0\] \(device v0\): .*" + re.escape(message)):
        plan_additions(items({"device": "v0", **wanted}), [there])


def test_a_peer_is_another_address_in_ipv4() -> None:
    there = [entry("10.0.0.5/32", "v0", 0, "10.0.0.6")]
    assert [step.action for step in plan_additions(items({"address": "10.0.0.5", "device": "v0"}), there).steps] == [
        "created"
    ]
    plan = plan_removals(items(absent("10.0.0.5", "v0")), there, lambda _i: True, Users(), NAMES, False)
    assert (plan.steps, plan.unchanged) == ([], [("10.0.0.5/32", None)])
    assert plan.warnings == [
        "addresses[0] (device v0): 10.0.0.5/32 is not there, but 'inet 10.0.0.5 peer 10.0.0.6/32 dev v0 scope global'"
        " is, and stays"
    ]


def test_removing_ipv6_by_another_prefix_length_is_refused() -> None:
    with pytest.raises(Refused, match=r"2001:db8::1/128: the device has it as .* name it with /64 to remove that one"):
        removals([absent("2001:db8::1", "v0")], HOST)


def test_secondaries_go_before_their_primary_whatever_the_order_of_the_task() -> None:
    plan = removals([PRIMARY, absent("10.0.0.2/24", "v0")], HOST)
    assert [step.subject for step in plan.steps] == ["10.0.0.2/24", "10.0.0.1/24"]
    assert plan.side_effects == []


def test_a_primary_that_takes_secondaries_along_is_refused() -> None:
    with pytest.raises(
        Refused, match=r"remove 1 secondary address\(es\) \(promote_secondaries is 0\): inet 10.0.0.2/24"
    ):
        removals([PRIMARY], HOST)
    assert removals([PRIMARY], HOST, promotes=True).side_effects == []
    forced = removals([PRIMARY], HOST, force=True, routes=[route("198.51.100.0/24", "10.0.0.2")])
    assert forced.side_effects == [
        {
            "address": "10.0.0.1/24",
            "device": "v0",
            "addresses": ["inet 10.0.0.2/24 dev v0 scope global secondary"],
            "routes": 1,
            "route_lines": ["198.51.100.0/24 dev v0 proto static src 10.0.0.2"],
        }
    ]


def test_used_source_is_refused_with_the_first_ten() -> None:
    routes = [route(f"198.51.{third}.0/24", "192.0.2.2", table=100) for third in range(12)]
    two = [*HOST, entry("192.0.2.3/32", "lo")]
    with pytest.raises(Refused) as caught:
        removals([absent("192.0.2.2", "lo")], two, routes=routes)
    text = caught.value.message
    assert text.startswith(
        "addresses[0] (device lo): 192.0.2.2/32: 12 route(s) use it as their source: 198.51.0.0/24 dev"
    )
    assert text.count("table 100") == 10 and "198.51.9.0/24" in text and "198.51.10.0/24" not in text
    assert text.endswith(
        "… and 2 more. Give them another source or another way first, or set force: true to remove it all the same"
    )


@pytest.mark.parametrize(
    "twin",
    [{"address": "192.0.2.2/32", "device": "v0"}, {"address": "192.0.2.2/24", "device": "lo"}],
    ids=["another device", "another prefix length"],
)
def test_an_address_that_lives_elsewhere_is_free_to_go(twin: dict[str, Any]) -> None:
    """Also when its twin is added by the same task, for additions come first."""
    routes = [route("198.51.100.0/24", "192.0.2.2")]
    assert removals([absent("192.0.2.2", "lo"), twin], HOST, routes=routes).side_effects == []
    there = [*HOST, entry(twin["address"], twin["device"])]
    assert removals([absent("192.0.2.2", "lo")], there, routes=routes).side_effects == []


def test_both_twins_at_once_are_refused() -> None:
    there = [*HOST, entry("192.0.2.2/24", "v1")]
    task = [absent("192.0.2.2/24", "v1"), absent("192.0.2.2/32", "lo")]
    with pytest.raises(Refused, match=r"192\.0\.2\.2/32: 1 route"):
        removals(task, there, routes=[route("198.51.100.0/24", "192.0.2.2")])


def test_the_last_ipv4_address_takes_the_routes_of_its_device_along() -> None:
    through = route("198.51.100.0/24", "192.0.2.2", "v1")
    users = Users(by_device={3: [through]})
    wanted = items(absent("10.1.0.1/24", "v1"))
    with pytest.raises(Refused, match=r"1 route\(s\) use it as their source, or leave through v1, whose last IPv4"):
        plan_removals(wanted, HOST, lambda _i: False, users, NAMES, False)
    plan = plan_removals(wanted, HOST, lambda _i: False, users, NAMES, True)
    assert plan.side_effects[0]["routes"] == 1
    assert plan.steps[0].undo[-1].payload == edit.echo(Payload(through))
    more = [*HOST, entry("10.1.0.2/24", "v1", SECONDARY)]
    assert plan_removals(wanted, more, lambda _i: True, users, NAMES, False).side_effects == []


def orders(plan: Removals, at: int = 0) -> list[str]:
    """The undo in words: + for an addition, ~ for a replacement, - for a removal, r for a route."""
    signs = {wire.RTM_DELADDR: "-", wire.RTM_NEWROUTE: "r"}
    found = []
    for message in plan.steps[at].undo:
        sign = signs.get(message.kind) or ("+" if message.flags & wire.NLM_F_CREATE else "~")
        if sign == "r":
            found.append(f"r{wire.destination_of(message.payload)}")
        else:
            found.append(f"{sign}{decode.address(message.payload, NAMES).address}")
    return found


def test_undo_in_ipv4_restores_place_and_routes() -> None:
    routes = [route("198.51.100.0/24", "10.5.0.1"), route("203.0.113.0/24", "192.0.2.2")]
    promoted = removals([PRIMARY], HOST, promotes=True, routes=routes)
    behind = ["-10.5.0.2", "-10.0.0.2", "-10.5.0.1", "+10.5.0.1", "+10.0.0.2", "+10.5.0.2"]
    assert orders(promoted) == ["+10.0.0.1", *behind, "r198.51.100.0/24"]
    taken = removals([PRIMARY], HOST, force=True, routes=routes)
    behind.remove("-10.0.0.2")
    assert orders(taken) == ["+10.0.0.1", *behind, "r198.51.100.0/24"]


def test_undo_in_ipv6_is_usable_at_once_and_ends_with_its_own_flags() -> None:
    plan = removals(
        [absent("2001:db8::1/64", "v0")], HOST, force=True, routes=[route("2001:db8:100::/64", "2001:db8::1")]
    )
    assert orders(plan) == ["+2001:db8::1", "~2001:db8::1", "r2001:db8:100::/64"]
    first, second = (decode.address(message.payload, NAMES) for message in plan.steps[0].undo[:2])
    assert first.flags & Address.NODAD and not second.flags & Address.NODAD


def test_families_of_the_tables() -> None:
    """The tables above do hold both families; a typo would make them prove less."""
    assert {one.address.family for one in HOST} == {INET, INET6}


BLUE, TABLE = 3, 1000  # v1 is in the VRF whose device has this index


@pytest.mark.parametrize(
    ("there", "gone", "table", "needed"),
    [
        (["v1"], "v1", TABLE, True),
        (["v1", "v0"], "v1", TABLE, True),  # the copy of no VRF does not keep it: the kernel deletes the route
        (["v1", "v0"], "v0", TABLE, False),
        (["v0"], "v0", TABLE, True),
        (["v1", "v0"], "v0", 254, True),
        (["v0", "lo"], "v0", 254, False),
        (["v1", "lo"], "v1", 254, False),
    ],
)
def test_who_needs_an_ipv4_address_is_judged_by_its_vrf(there: list[str], gone: str, table: int, needed: bool) -> None:
    vrfs = Vrfs({3: BLUE}, {TABLE: BLUE})
    held = {device: entry("192.0.2.9/32", device) for device in there}
    left = Left(list(held.values()), vrfs)
    left.take(held[gone], False)
    payload = route("198.51.100.0/24", "192.0.2.9", "v1" if table == TABLE else "v0", table)
    assert left.needs(payload, held[gone]) is needed


@pytest.mark.parametrize("copies_keep", [True, False], ids=["newer", "before 6.6"])
@pytest.mark.parametrize("gone", ["v0", "lo"])
def test_older_kernels_take_the_source_of_ipv6_routes_by_the_same_device(gone: str, copies_keep: bool) -> None:
    held = {device: entry("2001:db8:7::1/64", device) for device in ("v0", "lo")}
    left = Left(list(held.values()), NO_VRFS, copies_keep)
    left.take(held[gone], False)
    payload = route("2001:db8:100::/64", "2001:db8:7::1", "v0")
    assert left.needs(payload, held[gone]) is (gone == "v0" and not copies_keep)
