# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alternative names of devices in an intent: what a host holds and answers has the first names."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import Link
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.devices import names_devices, with_first_names
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.host.hosts import view

LONG = "enxdeadbeef0001-port-3-of-the-other-rack"
HOST = view(
    [
        Link(1, "lo", altnames=("zloop",)),
        Link(2, "v0", altnames=(LONG, "aaa")),
        Link(9, "blue", table=100, altnames=("customer-of-the-long-name",)),
    ]
)


def intent(device: str, other: str, vrf: str) -> dict[str, list[Any]]:
    return normalise(
        addresses=[{"address": "192.0.2.2/32", "device": other}, {"address": "192.0.2.2/32", "device": device}],
        routes=[
            {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "device": device, "source": "192.0.2.2"},
            {
                "destination": "203.0.113.0/24",
                "nexthops": [{"device": other}, {"device": device}],
                "source": "192.0.2.2",
            },
            {"destination": "198.51.100.0/24", "device": device, "vrf": vrf, "source": "192.0.2.2"},
        ],
        policies=[{"destinations": ["0.0.0.0/0"], "match": "orlonger", "vrf": vrf, "source": "192.0.2.2"}],
    )


@pytest.mark.parametrize("device", [LONG, "aaa"])
def test_the_first_names(device: str) -> None:
    named = intent(device, "zloop", "customer-of-the-long-name")
    assert with_first_names(named, HOST.first_name) == intent("v0", "lo", "blue")


def test_an_intent_of_first_names_is_left_alone() -> None:
    named = intent("v0", "lo", "blue")
    assert with_first_names(named, HOST.first_name) is named


def test_a_device_that_is_still_to_come() -> None:
    named = intent("new0", "lo", "blue")
    assert with_first_names(named, HOST.first_name) is named
    with pytest.raises(InvalidInput, match="there is no device 'sixteen-letters-'; this host has blue, lo, v0"):
        with_first_names(intent("sixteen-letters-", "lo", "blue"), HOST.first_name)


def test_one_thing_by_two_names() -> None:
    with pytest.raises(InvalidInput) as caught:
        with_first_names(intent("v0", "aaa", "blue"), HOST.first_name)
    assert caught.value.message == (
        "source_ip_addresses[192.0.2.2/32]: is there twice: the device or VRF is named by two of its names"
    )


def test_an_intent_without_devices() -> None:
    route = {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2"}
    assert not names_devices(normalise(routes=[route]))
    assert names_devices(normalise(routes=[{**route, "vrf": "blue"}]))
