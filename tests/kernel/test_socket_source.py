# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""socket_source(): what a real socket gets for each selector, beside `ip route get`; and the packet filter."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._probe.capture import Capture, parse_packet
from ansible_collections.l3host.source_ip.plugins.module_utils._probe.sockets import socket_source
from tests.lab.kernel import TCLASS_LEADS_CONNECTED
from tests.lab.netns import Namespace, enter
from tests.lab.pair import Host

INET, INET6 = int(socket.AF_INET), int(socket.AF_INET6)
FAR = {INET: "198.51.100.34", INET6: "2001:db8:100::34"}
OTHER = {INET: Host.S4_OTHER, INET6: Host.S6_OTHER}


def inside(ns: Namespace, function: Callable[[], Any]) -> Any:
    """What ``function`` returns in a child process that has moved into the namespace."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        value: Any = "the child ended early"
        try:
            enter(ns.name)
            value = function()
        except BaseException as error:
            value = f"{type(error).__name__}: {error}"
        finally:
            os.write(writer, json.dumps(value).encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        value = json.loads(pipe.read())
    os.waitpid(child, 0)
    return value


def ask(ns: Namespace, family: int, **options: Any) -> tuple[str | None, str | None, list[str]]:
    def call() -> list[Any]:
        result = socket_source(family, options.pop("destination", FAR[family]), **options)
        return [result.source, result.error, [f"{c['call']} {c['arguments']} -> {c['result']}" for c in result.calls]]

    source, error, calls = inside(ns, call)
    return source, error, calls


def got(ns: Namespace, words: str) -> str:
    """The source that `ip route get` shows."""
    return str(ns.ip_json(f"route get {words}")[0]["prefsrc"])


@pytest.fixture
def selected(ns: Host) -> Host:
    """P4 and P6 by the main table from the interface's address, by table 100 from S3, once a rule leads there."""
    ns.batch(
        [
            f"route add {ns.P4} via {ns.G4}",
            f"route add {ns.P6} via {ns.G6}",
            f"route add {ns.P4} via {ns.G4} src {ns.S4_OTHER} table 100",
            f"route add {ns.P6} via {ns.G6} src {ns.S6_OTHER} table 100",
        ]
    )
    return ns


@pytest.mark.parametrize("family", [INET, INET6])
def test_the_plain_answer(selected: Host, family: int) -> None:
    source, error, calls = ask(selected, family)
    assert (source, error) == (got(selected, FAR[family]), None)
    assert calls == [
        f"socket {'AF_INET' if family == INET else 'AF_INET6'}, SOCK_DGRAM -> ok",
        f"connect {FAR[family]}, 0 -> ok",
        "getsockname  -> ok",
    ]


@pytest.mark.parametrize("family", [INET, INET6])
@pytest.mark.parametrize(
    ("rule", "options", "words"),
    [
        ("fwmark 0x7", {"mark": 7}, "mark 7"),
        ("uidrange 1234-1234", {"uid": 1234}, "uid 1234"),
        ("dport 443", {"destination_port": 443}, "ipproto udp dport 443"),
        ("sport 5353", {"source_port": 5353}, "ipproto udp sport 5353"),
        ("ipproto tcp dport 443", {"protocol": "tcp", "destination_port": 443}, "ipproto tcp dport 443"),
        # `ip route get` knows no protocol but UDP, TCP and ICMP ("Unsupported ip proto"): only a socket can tell.
        ("ipproto 132", {"protocol": 132}, ""),
        ("oif v0", {"device": "v0"}, "oif v0"),
        ("tos 0x10", {"tos": 0x10}, "tos 0x10"),
    ],
)
def test_every_selector_reaches_the_rules(
    selected: Host, family: int, rule: str, options: dict[str, Any], words: str
) -> None:
    version = "-4" if family == INET else "-6"
    selected.ip(f"{version} rule add {rule} lookup 100")
    if words:
        assert got(selected, f"{FAR[family]} {words}") == OTHER[family]
    led = family == INET or rule != "tos 0x10" or TCLASS_LEADS_CONNECTED
    assert (ask(selected, family, **options)[:2] == (OTHER[family], None)) == led
    without = {"ipproto 132": {"protocol": "tcp"}}.get(rule, {})
    assert ask(selected, family, **without)[0] != OTHER[family]


def test_bound_to_an_address(selected: Host) -> None:
    assert ask(selected, INET, source=selected.S4)[:2] == (selected.S4, None)
    assert ask(selected, INET6, source=selected.S6)[:2] == (selected.S6, None)
    source, error, calls = ask(selected, INET, source="192.0.2.99")
    assert source is None and error and error.startswith("EADDRNOTAVAIL: ")
    assert calls[-1] == "bind 192.0.2.99, 0 -> EADDRNOTAVAIL: Cannot assign requested address"


def test_what_is_no_address_is_refused(ns: Host) -> None:
    for family, text in ((INET, "2001:db8::1"), (INET6, "192.0.2.1"), (INET, "localhost")):
        with pytest.raises(InvalidInput, match="is not an IPv"):
            socket_source(family, text)


def test_facts_b_v4_stale_source_in_another_table(selected: Host) -> None:
    selected.batch(["rule add pref 100 lookup 100", f"address delete {selected.S4_OTHER}/32 dev lo"])
    assert got(selected, FAR[INET]) == selected.S4_OTHER
    source, error, _calls = ask(selected, INET)
    assert source is None and error and error.startswith("ENETUNREACH: Network is unreachable (connect ")


def test_nobody_is_told_by_name_what_is_missing(selected: Host) -> None:
    """An ordinary user gets the plain answer; a mark, another user and a raw socket are refused by name."""

    def call() -> list[Any]:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        options: list[dict[str, Any]] = [{}, {"device": "v0"}, {"mark": 7}, {"uid": 1234}, {"protocol": "tcp"}]
        results = [socket_source(INET, FAR[INET], **chosen) for chosen in options]
        return [[result.source, result.error] for result in results]

    plain, device, mark, uid, raw = inside(selected, call)
    assert plain == ["10.0.0.1", None] and device == ["10.0.0.1", None]
    for (source, error), needed in ((mark, "CAP_NET_ADMIN"), (uid, "CAP_CHOWN"), (raw, "CAP_NET_RAW")):
        assert source is None and error.startswith("EPERM: Operation not permitted (") and needed in error


@pytest.mark.parametrize("family", [INET, INET6])
def test_the_filter_passes_outgoing_packets_to_one_address_only(selected: Host, family: int) -> None:
    """Packets to a neighbour of the address never reach user space."""
    neighbour = {INET: "198.51.100.35", INET6: "2001:db8:100:0:1::34"}[family]

    def call() -> list[Any]:
        with Capture(family, FAR[family], int(socket.IPPROTO_UDP), 9) as capture:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                for destination, payload in (
                    (neighbour, b"1"),
                    (FAR[family], b"2"),
                    (neighbour, b"3"),
                    (FAR[family], b"4"),
                ):
                    sock.sendto(payload, (destination, 9))
            capture._socket.settimeout(20)
            packets = [parse_packet(capture._socket.recv(2048)) for _packet in range(2)]
            return [packet and [packet.destination, packet.payload.decode()] for packet in packets]

    assert inside(selected, call) == [[FAR[family], "2"], [FAR[family], "4"]]
