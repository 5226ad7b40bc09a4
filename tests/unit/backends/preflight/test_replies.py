# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strict reverse path filtering: whose setting counts, and which way back is judged."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._preflight import look as looks
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._preflight.sentences import Dropped, dropped
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import KernelError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, Address, Link, Query, Rule
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Header, join
from tests.unit.backends.preflight.around import LINKS, around

ALL, V1 = "ipv4/conf/all/rp_filter", "ipv4/conf/v1/rp_filter"
ON_V1 = Address("10.1.0.1", 24, INET, 3, "v1")
ROUTE = {"destination": "198.51.100.0/24", "device": "v0", "source": "10.1.0.1"}


def answer(device: int, table: int = 254, length: int = 24) -> bytes:
    """A route to 198.51.100.0 by this device, as the kernel tells it."""
    attributes = {
        wire.RTA_TABLE: wire.U32.pack(table),
        wire.RTA_DST: bytes((198, 51, 100, 0)),
        wire.RTA_OIF: wire.U32.pack(device),
    }
    return join(Header(INET, length, table=table, type=1), attributes)


def said(back: bytes | None, asked: list[Query] | None = None, rules: list[Rule] | None = None, **known: Any) -> str:
    """The warning where the kernel answers the look-up of the way back so; empty without any."""
    known = {{"intent_rules": "rules"}.get(key, key): value for key, value in known.items()}
    here = around(**{"held": [ON_V1], "settings": {V1: 1}, "routes": [ROUTE], **known})
    kernel: Any = here.hands.host.kernel
    kernel.policy = rules or []

    def lookup(query: Query, fib_match: bool = False) -> bytes:
        assert fib_match, "without it, one next hop of many is told"
        if asked is not None:
            asked.append(query)
        if back is None:
            raise KernelError("no route", 101, "no route")
        return back

    kernel.lookup = lookup
    return "".join(looks._replies_dropped(here))


def test_the_way_back_is_asked_for_as_the_kernel_asks() -> None:
    asked: list[Query] = []
    assert "which come in by v1 while the way back leaves by v0" in said(answer(2), asked)
    assert asked == [Query(INET, bytes((198, 51, 100, 1)), source=bytes((10, 1, 0, 1)))]
    assert said(answer(3)) == ""


@pytest.mark.parametrize(("all_of_them", "own"), [(0, 0), (0, 2), (2, 1), (1, 2)])
def test_only_what_is_strict_drops(all_of_them: int, own: int) -> None:
    asked: list[Query] = []
    assert said(answer(2), asked, settings={ALL: all_of_them, V1: own}) == "" and asked == []


def test_the_setting_that_counts_is_named() -> None:
    assert said(answer(2), settings={ALL: 1}).startswith("net.ipv4.conf.all.rp_filter = 1: ")


@pytest.mark.parametrize(
    "held",
    [
        Address("10.1.0.1", 32, INET, 3, "v1"),  # replies come in wherever the others' routes lead
        Address("10.1.0.1", 24, INET, 1, "lo"),
        Address("10.1.0.1", 24, INET, 5, "d0"),
    ],
)
def test_a_source_that_is_reached_by_no_device_of_its_own(held: Address) -> None:
    asked: list[Query] = []
    assert said(answer(2), asked, held=[held], settings={ALL: 1}) == "" and asked == []


def test_an_address_that_the_intent_puts_beside_all_subnets_needs_no_look_at_the_host() -> None:
    address = {"address": "10.1.0.1/32", "device": "lo"}
    here = around(addresses=[address], routes=[ROUTE], settings={ALL: 1})
    assert looks._replies_dropped(here) == [] and here.hands.kernel.asked == []  # type: ignore[attr-defined]


def test_the_far_end_of_a_tunnel_answers_through_it() -> None:
    assert "come in by v1" in said(answer(2), held=[Address("10.1.0.1", 32, INET, 3, "v1", peer="10.1.0.2")])


def test_all_devices_of_a_vrf_are_one() -> None:
    links = (*LINKS[:2], Link(3, "v1", master=9), Link(9, "blue", table=100, kind="vrf"), Link(10, "v9", master=9))
    asked: list[Query] = []
    route = {**ROUTE, "device": "v9", "vrf": "blue"}
    settings = {"ipv4/conf/blue/rp_filter": 1}
    assert said(answer(10, 100), asked, links=links, routes=[route], settings=settings) == ""
    assert asked[0].device == 9
    assert "come in by blue while the way back leaves by v0" in said(
        answer(2), links=links, routes=[route], settings=settings
    )


def test_without_a_way_back_nothing_is_sent_either() -> None:
    assert said(None) == ""


def test_a_longer_route_answers_for_itself() -> None:
    assert said(answer(2, length=25)) == ""


TABLE = {**ROUTE, "table": 77}


def test_a_table_counts_where_a_rule_leads_to_it() -> None:
    assert said(answer(2), routes=[TABLE]) == ""
    assert said(answer(2), routes=[TABLE], rules=[Rule(INET, 9, "lookup", 77, iif="v0")]) == ""
    assert "leaves by v0" in said(answer(2), routes=[TABLE], rules=[Rule(INET, 9, "lookup", 77, mark=7)])


@pytest.mark.parametrize("name", ["all", "v1"])
def test_where_the_mark_counts_on_the_way_back_a_table_may_be_right(name: str) -> None:
    settings = {V1: 1, f"ipv4/conf/{name}/src_valid_mark": 1}
    rules = [Rule(INET, 9, "lookup", 77, mark=7)]
    assert said(answer(2), routes=[TABLE], rules=rules, settings=settings) == ""
    assert "leaves by v0" in said(answer(2), settings=settings), "main needs no mark"


def test_before_the_change_the_route_of_the_intent_counts_as_there() -> None:
    for back in (None, answer(3)):
        assert "leaves by v0" in said(back, planned=True)
    assert said(answer(3, table=77), planned=True) == "", "a rule that is there leads elsewhere"


def test_before_the_change_rules_that_are_to_come_may_lead_anywhere() -> None:
    rule = {"from": "10.1.0.1/32", "table": 77, "priority": 100}
    assert said(None, planned=True, intent_rules=[rule]) == ""


def test_an_address_that_is_to_come() -> None:
    address = {"address": "10.1.0.1/24", "device": "v1"}
    assert said(None, held=[], addresses=[address]) == ""
    assert "come in by v1" in said(None, held=[], addresses=[address], planned=True)


def test_one_sentence_for_all() -> None:
    text = dropped(
        [
            Dropped("10.1.0.1", "198.51.100.0/24", "v1", "v1", ("v0",)),
            Dropped("10.1.0.1", "203.0.113.0/24", "v1", "v1", ("v0",)),
            Dropped("10.2.0.1", "203.0.113.0/24", "eth0.10", "eth0.10", ("v0", "v1")),
        ]
    )
    assert text == (
        "net.ipv4.conf.v1.rp_filter = 1, net/ipv4/conf/eth0.10/rp_filter = 1: the kernel drops replies to 10.1.0.1 "
        "from 198.51.100.0/24, 203.0.113.0/24, which come in by v1 while the way back leaves by v0; to 10.2.0.1 from "
        "203.0.113.0/24, which come in by eth0.10 while the way back leaves by v0, v1; set "
        "net.ipv4.conf.v1.rp_filter, net/ipv4/conf/eth0.10/rp_filter to 2, or add a rule (`source_ip_rules`) that "
        "leads packets from this source to a table that leaves by its device"
    )
