# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts to values and back: tables, and Python's own ipaddress as judge."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base import names as _names
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._base.protocols import PROTOCOLS
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import (
    INET,
    INET6,
    Address,
    Prefix,
    address_text,
    parse_address,
    parse_prefix,
)


@pytest.mark.parametrize(
    ("text", "canonical", "short"),
    [
        ("198.51.100.0/24", "198.51.100.0/24", "198.51.100.0/24"),
        ("198.51.100.7", "198.51.100.7/32", "198.51.100.7"),
        ("0.0.0.0/0", "0.0.0.0/0", "default"),
        ("2001:0DB8:0100:0::/64", "2001:db8:100::/64", "2001:db8:100::/64"),
        ("2001:db8::7", "2001:db8::7/128", "2001:db8::7"),
        ("::/0", "::/0", "default"),
        ("::ffff:192.0.2.0/120", "::ffff:192.0.2.0/120", "::ffff:192.0.2.0/120"),
    ],
)
def test_prefixes(text: str, canonical: str, short: str) -> None:
    found = parse_prefix(text, "destination")
    assert (str(found), found.short) == (canonical, short)


def test_default_takes_the_family_it_is_given() -> None:
    assert str(parse_prefix("default", "destination", INET)) == "0.0.0.0/0"
    assert str(parse_prefix("default", "destination", INET6)) == "::/0"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("198.51.100.7/24", "did you mean 198.51.100.0/24?"),
        ("2001:db8::1/64", "did you mean 2001:db8::/64?"),
        ("198.51.100.0/33", "outside 0 to 32"),
        ("2001:db8::/129", "outside 0 to 128"),
        ("198.51.100.0/-1", "outside 0 to 32"),
        ("198.51.100.0/+8", "outside 0 to 32"),
        ("198.51.100.0/ 24", "outside 0 to 32"),
        ("198.51.100.0/\u0662\u0664", "is not a prefix"),
        ("198.51.100.0/0000000024", "outside 0 to 32"),
        ("\u0661.0.0.0/8", "is not a prefix"),
        ("198.51.100.0/", "is not a prefix"),
        ("198.51.100.0/x", "is not a prefix"),
        ("198.51.100/24", "is not a prefix"),
        ("198.51.100.0/255.255.255.0", "is not a prefix"),
        ("example.net", "is not a prefix"),
        ("2001:db8::/64%v0", "is not a prefix"),
        ("198.51.100.0\0/24", "is not a prefix"),
        ("", "is not a prefix"),
        ("default", "0.0.0.0/0 or ::/0"),
    ],
)
def test_what_is_no_prefix_is_refused_with_the_way_out(text: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_prefix(text, "routes[3].destination")
    assert words in caught.value.message
    assert caught.value.message.startswith("routes[3].destination: ")


@pytest.mark.parametrize("text", ["192.0.2.2/32", "2001:db8::1/64"])
def test_a_length_behind_an_address_is_named_as_the_fault(text: str) -> None:
    with pytest.raises(InvalidInput, match="without a prefix length"):
        parse_address(text, "source")


@pytest.mark.parametrize("text", ["", "192.0.2", "192.0.2.256", "localhost", "fe80::1%v0", "2001:db8:::1", "1.2.3.4\0"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"source: .* is not an IP address$"):
        parse_address(text, "source")


def _networks(bits: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, 2**bits - 1), st.integers(0, bits))


@given(one=st.one_of(_networks(32).map(lambda pair: (4, *pair)), _networks(128).map(lambda pair: (6, *pair))))
def test_prefixes_as_ipaddress_reads_them(one: tuple[int, int, int]) -> None:
    version, value, length = one
    address: Any = ipaddress.IPv4Address(value) if version == 4 else ipaddress.IPv6Address(value)
    text = f"{address}/{length}"
    network = ipaddress.ip_network(text, strict=False)
    if int(network.network_address) != value:
        with pytest.raises(InvalidInput) as caught:
            parse_prefix(text, "destination")
        meant = caught.value.message.rpartition("did you mean ")[2].rstrip("?")
        assert ipaddress.ip_network(meant) == network
    else:
        found = parse_prefix(text, "destination")
        assert (found.packed, found.length) == (network.network_address.packed, length)
        assert parse_prefix(str(found), "destination") == found
        assert ipaddress.ip_network(str(found)) == network


@given(text=st.one_of(st.ip_addresses().map(str), st.text(alphabet="0123456789abcdf.:/", max_size=20)))
def test_addresses_as_ipaddress_reads_them(text: str) -> None:
    expected: Any
    try:
        expected = ipaddress.ip_address(text)
    except ValueError:
        expected = None
    try:
        family, packed = parse_address(text, "source")
    except InvalidInput:
        assert expected is None
    else:
        assert expected is not None
        assert (family, packed) == ({4: INET, 6: INET6}[expected.version], expected.packed)
        assert ipaddress.ip_address(str(address_text(packed))) == expected


@given(
    one=_networks(32),
    other=_networks(32),
    near=st.booleans(),
)
def test_covers_as_ipaddress_says(one: tuple[int, int], other: tuple[int, int], near: bool) -> None:
    nets = [ipaddress.IPv4Network((value, length), strict=False) for value, length in (one, other)]
    if near:
        nets[1] = ipaddress.IPv4Network((one[0] ^ (other[0] & 0xFF), other[1]), strict=False)
    first, second = (Prefix(INET, net.network_address.packed, net.prefixlen) for net in nets)
    assert first.covers(second) == nets[1].subnet_of(nets[0])
    assert not first.covers(Prefix(INET6, second.packed + bytes(12), second.length))


@pytest.mark.parametrize(
    ("flags", "usable"),
    [
        (0, True),
        (Address.TENTATIVE, False),
        (Address.TENTATIVE | Address.OPTIMISTIC, True),
        (Address.DADFAILED, False),
        (Address.DADFAILED | Address.TENTATIVE | Address.OPTIMISTIC, False),
        (Address.DEPRECATED, True),
        (Address.SECONDARY, True),
    ],
)
def test_which_addresses_the_kernel_takes_as_a_source(flags: int, usable: bool) -> None:
    assert Address("2001:db8::1", 64, INET6, 2, "v0", flags=flags).usable == usable


class TestNumbers:
    def test_by_name_in_decimal_and_in_hex(self) -> None:
        for text, found in (("static", 4), ("133", 133), ("0x85", 133), (133, 133), (" bgp ", 186)):
            assert _names.number(text, PROTOCOLS, "protocol", 255) == found

    @pytest.mark.parametrize("text", ["nosuch", "", "256", "-1", "1.5", "0x1ff"])
    def test_others_are_refused(self, text: str) -> None:
        with pytest.raises(InvalidInput, match=r"^protocol: "):
            _names.number(text, PROTOCOLS, "protocol", 255)
