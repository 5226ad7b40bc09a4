# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of route payloads: bytes that a kernel dumped and took back, and any attributes at all."""

from __future__ import annotations

import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Prefix, Query
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import edit
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import line as _decode
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Payload, source_of, unpack_hops
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.values import Hop, Shape
from tests.unit.routes import routes as R
from tests.unit.routes.routes import u32

pytestmark = pytest.mark.skipif(sys.byteorder == "big", reason="the payloads were recorded on a little-endian host")
KINDS = sorted(R.RECORDED)
STATE = {R.CACHEINFO, R.EXPIRES}
HOPS = {4, 5, 9, 18, 21, 22}  # OIF, GATEWAY, MULTIPATH, VIA, ENCAP_TYPE, ENCAP

_VALUES = st.binary(max_size=40)
#: Attributes that no edit has business with: neither special to `requestable` nor the source itself.
_STRANGE = st.lists(
    st.tuples(st.integers(1, 0x3FFF).filter(lambda kind: kind not in {3, 7, 9, 12, 15, 23, 30}), _VALUES),
    unique_by=lambda one: one[0],
    max_size=12,
)
_HEADERS = st.tuples(*[st.integers(0, 255)] * 8, st.integers(0, 0xFFFFFFFF)).map(lambda one: struct.pack("=8BI", *one))


@pytest.mark.parametrize("kind", KINDS)
class TestRecorded:
    def test_requests_are_those_the_kernel_took(self, kind: str) -> None:
        route = R.RECORDED[kind]
        assert edit.echo(Payload(R.dumped(kind))).hex() == route["echo"]
        assert edit.with_source(Payload(R.dumped(kind)), bytes.fromhex(route["source"])).hex() == route["with_source"]

    def test_only_the_source_and_what_a_request_may_not_hold_differ(self, kind: str) -> None:
        header, attrs = R.parsed(R.dumped(kind))
        source = bytes.fromhex(R.RECORDED[kind]["source"])
        new_header, new = R.parsed(edit.with_source(Payload(R.dumped(kind)), source))
        assert new_header[:8] == header[:8]
        assert new_header[8] & ~4 == 0
        assert new.pop(R.PREFSRC) == source
        attrs.pop(R.PREFSRC, None)
        left_out = STATE | (HOPS if R.NH_ID in attrs else set())
        for number in {*attrs, *new} - left_out:
            assert new.get(number) == attrs.get(number), number

    def test_the_source_goes_as_it_came(self, kind: str) -> None:
        request = edit.with_source(Payload(R.dumped(kind)), b"\1\2\3\4")
        assert source_of(request) == b"\1\2\3\4"
        cleared = edit.with_source(Payload(request), None)
        assert source_of(cleared) is None
        header, attrs = R.parsed(edit.echo(Payload(R.dumped(kind))))
        attrs.pop(R.PREFSRC, None)
        assert R.parsed(cleared) == (header, attrs)

    def test_an_echo_of_an_echo_is_the_echo(self, kind: str) -> None:
        echo = edit.echo(Payload(R.dumped(kind)))
        assert edit.echo(Payload(echo)) == echo

    def test_nothing_named_is_nothing_changed(self, kind: str) -> None:
        family = R.dumped(kind)[0]
        assert edit.edited(Payload(R.dumped(kind)), Shape(family)) == (edit.echo(Payload(R.dumped(kind))), False)

    def test_naming_what_is_there_is_nothing_changed(self, kind: str) -> None:
        route = R.dumped(kind)
        header, attrs = R.parsed(route)
        by_id = R.NH_ID in attrs
        shape = Shape(
            header[0],
            protocol=header[5],
            scope=header[6],
            type=header[7],
            source=attrs.get(R.PREFSRC),
            hops=None if by_id else Payload(route).hops,
            nexthop_id=struct.unpack("=I", attrs[R.NH_ID])[0] if by_id else None,
        )
        assert not edit.edited(Payload(route), shape)[1]

    def test_the_line_is_the_recorded_one(self, kind: str) -> None:
        assert _decode.line(R.dumped(kind), R.NAMES) == R.RECORDED[kind]["line"]
        lines, other = _decode.Lines(R.NAMES), bytearray(R.dumped(kind))
        if other[1]:
            other[1], other[24] = 8, 0x7F
            assert lines(bytes(other)) == _decode.line(bytes(other), R.NAMES)
        assert lines(R.dumped(kind)) == R.RECORDED[kind]["line"], "what is like a line before is not the same line"
        request = bytes.fromhex(R.RECORDED[kind]["with_source"])
        assert _decode.line(request, R.NAMES) == R.RECORDED[kind]["line_with_source"]

    def test_the_key_stays(self, kind: str) -> None:
        route = R.dumped(kind)
        assert Payload(edit.with_source(Payload(route), b"\1\2\3\4")).key == Payload(route).key
        assert str(wire.destination_of(route)) == R.RECORDED[kind]["destination"]


@given(header=_HEADERS, strange=_STRANGE, source=st.sampled_from([None, b"\1\2\3\4", bytes(range(16))]))
def test_any_attributes_survive_a_new_source(
    header: bytes, strange: list[tuple[int, bytes]], source: bytes | None
) -> None:
    route = header + b"".join(R.attr(kind, value) for kind, value in strange)
    request = edit.with_source(Payload(route), source)
    attrs = R.walk(request[12:])
    assert [one for one in attrs if one[0] != R.PREFSRC] == strange
    assert [value for kind, value in attrs if kind == R.PREFSRC] == ([source] if source else [])
    assert request[:8] == route[:8]
    assert struct.unpack_from("=I", request, 8)[0] == struct.unpack_from("=I", route, 8)[0] & 4
    assert edit.with_source(Payload(request), source) == request
    assert edit.echo(Payload(request)) == request


@given(ticks=st.integers(-(2**31), 2**31 - 1))
def test_a_lifetime_is_sent_in_whole_seconds_and_never_shortened(ticks: int) -> None:
    cacheinfo = bytes(8) + struct.pack("=i", ticks) + bytes(20)
    route = R.payload("2001:db8::/32").replace(R.attr(12, bytes(32)), R.attr(12, cacheinfo))
    _header, attrs = R.parsed(edit.echo(Payload(route)))
    assert R.CACHEINFO not in attrs
    if ticks <= 0:
        assert R.EXPIRES not in attrs
    else:
        assert 0 <= struct.unpack("=I", attrs[R.EXPIRES])[0] * 100 - ticks < 100


class TestKey:
    def test_of_ipv4_is_table_destination_tos_and_metric(self) -> None:
        base = R.payload("198.51.100.0/24", metric=5)
        same = R.payload("198.51.100.0/24", "10.0.0.9", 3, metric=5, protocol=186, kind=6, source="192.0.2.2")
        assert Payload(base).key == Payload(same).key
        for other in (
            R.payload("198.51.100.0/25", metric=5),
            R.payload("198.51.100.0/24", metric=6),
            R.payload("198.51.100.0/24", metric=5, table=1000),
            R.payload("198.51.100.0/24", metric=5, tos=16),
        ):
            assert Payload(base).key != Payload(other).key

    def test_of_ipv6_has_the_from_prefix(self) -> None:
        assert Payload(R.dumped("IPv6 from")).key != Payload(R.dumped("IPv6 plain")).key
        assert Payload(R.dumped("IPv6 pref")).key == Payload(R.dumped("IPv6 plain")).key

    def test_of_tables_above_255(self) -> None:
        assert Payload(R.payload("198.51.100.0/24", table=1000)).key[1] == 1000


class TestHops:
    V0, V1 = Hop((INET, R.packed("10.0.0.254")), 2), Hop((INET, R.packed("10.1.0.254")), 3)

    def test_of_a_multipath_route(self) -> None:
        assert Payload(R.dumped("weights")).hops == (
            Hop((INET, R.packed("10.0.0.254")), 2, 5, False),
            Hop((INET, R.packed("10.1.0.254")), 3, 250, False),
        )
        assert [hop.onlink for hop in Payload(R.dumped("onlink hops")).hops] == [True, False]

    def test_realms_that_an_older_kernel_dumps_behind_their_hop(self) -> None:
        whole = Payload(R.dumped("realms of hops"))
        flow = struct.Struct("=HH").pack(8, wire.RTA_FLOW)
        broken = b""
        for flags, weight, device, rest in unpack_hops(whole.attrs[wire.RTA_MULTIPATH]):
            inside, outside = rest.split(flow)[0], flow + rest.split(flow)[1] if flow in rest else b""
            broken += struct.pack("=HBBi", 8 + len(inside), flags, weight, device) + inside + outside
        assert flow in broken and broken != whole.attrs[wire.RTA_MULTIPATH]
        assert list(unpack_hops(broken)) == list(unpack_hops(whole.attrs[wire.RTA_MULTIPATH]))

    def test_of_a_gateway_of_the_other_family(self) -> None:
        (hop,) = Payload(R.dumped("via inet6")).hops
        assert hop.gateway == (INET6, R.packed("2001:db8::fe"))

    def test_agree_in_any_order_and_one_by_one(self) -> None:
        actual = (Hop(self.V0.gateway, 2, 1, False), Hop(self.V1.gateway, 3, 1, False))
        assert edit.same_hops((self.V1, self.V0), actual)
        assert edit.same_hops((Hop(self.V0.gateway), Hop(self.V1.gateway)), actual)
        assert not edit.same_hops((self.V0,), actual)
        assert not edit.same_hops((self.V0, self.V0), actual)
        assert not edit.same_hops((self.V0, Hop(self.V1.gateway, 3, 2)), actual)
        assert edit.same_hops((Hop(None, 2), self.V1), actual)
        assert edit.same_hops((Hop(None, 2), Hop(self.V0.gateway, 2)), (actual[0], Hop(None, 2, 1, False)))
        assert not edit.same_hops((Hop(None, 2, direct=True), self.V1), actual)
        assert not edit.same_hops((Hop(self.V0.gateway, 2, 1, True), self.V1), actual)


class TestEdited:
    def test_a_named_source_keeps_all_else(self) -> None:
        shape = Shape(INET, source=R.packed("192.0.2.3"))
        for kind in ("all metrics", "weights", "onlink hops", "nexthop object", "encap ip", "realm"):
            request, changed = edit.edited(Payload(R.dumped(kind)), shape)
            assert changed
            assert request == edit.with_source(Payload(R.dumped(kind)), R.packed("192.0.2.3"))

    def test_metrics_are_merged_and_a_zero_takes_one_away_with_its_lock(self) -> None:
        request, changed = edit.edited(
            Payload(R.dumped("locked metrics")), Shape(INET, metrics=((2, u32(0)), (8, u32(1200))))
        )
        assert changed
        assert _decode.line(request, R.NAMES).endswith("proto boot advmss 1200 hoplimit lock 7")
        bare, changed = edit.edited(Payload(R.dumped("congctl")), Shape(INET, metrics=((16, b"\0"),)))
        assert changed
        assert R.METRICS not in R.parsed(bare)[1]

    def test_another_gateway_replaces_all_next_hops(self) -> None:
        one = Shape(INET, hops=(Hop((INET, R.packed("10.0.0.7"))),))
        for kind in ("weights", "onlink", "onlink hops", "nexthop group", "encap ip", "via inet6", "plain"):
            header, attrs = R.parsed(edit.edited(Payload(R.dumped(kind)), one)[0])
            assert attrs[R.GATEWAY] == R.packed("10.0.0.7")
            assert not {R.MULTIPATH, R.NH_ID, R.OIF, 18, 21, 22} & set(attrs), kind
            assert not header[8] & 4

    def test_a_nexthop_object_takes_the_place_of_hops(self) -> None:
        for kind in ("weights", "plain", "nexthop group"):
            _header, attrs = R.parsed(edit.edited(Payload(R.dumped(kind)), Shape(INET, nexthop_id=4))[0])
            assert attrs[R.NH_ID] == u32(4)
            assert not {R.MULTIPATH, R.OIF, R.GATEWAY} & set(attrs), kind

    def test_a_blackhole_loses_the_way_out_and_the_source(self) -> None:
        request, changed = edit.edited(Payload(R.payload("198.51.100.0/24", source="192.0.2.2")), Shape(INET, type=6))
        assert changed
        assert _decode.line(request, R.NAMES) == "blackhole 198.51.100.0/24 proto boot"
        six = edit.edited(Payload(R.payload("2001:db8::/32")), Shape(INET6, type=6))[0]
        assert R.parsed(six)[1][R.OIF] == u32(1)

    def test_a_next_hop_named_on_a_blackhole_makes_it_unicast(self) -> None:
        hole = R.payload("198.51.100.0/24", None, 0, kind=6)
        assert R.parsed(edit.edited(Payload(hole), Shape(INET, hops=(Hop(device=2),)))[0])[0][7] == 1
        assert R.parsed(edit.edited(Payload(hole), Shape(INET, nexthop_id=3))[0])[0][7] == 1
        assert not edit.edited(Payload(hole), Shape(INET, type=6))[1]

    def test_the_scope_follows_the_next_hop(self) -> None:
        request = edit.edited(Payload(R.payload("198.51.100.0/24")), Shape(INET, hops=(Hop(device=3),)))[0]
        assert R.parsed(request)[0][6] == 253
        back = edit.edited(Payload(request), Shape(INET, hops=(Hop((INET, R.packed("10.0.0.254"))),)))[0]
        assert R.parsed(back)[0][6] == 0


@given(
    source=st.one_of(st.none(), st.binary(min_size=4, max_size=4)),
    device=st.one_of(st.none(), st.integers(1, 2**31 - 1)),
    mark=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    port=st.one_of(st.none(), st.integers(0, 65535)),
    uid=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
)
def test_a_lookup_says_all_that_was_asked(
    source: bytes | None, device: int | None, mark: int | None, port: int | None, uid: int | None
) -> None:
    query = Query(INET, b"\xc6\x33\x64\x01", source, device, mark, uid, 17, None, port, 0x10)
    header, attrs = R.parsed(wire.lookup_request(query, 0x1000))
    assert header == [2, 32, 32 if source else 0, 0x10, 0, 0, 0, 0, 0x1000]
    expected = {1: query.destination, 27: b"\x11"}
    for kind, value in ((4, device), (16, mark), (25, uid)):
        if value is not None:
            expected[kind] = u32(value)
    if source:
        expected[2] = source
    if port is not None:
        expected[29] = struct.pack("!H", port)
    assert attrs == expected


def test_an_extended_ack_is_read_and_broken_messages_end_the_walk() -> None:
    told = R.attr(2, u32(36)) + R.attr(1, b"Invalid prefsrc address.\0")
    assert wire.extack(bytes(20) + told, 20) == "Invalid prefsrc address."
    assert wire.extack(bytes(20), 20) == ""
    assert list(wire.attributes(b"\0\0\1\0" + R.attr(1, b"x"))) == []
    assert list(unpack_hops(b"\0" * 8)) == []
    assert wire.destination_of(R.payload("::/0")) == Prefix(INET6, bytes(16), 0)
