# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alternative names of devices (``ip link property``): taken wherever a device is named, answered by the first name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

LONG, SHORT = "the-name-on-the-other-rack", "enp3s0np0"


@pytest.fixture
def named(ns: Host) -> Host:
    ns.batch([f"link property add dev v1 altname {LONG}", f"link property add dev v1 altname {SHORT}"])
    return ns


@pytest.mark.parametrize("name", [LONG, SHORT])
def test_probe(named: Host, module: ModuleRunner, name: str) -> None:
    # What a socket may be bound to is cut off behind 15 characters by the kernel.
    named.ip("route add 198.51.100.0/24 via 10.1.0.254 src 192.0.2.3")
    common = {"destination": "198.51.100.34", "capture": True, "timeout": 1}
    probes: list[dict[str, Any]] = [
        {**common, "bind_device": name},
        {**common, "unicast_device": name},
        {**common, "packet_device": name},
    ]
    found = module.ok("probe", {"probes": probes})["probes"]
    assert [probe["error"] for probe in found] == [None, None, None]
    assert [probe["wire"]["device"] for probe in found] == ["v1", "v1", "v1"]
    assert {"call": "setsockopt", "arguments": "SO_BINDTODEVICE, v1", "result": "ok"} in found[0]["calls"]
    (scoped,) = module.ok("probe", {"probes": [{"destination": f"fe80::1%{name}"}]})["probes"]
    assert scoped["error"] is None and scoped["source"].startswith("fe80::")


@pytest.mark.parametrize("name", [LONG, SHORT])
def test_intent(named: Host, module: ModuleRunner, tmp_path: Path, name: str) -> None:
    record = tmp_path / "record.json"
    task: dict[str, Any] = {
        "backend": "kernel",
        "kernel": {"record": str(record)},
        "addresses": [{"address": "192.0.2.77/32", "device": name}],
        "routes": [
            {"destination": Host.P4, "device": name, "gateway": "10.1.0.254", "source": "192.0.2.77"},
            {"destination": "203.0.113.0/24", "nexthops": [{"device": name}, {"device": "v0"}], "source": "192.0.2.77"},
        ],
    }
    assert module.ok("intent", task)["changed"]
    assert json.loads(record.read_text())["addresses"] == [{"address": "192.0.2.77/32", "device": "v1"}]
    assert not module.ok("intent", task)["changed"]
    first = {key: json.loads(json.dumps(task[key]).replace(name, "v1")) for key in ("addresses", "routes")}
    assert not module.ok("intent", {**task, **first})["changed"]
    info = module.ok("intent_info", {**task, "audit": True, "wire": "never"})
    assert info["findings"] == []
    assert {row["device"] for row in info["answers"]} <= {"v0", "v1"}
    assert module.ok("intent", {**task, "state": "absent"})["changed"]
    assert "192.0.2.77" not in named.ip("address show")


def test_rules(named: Host, module: ModuleRunner) -> None:
    """A rule keeps the name it was made with; made before the name was given, it waits for a device of that name."""
    named.batch(
        [
            "rule add oif later lookup 101 pref 50",
            f"rule add oif {SHORT} lookup 100 pref 100",
            "route add 198.51.100.0/24 via 10.1.0.254 table 100",
            "route add 198.51.100.0/24 via 10.1.0.254 src 192.0.2.3 table 101",
            "link property add dev v1 altname later",
        ]
    )
    (found,) = module.ok("source_info", {"queries": [{"destination": "198.51.100.7", "device": SHORT}]})["sources"]
    assert (found["table"], found["device"], found["source"]) == (100, "v1", found["socket"]["source"])
    assert found["rule"]["priority"] == 100 and "oif v1" in json.dumps(found["rule"])
