# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the watcher reads out of the kernel's events. That it mends what it finds: molecule/frr/side_effect.yml."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr import boot
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.audit import Judge, Table
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.release import stuck
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.watch import _gather, look
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.shipped import shipped
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire

POLICIES = [
    {"protocols": ["ospf"], "destinations": ["10.0.0.0/8"], "match": "orlonger", "source": "192.0.2.2"},
    {"protocols": ["bgp"], "destinations": ["2001:db8:1::/48"], "source": "2001:db8:ff::1"},
    {"protocols": ["rip"], "destinations": ["2001:db8:2::/48"], "source": "2001:db8:ff::1"},
    {"protocols": ["bgp"], "destinations": ["0.0.0.0/0"], "source": "192.0.2.3"},
]
OSPF, BGP, RIP, RIPNG, KERNEL = 188, 186, 189, 190, 2


def judge() -> Judge:
    intent = normalise(policies=POLICIES)
    return Judge({"policies": intent["policies"], "routes": intent["routes"]})


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def route(
    prefix: str, protocol: int, source: str | None = None, table: int = 254, kind: int = 24, shape: int = 1
) -> bytes:
    address, length = prefix.split("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    header = struct.pack("=BBBBBBBBI", family, int(length), 0, 0, min(table, 252), protocol, 0, shape, 0)
    found = wire.attribute(15, struct.pack("=I", table))
    if int(length):
        found += wire.attribute(1, packed(address))
    if source:
        found += wire.attribute(7, packed(source))
    return wire.message(kind, 0, 0, header + found)


def address(text: str) -> bytes:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    local = [] if ":" in text else [wire.attribute(2, packed(text))]
    found = [wire.attribute(1, packed(text)), *local]
    return wire.message(20, 0, 0, struct.pack("=BBBBI", family, 32, 0, 0, 1) + b"".join(found))


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        (route("10.1.0.0/16", OSPF), {(Table("", "ipv4", 254), "10.1.0.0/16")}),
        (route("10.1.0.0/16", OSPF, "192.0.2.9"), {(Table("", "ipv4", 254), "10.1.0.0/16")}),
        (route("2001:db8:1::/48", BGP), {(Table("", "ipv6", 254), "2001:db8:1::/48")}),
        (route("10.1.0.0/16", OSPF, "192.0.2.2"), set()),
        (route("10.1.0.0/16", BGP), set()),
        (route("10.1.0.0/16", KERNEL), set()),
        (route("2001:db8:2::/48", RIPNG), {(Table("", "ipv6", 254), "2001:db8:2::/48")}),
        (route("2001:db8:2::/48", RIP), set()),
        (route("11.0.0.0/8", OSPF), set()),
        (route("10.1.0.0/16", OSPF, kind=25), set()),
        (route("10.1.0.0/16", OSPF, shape=6), set()),
        (route("10.1.0.0/16", OSPF, table=100), set()),
    ],
)
def test_a_route_written_without_its_source(event: bytes, wrong: set[Any]) -> None:
    assert look(judge(), {254: ""}, wire.events(event)) == (wrong, False)


def test_the_default_route_is_seen() -> None:
    ((_table, destination),) = look(judge(), {254: ""}, wire.events(route("0.0.0.0/0", BGP)))[0]
    assert destination in ("default", "0.0.0.0/0")


def test_several_messages_of_one_datagram() -> None:
    data = route("10.1.0.0/16", OSPF) + address("192.0.2.2") + route("10.2.0.0/16", OSPF)
    wrong, came = look(judge(), {254: ""}, wire.events(data))
    assert sorted(place[1] for place in wrong) == ["10.1.0.0/16", "10.2.0.0/16"]
    assert came


@pytest.mark.parametrize(
    ("text", "ours"),
    [("192.0.2.2", True), ("2001:db8:ff::1", True), ("192.0.2.200", False), ("2001:db8:ff::2", False)],
)
def test_a_source_that_comes(text: str, ours: bool) -> None:
    assert look(judge(), {254: ""}, wire.events(address(text))) == (set(), ours)


class Heard:
    """Events that come one after the other, as the kernel's socket has them; None for an overflow."""

    def __init__(self, *datagrams: bytes | None) -> None:
        self._waiting = list(datagrams)
        self._out, self._in = socket.socketpair()
        for _datagram in datagrams:
            self._in.send(b".")

    def fileno(self) -> int:
        return self._out.fileno()

    def read(self) -> list[wire.Event] | None:
        self._out.recv(1)
        data = self._waiting.pop(0)
        return None if data is None else list(wire.events(data))


def test_a_burst_is_taken_in_at_once() -> None:
    events: Any = Heard(route("11.0.0.0/8", OSPF), route("10.1.0.0/16", OSPF), route("10.2.0.0/16", OSPF))
    wrong, came = _gather(events, judge(), {254: ""})
    assert sorted(place[1] for place in wrong) == ["10.1.0.0/16", "10.2.0.0/16"] and not came


def test_after_an_overflow_everything_is_judged() -> None:
    events: Any = Heard(route("11.0.0.0/8", OSPF), None)
    assert _gather(events, judge(), {254: ""}) == (set(), True)


@pytest.mark.parametrize(
    ("release", "wanted"),
    [((8, 4, 4), False), ((10, 1, 3), False), ((10, 2, 0), True), ((10, 6, 9), True), ((10, 7, 0), False)],
)
def test_releases_that_write_routes_again_as_they_were(release: tuple[int, int, int], wanted: bool) -> None:
    assert stuck(release) == wanted


def test_the_services_have_every_file_that_they_import(tmp_path: Path) -> None:
    """They run on the host without the collection: a file that is missing there is found only at FRR's next start."""
    for name, source in shipped(boot.__name__).items():
        file = tmp_path / f"{name.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    alone = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {boot.__name__}; print(sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-I", "-S", "-c", alone], capture_output=True, text=True, check=True).stdout
    assert "_backends._frr.watch" in said
    assert "'ansible'" not in said and "'pyroute2'" not in said
