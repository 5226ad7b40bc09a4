# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a manager of devices cannot hold, by entry and reason, before there is a connection."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import IntentError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.backends import cannot
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.managers import MANAGERS
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

ROUTE = {"destination": "198.51.100.0/24", "gateway": "172.20.20.1", "source": "192.0.2.2"}
HOPS = {"destination": "198.51.100.0/24", "source": "192.0.2.2"}


def hops(*changes: dict[str, Any]) -> dict[str, Any]:
    two = [{"gateway": "172.20.20.1"}, {"gateway": "172.20.20.2"}]
    return {**HOPS, "nexthops": [{**hop, **change} for hop, change in zip(two, changes)]}


@pytest.mark.parametrize(
    ("backend", "route", "problem"),
    [
        ("networkd", {**ROUTE, "metrics": {"rtt": 5}}, ".metrics: systemd-networkd cannot set rtt on a route"),
        (
            "networkd",
            {**ROUTE, "metrics": {"initcwnd": 1024}},
            ".metrics: initcwnd: 1024: systemd-networkd takes at most 1023",
        ),
        (
            "networkd",
            hops({"gateway": None, "device": "eth0"}, {}),
            ".nexthops: eth0: systemd-networkd needs the gateway of",
        ),
        ("networkd", hops({"onlink": True}, {}), ".nexthops: 172.20.20.1: systemd-networkd has no onlink for one of"),
        ("networkmanager", {**ROUTE, "metrics": {"rtt": 5}}, ".metrics: NetworkManager cannot set rtt on a route"),
        ("networkmanager", hops({}, {}), ".nexthops: NetworkManager has no routes with several next hops"),
        (
            "networkmanager",
            {**ROUTE, "gateway": "fe80::1", "device": "eth0"},
            ".gateway: fe80::1: NetworkManager has no IPv4 routes by an IPv6 gateway",
        ),
        ("netplan", {**ROUTE, "metrics": {"advmss": 5}}, ".metrics: netplan cannot set advmss on a route"),
        ("netplan", {**ROUTE, "metric": 4294967295}, ".metric: 4294967295: netplan takes at most 4294967294"),
        ("netplan", {**ROUTE, "table": 4294967295}, ".table: 4294967295: netplan takes at most 4294967294"),
        ("netplan", hops({}, {}), ".nexthops: netplan has no routes with several next hops"),
        ("networkd", {**ROUTE, "source": "127.0.0.1"}, ".source: 127.0.0.1 is a loopback address"),
    ],
)
def test_routes(backend: str, route: dict[str, Any], problem: str) -> None:
    with pytest.raises(IntentError) as caught:
        normalise(routes=[route], backend=backend)
    (found,) = caught.value.problems
    assert found.startswith(f"source_ip_routes[0]{problem}")
    if "loopback" not in problem:
        assert found.endswith("; use the kernel back end for it")


@pytest.mark.parametrize("backend", sorted(MANAGERS))
@pytest.mark.parametrize("protocols", [None, ["dhcp"], ["bgp", "ra"]])
def test_a_policy_is_refused_by_each_protocol(backend: str, protocols: list[str] | None) -> None:
    policy = {
        "name": "n",
        "destinations": ["0.0.0.0/0"],
        "match": "orlonger",
        "source": "192.0.2.2",
        "protocols": protocols,
    }
    with pytest.raises(IntentError) as caught:
        normalise(policies=[policy], backend=backend)
    name = MANAGERS[backend].name
    assert caught.value.problems == [
        f"source_ip_policies[0].protocols: {protocol}: {name} gives a source only to the routes that it makes for us; "
        "use the kernel back end for it"
        for protocol in protocols or ["any"]
    ]
    assert cannot(backend, normalise(policies=[policy]))


@pytest.mark.parametrize("backend", sorted(MANAGERS))
def test_a_plain_route_passes(backend: str) -> None:
    assert normalise(routes=[{**ROUTE, "metric": 5, "table": 100}], backend=backend)["routes"]
