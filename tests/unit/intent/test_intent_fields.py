# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single values: Python's own ipaddress as judge of what an address or a prefix is."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._intent import fields
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.fields import FieldError

almost = st.one_of(
    st.ip_addresses().map(str),
    st.tuples(st.ip_addresses().map(str), st.integers(0, 130)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
    st.text(alphabet="0123456789abcdefF.:/", max_size=20),
)


def accepted(parse: Any, text: Any) -> Any:
    try:
        return parse(text)
    except FieldError:
        return None


@settings(max_examples=300)
@given(almost)
def test_destinations_as_ipaddress_reads_them(text: str) -> None:
    expected: Any
    try:
        expected = ipaddress.ip_network(text)
    except ValueError:
        expected = None
    # A netmask instead of a length is an address with an address behind it: nothing else here reads that.
    if "." in text.partition("/")[2]:
        expected = None
    found = accepted(fields.destination, text)
    if expected is None:
        assert found is None
    elif found is None:
        assert len(text.partition("/")[2]) > 3
    else:
        assert ipaddress.ip_network(str(found)) == expected


@settings(max_examples=300)
@given(almost)
def test_addresses_as_ipaddress_reads_them(text: str) -> None:
    expected: Any
    try:
        expected = ipaddress.ip_address(text)
    except ValueError:
        expected = None
    found = accepted(fields.address, text)
    assert (found is None) == (expected is None)
    if found:
        assert (found.packed, ipaddress.ip_address(found.text)) == (expected.packed, expected)
        assert found.family == f"ipv{expected.version}"


@pytest.mark.parametrize(
    "text",
    [
        "198.51.100.0/\u0662\u0664",
        "\u0661\u0669\u0668.51.100.0/24",
        "198.51.100.0/24\n",
        " 198.51.100.0/24",
        "198.51.100.0/+24",
        "198.51.100.0/2_4",
        "198.51.100.0/",
        "198.051.100.0/24",
        "2001:db8::%eth0/64",
        "2001:db8::/64\0",
        "198.51.100.0/0024",
        "198.51.100.0\uff0f24",
    ],
)
def test_what_only_looks_like_a_prefix_is_refused(text: str) -> None:
    with pytest.raises(FieldError, match="is not a prefix"):
        fields.destination(text)
    with pytest.raises(FieldError, match="is not an address with a prefix length"):
        fields.interface_address(text)
    with pytest.raises(FieldError, match=r"is not an IPv4 or IPv6 address|has a prefix length"):
        fields.address(text)


@pytest.mark.parametrize("value", ["\u0661\u0660", "1_0", " 10", "1e1", "", "0x10", "+1", True, 1.0, None, []])
def test_what_only_looks_like_a_number_is_refused(value: Any) -> None:
    with pytest.raises(FieldError, match="is not a whole number"):
        fields.number(value, 0, 100)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2001:0DB8:0:0::/64", "2001:db8::/64"),
        ("::192.0.2.0/120", "::192.0.2.0/120"),
        ("::ffff:192.0.2.0/120", "::ffff:192.0.2.0/120"),
        ("2001:db8:0:1::/64", "2001:db8:0:1::/64"),
        ("10.0.0.0/08", "10.0.0.0/8"),
        ("::", "::/128"),
    ],
)
def test_prefixes_are_written_as_ip_prints_them(text: str, canonical: str) -> None:
    assert str(fields.destination(text)) == canonical
    assert fields.destination(canonical) == fields.destination(text)


class Tagged(str):
    """As Ansible marks text that came from a template."""


def test_what_ansible_tags_becomes_plain_text() -> None:
    assert type(fields.address(Tagged("192.0.2.1")).text) is str
    assert type(fields.device(Tagged("eth0"))) is str
    assert type(fields.name(Tagged("a name"))) is str
    assert fields.destination(Tagged("10.0.0.0/8")) == fields.destination("10.0.0.0/8")


@pytest.mark.parametrize("allowed", [True, False])
def test_a_loopback_source_where_it_is_allowed(allowed: bool) -> None:
    assert (accepted(lambda text: fields.source(text, allowed), "127.0.0.5") is not None) == allowed
    assert (accepted(lambda text: fields.source(text, allowed), "::1") is not None) == allowed
    # Some releases of Python call this one a loopback address, too.
    with pytest.raises(FieldError, match="is an IPv4-mapped IPv6 address"):
        fields.source("::ffff:127.0.0.1", allowed)
