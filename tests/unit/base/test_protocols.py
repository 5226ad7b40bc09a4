# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table of route protocols, and what every back end makes of it."""

from __future__ import annotations

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.answers import _PROTOCOLS
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.clauses import SOURCES
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.audit import LETTERS
from ansible_collections.l3host.source_ip.plugins.module_utils._base.protocols import (
    BIRD_WORDS,
    FRR_NUMBERS,
    FRR_WORDS,
    NAME_OF_PROTOCOL,
    OWN_PROTOCOL,
    OWNERS,
    PROTOCOLS,
    WORDS,
    frr_binding,
    frr_word,
    numbers_of,
    one_word,
    owner,
    protocol_name,
    word_of,
)


@pytest.mark.parametrize(
    ("protocol", "found"),
    [
        (4, None),
        (3, None),
        (OWN_PROTOCOL, None),
        (77, None),
        (66, "google-guest-agent"),
        (80, "calico"),
        (112, "keepalived"),
        (18, "keepalived"),
        (186, "bgp"),
        (190, "ripng"),
        (198, "srte"),
        (2, "kernel"),
        (9, "ra"),
    ],
)
def test_owners(protocol: int, found: str | None) -> None:
    assert owner(protocol) == found


def test_numbers_and_names_are_unique_and_none_is_ours() -> None:
    assert {number: name for name, number in PROTOCOLS.items()} == NAME_OF_PROTOCOL
    assert OWN_PROTOCOL not in NAME_OF_PROTOCOL
    assert protocol_name(OWN_PROTOCOL) == "133"


def test_routes_of_programs_without_a_name_are_printed_as_ip_prints_them() -> None:
    assert [protocol_name(number) for number in (66, 80, 112)] == ["66", "80", "112"]
    assert word_of(112, "ipv4") == "112"
    assert "static" not in {word_of(number, "ipv4") for number in (66, 80, 112)}


def test_whatever_frr_writes_has_an_owner() -> None:
    """FRR's zebra/rt_netlink.h: 186 to 198 without a gap, and two numbers of linux/rtnetlink.h."""
    assert {11, 42, *range(186, 199)} == FRR_NUMBERS
    assert all(protocol_name(number) in OWNERS for number in FRR_NUMBERS)


@pytest.mark.parametrize(
    ("word", "ipv4", "ipv6"),
    [
        ("rip", (189,), (190,)),
        ("ospf", (188,), (188,)),
        ("isis", (187,), (187,)),
        ("openfabric", (197,), (197,)),
        ("static", (4, 196), (4, 196)),
        ("connected", (2,), (2,)),
        ("kernel", (2,), (2,)),
    ],
)
def test_numbers_of_a_word(word: str, ipv4: tuple[int, ...], ipv6: tuple[int, ...]) -> None:
    assert (numbers_of(word, "ipv4"), numbers_of(word, "ipv6")) == (ipv4, ipv6)


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_words_and_numbers_agree(family: str) -> None:
    for word in WORDS:
        assert numbers_of(word, family)
        assert {word_of(number, family) for number in numbers_of(word, family)} == {one_word(word)}
    for number in range(256):
        word = word_of(number, family)
        assert word not in WORDS or number in numbers_of(word, family)


def test_only_a_route_of_frr_has_a_word_of_frr() -> None:
    assert frr_word("190", "ipv6") == frr_word(189, "ipv4") == "rip"
    assert frr_word("189", "ipv6") == "189"
    assert frr_word("196", "ipv4") == "static"
    assert frr_word("198", "ipv4") == "srte"
    for other in ("4", 2, 12, OWN_PROTOCOL, None, "", "bgp"):
        assert frr_word(other, "ipv4") is None


def test_the_tables_of_the_daemons_languages_have_the_same_words() -> None:
    assert set(SOURCES) == set(BIRD_WORDS)
    assert {one_word(word) for word in _PROTOCOLS.values()} == {*BIRD_WORDS, "kernel"}
    assert set(LETTERS.values()) == set(FRR_WORDS)
    assert {frr_binding(word, "ipv6") for word in FRR_WORDS} - set(FRR_WORDS) == {"ospf6", "ripng"}
    assert {frr_binding(word, "ipv4") for word in FRR_WORDS} == set(FRR_WORDS)
