# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two uplinks of a real host: what leaves by which, as their routers see it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.modules import ModuleRunner
from tests.lab.netns import Namespace, within
from tests.lab.topology import GATEWAYS, UPLINKS, WEB, Lab

PORT = 2222
ETH_P_ALL = 3
LENGTH = {4: 24, 6: 64}


def uplink(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "device": name,
        "gateway": {"ipv4": GATEWAYS[name][4], "ipv6": GATEWAYS[name][6]},
        "addresses": [f"{UPLINKS[name][family]}/{LENGTH[family]}" for family in (4, 6)],
        **fields,
    }


@pytest.fixture
def task(tmp_path: Path) -> dict[str, Any]:
    return {"backend": "kernel", "kernel": {"record": str(tmp_path / "record.json")}}


class Neighbour:
    """What passes the link of a router to the host, both ways: (from the host, source, destination) of each packet."""

    def __init__(self, router: Namespace) -> None:
        def opened() -> socket.socket:
            found = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
            found.bind(("host", ETH_P_ALL))
            return found

        self._socket = within(router.name, opened)
        self._socket.settimeout(0.3)

    def seen(self) -> set[tuple[bool, str, str]]:
        found = set()
        with contextlib.suppress(TimeoutError, socket.timeout):
            while True:
                packet, address = self._socket.recvfrom(2048)
                kind, direction = address[1], address[2]
                if kind == 0x0800:
                    ends = [socket.inet_ntop(socket.AF_INET, packet[at : at + 4]) for at in (12, 16)]
                elif kind == 0x86DD and packet[6] != 58:
                    ends = [socket.inet_ntop(socket.AF_INET6, packet[at : at + 16]) for at in (8, 24)]
                else:
                    continue
                found.add((direction != socket.PACKET_OUTGOING, ends[0], ends[1]))
        return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def neighbours(lab: Lab) -> Iterator[dict[str, Neighbour]]:
    found = {"up0": Neighbour(lab.r1), "up1": Neighbour(lab.r2)}
    yield found
    for one in found.values():
        one.close()


def exchange(client: Namespace, server: Namespace, address: str, source: str | None = None) -> str:
    """The client asks and is answered over TCP; the client's address as the server has seen it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = within(server.name, lambda: socket.create_server(("::" if ":" in address else "", PORT), family=family))
    seen: list[str] = []

    def serve() -> None:
        connection, peer = listening.accept()
        with connection:
            seen.append(peer[0])
            connection.sendall(connection.recv(9))

    with listening:
        listening.settimeout(5)
        thread = threading.Thread(target=serve)
        thread.start()

        def ask() -> bytes:
            bound = (source, 0) if source else None
            with socket.create_connection((address, PORT), timeout=5, source_address=bound) as connection:
                connection.sendall(b"question")
                return connection.recv(9)

        assert within(client.name, ask) == b"question"
        thread.join()
    return seen[0]


def test_answers_leave_where_questions_came_in_and_new_ones_by_the_main_choice(
    lab: Lab, module: ModuleRunner, task: dict[str, Any], neighbours: dict[str, Neighbour]
) -> None:
    lab.host.batch(["route flush default proto static"])
    lab.host.ip("-6 route flush default")
    before = lab.host.ip("route show table all"), lab.host.ip("rule"), lab.host.ip("-6 rule")
    # The web server's other way in must be told from its first: strict on one of them.
    lab.host.sysctl({"ipv4/conf/up1/rp_filter": 1})
    intent = {"uplinks": [uplink("up0"), uplink("up1")]}
    predicted = module.ok("intent", {**task, **intent}, check=True, diff=True)
    done = module.ok("intent", {**task, **intent}, diff=True)
    assert predicted["diff"] == done["diff"]
    said = "".join(one["after"] for one in done["diff"])
    assert "1000: from 172.20.30.2 lookup 102 proto 133" in said and "default via 172.20.20.1 dev up0 proto 133" in said
    assert not module.ok("intent", {**task, **intent})["changed"]
    for family in (4, 6):
        for name, other in (("up0", "up1"), ("up1", "up0")):
            for one in neighbours.values():
                one.seen()
            mine = UPLINKS[name][family]
            # A question from far away, then one from here that is bound to the address.
            client = exchange(lab.web, lab.host, mine)
            assert exchange(lab.host, lab.web, WEB[family], mine) == mine
            ways = neighbours[name].seen()
            assert {(False, client, mine), (True, mine, client), (True, mine, WEB[family])} <= ways
            assert not {one for one in neighbours[other].seen() if mine in one}
        assert exchange(lab.host, lab.web, WEB[family]) == UPLINKS["up0"][family]
    # The other one is the main choice by one word.
    module.ok("intent", {**task, "uplinks": [uplink("up0"), uplink("up1", weight=2)]})
    for family in (4, 6):
        assert exchange(lab.host, lab.web, WEB[family]) == UPLINKS["up1"][family]
    # One fails and returns.
    lab.host.ip("link set up1 down")
    assert exchange(lab.host, lab.web, WEB[4]) == UPLINKS["up0"][4]
    lab.host.ip("link set up1 up")
    module.ok("intent", {**task, "uplinks": [uplink("up0"), uplink("up1", weight=2)]})
    assert exchange(lab.host, lab.web, WEB[4]) == UPLINKS["up1"][4]
    module.ok("intent", {**task, "state": "absent"})
    assert (lab.host.ip("rule"), lab.host.ip("-6 rule")) == before[1:]
    assert "proto 133" not in lab.host.ip("route show table all") + lab.host.ip("-6 route show table all")


def test_what_the_uplinks_are_for_does_not_work_without(lab: Lab, neighbours: dict[str, Neighbour]) -> None:
    """The counter-proof: with the main table alone the answer leaves by the first uplink."""
    client = exchange(lab.web, lab.host, UPLINKS["up1"][4])
    assert (True, UPLINKS["up1"][4], client) in neighbours["up0"].seen()
