# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab and the fixtures themselves: what the other kernel tests stand on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.lab import netns, topology
from tests.lab.modules import CHECKOUT, ModuleCrashed, ModuleRunner, answer
from tests.lab.pair import Host


def test_ns_holds_the_addresses_of_the_facts(ns: Host) -> None:
    found = {
        entry["ifname"]: {
            f"{info['local']}/{info['prefixlen']}" for info in entry["addr_info"] if info["scope"] == "global"
        }
        for entry in ns.ip_json("address show")
    }
    assert found == {
        "lo": {"192.0.2.2/32", "192.0.2.3/32", "2001:db8:ff::2/128", "2001:db8:ff::3/128"},
        "v0": {"10.0.0.1/24", "10.0.0.2/24", "2001:db8::1/64", "2001:db8::2/64"},
        "v1": {"10.1.0.1/24", "2001:db8:1::1/64"},
    }


def test_ns_still_detects_duplicates_of_what_a_test_adds(ns: Host) -> None:
    ns.peer.ip("address add 2001:db8::99/64 dev v0 nodad")
    ns.ip("address add 2001:db8::99/64 dev v0")
    assert "tentative" in ns.ip("address show dev v0 to 2001:db8::99")
    while "tentative" in (shown := ns.ip("address show dev v0 to 2001:db8::99")) and "dadfailed" not in shown:
        time.sleep(0.05)
    assert "dadfailed" in shown


def test_ns_reaches_its_peer_and_the_way_back_is_there(ns: Host) -> None:
    ns.batch([f"route add {ns.P4} via {ns.G4} src {ns.S4}", f"route add {ns.P6} via {ns.G6} src {ns.S6}"])
    topology.start_web_server(ns.peer)
    for destination, source in (("198.51.100.34", ns.S4), ("[2001:db8:100::34]", ns.S6)):
        assert ns.run(["curl", "-sS", "--max-time", "5", f"http://{destination}/"]).stdout.strip() == source


@pytest.mark.parametrize("destination", [*topology.WEB.values(), *topology.OTHER_WEB.values()])
@pytest.mark.parametrize("device", ["up0", "up1"])
def test_web_server_sees_the_source(lab: topology.Lab, destination: str, device: str) -> None:
    family = 6 if ":" in destination else 4
    url = f"http://[{destination}]/" if family == 6 else f"http://{destination}/"
    for interface, expected in (
        (device, topology.UPLINKS[device][family]),
        (topology.HOST_SOURCE[family], topology.HOST_SOURCE[family]),
    ):
        seen = lab.host.run(["curl", "-sS", "--max-time", "5", "--interface", interface, url]).stdout.strip()
        assert seen == expected


def test_a_missing_namespace_is_never_replaced_by_the_callers(ns: Host) -> None:
    gone = netns.Namespace("gone")
    for act in (lambda: gone.ip("link"), lambda: gone.run(["true"]), lambda: gone.batch(["link set lo up"])):
        with pytest.raises(netns.NamespaceError, match="does not exist"):
            act()


def test_acting_on_the_own_namespace_is_refused(ns: Host) -> None:
    script = (
        "import sys; from tests.lab.netns import Namespace, NamespaceError\n"
        "n = Namespace(); n.name = sys.argv[1]\n"
        "try: n.ip('link')\n"
        "except NamespaceError as e: print(e)"
    )
    argv = [sys.executable, "-c", script, ns.name]
    done = ns.run(argv, env={**os.environ, "PYTHONPATH": str(CHECKOUT)})
    assert "own namespace: refused" in done.stdout


def test_only_our_namespaces_are_deleted() -> None:
    name = f"foreign-{os.getpid()}"
    netns.batch([f"netns add {name}"])
    try:
        with pytest.raises(netns.NamespaceError, match="not made here"):
            netns.delete([name])
        assert (netns.RUN_NETNS / name).exists()
    finally:
        netns.batch([f"netns delete {name}"])


def test_a_killed_run_is_swept_and_a_living_one_is_not(ns: Host) -> None:
    script = "import os, signal; from tests.lab import topology; topology.build(); os.kill(os.getpid(), signal.SIGKILL)"
    process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(CHECKOUT)})
    process.wait()
    left = netns.owned_by(process.pid)
    assert len(left) == 4
    # The web server ends by itself: nobody sweeps after the last run.
    while any(netns.process_ids(name) for name in left):
        time.sleep(0.02)
    assert set(left) <= set(netns.sweep())
    assert netns.owned_by(process.pid) == []
    assert ns.path.exists()


def test_what_runs_inside_ends_with_the_namespace() -> None:
    with netns.Namespace() as inside:
        process = inside.popen(["sleep", "600"])
        while process.pid not in netns.process_ids(inside.name):
            time.sleep(0.02)
    assert process.wait() == -signal.SIGKILL


def test_anybody_gets_a_lab_that_leaves_nothing() -> None:
    argv = [sys.executable, "-m", "tests.lab", "shell", "curl", "-sS", "--max-time", "5", f"http://{topology.WEB[4]}/"]
    environment = {key: value for key, value in os.environ.items() if key != "L3HOST_LAB_ENTERED"}
    process = subprocess.Popen(argv, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0].strip() == topology.UPLINKS["up0"][4]
    assert process.returncode == 0
    assert netns.owned_by(process.pid) == []


@pytest.mark.parametrize("fresh", [False, True], ids=["forked", "fresh"])
def test_module_runs_in_the_namespace_and_answers(ns: Host, module: ModuleRunner, fresh: bool) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} src {ns.S4}")
    task = {"probes": [{"destination": "198.51.100.34", "port": 9}]}
    assert module.ok("probe", task, fresh=fresh)["probes"][0]["source"] == ns.S4
    with pytest.raises(AssertionError, match="probe succeeded"):
        module.fails("probe", task, fresh=fresh)
    assert "Unsupported parameters" in module.fails("probe", {**task, "no_such_option": 1}, fresh=fresh)["msg"]
    with pytest.raises(AssertionError, match="probe failed"):
        module.ok("probe", {**task, "no_such_option": 1}, fresh=fresh)


def test_module_in_another_namespace_by_its_netns_option(
    ns: Host, other_ns: netns.Namespace, module: ModuleRunner
) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} src {ns.S4}")
    task = {"probes": [{"destination": "198.51.100.34", "port": 9}]}
    assert module.ok("probe", task, ns=other_ns)["probes"][0]["error"]
    assert module.ok("probe", {**task, "netns": ns.name}, ns=other_ns)["probes"][0]["source"] == ns.S4


def test_a_module_without_an_answer_is_a_crash() -> None:
    with pytest.raises(ModuleCrashed, match="exit 3"):
        answer("", "Traceback …", 3)
