# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided before the first socket: curl's forms of a name, scopes, the checks of a probe's options."""

from __future__ import annotations

import errno
import re
import socket
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._probe.curl import (
    Interface,
    address_scope,
    interface_addresses,
    parse_interface,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._probe.probe import Target, parse_probe
from ansible_collections.l3host.source_ip.plugins.module_utils._probe.sockets import (
    CallFailed,
    Recorder,
    error_text,
    parse_literal,
    protocol_number,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("eth0", Interface("eth0", "eth0", True)),
        ("192.0.2.2", Interface("192.0.2.2", "192.0.2.2", True)),
        ("if!eth0", Interface("eth0", None, True)),
        ("host!eth0", Interface(None, "eth0", False)),
        ("ifhost!eth0!192.0.2.2", Interface("eth0", "192.0.2.2", False)),
        ("ifhost!eth0!a!b", Interface("eth0", "a!b", False)),
        ("if!a!b", Interface("a!b", None, True)),
        ("other!eth0", Interface("other!eth0", "other!eth0", True)),
        ("IF!eth0", Interface("IF!eth0", "IF!eth0", True)),
    ],
)
def test_interface_forms(text: str, expected: Interface) -> None:
    assert parse_interface(text, "interface") == expected


@pytest.mark.parametrize(
    "text", ["", "if!", "host!", "ifhost!", "ifhost!eth0", "ifhost!eth0!", "ifhost!!a", "x" * 513, "a\0b"]
)
def test_interface_forms_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^probes\[0\]: interface: .*ifhost!NAME!HOST"):
        parse_interface(text, "probes[0]: interface")


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        ("192.0.2.2", "global"),
        ("169.254.1.1", "global"),
        ("127.0.0.1", "global"),
        ("2001:db8::1", "global"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("febf::1", "link-local"),
        ("fec0::1", "site-local"),
        ("fc00::1", "unique local"),
        ("fdff::1", "unique local"),
        ("::1", "node-local"),
        ("::2", "global"),
    ],
)
def test_scopes_are_those_of_curl(address: str, scope: str) -> None:
    assert address_scope(address) == scope


def test_getifaddrs_has_the_loopback() -> None:
    found = [entry for entry in interface_addresses() if entry.name == "lo" and entry.family == socket.AF_INET]
    assert [entry.address for entry in found][:1] == ["127.0.0.1"]
    assert {entry.name for entry in interface_addresses()} >= {name for _index, name in socket.if_nameindex()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.2", (socket.AF_INET, "192.0.2.2", 0)),
        ("2001:0DB8:0::1", (socket.AF_INET6, "2001:db8::1", 0)),
        ("fe80::1%lo", (socket.AF_INET6, "fe80::1", socket.if_nametoindex("lo"))),
        (f"fe80::1%{socket.if_nametoindex('lo')}", (socket.AF_INET6, "fe80::1", socket.if_nametoindex("lo"))),
        ("192.0.2.2%lo", None),
        ("192.0.2", None),
        ("localhost", None),
        ("192.0.2.2/32", None),
    ],
)
def test_literals(text: str, expected: object) -> None:
    assert parse_literal(text) == expected


def test_a_scope_that_is_no_device() -> None:
    with pytest.raises(InvalidInput, match="device 'nosuch' does not exist here; there are: lo"):
        parse_literal("fe80::1%nosuch")


def test_a_probe_with_nothing_but_a_destination() -> None:
    probe = parse_probe({"destination": "192.0.2.9"}, "probes[0]")
    assert (probe.target, probe.port, probe.protocol) == (Target(socket.AF_INET, "192.0.2.9", 0), 9, "udp")
    assert (probe.interface, probe.bound, probe.device, probe.mark) == (None, None, None, None)
    assert (probe.capture, probe.timeout) == (False, 3.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 0}, "port 0 is not between 1 and 65535"),
        ({"port": 65536}, "port 65536 is not between"),
        ({"protocol": "tcp"}, "a TCP probe needs a port"),
        ({"timeout": 0}, "timeout 0 is not above 0 and at most 300 seconds"),
        ({"timeout": 301}, "timeout 301 is not"),
        ({"timeout": float("nan")}, "timeout nan is not"),
        ({"mark": -1}, "mark -1 is not between 0 and 4294967295"),
        ({"mark": 1 << 32}, "mark 4294967296 is not"),
        ({"destination": ""}, "destination '' is neither an IP address nor a host name"),
        ({"destination": "192.0.2.0/24"}, "destination '192.0.2.0/24' is neither"),
        ({"destination": "fe80::1%nosuch"}, "destination 'fe80::1%nosuch': device 'nosuch' does not exist"),
        ({"bind_address": "eth0"}, "bind_address 'eth0' is not an IP address"),
        (
            {"bind_address": "2001:db8::1"},
            "bind_address 2001:db8::1 and destination 192.0.2.9 are of different families",
        ),
        ({"bind_device": "nosuch"}, "bind_device 'nosuch': device 'nosuch' does not exist here; there are: lo"),
        ({"bind_device": "1"}, "bind_device '1': give the device's name, not its index"),
        ({"bind_device": "lo", "interface": "lo"}, "interface and bind_device are mutually exclusive"),
        ({"bind_address": "192.0.2.1", "interface": "lo"}, "interface and bind_address are mutually exclusive"),
        ({"interface": "if!"}, "interface: 'if!' is not NAME"),
    ],
)
def test_refused_before_the_first_socket(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^probes\[3\]: {re.escape(message)}"):
        parse_probe({"destination": "192.0.2.9", **options}, "probes[3]")


def test_errors_have_their_names() -> None:
    assert error_text(OSError(errno.EADDRNOTAVAIL, "x")) == "EADDRNOTAVAIL: Cannot assign requested address"
    assert error_text(OSError(99999, "x")).startswith("99999: ")
    assert error_text(socket.gaierror(socket.EAI_NONAME, "no such name")) == "EAI_NONAME: no such name"


def test_the_record_ends_with_the_call_that_failed() -> None:
    recorder = Recorder()

    def refuse() -> None:
        raise OSError(errno.EPERM, "x")

    assert recorder.run("socket", "AF_INET", lambda: 7) == 7
    with pytest.raises(
        CallFailed, match=r"^EPERM: Operation not permitted \(setsockopt SO_MARK, 7; needs CAP_NET_ADMIN"
    ):
        recorder.run("setsockopt", "SO_MARK, 7", refuse)
    assert recorder.calls == [
        {"call": "socket", "arguments": "AF_INET", "result": "ok"},
        {"call": "setsockopt", "arguments": "SO_MARK, 7", "result": "EPERM: Operation not permitted"},
    ]


def test_protocol_numbers() -> None:
    assert [protocol_number(p) for p in ("udp", "tcp", "icmp", 47, "132")] == [17, 6, 1, 47, 132]
    with pytest.raises(InvalidInput, match="'nosuch' is unknown"):
        protocol_number("nosuch")
