# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""probe from inside a VRF, the captured packet, and addresses of VRFs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.modules import ModuleRunner
from tests.vrf.host import BLUE, FAR, G0, G1, HOST_BITS, LO, V0, V1, P, VrfHost

Found = dict[str, Any]
PORT = 7007

# Accepts one TCP connection after the other and says on its output who called.
_LISTENER = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.socket(family, socket.SOCK_STREAM)
if len(sys.argv) > 3:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[3].encode())
server.bind((sys.argv[1], int(sys.argv[2])))
server.listen()
print("ready", flush=True)
while True:
    print(server.accept()[1][0], flush=True)
"""


@pytest.fixture
def caller(ns: VrfHost, family: int) -> Iterator[subprocess.Popen[str]]:
    """A server on the far address, whose output names each client."""
    argv = [sys.executable, "-c", _LISTENER, FAR[family], str(PORT)]
    with ns.peer.popen(argv, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None and server.stdout.readline() == "ready\n"
        yield server
        server.kill()


def probe(module: ModuleRunner, **options: Any) -> Found:
    (found,) = module.ok("probe", {"probes": [options]})["probes"]
    result: Found = found
    return result


@pytest.mark.parametrize(
    "bound", [{"bind_device": "blue"}, {"interface": "blue"}, {"interface": "if!blue"}, {"bind_device": "v1"}]
)
def test_a_connection_from_inside_the_vrf(
    ns: VrfHost, module: ModuleRunner, family: int, caller: subprocess.Popen[str], bound: dict[str, str]
) -> None:
    ns.batch(
        [f"route add {P[family]} via {G1[family]} vrf blue src {BLUE[family]}", f"route add default via {G0[family]}"]
    )
    found = probe(module, destination=FAR[family], port=PORT, protocol="tcp", capture=True, **bound)
    assert (found["source"], found["error"]) == (BLUE[family], None)
    assert found["calls"][1] == {
        "call": "setsockopt",
        "arguments": f"SO_BINDTODEVICE, {bound.get('bind_device', 'blue')}",
        "result": "ok",
    }
    assert (found["wire"]["source"], found["wire"]["device"]) == (BLUE[family], "v1")
    assert caller.stdout is not None and caller.stdout.readline().strip() == BLUE[family]


def test_a_listener_inside_the_vrf_is_reached_from_inside_only(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    argv = [sys.executable, "-c", _LISTENER, BLUE[family], str(PORT), "blue"]
    with ns.popen(argv, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None and server.stdout.readline() == "ready\n"
        target = {"destination": BLUE[family], "port": PORT, "protocol": "tcp"}
        inside = probe(module, **target, bind_device="blue")
        assert (inside["source"], inside["error"]) == (BLUE[family], None)
        assert server.stdout.readline().strip() == BLUE[family]
        assert probe(module, **target)["error"].startswith("ENETUNREACH")
        server.kill()


def test_interface_and_address_of_the_vrf(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    ns.ip(f"route add {P[family]} via {G1[family]} vrf blue src {BLUE[family]}")
    found = probe(module, destination=FAR[family], interface=f"ifhost!blue!{V1[family]}", capture=True)
    assert (found["source"], found["wire"]["source"], found["wire"]["device"]) == (V1[family], V1[family], "v1")
    found = probe(module, destination=FAR[family], bind_device="blue", bind_address=V1[family], capture=True)
    assert (found["source"], found["wire"]["source"]) == (V1[family], V1[family])


def test_an_address_of_the_vrf_needs_the_vrf(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    ns.batch([f"route add {P[family]} via {G1[family]} vrf blue", f"route add default via {G0[family]}"])
    assert probe(module, destination=FAR[family], bind_address=BLUE[family])["error"].startswith("EADDRNOTAVAIL")
    inside = probe(module, destination=FAR[family], bind_address=LO[family], bind_device="blue")
    assert inside["error"].startswith("EADDRNOTAVAIL")


def test_the_wire_is_the_slave_also_while_the_vrf_itself_is_watched(
    ns: VrfHost, module: ModuleRunner, family: int
) -> None:
    """A packet socket on the VRF's device, such as tcpdump's, makes the VRF show its packets to all packet sockets."""
    ns.ip(f"route add {P[family]} via {G1[family]} vrf blue src {BLUE[family]}")
    watch = (
        "import socket, time; s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)); "
        "s.bind(('blue', 3)); print('ready', flush=True); time.sleep(600)"
    )
    with ns.popen([sys.executable, "-c", watch], stdout=subprocess.PIPE) as watcher:
        assert watcher.stdout is not None and watcher.stdout.readline() == "ready\n"
        found = probe(module, destination=FAR[family], bind_device="blue", capture=True)
        watcher.kill()
    assert (found["wire"]["source"], found["wire"]["device"]) == (BLUE[family], "v1")


def test_the_wire_is_the_slave_also_with_a_queue_on_the_vrf(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    ns.ip(f"route add {P[family]} via {G1[family]} vrf blue src {BLUE[family]}")
    ns.run(["tc", "qdisc", "add", "dev", "blue", "root", "pfifo"])
    found = probe(module, destination=FAR[family], bind_device="blue", capture=True)
    assert (found["wire"]["source"], found["wire"]["device"]) == (BLUE[family], "v1")


# Addresses


@pytest.mark.parametrize("device", ["blue", "v1"])
def test_an_address_comes_and_goes(ns: VrfHost, module: ModuleRunner, family: int, device: str) -> None:
    address = {4: "203.0.113.99", 6: "2001:db8:b1::99"}[family]
    wanted = {"addresses": [{"address": f"{address}/{HOST_BITS[family]}", "device": device}]}
    assert module.ok("address", wanted)["changed"]
    assert not module.ok("address", wanted)["changed"]
    ns.ip(f"route add {P[family]} via {G1[family]} vrf blue src {address}")
    gone = {"addresses": [{**wanted["addresses"][0], "state": "absent"}]}
    assert P[family] in module.fails("address", gone)["msg"]
    assert module.ok("address", {**gone, "force": True})["changed"]
    assert address not in ns.ip("address show")


def test_the_same_address_in_another_vrf_does_not_keep_the_routes_of_this_one(
    ns: VrfHost, module: ModuleRunner, family: int
) -> None:
    ns.ip(f"address add {BLUE[family]}/{HOST_BITS[family]} dev red" + (" nodad" if family == 6 else ""))
    ns.ip(f"route add {P[family]} via {G1[family]} vrf blue src {BLUE[family]}")
    gone = {"address": f"{BLUE[family]}/{HOST_BITS[family]}", "device": "blue", "state": "absent"}
    assert P[family] in module.fails("address", {"addresses": [gone]})["msg"]


def test_an_address_that_no_route_of_its_vrf_uses_may_go(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    ns.ip(f"address add {V0[family]}/{HOST_BITS[family]} dev red" + (" nodad" if family == 6 else ""))
    ns.ip(f"route add {P[family]} via {G0[family]} src {V0[family]}")
    gone = {"address": f"{V0[family]}/{HOST_BITS[family]}", "device": "red", "state": "absent"}
    assert module.ok("address", {"addresses": [gone]})["changed"]
    assert V0[family] in ns.ip(f"-{family} route show {P[family]}")


def test_a_copy_outside_of_the_vrf_does_not_keep_its_routes(ns: VrfHost, module: ModuleRunner, family: int) -> None:
    """IPv4 deletes a route of the VRF's table with the VRF's address, though the default VRF has the same."""
    detection = " nodad" if family == 6 else ""
    ns.ip(f"address add {BLUE[family]}/{HOST_BITS[family]} dev lo{detection}")
    ns.ip(f"route add {P[family]} via {G1[family]} vrf blue src {BLUE[family]}")
    gone = {"address": f"{BLUE[family]}/{HOST_BITS[family]}", "device": "blue", "state": "absent"}
    assert P[family] in module.fails("address", {"addresses": [gone]})["msg"]
    assert BLUE[family] in ns.ip(f"-{family} route show vrf blue {P[family]}")
