# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPv6 source address selection: the examples of RFC 6724, what Linux adds, and laws that hold for any candidates."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import (
    INET6,
    Address,
    Label,
    Link,
    parse_prefix,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._explain.rfc6724 import (
    NO_LABEL,
    TEMPORARY,
    Destination,
    Settings,
    candidates,
    choose,
    common_bits,
    decide,
    label_of,
    scope_of,
    score,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._explain.sentences import chosen

DEPRECATED, HOME, OPTIMISTIC = Address.DEPRECATED, Address.HOMEADDRESS, Address.OPTIMISTIC


#: What a fresh namespace has, in the kernel's order (net/ipv6/addrlabel.c).
LABELS = tuple(
    Label(parse_prefix(prefix, "test"), label, 0)
    for prefix, label in [
        ("::1/128", 0),
        ("::/96", 3),
        ("::ffff:0:0/96", 4),
        ("2001::/32", 6),
        ("2001:10::/28", 7),
        ("3ffe::/16", 12),
        ("2002::/16", 2),
        ("fec0::/10", 11),
        ("fc00::/7", 5),
        ("::/0", 1),
    ]
)


def packed(text: str) -> bytes:
    return socket.inet_pton(INET6, text)


def address(text: str, flags: int = 0, index: int = 2, length: int = 64) -> Address:
    return Address(text, length, INET6, index, f"v{index}", flags=flags)


def to(text: str, index: int = 2, settings: dict[int, Settings] | None = None) -> Destination:
    return Destination(packed(text), index, LABELS, settings or {}, mobility=True)


TEMPORARIES = {2: Settings(use_tempaddr=2)}


@pytest.mark.parametrize(
    ("destination", "winner", "other", "rule"),
    [
        # Section 10.1 of the RFC, line by line.
        ("2001:db8:1::1", ("2001:db8:3::1", 0), ("fe80::1", 0), "2"),
        ("ff05::1", ("2001:db8:3::1", 0), ("fe80::1", 0), "2"),
        ("2001:db8:1::1", ("2001:db8:1::1", DEPRECATED), ("2001:db8:2::1", 0), "1"),
        ("fe80::1", ("fe80::2", DEPRECATED), ("2001:db8:1::1", 0), "2"),
        ("2001:db8:1::1", ("2001:db8:1::2", 0), ("2001:db8:3::2", 0), "8"),
        ("2001:db8:1::1", ("2001:db8:3::2", HOME), ("2001:db8:1::2", 0), "4"),
        ("2002:c633:6401::1", ("2002:c633:6401::d5e3:7953:13eb:22e8", TEMPORARY), ("2001:db8:1::2", 0), "6"),
        ("2001:db8:1::d5e3:0:0:1", ("2001:db8:1::d5e3:7953:13eb:22e8", TEMPORARY), ("2001:db8:1::2", 0), "7"),
        # Linux's own.
        ("2001:db8:1::1", ("2001:db8:2::1", 0), ("2001:db8:1::2", DEPRECATED), "3"),
        ("2001:db8:1::1", ("2001:db8:2::1", 0), ("2001:db8:1::2", OPTIMISTIC), "3"),
        ("2001:14::1", ("2001:14::2", 0), ("2001:24::2", 0), "6"),
        ("fd00::1", ("fd11::1", 0), ("2001:db8:1::1", 0), "6"),
    ],
)
def test_examples(destination: str, winner: tuple[str, int], other: tuple[str, int], rule: str) -> None:
    found = [address(*other), address(*winner)]
    where = to(destination, settings=TEMPORARIES)
    for order in (found, found[::-1]):
        assert choose(order, where) == found[1]
        decision = decide(order, where, winner[0])
        assert decision is not None
        assert (decision.winner, decision.runner_up, decision.rule) == (found[1], found[0], rule)


def test_public_addresses_are_preferred_unless_told_otherwise() -> None:
    found = [address("2001:db8:1::9", TEMPORARY), address("2001:db8:1::2")]
    assert choose(found, to("2001:db8:1::1")) == found[1]
    assert choose(found, to("2001:db8:1::1", settings=TEMPORARIES)) == found[0]


def test_outgoing_device_comes_before_label_and_prefix() -> None:
    found = [address("fd00::1", index=2), address("2001:db8:1::2", index=3)]
    decision = decide(found, to("2001:db8:1::1", index=2), "fd00::1")
    assert decision is not None and decision.rule == "5"
    assert choose(found, to("2001:db8:1::1", index=3)) == found[1]


def test_optimistic_addresses_lose_last_where_they_are_allowed() -> None:
    found = [address("2001:db8:1::3", OPTIMISTIC), address("2001:db8:2::2")]
    where = to("2001:db8:1::1", settings={2: Settings(optimistic=True)})
    assert choose(found, where) == found[0] and choose(found, to("2001:db8:1::1")) == found[1]
    found = [address("2001:db8:1::6", OPTIMISTIC), address("2001:db8:1::7")]
    decision = decide(found, to("2001:db8:9::1", settings={2: Settings(optimistic=True)}), "2001:db8:1::7")
    assert decision is not None and decision.rule == "8+"


def test_privacy_goes_by_the_settings_of_each_address_s_own_device() -> None:
    found = [address("2001:db8:1::9", index=3), address("2001:db8:2::2", index=4)]
    decision = decide(found, to("2001:db8:1::1", settings={3: Settings(use_tempaddr=2)}), "2001:db8:2::2")
    assert decision is not None and (decision.rule, decision.runner_up) == ("7", found[0])


def test_a_kernel_without_mobility_has_no_rule_for_home_addresses() -> None:
    found = [address("2001:db8:1::9", HOME, index=3), address("2001:db8:2::2", index=2)]
    assert choose(found, to("2001:db8:1::1")) == found[0]
    plain = Destination(packed("2001:db8:1::1"), 2, LABELS, {})
    decision = decide(found, plain, "2001:db8:2::2")
    assert decision is not None and decision.rule == "5"


def test_a_winner_that_does_not_win_is_said_to_be_unexplained() -> None:
    found = [address("2001:db8:1::9"), address("2001:db8:2::2"), address("2001:db8:3::2")]
    where = to("2001:db8:1::1")
    decision = decide(found, where, "2001:db8:2::2")
    assert decision is not None and (decision.rule, decision.runner_up) == ("unknown", found[0])
    assert "is not known" in chosen(decision, where, "2001:db8:2::2")
    equal = decide(found, to("2001:db9::1"), "2001:db8:3::2")
    assert equal is not None and equal.rule == "unknown"


def test_without_a_route_every_device_is_as_good() -> None:
    found = [address("fe80::1", index=2), address("fe80::2", index=3)]
    nowhere = to("fe80::9", index=0)
    assert candidates(found, {}, nowhere) == found
    decision = decide(found, to("2001:db8:1::1", index=0), "fe80::1")
    assert decision is not None and decision.rule == "order"


def test_prefix_length_limits_the_match() -> None:
    found = [address("2001:db8:1::1:2", length=48), address("2001:db8:1:0:8000::", length=64)]
    assert choose(found, to("2001:db8:1::1:1")) == found[1]


def test_equals_are_taken_in_order_and_a_lone_one_has_no_rival() -> None:
    found = [address("2001:db8:1::2"), address("2001:db8:1::3")]
    decision = decide(found, to("2001:db8:9::1"), "2001:db8:1::2")
    assert decision is not None and decision.rule == "order"
    alone = decide(found[:1], to("2001:db8:9::1"), "2001:db8:1::2")
    assert alone is not None and (alone.rule, alone.runner_up) == ("only", None)
    assert decide(found, to("2001:db8:9::1"), "2001:db8:1::4") is None
    assert choose([], to("2001:db8:9::1")) is None


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("2001:db8::1", 14),
        ("fd00::1", 14),
        ("::ffff:10.0.0.1", 14),
        ("fe80::1", 2),
        ("febf::1", 2),
        ("fec0::1", 5),
        ("::1", 2),
        ("::", -1),
        ("ff02::1", 2),
        ("ff0e::1", 14),
        ("ff05::1", 5),
    ],
)
def test_scope(text: str, scope: int) -> None:
    assert scope_of(packed(text)) == scope


@pytest.mark.parametrize(
    ("text", "label"),
    [("::1", 0), ("::1.2.3.4", 3), ("::ffff:1.2.3.4", 4), ("2001:0:1::1", 6), ("fd00::1", 5), ("2001:db8::1", 1)],
)
def test_label(text: str, label: int) -> None:
    assert label_of(packed(text), 2, LABELS) == label


def test_label_of_one_device_and_of_none() -> None:
    own = (Label(parse_prefix("2001:db8::/32", "test"), 99, 3), *LABELS)
    assert label_of(packed("2001:db8::1"), 3, own) == 99
    assert label_of(packed("2001:db8::1"), 2, own) == 1
    assert label_of(packed("2001:db8::1"), 2, ()) == NO_LABEL


LINKS = {
    1: Link(1, "lo"),
    2: Link(2, "v2"),
    3: Link(3, "v3", master=9),
    4: Link(4, "v4", master=9),
    5: Link(5, "v5", master=8),
    8: Link(8, "bridge"),
    9: Link(9, "blue", table=77),
}
OWN = [address(f"2001:db8:{index}::1", index=index) for index in (1, 2, 3, 4, 5, 9)]


@pytest.mark.parametrize(
    ("destination", "index", "expected"),
    [
        ("2001:db8:100::1", 2, [1, 2, 5]),
        ("2001:db8:100::1", 3, [3, 9, 4]),
        ("2001:db8:100::1", 9, [9, 3, 4]),
        ("fe80::9", 2, [2]),
        ("ff0e::1", 5, [5]),
    ],
)
def test_candidates(destination: str, index: int, expected: list[int]) -> None:
    assert [found.index for found in candidates(OWN, LINKS, to(destination, index))] == expected


@pytest.mark.parametrize(("index", "expected"), [(3, [3, 9]), (9, [9]), (4, [4, 9]), (2, [1, 2, 5])])
def test_older_kernels_end_at_the_candidates_that_are_near(index: int, expected: list[int]) -> None:
    where = replace(to("2001:db8:100::1", index), near_only=True)
    assert [found.index for found in candidates(OWN, LINKS, where)] == expected


def test_candidates_of_a_vrf_without_own_addresses_are_its_other_devices() -> None:
    without = [each for each in OWN if each.index not in (3, 9)]
    assert [found.index for found in candidates(without, LINKS, to("2001:db8:100::1", 3))] == [4]


def test_candidates_are_usable() -> None:
    tentative = address("2001:db8:1::1", Address.TENTATIVE)
    optimistic = address("2001:db8:1::2", Address.TENTATIVE | OPTIMISTIC)
    old = Address("10.0.0.1", 24, 2, 2, "v2")
    assert candidates([tentative, optimistic, old], LINKS, to("2001:db8::9")) == [optimistic]
    only = to("2001:db8:100::1", 2, {2: Settings(use_oif_addrs_only=True)})
    assert [found.index for found in candidates(OWN, LINKS, only)] == [2]


anything = st.builds(lambda number: str(ipaddress.IPv6Address(number)), st.integers(0, 2**128 - 1))
nearby = st.builds(
    lambda top, low: str(ipaddress.IPv6Address((top << 112) | low)),
    st.sampled_from([0x2001, 0x2002, 0xFD00, 0xFE80, 0xFEC0, 0xFF02, 0]),
    st.integers(0, 15),
)
texts = st.one_of(anything, nearby)
flags = st.sampled_from([0, 0, DEPRECATED, TEMPORARY, HOME, OPTIMISTIC, DEPRECATED | TEMPORARY])
some = st.lists(st.builds(address, texts, flags, st.integers(1, 4), st.integers(0, 128)), min_size=1, max_size=8)


@given(some, texts, st.integers(1, 4))
def test_winner_beats_all_and_the_rule_is_the_first_that_differs(found: list[Address], text: str, index: int) -> None:
    where = to(text, index)
    winner = choose(found, where)
    assert winner is not None
    assert all(score(winner, where) >= score(other, where) for other in found)
    decision = decide(found, where, winner.address)
    assert decision is not None and decision.winner.address == winner.address
    if decision.runner_up is not None and decision.rule != "order":
        rest = [other for other in found if other != decision.runner_up]
        assert choose(rest, where) == winner


@given(texts, texts)
def test_common_bits_are_the_length_of_the_common_prefix(one: str, other: str) -> None:
    bits = common_bits(packed(one), packed(other))
    whole, rest = [f"{int(ipaddress.IPv6Address(text)):0128b}" for text in (one, other)]
    assert (whole[:bits] == rest[:bits] and whole[bits : bits + 1] != rest[bits : bits + 1]) or bits == 128


def test_what_a_socket_prefers_turns_rules_7_and_4_round() -> None:
    public, temporary = address("2001:db8:1::1"), address("2001:db8:1::2", TEMPORARY)
    home, away = address("2001:db8:1::3", HOME), address("2001:db8:1::4")

    def wins(
        one: Address, other: Address, temporary: bool | None = None, care_of: bool = False, mobility: bool = True
    ) -> str:
        where = Destination(packed("2001:db8:1::9"), 2, LABELS, TEMPORARIES, mobility, temporary, care_of)
        found = choose([one, other], where)
        assert found
        return found.address

    assert wins(public, temporary) == temporary.address
    assert wins(public, temporary, temporary=False) == public.address
    assert wins(public, temporary, temporary=True) == temporary.address
    assert wins(away, home) == home.address
    assert wins(away, home, care_of=True) == away.address
    assert wins(away, home, care_of=True, mobility=False) == away.address  # the first of the list
