# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""probe on the real kernel: the packet that leaves, and what its peer saw."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host
from tests.lab.probing import PEER, heard, listener, one


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
@pytest.mark.parametrize("family", [4, 6])
def test_the_wire_is_what_the_peer_sees(routed: Host, module: ModuleRunner, protocol: str, family: int) -> None:
    source = {4: routed.S4, 6: routed.S6}[family]
    with listener(routed.peer, 7777) as peer:
        probe = one(module, PEER[family], protocol=protocol, port=7777, bind_address=source, capture=True)
        name, address, port, *payload = heard(peer)
    assert (name, address, int(port)) == (protocol, source, probe["source_port"])
    assert probe["wire"] == {"source": address, "source_port": int(port), "device": "v0"}
    assert (
        re.fullmatch(r"l3host\.source_ip probe [0-9a-f]{16}", payload[0].strip()) if protocol == "udp" else not payload
    )


@pytest.mark.skipif(not shutil.which("nft"), reason="nft is not installed: no address translation to test with")
@pytest.mark.parametrize("protocol", ["udp", "tcp"])
@pytest.mark.parametrize("family", [4, 6])
def test_the_wire_differs_from_the_socket_behind_translation(
    routed: Host, module: ModuleRunner, protocol: str, family: int
) -> None:
    translated = {4: "10.0.0.2", 6: "2001:db8::1"}[family]
    ip = {4: "ip", 6: "ip6"}[family]
    target = f"[{translated}]:4000-4001" if family == 6 else f"{translated}:4000-4001"
    hook = f"type nat hook postrouting priority 100; oif v0 meta l4proto {protocol} snat to {target};"
    routed.run(["nft", "-f", "-"], text_input=f"table {ip} t {{\nchain c {{\n{hook}\n}}\n}}\n")
    source = {4: routed.S4, 6: routed.S6}[family]
    with listener(routed.peer, 7777) as peer:
        probe = one(module, PEER[family], protocol=protocol, port=7777, bind_address=source, capture=True, timeout=1)
        _name, address, port, *_payload = heard(peer)
    assert (probe["source"], address) == (source, translated)
    assert probe["wire"] == {"source": translated, "source_port": int(port), "device": "v0"}
    assert probe["source_port"] != int(port)


def test_the_wire_names_the_device_of_the_route_and_not_the_port_of_a_bridge(
    routed: Host, module: ModuleRunner
) -> None:
    routed.batch(
        [
            "link add br0 type bridge",
            "link set br0 up",
            "link set v0 master br0",
            "address flush dev v0",
            "address add 10.0.0.1/24 dev br0",
            f"route replace {routed.P4} via {routed.G4}",
        ]
    )
    assert one(module, PEER[4], capture=True, timeout=20)["wire"]["device"] == "br0"


def test_a_destination_on_this_host_leaves_on_lo(ns: Host, module: ModuleRunner) -> None:
    for destination in (ns.S4, ns.S6):
        probe = one(module, destination, capture=True)
        assert (probe["source"], probe["wire"]["device"]) == (destination, "lo")


def test_a_silent_neighbour_means_nothing_on_the_wire(ns: Host, module: ModuleRunner) -> None:
    results = module.ok(
        "probe",
        {
            "probes": [
                {"destination": "10.0.0.77", "capture": True, "timeout": 0.3},
                {"destination": "2001:db8::77", "capture": True, "timeout": 0.3, "protocol": "tcp", "port": 80},
            ]
        },
    )["probes"]
    assert [probe["source"] for probe in results] == ["10.0.0.1", "2001:db8::2"]
    assert [probe["wire"] for probe in results] == [None, None]
    assert all("link-layer address is not found" in probe["wire_error"] for probe in results)
    assert results[0]["error"] is None and results[1]["error"].startswith("ETIMEDOUT: ")


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_other_traffic_to_the_same_destination_is_told_apart(routed: Host, module: ModuleRunner, protocol: str) -> None:
    """40 probes, 16 at a time, to one port: each recognises its own packet."""
    options = {"protocol": protocol, "port": 81, "capture": True}
    probes = [
        {"destination": PEER[4 + 2 * (n % 2)], "bind_address": [routed.S4, routed.S6][n % 2], **options}
        for n in range(40)
    ]
    results = module.ok("probe", {"probes": probes})["probes"]
    assert [probe["wire"]["source_port"] for probe in results] == [probe["source_port"] for probe in results]
    assert [probe["wire"]["source"] for probe in results] == [probe["bind_address"] for probe in probes]


@pytest.mark.parametrize("family", [4, 6])
def test_a_refused_connection_has_a_source(routed: Host, module: ModuleRunner, family: int) -> None:
    probe = one(module, PEER[family], protocol="tcp", port=81, capture=True)
    assert probe["error"].startswith("ECONNREFUSED: Connection refused (connect ")
    assert probe["source"] == probe["wire"]["source"] == {4: "10.0.0.1", 6: "2001:db8::2"}[family]
    assert probe["wire"]["source_port"] == probe["source_port"]
