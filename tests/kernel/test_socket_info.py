# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module socket_info on a real kernel, with ``ss`` as judge of what is open."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends.connections import connections
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import snapshot
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.kernel import Kernel
from tests.lab.modules import PACKAGE, ModuleRunner, answer, arguments, collections_path
from tests.lab.netns import Namespace, within
from tests.lab.pair import Host

PORT = 7007
FAR4, FAR6 = "198.51.100.34", "2001:db8:100::34"
Row = dict[str, Any]


def opened(
    ns: Namespace,
    to: tuple[str, int] | None = None,
    own: tuple[str, int] | None = None,
    kind: int = socket.SOCK_STREAM,
    family: int = 0,
    device: str = "",
    mark: int = 0,
    listen: bool = False,
) -> socket.socket:
    """A socket of this process in a namespace."""
    known = family or (socket.AF_INET6 if ":" in (to or own or ("", 0))[0] else socket.AF_INET)

    def make() -> socket.socket:
        one = socket.socket(known, kind)
        one.settimeout(5)
        if device:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        if mark:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
        if own:
            one.bind(own)
        if to:
            one.connect(to)
        if listen:
            one.listen()
        return one

    return within(ns.name, make)


@pytest.fixture
def routed(ns: Host) -> Host:
    """A host whose routes to the peer's far addresses carry the first loopback address."""
    ns.batch([f"route add {ns.P4} via {ns.G4} src {ns.S4}", f"route add {ns.P6} via {ns.G6} src {ns.S6}"])
    return ns


@pytest.fixture
def server(routed: Host) -> Iterator[Host]:
    """The same, with a server on both far addresses."""
    with contextlib.ExitStack() as stack:
        for address in (FAR4, FAR6):
            stack.enter_context(opened(routed.peer, own=(address, PORT), listen=True))
        yield routed


@pytest.fixture
def busy(server: Host) -> Iterator[Host]:
    """A host with sockets of every kind."""
    udp = socket.SOCK_DGRAM
    with contextlib.ExitStack() as stack:
        for one in (
            opened(server, (FAR4, PORT)),
            opened(server, (FAR4, PORT), own=("10.0.0.2", 0)),
            opened(server, (f"::ffff:{FAR4}", PORT)),
            opened(server, (FAR6, PORT)),
            opened(server, (FAR6, PORT), mark=100),
            opened(server, (FAR4, 9), kind=udp),
            opened(server, (FAR4, 53), kind=udp, device="v0"),
            opened(server, (FAR6, 53), kind=udp),
            opened(server, own=("0.0.0.0", 514), kind=udp),
            opened(server, own=("::ffff:10.0.0.1", 123), kind=udp),
            opened(server, own=("10.0.0.1", 22), listen=True),
            opened(server, own=("::", 80), listen=True),
        ):
            stack.enter_context(one)
        yield server


def shown(row: Row) -> tuple[Any, ...]:
    names = ("protocol", "state", "source", "source_port", "destination", "destination_port")
    return tuple(row[name] for name in names)


def listed(module: ModuleRunner, *, fresh: bool = False, **options: Any) -> list[Row]:
    """``fresh``: where processes matter. A forked child holds the sockets of this process too."""
    found = module.ok("socket_info", options, fresh=fresh)
    assert found["total"] == len(found["sockets"]) and found["omitted"] == 0
    return list(found["sockets"])


def by_ss(ns: Namespace, filters: str) -> list[tuple[Any, ...]]:
    """What ``ss`` lists, in our form; ``estab`` and ``unconn`` are its words for established and close."""
    words = {"ESTAB": "established", "UNCONN": "close", "LISTEN": "listen"}
    found = []
    for line in ns.run(["ss", "-Htun", *filters.split()]).stdout.splitlines():
        protocol, state, _received, _sent, own, peer = line.split()[:6]
        ends: list[Any] = []
        for text in (own, peer):
            address, _colon, port = text.rpartition(":")
            address = address.split("%")[0].strip("[]").removeprefix("::ffff:")
            ends += [None if address in ("*", "0.0.0.0", "::") else address, None if port == "*" else int(port)]
        found.append((protocol, words.get(state, state), *ends))
    return sorted(found, key=str)


@pytest.mark.parametrize(
    ("options", "filters"),
    [
        ({}, ""),
        ({"states": ["all"]}, "-a"),
        ({"states": ["listen", "close"]}, "-l"),
        ({"destinations": [FAR4]}, f"dst {FAR4}"),
        ({"destinations": ["198.51.0.0/16", "2001:db8:100::/64"]}, "dst 198.51.0.0/16 or dst 2001:db8:100::/64"),
        ({"destinations": ["2001:db8::/32"], "destination_ports": [53]}, "dst 2001:db8::/32 and dport 53"),
        ({"sources": ["10.0.0.0/24"]}, "src 10.0.0.0/24"),
        ({"sources": ["10.0.0.0/24"], "states": ["all"]}, "-a src 10.0.0.0/24"),
        ({"destination_ports": [53, 9]}, "dport 53 or dport 9"),
        ({"source_ports": [22, 514], "states": ["all"]}, "-a sport 22 or sport 514"),
        ({"destinations": ["203.0.113.0/24"]}, "dst 203.0.113.0/24"),
    ],
)
def test_filters_are_those_of_ss(busy: Host, module: ModuleRunner, options: Row, filters: str) -> None:
    found = sorted(map(shown, listed(module, **options)), key=str)
    assert found == by_ss(busy, filters)
    assert found or "203.0.113.0/24" in filters


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("destinations", [[], ["0.0.0.0/0", "::/0"], ["::/0"], ["::ffff:198.51.100.0/120"]])
def test_the_kernel_filters_as_we_would(
    busy: Host, module: ModuleRunner, protocol: str, family: str, destinations: list[str]
) -> None:
    kinds = {"0.0.0.0/0": "ipv4", "::/0": "ipv6", "::ffff:198.51.100.0/120": "ipv4"}
    every = listed(module, states=["connected", "listen"])
    kept = [
        row
        for row in every
        if (row["protocol"], row["family"]) == (protocol, family)
        and (not destinations or row["family"] in [kinds[one] for one in destinations])
        and (destinations in ([], ["::/0"], ["0.0.0.0/0", "::/0"]) or row["destination"] == FAR4)
    ]
    options: Row = {"protocols": [protocol], "family": family, "destinations": destinations}
    found = listed(module, states=["connected", "listen"], **options)
    assert [row["inode"] for row in found] == [row["inode"] for row in kept]


def test_what_is_said_of_a_socket(server: Host, module: ModuleRunner) -> None:
    with opened(server, (FAR6, PORT), mark=100, device="v0") as one:
        (row,) = listed(module, fresh=True)
        with open("/proc/self/comm", encoding="utf-8") as file:
            name = file.read().strip()
        assert row == {
            "protocol": "tcp",
            "family": "ipv6",
            "state": "established",
            "source": server.S6,
            "source_port": one.getsockname()[1],
            "destination": FAR6,
            "destination_port": PORT,
            "device": "v0",
            "vrf": None,
            "mark": 100,
            "uid": os.getuid(),
            "inode": os.fstat(one.fileno()).st_ino,
            "pid": os.getpid(),
            "process": name,
            "unit": row["unit"],
        }


def test_an_ipv6_socket_that_speaks_ipv4_is_ipv4(server: Host, module: ModuleRunner) -> None:
    with opened(server, (f"::ffff:{FAR4}", PORT)):
        (row,) = listed(module, family="ipv4")
        assert (row["family"], row["source"], row["destination"]) == ("ipv4", server.S4, FAR4)
        assert not listed(module, family="ipv6")


def test_processes_are_looked_up_as_told(server: Host, module: ModuleRunner) -> None:
    with opened(server, (FAR4, PORT)):
        for process, pid in ((None, os.getpid()), (True, os.getpid()), (False, None)):
            (row,) = listed(module, fresh=True, **({} if process is None else {"process": process}))
            assert row["pid"] == pid
    with contextlib.ExitStack() as stack:
        for _number in range(201):
            stack.enter_context(opened(server, (FAR4, 9), kind=socket.SOCK_DGRAM))
        assert {row["pid"] for row in listed(module, fresh=True, protocols=["udp"])} == {None}
        assert {row["pid"] for row in listed(module, fresh=True, protocols=["udp"], process=True)} == {os.getpid()}


def test_limit_bounds_the_answer_and_not_the_count(busy: Host, module: ModuleRunner) -> None:
    every = listed(module, states=["all"], process=False)
    found = module.ok("socket_info", {"states": ["all"], "limit": 3, "process": False})
    assert (found["sockets"], found["total"], found["omitted"]) == (every[:3], len(every), len(every) - 3)


def test_another_namespace(server: Host, other_ns: Namespace, module: ModuleRunner) -> None:
    with opened(server, (FAR4, PORT)):
        assert not listed(ModuleRunner(lambda: other_ns))
        assert len(listed(ModuleRunner(lambda: other_ns), netns=server.name)) == 1


def test_more_sockets_than_one_answer_holds(server: Host, module: ModuleRunner) -> None:
    with contextlib.ExitStack() as stack:
        for _number in range(600):
            stack.enter_context(opened(server, (FAR4, 9), kind=socket.SOCK_DGRAM))
        assert {row["source_port"] for row in listed(module)} == {row[3] for row in by_ss(server, "")}


# Against an intent, and against what is expected


def differing(module: ModuleRunner, **options: Any) -> tuple[int, list[tuple[str, str, str]]]:
    found = module.ok("socket_info", options)
    assert found["differing_count"] == len(found["differing"]) and "sockets" not in found
    return found["checked"], [(row["source"], row["destination"], row["expected"]) for row in found["differing"]]


def test_a_connection_from_before_a_change_is_found(server: Host, module: ModuleRunner) -> None:
    routes = [
        {"destination": server.P4, "gateway": server.G4, "source": "192.0.2.3"},
        {"destination": server.P6, "gateway": server.G6, "source": "2001:db8:ff::3"},
    ]
    with opened(server, (FAR4, PORT)), opened(server, (FAR6, 9), kind=socket.SOCK_DGRAM):
        before = [{**route, "source": server.S6 if ":" in route["source"] else server.S4} for route in routes]
        assert differing(module, routes=before) == (2, [])
        server.batch(
            [
                f"route replace {server.P4} via {server.G4} src 192.0.2.3",
                f"route replace {server.P6} via {server.G6} src 2001:db8:ff::3",
            ]
        )
        with opened(server, (FAR4, PORT)), opened(server, (FAR6, 9), kind=socket.SOCK_DGRAM):
            checked, found = differing(module, routes=routes)
            assert checked == 4
            assert found == [(server.S4, FAR4, "192.0.2.3"), (server.S6, FAR6, "2001:db8:ff::3")]
            (row,) = module.ok("socket_info", {"routes": routes, "protocols": ["tcp"]}, fresh=True)["differing"]
            assert (row["pid"], row["protocol"]) == (os.getpid(), "tcp")


def test_a_policy_is_for_the_route_that_carries_the_connection(server: Host, module: ModuleRunner) -> None:
    policies = [{"destinations": ["198.51.0.0/16"], "match": "orlonger", "protocols": ["bgp"], "source": "192.0.2.3"}]
    with opened(server, (FAR4, PORT)):
        assert differing(module, policies=policies) == (0, [])
        server.ip(f"route replace {server.P4} via {server.G4} src 192.0.2.3 proto bgp")
        assert differing(module, policies=policies) == (1, [(server.S4, FAR4, "192.0.2.3")])
        assert differing(module, policies=[{**policies[0], "except": ["198.51.100.0/24"]}]) == (0, [])
        assert differing(module, policies=policies, intent=True, backend="bird") == (0, [])


def test_a_marked_connection_is_judged_by_the_route_of_its_mark(server: Host, module: ModuleRunner) -> None:
    server.batch(
        ["rule add fwmark 100 table 99 pref 50", f"route add {server.P4} via {server.G4} src 192.0.2.3 table 99"]
    )
    routes = [
        {"destination": server.P4, "gateway": server.G4, "source": server.S4},
        {"destination": server.P4, "gateway": server.G4, "source": "192.0.2.3", "table": 99},
    ]
    with opened(server, (FAR4, PORT)), opened(server, (FAR4, PORT), mark=100) as marked:
        assert marked.getsockname()[0] == "192.0.2.3"
        assert differing(module, routes=routes) == (2, [])


def test_a_rule_that_looks_at_ports_is_followed(server: Host, module: ModuleRunner) -> None:
    server.batch(
        [
            f"rule add ipproto tcp dport {PORT} table 99 pref 50",
            f"route add {server.P4} via {server.G4} src 192.0.2.3 table 99",
        ]
    )
    routes = [
        {"destination": server.P4, "gateway": server.G4, "source": server.S4},
        {"destination": server.P4, "gateway": server.G4, "source": "192.0.2.3", "table": 99},
    ]
    with opened(server, (FAR4, PORT)) as one, opened(server, (FAR4, 9), kind=socket.SOCK_DGRAM) as other:
        assert (one.getsockname()[0], other.getsockname()[0]) == ("192.0.2.3", server.S4)
        assert differing(module, routes=routes) == (2, [])


def test_what_the_peer_has_connected_is_left_out_unless_asked_for(server: Host, module: ModuleRunner) -> None:
    expect = [{"destination": "default", "source": server.S4}]
    with opened(server, own=("10.0.0.1", 80), listen=True), opened(server.peer, ("10.0.0.1", 80), own=(FAR4, 0)):
        found = module.ok("socket_info", {"expect": expect})
        assert (found["checked"], found["differing"], found["incoming"]) == (0, [], 1)
        assert differing(module, expect=expect, incoming=True) == (1, [("10.0.0.1", FAR4, server.S4)])


def test_connections_to_the_host_itself_are_left_out(server: Host, module: ModuleRunner) -> None:
    udp = socket.SOCK_DGRAM
    with opened(server, ("127.0.0.1", 9), kind=udp), opened(server, (server.S4, 9), kind=udp):
        assert differing(module, expect=[{"destination": "default", "source": "10.0.0.1"}]) == (0, [])
        policy = {"destinations": ["0.0.0.0/0"], "match": "orlonger", "source": "10.0.0.1"}
        assert differing(module, policies=[policy]) == (0, [])


def test_connections_as_the_audit_has_them(server: Host) -> None:
    intent = normalise(routes=[{"destination": server.P4, "gateway": server.G4, "source": "192.0.2.3"}])

    def ask() -> Row:
        with Kernel() as kernel:
            return connections(snapshot(kernel), intent, None, limit=1)

    udp = socket.SOCK_DGRAM
    with opened(server, (FAR4, 9), kind=udp) as one, opened(server, (FAR4, 9), kind=udp) as other:
        found = within(server.name, ask)
        (row,) = found.pop("differing")
        assert found == {"checked": 2, "incoming": 0, "omitted": 1}
        assert row.pop("sport") in (one.getsockname()[1], other.getsockname()[1])
        assert row == {
            "protocol": "udp",
            "source": server.S4,
            "destination": FAR4,
            "dport": 9,
            "device": None,
            "vrf": None,
            "expected": "192.0.2.3",
            "process": row["process"],
            "unit": row["unit"],
        }


def test_limit_bounds_what_differs(server: Host, module: ModuleRunner) -> None:
    with contextlib.ExitStack() as stack:
        for _number in range(5):
            stack.enter_context(opened(server, (FAR4, 9), kind=socket.SOCK_DGRAM))
        expect = [{"destination": FAR4, "source": "192.0.2.3"}]
        found = module.ok("socket_info", {"expect": expect, "limit": 2})
        assert (len(found["differing"]), found["differing_count"], found["omitted"]) == (2, 5, 3)


def test_without_privilege_marks_and_processes_of_others_are_not_told(server: Host) -> None:
    argv = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", sys.executable, "-m", f"{PACKAGE}.socket_info"]
    environment = {**os.environ, "PYTHONPATH": str(collections_path())}
    with opened(server, (FAR4, PORT), mark=100):
        done = server.run(argv, text_input=arguments({}).decode(), env=environment, check=False)
        (row,) = answer(done.stdout, done.stderr, done.returncode)["sockets"]
        assert (row["source"], row["mark"], row["pid"]) == (server.S4, None, None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"destinations": ["198.51.100.1/24"]}, "did you mean 198.51.100.0/24?"),
        ({"sources": ["nonsense"]}, "sources[0]: 'nonsense' is not a prefix"),
        ({"destination_ports": [65536]}, "destination_ports[0]: 65536 is not between 0 and 65535"),
        ({"limit": -1}, "limit: -1"),
        ({"expect": [{"destination": "198.51.100.0/24", "source": "::1"}]}, "is not of the family of 198.51.100.0/24"),
        ({"expect": [{"destination": "default", "source": "10.0.0.1", "vrf": "v0"}]}, "not a VRF"),
        ({"expect": [], "intent": True}, "mutually exclusive"),
        ({"states": ["open"]}, "value of states must be one or more of"),
        ({"netns": "l3host-no-such"}, "there is no network namespace 'l3host-no-such'"),
    ],
)
def test_bad_input_is_refused(ns: Host, module: ModuleRunner, options: Row, words: str) -> None:
    assert words in module.fails("socket_info", options)["msg"]
