# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the kernel's messages have the keeper look."""

from __future__ import annotations

import socket
import struct
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._keeper.interest import (
    Interest,
    address_key,
    route_key,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Payload

OURS, THEIRS, KERNEL = 100, 200, 0
NEW, DEL = wire.RTM_NEWROUTE, wire.RTM_DELROUTE


def interest(force: bool = False) -> Interest:
    intent = normalise(
        routes=[
            {"destination": "198.51.100.0/24", "gateway": "10.0.0.254", "source": "192.0.2.2"},
            {"destination": "203.0.113.0/24", "source": "192.0.2.2", "nexthops": [{"gateway": "10.1.0.254"}]},
            {"destination": "2001:db8:1::/64", "gateway": "2001:db8::fe", "source": "2001:db8:ff::2"},
        ],
        policies=[
            {"destinations": ["198.18.0.0/15"], "match": "orlonger", "source": "192.0.2.2"},
            {"destinations": ["10.20.0.0/16"], "protocols": ["static"], "source": "192.0.2.2"},
        ],
        backend="kernel",
    )
    return Interest(intent, force)


def route(kind: int, destination: str, port: int = THEIRS, protocol: int = 4, source: str = "") -> wire.Event:
    address, _slash, length = destination.partition("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    payload = wire.RTMSG.pack(family, int(length), 0, 0, 254, protocol, 0, 1, 0)
    if int(length):
        payload += wire.attribute(wire.RTA_DST, socket.inet_pton(family, address))
    if source:
        payload += wire.attribute(wire.RTA_PREFSRC, socket.inet_pton(family, source))
    return wire.Event(kind, port, payload)


@pytest.mark.parametrize(
    ("event", "looks"),
    [
        (route(DEL, "198.51.100.0/24"), True),
        (route(NEW, "198.51.100.0/24"), True),
        (route(NEW, "198.51.100.0/24", OURS), False),
        (route(DEL, "198.51.100.0/25"), False),
        (route(DEL, "2001:db8:1::/64"), True),
        (route(DEL, "2001:db8:1::/48"), False),
        # policies: a route that comes without the source, of a protocol that is meant, and of no daemon
        (route(NEW, "198.18.7.0/24"), True),
        (route(NEW, "198.18.7.0/24", source="192.0.2.2"), False),
        (route(NEW, "198.18.7.0/24", source="192.0.2.3"), True),
        (route(NEW, "198.18.7.0/24", protocol=186), False),
        (route(NEW, "198.18.7.0/24", protocol=133), False),
        (route(DEL, "198.18.7.0/24"), False),
        (route(NEW, "10.20.0.0/16"), True),
        (route(NEW, "10.20.0.0/16", protocol=3), False),
        (route(NEW, "10.20.1.0/24"), False),
        # ways to a gateway count only while something waits
        (route(NEW, "10.0.0.0/24", KERNEL, 2), False),
        (route(NEW, "0.0.0.0/0"), False),
        # all others do
        (wire.Event(16, THEIRS, bytes(16)), True),
        (wire.Event(104, THEIRS, bytes(16)), True),
    ],
)
def test_what_concerns_the_intent(event: wire.Event, looks: bool) -> None:
    assert interest().of(event, OURS, waiting=False).look is looks


@pytest.mark.parametrize(
    ("destination", "looks"),
    [
        ("10.0.0.0/24", True),
        ("10.1.0.0/16", True),
        ("0.0.0.0/0", True),
        ("10.2.0.0/24", False),
        ("2001:db8::/64", True),
    ],
)
def test_a_way_to_a_gateway_while_something_waits(destination: str, looks: bool) -> None:
    assert interest().of(route(NEW, destination, KERNEL, 2), OURS, waiting=True).look is looks


def test_by_force_a_daemons_route_counts() -> None:
    assert interest(force=True).of(route(NEW, "198.18.7.0/24", protocol=16), OURS, waiting=False).look


@pytest.mark.parametrize(
    ("event", "lost"),
    [
        (route(DEL, "198.18.7.0/24", KERNEL, source="192.0.2.2"), True),
        (route(DEL, "198.18.7.0/24", KERNEL, source="192.0.2.3"), False),
        (route(DEL, "198.18.7.0/24", KERNEL), False),
        (route(DEL, "198.18.7.0/24", THEIRS, source="192.0.2.2"), False),
        (route(DEL, "198.18.7.0/24", KERNEL, 186, source="192.0.2.2"), False),
        (route(DEL, "198.51.100.0/24", KERNEL, 133, source="192.0.2.2"), False),
    ],
)
def test_a_route_of_others_that_went_with_the_source_of_a_policy(event: wire.Event, lost: bool) -> None:
    assert (interest().of(event, OURS, waiting=False).lost is not None) is lost


def test_who_has_changed_what() -> None:
    event = route(DEL, "198.51.100.0/24", THEIRS, 12)
    concern = interest().of(event, OURS, waiting=False)
    assert concern.key == route_key(Payload(event.payload)) and "port 200" in concern.by and "bird" in concern.by
    assert interest().of(event._replace(port=KERNEL), OURS, waiting=False).key is None
    packed = socket.inet_aton("192.0.2.2")
    payload = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, 7) + wire.attribute(2, packed)
    said: Any = interest().of(wire.Event(wire.RTM_DELADDR, THEIRS, payload), OURS, waiting=False)
    assert said.look and said.key == address_key(packed, 32, 7)
    assert interest().of(wire.Event(wire.RTM_DELADDR, KERNEL, payload), OURS, waiting=False).key is None


def test_the_messages_of_a_datagram() -> None:
    one, two = route(NEW, "198.51.100.0/24"), route(DEL, "2001:db8:1::/64", KERNEL)
    chunk = b"".join(
        wire.HEADER.pack(16 + len(event.payload), event.kind, 0, 0, event.port) + event.payload for event in (one, two)
    )
    assert list(wire.events(chunk)) == [one, two]
    assert list(wire.events(b"\0" * 16)) == []
