# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for the kernel, run by a copy of its interpreter and compared with what the filter says in plain words."""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Prefix
from ansible_collections.l3host.source_ip.plugins.module_utils._sockets.bytecode import (
    LARGEST,
    Filter,
    plain,
    program,
)

JUMP, SOURCE, DESTINATION = 1, 7, 8


class Entry(NamedTuple):
    """A socket as net/ipv4/inet_diag.c looks at it."""

    family: int
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int


def chain(code: bytes, start: int) -> set[int]:
    """The offsets reached from ``start`` by ``yes`` alone: ``valid_cc()``."""
    found = {start}
    while start < len(code):
        step = code[start + 1]
        assert step >= 4 and step % 4 == 0
        start += step
        found.add(start)
    return found


def audit(code: bytes) -> None:
    """``inet_diag_bc_audit()``: what the kernel would refuse with EINVAL."""
    reachable = chain(code, 0)
    at = 0
    while at < len(code):
        kind, yes, no = struct.unpack_from("=BBH", code, at)
        left, least = len(code) - at, 4
        if kind in (SOURCE, DESTINATION):
            family, length = struct.unpack_from("=BB", code, at + 4)
            size = {0: 0, INET: 4, INET6: 16}[family]
            least = 12 + size
            assert length <= 8 * size
        else:
            assert kind == JUMP
        assert least <= no <= left + 4 or (kind == JUMP and 4 <= no <= left + 4)
        assert no % 4 == 0 and (no >= left or at + no in reachable)
        assert least <= yes <= left + 4 and yes % 4 == 0
        at += yes
    assert at == len(code)


def begins(address: bytes, prefix: bytes, length: int) -> bool:
    bits = 8 * len(address)
    return int.from_bytes(address, "big") >> bits - length == int.from_bytes(prefix, "big") >> bits - length


def runs(code: bytes, entry: Entry) -> bool:
    """``inet_diag_bc_run()``."""
    at = 0
    while at < len(code):
        kind, yes, no = struct.unpack_from("=BBH", code, at)
        good = False
        if kind != JUMP:
            family, length, port = struct.unpack_from("=BBxxi", code, at + 4)
            address = entry.source if kind == SOURCE else entry.destination
            own = entry.source_port if kind == SOURCE else entry.destination_port
            prefix = code[at + 12 : at + 12 + {0: 0, INET: 4, INET6: 16}[family]]
            if port not in (-1, own):
                good = False
            elif family not in (0, entry.family):
                mapped = entry.family == INET6 and address[:12] == bytes(10) + b"\xff\xff"
                good = family == INET and mapped and begins(address[12:], prefix, length)
            else:
                good = length == 0 or begins(address, prefix, length)
        at += yes if good else no
    return at == len(code)


def told(entry: Entry, packed: bytes) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address as users see it."""
    if entry.family == INET:
        return ipaddress.IPv4Address(packed)
    six = ipaddress.IPv6Address(packed)
    return six.ipv4_mapped or six


def passes(wanted: Filter, entry: Entry) -> bool:
    """The filter in plain words."""
    source, destination = told(entry, entry.source), told(entry, entry.destination)
    family = INET if 4 in (source.version, destination.version) else INET6

    def inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address, prefixes: tuple[Prefix, ...]) -> bool:
        networks = [ipaddress.ip_network(str(plain(prefix))) for prefix in prefixes]
        return not networks or any(one.version == address.version and address in one for one in networks)

    return (
        family in wanted.families
        and inside(source, wanted.sources)
        and inside(destination, wanted.destinations)
        and (not wanted.source_ports or entry.source_port in wanted.source_ports)
        and (not wanted.destination_ports or entry.destination_port in wanted.destination_ports)
    )


# Few values, so that they meet.
PORTS = st.sampled_from([0, 1, 80, 443, 65535])
FOUR = st.sampled_from(["0.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.1.1", "198.51.100.34", "255.255.255.255"])
SIX = st.one_of(FOUR.map("::ffff:{}".format), st.sampled_from(["::", "2001:db8::1", "2001:db8::2", "2001:db8:1::1"]))


def packed(family: int, text: str) -> bytes:
    return socket.inet_pton(family, text)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    family = draw(st.sampled_from([INET, INET6]))
    text = FOUR if family == INET else SIX
    return Entry(family, packed(family, draw(text)), draw(PORTS), packed(family, draw(text)), draw(PORTS))


@st.composite
def prefixes(draw: st.DrawFn) -> Prefix:
    family = draw(st.sampled_from([INET, INET6]))
    address = packed(family, draw(FOUR if family == INET else SIX))
    bits = 8 * len(address)
    length = draw(st.sampled_from([0, 1, 8, 24, 31, 32, bits - 8, bits - 1, bits]))
    start = int.from_bytes(address, "big") >> bits - length << bits - length
    return Prefix(family, start.to_bytes(bits // 8, "big"), length)


FILTERS = st.builds(
    Filter,
    st.sampled_from([(INET, INET6), (INET,), (INET6,)]),
    st.lists(prefixes(), max_size=3).map(tuple),
    st.lists(prefixes(), max_size=3).map(tuple),
    st.lists(PORTS, max_size=3).map(tuple),
    st.lists(PORTS, max_size=3).map(tuple),
)


@given(FILTERS, st.lists(entries(), min_size=1, max_size=8))
def test_the_kernel_accepts_every_program_and_passes_what_the_filter_says(wanted: Filter, found: list[Entry]) -> None:
    for family in (INET, INET6):
        code = program(wanted, family)
        if code:
            audit(code)
        for entry in found:
            if entry.family == family:
                assert (code is not None and runs(code, entry)) == passes(wanted, entry)


def test_without_a_filter_there_is_no_program() -> None:
    assert program(Filter(), INET) == program(Filter(), INET6) == b""


def test_a_list_in_which_nothing_can_pass_is_not_asked_for() -> None:
    assert program(Filter(families=(INET6,)), INET) is None
    assert program(Filter(destinations=(Prefix(INET6, bytes(16), 0),)), INET) is None
    assert program(Filter(destinations=(Prefix(INET, bytes(4), 0),)), INET6)


def test_a_prefix_of_mapped_addresses_is_that_of_ipv4() -> None:
    mapped = packed(INET6, "::ffff:198.51.100.0")
    assert plain(Prefix(INET6, mapped, 120)) == Prefix(INET, packed(INET, "198.51.100.0"), 24)
    assert plain(Prefix(INET6, bytes(16), 0)) == Prefix(INET6, bytes(16), 0)


def test_a_longer_program_than_the_kernel_takes_is_refused() -> None:
    four = [Prefix(INET, number.to_bytes(4, "big"), 32) for number in range(4000)]
    most = (LARGEST + 4) // 20
    code = program(Filter(destinations=tuple(four[:most])), INET)
    assert code and len(code) <= LARGEST
    audit(code)
    with pytest.raises(InvalidInput, match="up to 65528 bytes"):
        program(Filter(destinations=tuple(four[: most + 1])), INET)
