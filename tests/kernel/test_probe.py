# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""probe on the real kernel: what the socket got, and in which calls."""

from __future__ import annotations

import os
import sys

import pytest

from tests.lab.modules import ModuleRunner, answer, arguments, collections_path
from tests.lab.netns import Namespace
from tests.lab.pair import Host
from tests.lab.probing import PEER, calls, heard, link_local, listener, one, sent, wrapped


def test_a_plain_udp_probe_sends_nothing_and_a_capture_one_datagram(routed: Host, module: ModuleRunner) -> None:
    before = sent(routed)
    for destination in PEER.values():
        assert one(module, destination)["error"] is None
    assert sent(routed) == before
    for destination in PEER.values():
        assert one(module, destination, capture=True)["wire"]
    assert sent(routed) == before + 2


@pytest.mark.parametrize("family", [4, 6])
def test_calls_in_their_order(routed: Host, module: ModuleRunner, family: int) -> None:
    source = {4: routed.S4, 6: routed.S6}[family]
    probe = one(module, PEER[family], port=53, mark=7, bind_device="v0", bind_address=source, capture=True)
    assert calls(probe) == [
        f"socket AF_INET{'6' if family == 6 else ''}, SOCK_DGRAM -> ok",
        "setsockopt SO_MARK, 7 -> ok",
        "setsockopt SO_BINDTODEVICE, v0 -> ok",
        f"bind {source}, 0 -> ok",
        f"connect {PEER[family]}, 53 -> ok",
        "getsockname -> ok",
        "send 39 bytes -> ok",
    ]
    assert (probe["source"], probe["error"]) == (source, None)
    assert probe["wire"] == {"source": source, "source_port": probe["source_port"], "device": "v0"}


def test_the_source_is_that_of_the_route(routed: Host, module: ModuleRunner) -> None:
    assert [one(module, PEER[family])["source"] for family in (4, 6)] == ["10.0.0.1", "2001:db8::2"]
    routed.batch([f"route change {routed.P4} via {routed.G4} src {routed.S4}"])
    routed.batch([f"route replace {routed.P6} via {routed.G6} src {routed.S6_OTHER}"])
    probes = module.ok("probe", {"probes": [{"destination": a} for a in PEER.values()]}, check=True)["probes"]
    assert [probe["source"] for probe in probes] == [routed.S4, routed.S6_OTHER]


@pytest.mark.parametrize(("destination", "address"), [(PEER[4], "192.0.2.99"), (PEER[6], "2001:db8:ff::99")])
def test_binding_to_a_foreign_address(routed: Host, module: ModuleRunner, destination: str, address: str) -> None:
    probe = one(module, destination, bind_address=address, capture=True)
    assert calls(probe)[-1] == f"bind {address}, 0 -> EADDRNOTAVAIL: Cannot assign requested address"
    assert probe["error"].startswith("EADDRNOTAVAIL: Cannot assign requested address (bind ")
    assert (probe["source"], probe["wire"], probe["wire_error"]) == (None, None, "nothing was sent")


def test_facts_b_v4_source_in_another_table_dangles(ns: Host, module: ModuleRunner) -> None:
    """Facts B, address goes away: the route stays, connect() fails; re-added, it works again."""
    ns.batch([f"route add {ns.P4} via {ns.G4} src {ns.S4_OTHER} table 100", "rule add pref 100 lookup 100"])
    assert one(module, PEER[4])["source"] == ns.S4_OTHER
    ns.ip(f"address delete {ns.S4_OTHER}/32 dev lo")
    assert f"src {ns.S4_OTHER}" in ns.ip(f"route get {PEER[4]}")
    probe = one(module, PEER[4])
    assert calls(probe)[-1] == f"connect {PEER[4]}, 9 -> ENETUNREACH: Network is unreachable"
    assert probe["error"].startswith("ENETUNREACH: ") and (probe["source"], probe["source_port"]) == (None, None)
    assert one(module, PEER[4], protocol="tcp", port=80)["error"].startswith("ENETUNREACH: ")
    ns.ip(f"address add {ns.S4_OTHER}/32 dev lo")
    assert one(module, PEER[4])["source"] == ns.S4_OTHER


def test_facts_b_v6_nexthop_object_sends_from_a_foreign_source(ns: Host, module: ModuleRunner) -> None:
    """Facts B: v6 with nhid stays dangling, and packets leave with a source that the host does not have."""
    ns.batch([f"nexthop add id 7 via {ns.G6} dev v0", f"route add {ns.P6} nhid 7 src {ns.S6_OTHER}"])
    ns.ip(f"address delete {ns.S6_OTHER}/128 dev lo")
    probe = one(module, PEER[6], capture=True)
    assert (probe["source"], probe["error"]) == (ns.S6_OTHER, None)
    assert probe["wire"]["source"] == ns.S6_OTHER


@pytest.mark.parametrize(
    ("kind", "error"),
    [("unreachable", "EHOSTUNREACH"), ("prohibit", "EACCES"), ("blackhole", "EINVAL"), ("throw", "ENETUNREACH")],
)
def test_routes_that_lead_nowhere(ns: Host, module: ModuleRunner, kind: str, error: str) -> None:
    ns.batch([f"route add {kind} {ns.P4}", f"route add {kind} {ns.P6}"])
    for destination in PEER.values():
        assert one(module, destination)["error"].startswith(f"{error}: ")


def test_a_mark_chooses_the_table(routed: Host, module: ModuleRunner) -> None:
    routed.batch(
        [f"route add {routed.P4} via {routed.G4} src {routed.S4_OTHER} table 100", "rule add fwmark 7 lookup 100"]
    )
    assert one(module, PEER[4], mark=7)["source"] == routed.S4_OTHER
    assert one(module, PEER[4], mark=8)["source"] == "10.0.0.1"
    assert one(module, PEER[4], mark=0xFFFFFFFF)["source"] == "10.0.0.1"


def test_a_device_chooses_the_source(routed: Host, module: ModuleRunner) -> None:
    routed.batch(
        [f"route add {routed.P4} via {routed.G4_V1} metric 9", f"route add {routed.P6} via {routed.G6_V1} metric 2000"]
    )
    for family, source in ((4, "10.1.0.1"), (6, "2001:db8:1::1")):
        probe = one(module, PEER[family], bind_device="v1", capture=True)
        assert (probe["source"], probe["wire"]["source"], probe["wire"]["device"]) == (source, source, "v1")


def test_link_local_destinations_need_a_device(ns: Host, module: ModuleRunner) -> None:
    own, peer = link_local(ns, "v0"), link_local(ns.peer, "v0")
    with listener(ns.peer, 7777) as process:
        probe = one(module, f"{peer}%v0", port=7777, capture=True)
        assert heard(process)[1] == own
        bound = one(module, peer, port=7777, bind_device="v0")
        curl = one(module, f"{peer}%v0", protocol="tcp", port=7777, interface="v0", capture=True)
    assert (probe["source"], probe["wire"]["source"], probe["wire"]["device"]) == (own, own, "v0")
    assert f"connect {peer}%v0, 7777 -> ok" in calls(probe)
    assert (bound["source"], bound["error"]) == (own, None)
    assert (curl["source"], curl["wire"]["device"]) == (own, "v0")
    assert one(module, peer)["error"].startswith("EINVAL: ")


def test_without_capabilities(routed: Host) -> None:
    """SO_BINDTODEVICE is free from Linux 5.7 on; a mark and a capture are not, and say by name what they need."""
    unprivileged = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
    bound, mark, capture = wrapped(
        routed,
        unprivileged,
        {"destination": PEER[4], "interface": "v0"},
        {"destination": PEER[4], "mark": 7},
        {"destination": PEER[4], "capture": True},
    )
    assert (bound["error"], bound["source"]) == (None, "10.0.0.1")
    assert "setsockopt SO_BINDTODEVICE, v0 -> ok" in calls(bound)
    assert mark["error"].startswith("EPERM: ") and "needs CAP_NET_ADMIN" in mark["error"] and mark["source"] is None
    assert (capture["source"], capture["error"], capture["wire"]) == ("10.0.0.1", None, None)
    assert capture["wire_error"] == "EPERM: Operation not permitted (capturing needs CAP_NET_RAW; use become: true)"


def test_the_netns_option(routed: Host, other_ns: Namespace, module: ModuleRunner) -> None:
    task = {"probes": [{"destination": PEER[4], "bind_device": "v0"}]}
    assert module.ok("probe", {**task, "netns": routed.name}, ns=other_ns)["probes"][0]["source"] == "10.0.0.1"
    before = sorted(os.listdir("/run/netns"))
    assert "nosuch" in module.fails("probe", {**task, "netns": "l3h-nosuch"}, ns=other_ns)["msg"]
    assert sorted(os.listdir("/run/netns")) == before


def test_everything_is_checked_before_the_first_socket(routed: Host, module: ModuleRunner) -> None:
    before = sent(routed)
    good = {"destination": PEER[4], "capture": True}
    for bad, text in (
        (
            {"destination": PEER[4], "bind_device": "nosuch"},
            "probes[1]: bind_device 'nosuch': device 'nosuch' does not exist",
        ),
        ({"destination": PEER[4], "port": 70000}, "probes[1]: port 70000 is not between 1 and 65535"),
        ({"destination": PEER[4], "bind_address": PEER[6]}, "of different families"),
        ({"destination": PEER[4], "bind_device": "v0", "interface": "v0"}, "mutually exclusive"),
        ({"destination": PEER[4], "protocol": "tcp"}, "port"),
    ):
        assert text in module.fails("probe", {"probes": [good, bad]})["msg"]
    assert sent(routed) == before


def test_host_names_that_do_not_resolve(ns: Host, module: ModuleRunner) -> None:
    for name in ("nosuch.invalid", "a..b", "x" * 70):
        failed = one(module, name, capture=True)
        assert failed["error"].startswith("EAI_") and "does not resolve" in failed["error"]
        assert (failed["address"], failed["source"], failed["wire_error"]) == (None, None, "nothing was sent")


def test_no_probes_at_all(ns: Host, module: ModuleRunner) -> None:
    assert module.ok("probe", {"probes": []})["probes"] == []


def test_on_a_host_without_pyroute2(ns: Host, other_ns: Namespace) -> None:
    ns.ip(f"route add 198.51.100.0/24 via {ns.G4} src {ns.S4}")
    without = (
        "import runpy, sys; sys.modules['pyroute2'] = None; "
        "runpy.run_module('ansible_collections.l3host.source_ip.plugins.modules.probe', run_name='__main__')"
    )
    args = {"probes": [{"destination": "198.51.100.34"}], "netns": ns.name}
    done = other_ns.run(
        [sys.executable, "-c", without],
        text_input=arguments(args).decode(),
        env={**os.environ, "PYTHONPATH": str(collections_path())},
        check=False,
    )
    (found,) = answer(done.stdout, done.stderr, done.returncode)["probes"]
    assert (found["source"], found["error"]) == (ns.S4, None)
