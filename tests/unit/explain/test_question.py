# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queries of a task: what is refused before anything is asked, and what becomes of the rest."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Link
from ansible_collections.l3host.source_ip.plugins.module_utils._explain.question import Question, questions
from tests.unit.host.hosts import view

HOST = view((Link(1, "lo"), Link(2, "v0", altnames=("uplink",)), Link(3, "v1", master=9), Link(9, "blue", table=77)))


def one(**item: Any) -> Question:
    (found,) = questions([item], [], HOST)
    return found


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"destination": "198.51.100.300"}, "queries[0].destination: '198.51.100.300' is not an IP address"),
        ({"destination": "2001:db8::g"}, "queries[0].destination: '2001:db8::g' is not an IP address"),
        (
            {"destination": "198.51.100.0/24"},
            "queries[0].destination: '198.51.100.0/24' is not an IP address; give the",
        ),
        ({"destination": "bad name"}, "queries[0].destination: 'bad name' is neither an IP address nor a host name"),
        ({"destination": ""}, "queries[0].destination: '' is neither"),
        ({"destination": "-x.example"}, "queries[0].destination: '-x.example' is neither"),
        ({"destination": "10.0.0.1%v0"}, "queries[0].destination: '10.0.0.1%v0': only an IPv6 address"),
        ({"destination": "fe80::1%nope"}, "queries[0].destination: there is no device 'nope'; this host has blue, lo,"),
        ({"destination": "fe80::1%v0", "device": "v1"}, "queries[0].device: v1 is not the device behind"),
        ({"destination": "10.0.0.1", "from": "2001:db8::1"}, "queries[0].from: 2001:db8::1 is IPv6, but the dest"),
        ({"destination": "10.0.0.1", "from": "me"}, "queries[0].from: 'me' is not an IP address"),
        ({"destination": "10.0.0.1", "from": "0.0.0.0"}, "queries[0].from: 0.0.0.0 means no address"),
        ({"destination": "10.0.0.1", "device": "nope"}, "queries[0].device: there is no device 'nope'"),
        ({"destination": "10.0.0.1", "vrf": "nope"}, "queries[0].vrf: there is no device 'nope'"),
        (
            {"destination": "10.0.0.1", "vrf": "v0"},
            "queries[0].vrf: 'v0' is a device, but not a VRF; VRFs of this host",
        ),
        (
            {"destination": "10.0.0.1", "vrf": "blue", "device": "v0"},
            "queries[0].device: v0 does not belong to vrf blue",
        ),
        ({"destination": "10.0.0.1", "mark": -1}, "queries[0].mark: -1 is not between 0 and 4294967295"),
        ({"destination": "10.0.0.1", "uid": 2**32 - 1}, "queries[0].uid: 4294967295 is not between"),
        ({"destination": "10.0.0.1", "source_port": 65536}, "queries[0].source_port: 65536 is not between 0 and 65535"),
        ({"destination": "10.0.0.1", "destination_port": -1}, "queries[0].destination_port: -1 is not"),
        ({"destination": "10.0.0.1", "tos": 256}, "queries[0].tos: 256 is not between 0 and 255"),
        ({"destination": "10.0.0.1", "ip_protocol": "sctp"}, "queries[0].ip_protocol: 'sctp': the kernel looks routes"),
        ({"destination": "10.0.0.1", "ip_protocol": "icmpv6"}, "queries[0].ip_protocol: 'icmpv6' is not a protocol of"),
        ({"destination": "2001:db8::1", "ip_protocol": "1"}, "queries[0].ip_protocol: '1' is not a protocol of IPv6"),
    ],
)
def test_refused_by_name(item: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        questions([item], [], HOST)
    assert refusal.value.message.startswith(text)


def test_the_item_is_named_by_its_place() -> None:
    with pytest.raises(InvalidInput, match=r"^queries\[1\]\.from: "):
        questions([{"destination": "10.0.0.1"}, {"destination": "10.0.0.1", "from": "x"}], [], HOST)
    with pytest.raises(InvalidInput, match=r"^destinations\[2\]: '10\.0\.0\.256' is not an IP address"):
        questions([], ["10.0.0.1", "::1", "10.0.0.256"], HOST)


def test_queries_come_before_destinations_and_text_is_canonical() -> None:
    found = questions([{"destination": "2001:DB8:0::1"}], ["10.0.0.1"], HOST)
    assert [(each.destination, each.query.family, each.name) for each in found] == [
        ("2001:db8::1", INET6, None),
        ("10.0.0.1", INET, None),
    ]


def test_what_a_query_says_is_what_is_asked() -> None:
    found = one(**{"destination": "10.0.0.9", "from": "10.0.0.1", "device": "v0", "mark": 7, "uid": 5, "tos": 16})
    assert (found.source, found.device, found.query.device, found.query.mark, found.query.uid, found.query.tos) == (
        "10.0.0.1", "v0", 2, 7, 5, 16,
    )  # fmt: skip
    assert found.given == {
        "destination": "10.0.0.9",
        "from": "10.0.0.1",
        "device": "v0",
        "mark": 7,
        "uid": 5,
        "tos": 16,
    }


@pytest.mark.parametrize(
    ("destination", "given", "number"),
    [
        ("10.0.0.1", None, 17),
        ("10.0.0.1", "tcp", 6),
        ("10.0.0.1", "6", 6),
        ("10.0.0.1", "icmp", 1),
        ("2001:db8::1", "icmp", 58),
        ("2001:db8::1", "ipv6-icmp", 58),
        ("2001:db8::1", " UDP", 17),
    ],
)
def test_protocol(destination: str, given: str | None, number: int) -> None:
    assert one(destination=destination, ip_protocol=given).query.ip_protocol == number


def test_devices() -> None:
    assert (one(destination="fe80::1%v0").device, one(destination="fe80::1%v0").query.device) == ("v0", 2)
    assert one(destination="10.0.0.1", vrf="blue").device == "blue"
    assert one(destination="10.0.0.1", vrf="blue", device="v1").device == "v1"
    assert one(destination="10.0.0.1", vrf="blue", device="blue").device == "blue"


def test_host_names_give_each_address_once() -> None:
    # /etc/hosts knows it everywhere, and no other host is asked.
    found = questions([{"destination": "localhost"}], [], HOST)
    addresses = [each.destination for each in found]
    assert "127.0.0.1" in addresses and len(set(addresses)) == len(addresses)
    assert {each.name for each in found} == {"localhost"}
    (bound,) = questions([{"destination": "localhost", "from": "127.0.0.5"}], [], HOST)
    assert bound.destination == "127.0.0.1"


def test_a_name_that_does_not_resolve_is_refused() -> None:
    # RFC 6761: nothing below .invalid exists.
    with pytest.raises(
        InvalidInput, match=r"^destinations\[0\]: 'nowhere\.invalid' is no IP address, and as a host name"
    ):
        questions([], ["nowhere.invalid"], HOST)


def test_options_lead_the_look_up_instead_of_the_socket_s_device() -> None:
    found = one(destination="2001:db8::1", preferences=["temporary", "home"], unicast_device="v1")
    assert (found.query.device, found.device, found.options.lead) == (3, "v1", HOST.links[3])
    assert (found.options.temporary, found.options.care_of, found.options.unconnected) == (True, False, False)
    assert found.options.named(INET) == "IP_UNICAST_IF"
    assert one(destination="10.0.0.1").options.lead is None


def test_what_is_said_beside_a_packet() -> None:
    found = one(destination="10.0.0.1", packet_source="192.0.2.2", packet_device="v0")
    assert (found.source, found.query.source, found.query.device) == ("192.0.2.2", bytes((192, 0, 2, 2)), 2)
    assert found.options.beside and found.options.unconnected
    assert one(destination="2001:db8::1", packet_device="v0").options.named(INET6) == "IPV6_PKTINFO"
