# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Picking routes out of dumps, and making new ones: against a naive walk, and read back."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import BITS, INET, INET6, Prefix
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import edit
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import line as _decode
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Payload, scope_for
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.runs import Columns
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.scan import Scan
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.template import Template
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.values import Hop, Shape
from tests.unit.routes import routes as R


def network(family: int, value: int, length: int) -> Prefix:
    free = BITS[family] - length
    return Prefix(family, ((value % 2 ** BITS[family]) >> free << free).to_bytes(BITS[family] // 8, "big"), length)


def prefixes(family: int) -> st.SearchStrategy[Prefix]:
    """Close to each other, so that a dump holds what is looked for and what only resembles it."""
    values = st.integers(0, 3).map(lambda value: value << (BITS[family] - 9) | 1)
    lengths = st.sampled_from([0, 1, 8, 9, BITS[family] - 1, BITS[family]])
    return st.builds(network, st.just(family), values, lengths)


def unusual(payload: bytes, order: int) -> bytes:
    """The same route with its attributes in another order: that of the kernel is a habit, not a promise."""
    attrs = R.walk(payload[12:])
    permuted = list(itertools.islice(itertools.permutations(attrs), order, order + 1)) or [tuple(attrs)]
    return payload[:12] + b"".join(R.attr(kind, value) for kind, value in permuted[0])


def naive(payloads: list[bytes], wanted: frozenset[bytes], destinations: set[Prefix]) -> tuple[set[bytes], list[bytes]]:
    exact, others = set(), []
    for payload in payloads:
        header, attrs = R.parsed(payload)
        found = Prefix(header[0], attrs.get(R.DST, bytes(BITS[header[0]] // 8)), header[1])
        if payload in wanted:
            exact.add(payload)
        elif found in destinations:
            others.append(payload)
    return exact, others


@pytest.mark.parametrize("family", [INET, INET6])
@pytest.mark.parametrize("many", [False, True])
@given(data=st.data())
def test_scan_finds_what_a_naive_walk_finds(family: int, many: bool, data: st.DataObject) -> None:
    route = st.builds(
        lambda prefix, metric, order: unusual(R.payload(str(prefix), metric=metric), order),
        prefixes(family),
        st.integers(0, 3),
        st.sampled_from([0, 0, 0, 1, 7, 23]),
    )
    payloads = data.draw(st.lists(route, max_size=12))
    destinations = set(data.draw(st.lists(prefixes(family), max_size=6)))
    if many:
        destinations |= {network(family, at << (BITS[family] - 20), 20) for at in range(Scan.FEW + 1)}
    wanted = frozenset(data.draw(st.lists(st.sampled_from(payloads), max_size=12)) if payloads else ())
    # As the planners do: what is wanted is among the destinations too.
    destinations |= {wire.destination_of(payload) for payload in wanted}
    at = data.draw(st.integers(0, len(payloads)))
    scan = Scan(family, [wanted], frozenset(prefix.key for prefix in destinations))
    for part in filter(None, (payloads[:at], payloads[at:])):
        scan.feed(R.chunk(part))
    exact, others = naive(payloads, wanted, destinations)
    assert (set(scan.exact), scan.others) == (exact, others)
    assert scan.complete == (exact == wanted) and scan.some == bool(exact)


@pytest.mark.parametrize("family", [INET, INET6])
@given(data=st.data())
def test_scan_of_rows_finds_what_a_naive_walk_finds(family: int, data: st.DataObject) -> None:
    """In the order of the task or in another, with gaps, repeated, and with other routes between them."""
    several = st.lists(prefixes(family), min_size=1, max_size=12, unique=True)
    mine = [prefix for prefix in data.draw(several) if prefix.length] or [network(family, 1 << 20, BITS[family])]
    many = [network(family, at << (BITS[family] - 20), 20) for at in range(Scan.FEW + 1)]
    mine = [prefix for prefix in mine if prefix not in many]
    if not mine:
        return
    shape = data.draw(shapes(family))
    rows = Template(shape, shape, 133).dumped_all(
        Columns(family, b"".join([prefix.packed for prefix in mine]), bytes([prefix.length for prefix in mine]))
    )
    expected = list(rows)
    strange = st.sampled_from([R.payload(str(prefix)) for prefix in (mine[0], network(family, 0, 9))])
    payloads = data.draw(
        st.one_of(
            st.just(expected),
            st.lists(st.one_of(st.sampled_from(expected), strange), max_size=20),
            st.tuples(st.just(expected), strange, st.integers(0, len(expected))).map(
                lambda drawn: [*drawn[0][: drawn[2]], drawn[1], *drawn[0][drawn[2] :]]
            ),
        )
    )
    few = data.draw(st.booleans())
    destinations = {*mine, *(() if few else many)}
    scan = Scan(family, [rows], frozenset(prefix.key for prefix in destinations))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(payloads)), max_size=3)))
    for start, stop in zip([0, *cuts], [*cuts, len(payloads)]):
        if start < stop:
            scan.feed(R.chunk(payloads[start:stop]))
    exact, others = naive(payloads, frozenset(expected), destinations)
    assert scan.complete == (exact == set(expected)) and scan.some == bool(exact)
    assert (set(scan.exact), scan.others) == (exact, others)


def test_scan_skips_other_messages_and_finds_nothing_without_destinations() -> None:
    payload = R.payload("198.51.100.0/24")
    nothing = Scan(INET, (), ())
    nothing.feed(R.chunk([payload]))
    assert not nothing.others
    scan = Scan(INET, (), [R.prefix("198.51.100.0/24").key])
    scan.feed(R.message(payload, kind=25) + R.message(payload))
    assert scan.others == [payload]


def test_scan_finds_a_default_route_that_stands_alone() -> None:
    for family, text in ((INET, "0.0.0.0/0"), (INET6, "::/0")):
        payload = R.payload(text)
        scan = Scan(family, (), [R.prefix(text).key])
        scan.feed(R.chunk([R.payload("10.9.0.0/16") if family == INET else R.payload("2001:db8:9::/48")]))
        assert not scan.others
        scan.feed(R.chunk([payload]))
        assert scan.others == [payload]


def shapes(family: int) -> st.SearchStrategy[Shape]:
    size = 4 if family == INET else 16
    gateways = st.binary(min_size=size, max_size=size).map(lambda packed: (family, packed))
    hop = st.builds(
        Hop,
        gateways,
        st.one_of(st.none(), st.integers(1, 1000)),
        st.integers(1, 256),
        st.sampled_from([None, True, False]),
    )
    metrics = st.dictionaries(
        st.integers(2, 15), st.integers(1, 9000).map(R.u32), max_size=3
    )  # zero means: take it away
    return st.builds(
        Shape,
        family=st.just(family),
        table=st.sampled_from([1, 254, 255, 256, 1000]),
        metric=st.one_of(st.none(), st.integers(1, 2**32 - 1)),
        tos=st.sampled_from([0, 16]) if family == INET else st.just(0),
        protocol=st.one_of(st.none(), st.integers(0, 255)),
        scope=st.one_of(st.none(), st.sampled_from([0, 253, 254])),
        type=st.sampled_from([None, 1, 2]),
        source=st.one_of(st.none(), st.binary(min_size=size, max_size=size).filter(any)),
        hops=st.one_of(
            st.lists(hop, min_size=2, max_size=3).map(tuple),
            hop.map(lambda one: (replace(one, weight=1),)),
            st.integers(1, 9).map(lambda device: (Hop(None, device),)),
        ),
        metrics=metrics.map(lambda found: tuple(sorted(found.items()))),
    )


@pytest.mark.parametrize("family", [INET, INET6])
@given(data=st.data())
def test_a_template_says_what_was_asked(family: int, data: st.DataObject) -> None:
    shape, prefix = data.draw(shapes(family)), data.draw(prefixes(family))
    request = Template(shape, shape, 133).request(prefix)
    header, attrs = R.parsed(request)
    assert header[:4] == [family, prefix.length, 0, shape.tos]
    assert header[4] == (shape.table if shape.table < 256 else 252)
    assert header[5] == (133 if shape.protocol is None else shape.protocol)
    assert header[6] == scope_for(shape)
    assert header[7] == (shape.type or 1)
    assert attrs.pop(R.TABLE) == R.u32(shape.table)
    assert attrs.pop(R.DST, bytes(len(prefix.packed))) == prefix.packed
    metric = shape.metric if shape.metric is not None else 1024 * (family == INET6)
    assert attrs.pop(R.PRIORITY, R.u32(0)) == R.u32(metric)
    assert attrs.pop(R.PREFSRC, None) == shape.source
    assert tuple(R.walk(attrs.pop(R.METRICS, b""))) == shape.metrics
    asked = tuple(replace(hop, onlink=bool(hop.onlink), device=hop.device or None) for hop in shape.hops or ())
    found = tuple(replace(hop, device=hop.device or None) for hop in Payload(request).hops)
    assert found == asked
    for kind in (R.OIF, R.GATEWAY, R.MULTIPATH):
        attrs.pop(kind, None)
    assert not attrs
    # What was made so is what was wanted: a second look finds nothing to change.
    assert not edit.edited(Payload(request), shape)[1]


def test_a_template_predicts_the_dump() -> None:
    """The payloads of recorded routes, byte for byte: the fast path of every task that changes nothing."""
    gateways = {INET: (INET, R.packed("10.0.0.254")), INET6: (INET6, R.packed("2001:db8::fe"))}
    cases = {
        "plain": Shape(INET, hops=(Hop(gateways[INET], 2),)),
        "metric": Shape(INET, metric=77, protocol=4, hops=(Hop(gateways[INET], 2),)),
        "tos": Shape(INET, tos=16, hops=(Hop(gateways[INET], 2),)),
        "device route": Shape(INET, hops=(Hop(None, 2),)),
        "default": Shape(INET, hops=(Hop(gateways[INET], 2),)),
        "weights": Shape(INET, hops=(Hop(gateways[INET], 2, 5), Hop((INET, R.packed("10.1.0.254")), 3, 250))),
        "via inet6": Shape(INET, hops=(Hop(gateways[INET6], 2),)),
        "onlink": Shape(INET, hops=(Hop((INET, R.packed("172.16.9.9")), 2, 1, True),)),
        "IPv6 plain": Shape(INET6, hops=(Hop(gateways[INET6], 2),)),
        "IPv6 default": Shape(INET6, metric=5, hops=(Hop(gateways[INET6], 2),)),
        "IPv6 from": Shape(INET6, hops=(Hop(gateways[INET6], 2),), from_prefix=R.prefix("2001:db8:7::/64")),
        "IPv6 device route": Shape(INET6, metric=9, hops=(Hop(None, 3),)),
    }
    for kind, shape in cases.items():
        template = Template(shape, shape, 3)
        assert template.dumped(R.prefix(R.RECORDED[kind]["destination"])).hex() == R.RECORDED[kind]["dumped"], kind


def test_a_template_asks_without_the_device_and_predicts_it() -> None:
    shape = Shape(INET, hops=(Hop((INET, R.packed("10.0.0.254"))),))
    template = Template(shape, replace(shape, hops=(replace(shape.hops[0], device=2),) if shape.hops else ()), 3)
    prefix = R.prefix("198.51.100.0/24")
    assert R.OIF not in R.parsed(template.request(prefix))[1]
    assert template.dumped(prefix) == R.dumped("plain")
    assert _decode.line(template.request(prefix), R.NAMES) == "198.51.100.0/24 via 10.0.0.254 proto boot"
