# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An intent split by device, and its record."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers import record
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.pieces import (
    Split,
    Way,
    address_items,
    route_items,
    split,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import SourceIPError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

ROUTE = {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2"}
ADDRESS = {"address": "192.0.2.2/32", "device": "lo"}
WAYS = {"10.0.0.1": Way("eth0"), "10.1.0.1": Way("eth1"), "10.9.0.1": Way(problem="the kernel knows no way to it")}


def of(routes: list[dict[str, Any]], addresses: list[dict[str, Any]] | None = None) -> Split:
    return split(normalise(addresses, routes), {"blue": 10}, lambda gateway, _vrf: WAYS[gateway])


def test_a_device_is_named_or_that_of_the_gateway() -> None:
    pieces, problems = of([ROUTE, {**ROUTE, "destination": "198.51.101.0/24", "device": "eth7"}], [ADDRESS])
    assert problems == []
    assert [(piece.device, len(piece.addresses), len(piece.routes)) for piece in pieces] == [
        ("eth0", 0, 1),
        ("eth7", 0, 1),
        ("lo", 1, 0),
    ]
    assert address_items(pieces) == [{"address": "192.0.2.2/32", "device": "lo"}]


@pytest.mark.parametrize(
    ("change", "item"),
    [
        ({}, {"metric": 0, "gateway": "10.0.0.1", "device": "eth0"}),
        ({"metric": 5}, {"metric": 5, "gateway": "10.0.0.1", "device": "eth0"}),
        ({"table": 100}, {"metric": 0, "table": "100", "gateway": "10.0.0.1", "device": "eth0"}),
        ({"vrf": "blue"}, {"metric": 0, "table": "10", "gateway": "10.0.0.1", "device": "eth0"}),
        ({"metrics": {"mtu": 1400}}, {"metric": 0, "metrics": {"mtu": 1400}, "gateway": "10.0.0.1", "device": "eth0"}),
        ({"gateway": None, "device": "eth1"}, {"metric": 0, "gateway": "none", "device": "eth1"}),
        (
            {"device": "eth2", "onlink": True},
            {"metric": 0, "gateway": "10.0.0.1", "device": "eth2", "onlink": True},
        ),
        (
            {"gateway": None, "nexthops": [{"gateway": "10.1.0.1", "weight": 3}, {"gateway": "10.0.0.1"}]},
            {
                "metric": 0,
                "nexthops": [
                    {"gateway": "10.0.0.1", "device": "eth0"},
                    {"gateway": "10.1.0.1", "device": "eth1", "weight": 3},
                ],
            },
        ),
    ],
)
def test_a_route_as_the_module_route_takes_it(change: dict[str, Any], item: dict[str, Any]) -> None:
    pieces, problems = of([{**ROUTE, **change}])
    assert problems == []
    assert route_items(pieces) == [{"destination": "198.51.100.0/24", "source": "192.0.2.2", **item}]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"gateway": "10.9.0.1"}, r"gateway: 10.9.0.1: the kernel knows no way to it; name the device of the route"),
        ({"vrf": "red"}, r"vrf: this host has no VRF red; there are: blue"),
    ],
)
def test_a_route_without_a_device_is_told_by_entry(change: dict[str, Any], problem: str) -> None:
    pieces, problems = of([{**ROUTE, **change}])
    assert (pieces, problems) == ([], [f"source_ip_routes[198.51.100.0/24].{problem}"])


def test_what_goes_is_what_the_record_had_and_the_pieces_have_not() -> None:
    before, _ = of([ROUTE, {**ROUTE, "table": 100}], [ADDRESS, {"address": "192.0.2.3/32", "device": "lo"}])
    empty = record.Record([], [], {})
    # 192.0.2.3 was there before: it is not ours to take away.
    former = record.made(empty, before, {("192.0.2.2/32", "lo")}, {"file": "x"})
    assert record.parse(record.text(former), "/r") == former
    after, _ = of([{**ROUTE, "source": "192.0.2.3"}])
    now = record.made(former, after, set(), {})
    gone = record.gone(former, now)
    assert record.stale_addresses(gone) == [{"address": "192.0.2.2/32", "device": "lo", "state": "absent"}]
    taken = {"destination": "198.51.100.0/24", "metric": 0, "table": "100", "state": "absent"}
    # The one that has another source now goes only with its former one.
    former_source = {"destination": "198.51.100.0/24", "metric": 0, "source": "192.0.2.2", "state": "absent"}
    assert record.stale_routes(gone, 133) == [{**taken, "protocol": "133"}, {**former_source, "protocol": "133"}]
    # Number 4 is everybody's: the source tells ours.
    assert record.stale_routes(gone, 4) == [
        {**taken, "protocol": "4", "source": "192.0.2.2"},
        {**former_source, "protocol": "4"},
    ]


def test_a_record_of_nothing_is_no_file() -> None:
    assert record.text(record.Record([], [], {})) is None
    assert not record.parse(None, "/r")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"version": 2}', b'{"version": 1}'])
def test_what_is_no_record_is_not_taken_for_an_empty_one(content: bytes) -> None:
    with pytest.raises(SourceIPError, match="the record /r on the host cannot be read"):
        record.parse(content, "/r")
