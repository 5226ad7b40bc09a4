# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of addresses: Python's own ipaddress as judge, where its releases agree."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.kinds import kind_of, kind_of_prefix, reserved


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("240.0.0.1", None),
        ("169.254.0.1", "link-local"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("fec0::1", None),
        ("127.0.0.1", "loopback"),
        ("127.255.0.1", "loopback"),
        ("::1", "loopback"),
        ("::2", None),
        ("::ffff:192.0.2.1", "mapped"),
        ("::ffff:127.0.0.1", "mapped"),
        ("::192.0.2.1", None),
        ("192.0.2.1", None),
        ("2001:db8::1", None),
        ("fd00::1", None),
    ],
)
def test_kinds(text: str, kind: str | None) -> None:
    assert kind_of(ipaddress.ip_address(text).packed) == kind


@given(st.ip_addresses() | st.integers(0xE0000000, 0xFFFFFFFF).map(ipaddress.IPv4Address))
def test_kinds_as_ipaddress_has_them(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    kind = kind_of(address.packed)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        assert kind == "mapped"
        return
    assert (kind == "unspecified") == address.is_unspecified
    assert (kind == "multicast") == address.is_multicast
    assert (kind == "link-local") == address.is_link_local
    assert (kind == "loopback") == address.is_loopback


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("127.0.0.0/8", "loopback"),
        ("127.5.0.0/16", "loopback"),
        ("126.0.0.0/7", None),
        ("127.0.0.0/7", None),
        ("::1/128", "loopback"),
        ("::/127", None),
        ("224.0.0.0/4", "multicast"),
        ("239.1.2.3/32", "multicast"),
        ("224.0.0.0/3", None),
        ("ff00::/8", "multicast"),
        ("ff05::/16", "multicast"),
        ("fe00::/7", None),
        ("0.0.0.0/0", None),
        ("198.51.100.0/24", None),
    ],
)
def test_kinds_of_prefixes(text: str, kind: str | None) -> None:
    address, _slash, length = text.partition("/")
    assert kind_of_prefix(ipaddress.ip_address(address).packed, int(length)) == kind


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("240.0.0.1", "240.0.0.0/4, for future use (RFC 1112)"),
        ("255.255.255.254", "240.0.0.0/4, for future use (RFC 1112)"),
        ("0.1.2.3", "0.0.0.0/8, this network (RFC 1122)"),
        ("255.255.255.255", None),
        ("0.0.0.0", None),
        ("239.0.0.1", None),
        ("192.0.2.1", None),
        ("2001:db8::1", None),
    ],
)
def test_reserved(text: str, block: str | None) -> None:
    assert reserved(ipaddress.ip_address(text).packed) == block
