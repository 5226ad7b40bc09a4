# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and lists at the edge of what the kernel takes: a message in any case, and never a traceback."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.lab import raw
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

TASKS: dict[str, Any] = {
    "route": lambda name: {"routes": [{"destination": Host.P4, "device": name}]},
    "prefsrc": lambda name: {"routes": [{"destination": Host.P4, "device": name, "source": Host.S4}]},
    "address": lambda name: {"addresses": [{"address": "192.0.2.77/32", "device": name}]},
    "route_info": lambda name: {"device": name},
    "source_info": lambda name: {"queries": [{"destination": "198.51.100.7", "device": name}]},
    "probe": lambda name: {"probes": [{"destination": "198.51.100.7", "bind_device": name}]},
}


@pytest.mark.parametrize("name", ["é", "no-such-device-of-such-a-name", "\x07"])
@pytest.mark.parametrize("kind", TASKS)
def test_a_device_that_is_not_there(ns: Host, module: ModuleRunner, kind: str, name: str) -> None:
    assert "device" in module.fails(kind, TASKS[kind](name))["msg"]
    if kind != "probe":
        key = next(iter(TASKS[kind](name)))
        if key in ("routes", "queries"):
            vrf = {key: [{**TASKS[kind](name)[key][0], "device": None, "vrf": name}]}
            assert "there is no device" in module.fails(kind, vrf)["msg"]
    assert "there is no network namespace" in module.fails(kind, {**TASKS[kind]("v0"), "netns": name})["msg"]


@pytest.mark.parametrize("name", ["é".encode(), b"\xe9", b"\xff\xfe"])
def test_a_device_with_bytes_above_127_in_its_name(ns: Host, module: ModuleRunner, name: bytes) -> None:
    """The kernel takes any bytes but those of blanks, slashes and colons."""
    subprocess.run([b"ip", b"-n", ns.name.encode(), b"link", b"set", b"v1", b"name", name], check=False)
    ns.ip(f"route add {Host.P4} via {Host.G4_V1}")
    for task in ("route_info", "source_info", "socket_info"):
        options: dict[str, Any] = {"source_info": {"destinations": ["198.51.100.7"]}}.get(task, {})
        module.ok(task, options)
    assert module.ok("prefsrc", {"routes": [{"destination": Host.P4, "source": Host.S4}]})["changed"]
    assert "there is no device 'nope'" in module.fails("route_info", {"device": "nope"})["msg"]


def test_a_list_too_long_is_refused_before_the_first_write(ns: Host, module: ModuleRunner) -> None:
    before = raw.routes(ns)
    fine = {"destination": "203.0.113.0/24", "gateway": Host.G4}
    hops = [{"gateway": f"10.0.{at >> 8}.{at & 255}", "device": "v0", "onlink": True} for at in range(1, 9001)]
    for wrong, limit in (
        ({"destination": Host.P4, "nexthops": hops}, "the limit is 32000"),
        ({"destination": Host.P4, "gateway": Host.G4, "metrics": {"congctl": "c" * 100_000}}, "15 bytes"),
    ):
        refused = module.fails("route", {"routes": [fine, wrong]})
        assert limit in refused["msg"] and len(refused["msg"]) < 1000
        assert raw.routes(ns) == before


@pytest.mark.parametrize("family", ["4", "6"])
def test_the_longest_list_that_is_taken(ns: Host, module: ModuleRunner, family: str) -> None:
    """The kernel would take twice as many, and from then on end every list of routes in front of this one."""
    if family == "4":
        destination, other, most = Host.P4, "203.0.113.0/24", 2000
        hops = [{"gateway": f"10.7.{at >> 8}.{at & 255}", "device": "v0", "onlink": True} for at in range(1, most + 1)]
    else:
        destination, other, most = Host.P6, "2001:db8:113::/48", 1142
        hops = [{"gateway": f"2001:db8::7:{at:x}", "device": "v0"} for at in range(1, most + 1)]
    ns.ip(f"route add {other} dev v1")
    task = {"routes": [{"destination": destination, "nexthops": hops}]}
    made = module("route", task)
    assert made["changed"] and "such as ip route, see neither this route" in str(made["warnings"])
    assert not module("route", task)["changed"]
    listed = module.ok("route_info", {"destinations": [other, destination]})["routes"]
    assert [route["destination"] for route in listed] == [destination, other]
