# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connections differ, by expectations and by an intent."""

from __future__ import annotations

import socket as sockets
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends.expected import IntentSources
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Link
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from ansible_collections.l3host.source_ip.plugins.module_utils._sockets.judge import (
    Expected,
    Listeners,
    differing,
    expectations,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._sockets.message import STATES, TCP, UDP, Socket

S, OTHER = "192.0.2.2", "10.0.0.1"
LINKS = {1: Link(1, "lo"), 5: Link(5, "blue", table=10), 6: Link(6, "v1", master=5), 7: Link(7, "v0")}


def packed(text: str) -> bytes:
    return sockets.inet_pton(INET6 if ":" in text else INET, text)


def connection(
    source: str, destination: str, port: int = 40000, index: int = 0, protocol: int = TCP, state: str = "established"
) -> Socket:
    family = INET6 if ":" in destination else INET
    peer = 443 if state == "established" else 0
    number = STATES[state]
    return Socket(protocol, family, number, packed(source), port, packed(destination), peer, index, 0, 1, None)


def expecting(*entries: Any) -> Expected:
    keys = ("destination", "source", "vrf")
    return Expected(expectations([dict(zip(keys, entry)) for entry in entries], "expect"), LINKS)


def sources(*found: Socket, expected: Expected, **more: Any) -> list[tuple[str, str]]:
    judged = differing(found, expected, **more)
    return [(sockets.inet_ntop(one.socket.family, one.socket.source), one.expected) for one in judged.differing]


def test_a_connection_with_another_source_differs() -> None:
    expected = expecting(("198.51.100.0/24", S))
    found = (connection(S, "198.51.100.1"), connection(OTHER, "198.51.100.1"), connection(OTHER, "203.0.113.1"))
    assert sources(*found, expected=expected) == [(OTHER, S)]
    assert differing(found, expected).checked == 2


def test_the_longest_destination_counts_and_families_stay_apart() -> None:
    expected = expecting(("default", S), ("198.51.100.0/24", OTHER), ("default", "2001:db8::1"))
    found = (connection(S, "198.51.100.1"), connection(S, "203.0.113.1"), connection("2001:db8::2", "2001:db8:1::1"))
    assert sources(*found, expected=expected) == [(S, OTHER), ("2001:db8::2", "2001:db8::1")]


def test_any_of_several_sources_will_do() -> None:
    expected = expecting(("198.51.100.0/24", S), ("198.51.100.0/24", OTHER))
    found = [connection(source, "198.51.100.1") for source in (S, OTHER, "192.0.2.9")]
    assert sources(*found, expected=expected) == [("192.0.2.9", f"{OTHER} or {S}")]


def test_a_vrf_is_that_of_the_device_that_the_socket_is_bound_to() -> None:
    expected = expecting(("198.51.100.0/24", S, "blue"))
    found = [connection(OTHER, "198.51.100.1", index=index) for index in (0, 5, 6, 7, 99)]
    judged = differing(found, expected)
    assert [one.socket.device for one in judged.differing] == [5, 6]


def test_local_and_unconnected_sockets_are_passed_over() -> None:
    expected = expecting(("default", S), ("default", "2001:db8::1"))
    found = (
        connection("127.0.0.1", "127.0.0.9"),
        connection("::1", "::1"),
        connection(OTHER, OTHER),
        connection("0.0.0.0", "0.0.0.0", state="listen"),
        connection(OTHER, "0.0.0.0", state="close", protocol=UDP),
    )
    assert differing(found, expected, {packed(OTHER)}) == (0, [], 0)


def test_what_reached_a_listener_is_incoming() -> None:
    expected = expecting(("default", S))
    found = [
        connection(OTHER, "203.0.113.1", port=22),
        connection(OTHER, "203.0.113.1", port=80),
        connection("10.0.0.2", "203.0.113.1", port=80),
        connection(OTHER, "203.0.113.1", port=22, protocol=UDP),
    ]
    servers = Listeners(
        [
            connection("::", "::", port=22, state="listen"),
            connection(OTHER, "0.0.0.0", port=80, state="listen"),
            connection("0.0.0.0", "0.0.0.0", port=0, state="close", protocol=UDP),
        ]
    )
    judged = differing(found, expected, listeners=servers)
    assert [(one.socket.source_port, one.socket.protocol) for one in judged.differing] == [(80, TCP), (22, UDP)]
    assert (judged.checked, judged.incoming) == (2, 2)
    assert differing(found, expected).checked == 4


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("198.51.100.1/24", S), "expect[0].destination: 198.51.100.1/24 has bits set"),
        (("198.51.100.0/24", "2001:db8::1"), "is not of the family of 198.51.100.0/24"),
        (("198.51.100.0/24", "192.0.2.2/32"), "expect[0].source: '192.0.2.2/32' is not an IP address"),
    ],
)
def test_what_cannot_be_expected_is_refused(entry: tuple[str, str], words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        expecting(entry)
    assert words in refused.value.message


# By an intent

WAY = {"gateway": "10.0.0.254"}


def route(destination: str, protocol: str = "static", table: int = 254, metric: int = 0, kind: str = "unicast") -> Any:
    return {"destination": destination, "protocol": protocol, "table": table, "metric": metric, "type": kind}


def said(
    routes: Sequence[Any],
    policies: Sequence[Any],
    destination: str,
    found: Any,
    backend: str = "kernel",
    vrf: Any = None,
) -> set[str]:
    intent = normalise(routes=list(routes), policies=list(policies))
    one = IntentSources(intent, backend, {10: "blue"})
    assert one.speaks_of(packed(destination))
    return {
        sockets.inet_ntop(INET if len(source) == 4 else INET6, source)
        for source in one.sources(packed(destination), vrf, found)
    }


ROUTE = {"destination": "198.51.100.0/24", "source": S, **WAY}
POLICY = {"destinations": ["198.51.0.0/16"], "match": "orlonger", "source": "192.0.2.3"}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (route("198.51.100.0/24", "133"), {S}),
        (route("0.0.0.0/0"), {S}),  # ours is not there: the connection goes by another
        (None, {S}),
        (route("198.51.100.128/25", "bgp"), {"192.0.2.3"}),  # a longer one of somebody else's
        (route("198.51.100.128/25", "133"), set()),  # a longer one that is ours and of which nothing is said
        (route("198.51.100.0/24", kind="blackhole"), set()),
        (route("198.51.100.200/32", "kernel", 255, kind="local"), set()),
        (route("198.51.100.0/24", "133", 99), set()),  # a table of which nothing is said
    ],
)
def test_the_route_that_answers_says_which_entry_counts(found: Any, expected: set[str]) -> None:
    assert said([ROUTE], [POLICY], "198.51.100.200", found) == expected


def test_a_policy_needs_a_route_and_its_protocol() -> None:
    policy = {**POLICY, "protocols": ["bgp"]}
    assert said([], [policy], "198.51.100.1", route("198.51.100.0/24", "bgp")) == {"192.0.2.3"}
    assert said([], [policy], "198.51.100.1", route("198.51.100.0/24", "static")) == set()
    assert said([], [policy], "198.51.100.1", route("0.0.0.0/0", "bgp")) == set()
    assert said([], [policy], "198.51.100.1", None) == set()


def test_where_bird_may_have_it_by_a_protocol_without_a_policy_nothing_is_expected() -> None:
    policy = {**POLICY, "protocols": ["bgp"]}
    assert said([], [policy], "198.51.100.1", route("198.51.100.0/24", "bird"), "bird") == set()
    assert said([], [POLICY], "198.51.100.1", route("198.51.100.0/24", "bird"), "bird") == {"192.0.2.3"}
    assert said([], [POLICY], "198.51.100.1", route("198.51.100.0/24", "static"), "bird") == set()


def test_tables_and_vrfs() -> None:
    in_table, in_vrf = {**ROUTE, "table": 99}, {**ROUTE, "vrf": "blue", "source": "192.0.2.4"}
    entries = [in_table, in_vrf]
    assert said(entries, [], "198.51.100.1", route("198.51.100.0/24", table=99)) == {S}
    assert said(entries, [], "198.51.100.1", route("198.51.100.0/24", table=10)) == {"192.0.2.4"}
    assert said(entries, [], "198.51.100.1", route("198.51.100.0/24")) == set()
    assert said(entries, [], "198.51.100.1", None, vrf="blue") == {"192.0.2.4"}
    policy = {**POLICY, "table": 99}
    assert said([], [policy], "198.51.100.1", route("198.51.100.0/24", table=99)) == {"192.0.2.3"}
    assert said([], [policy], "198.51.100.1", route("198.51.100.0/24")) == set()


def test_of_two_routes_to_one_destination_the_one_with_the_metric_counts() -> None:
    entries = [{**ROUTE, "metric": 10}, {**ROUTE, "metric": 20, "source": "192.0.2.4"}]
    assert said(entries, [], "198.51.100.1", route("198.51.100.0/24", metric=20)) == {"192.0.2.4"}
    assert said(entries, [], "198.51.100.1", route("198.51.100.0/24", metric=30)) == {S, "192.0.2.4"}
    six = {"destination": "2001:db8:100::/64", "source": "2001:db8:ff::2", "gateway": "2001:db8::fe"}
    assert said([six], [], "2001:db8:100::1", route("2001:db8:100::/64", metric=1024)) == {"2001:db8:ff::2"}
