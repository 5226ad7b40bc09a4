# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries in columns say the same as entries one by one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Prefix, parse_prefix
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Payload
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.runs import (
    Columns,
    Keys,
    Run,
    columns_of,
    distinct,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.template import Template
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.values import Hop, Shape

SHAPES = {
    INET: Shape(INET, source=bytes((192, 0, 2, 2)), hops=(Hop((INET, bytes((10, 0, 0, 254))), 2),)),
    INET6: Shape(INET6, table=1000, hops=(Hop(None, 3),)),
}
TEXTS = ["198.51.100.0/24", "198.51.100.7", "10.0.0.0/8", "198.51.100.7/32", "2001:db8::/32", "2001:db8::1", "::/127"]
BAD = ["198.51.100.1/24", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0", "", "x", "/8", "::/129"]
BAD += ["10.0.0.0/\u0668", "10.0.0.0/0008"]
DEFAULTS = ["0.0.0.0/0", "::/0", "default"]


def one_by_one(texts: list[str]) -> list[Prefix]:
    return [parse_prefix(text, "test") for text in texts]


@given(st.lists(st.sampled_from([*TEXTS, *BAD, *DEFAULTS]), min_size=1, max_size=4))
def test_what_is_read_at_once_is_what_is_read_one_by_one(texts: list[str]) -> None:
    found = columns_of(texts)
    if found is None:  # needs a closer look: several families, a default route, or an error
        try:
            prefixes = one_by_one(texts)
        except InvalidInput:
            return
        assert len({prefix.family for prefix in prefixes}) == 2 or not all(prefix.length for prefix in prefixes)
        return
    run = Run(5, SHAPES[found.family], False, found)
    assert [item.prefix for item in run] == one_by_one(texts)
    assert [item.number for item in run] == list(range(5, 5 + len(texts)))
    assert run.keys == {item.prefix.key for item in run}
    assert run[-1] == list(run)[-1]
    assert run.distinct == (len(set(one_by_one(texts))) == len(texts))


_SMALL = st.tuples(st.integers(0, 3), st.integers(0, 255), st.integers(8, 32))


@given(st.lists(st.lists(_SMALL, min_size=1, max_size=6), min_size=1, max_size=3), st.lists(_SMALL, max_size=6))
def test_keys_say_of_few_and_of_many_what_their_runs_hold(
    named: list[list[tuple[int, int, int]]], asked: list[tuple[int, int, int]]
) -> None:
    """Addresses of few different bytes, so that one is found across the border of two."""

    def packed(one: tuple[int, int, int]) -> bytes:
        return bytes((one[0], one[0], one[1], one[0]))

    runs = [
        Run(0, SHAPES[INET], False, Columns(INET, b"".join(map(packed, some)), bytes([one[2] for one in some])))
        for some in named
    ]
    there = {bytes((one[2],)) + packed(one) for some in named for one in some}
    keys = Keys(runs)
    assert distinct(runs) == (len(there) == len(keys)) and set(keys) == there
    for _time in range(2 + Keys.FEW // max(1, len(asked))):
        for one in [*asked, *(each for some in named for each in some)]:
            key = bytes((one[2],)) + packed(one)
            assert (key in keys) == (key in there)


@pytest.mark.parametrize("family", [INET, INET6])
def test_messages_in_a_row_are_those_made_one_by_one(family: int) -> None:
    texts = [text for text in TEXTS if (":" in text) == (family == INET6)]
    columns = columns_of(texts)
    assert columns is not None
    template = Template(SHAPES[family], SHAPES[family], 133)
    flags = wire.NLM_F_REQUEST | wire.NLM_F_CREATE | wire.NLM_F_EXCL
    for batch in (3, len(texts), 1024):
        asks = {*range(batch, len(texts), batch), len(texts)}
        expected = [
            (wire.RTM_NEWROUTE, flags | (wire.NLM_F_ACK if at in asks else 0), 70000 + at, template.request(prefix))
            for at, prefix in enumerate(one_by_one(texts), 1)
        ]
        data = wire.numbered(template.requests(columns), 70001, batch)
        assert list(wire.messages(bytes(data))) == expected
    assert struct.unpack_from("=I", data, 12) == (0,)  # the kernel fills in the port
    assert list(template.dumped_all(columns)) == [template.dumped(prefix) for prefix in one_by_one(texts)]


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0"])
def test_a_default_route_names_no_destination(text: str) -> None:
    shape = SHAPES[INET6 if ":" in text else INET]
    template, prefix = Template(shape, shape, 133), parse_prefix(text, "test")
    columns = Columns(prefix.family, prefix.packed, b"\0")
    (message,) = wire.messages(bytes(wire.numbered(template.requests(columns), 1, 1024)))
    assert message[3] == template.request(prefix)
    assert wire.RTA_DST not in Payload(message[3]).attrs
    assert list(template.dumped_all(columns)) == [template.dumped(prefix)]
