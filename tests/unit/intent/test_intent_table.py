# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is accepted, what becomes of it, and what is refused with which words."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.l3host.source_ip.plugins.filter.intent import intent
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import IntentError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import KINDS, normalise
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.rules import RULE_KEYS

ROUTE = {"destination": "198.51.100.0/24", "gateway": "172.20.20.1", "source": "192.0.2.2"}
POLICY = {"destinations": ["198.51.100.0/24"], "source": "192.0.2.2"}


def problems(**lists: Any) -> list[str]:
    with pytest.raises(IntentError) as caught:
        normalise(**lists)
    return caught.value.problems


def only(found: list[str]) -> str:
    assert len(found) == 1, found
    return found[0]


def test_the_normal_form_has_every_key() -> None:
    result = normalise(
        [{"address": "192.0.2.2", "device": "lo"}],
        [{**ROUTE, "metrics": {"mtu": 1400}}],
        [{**POLICY, "name": "n", "protocols": ["ospf", "bgp", "bgp"]}],
        rules=[{"from": "192.0.2.2", "table": 100, "priority": 1000}],
        labels=[{"prefix": "2001:DB8::/32", "label": 100}],
    )
    assert result == {
        "addresses": [{"address": "192.0.2.2/32", "device": "lo", "family": "ipv4", "preferred_lifetime": None}],
        "rules": [
            {
                **dict.fromkeys(RULE_KEYS),
                "family": "ipv4",
                "from": "192.0.2.2/32",
                "priority": 1000,
                "table": 100,
            }
        ],
        "labels": [{"prefix": "2001:db8::/32", "label": 100, "device": None}],
        "routes": [
            {
                "destination": "198.51.100.0/24",
                "family": "ipv4",
                "gateway": "172.20.20.1",
                "device": None,
                "nexthops": None,
                "source": "192.0.2.2",
                "metric": None,
                "table": None,
                "vrf": None,
                "onlink": None,
                "metrics": {"mtu": 1400},
            }
        ],
        "policies": [
            {
                "name": "n",
                "family": "ipv4",
                "destinations": ["198.51.100.0/24"],
                "match": "exact",
                "except": [],
                "protocols": ["bgp", "ospf"],
                "table": None,
                "vrf": None,
                "source": "192.0.2.2",
            }
        ],
        "warnings": [],
    }


def test_nothing_is_an_intent_too() -> None:
    assert normalise() == {kind: [] for kind in (*KINDS, "warnings")}


def test_a_policy_with_two_sources_becomes_one_per_family() -> None:
    policy = {
        "name": "both",
        "destinations": ["default", "2001:DB8:0::/48"],
        "match": "orlonger",
        "except": ["10.0.0.0/8", "fd00::/8"],
        "source": {"ipv4": "192.0.2.2", "ipv6": "2001:db8:ff::2"},
    }
    v4, v6 = normalise(policies=[policy])["policies"]
    assert (v4["family"], v4["destinations"], v4["except"]) == ("ipv4", ["0.0.0.0/0"], ["10.0.0.0/8"])
    assert (v6["family"], v6["destinations"], v6["except"]) == ("ipv6", ["::/0", "2001:db8::/48"], ["fd00::/8"])
    assert v4["protocols"] == v6["protocols"] == ["any"]
    assert normalise(policies=[{**policy, "source": ["2001:db8:ff::2", "192.0.2.2"]}])["policies"] == [v4, v6]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("default", "0.0.0.0/0"),
        ("203.0.113.9", "203.0.113.9/32"),
        ("203.0.113.0/24", "203.0.113.0/24"),
    ],
)
def test_destinations_become_canonical(value: str, expected: str) -> None:
    assert normalise(routes=[{**ROUTE, "destination": value}])["routes"][0]["destination"] == expected


@pytest.mark.parametrize("table", ["main", 254, "254", None])
def test_main_is_written_as_none(table: Any) -> None:
    assert normalise(routes=[{**ROUTE, "table": table}])["routes"][0]["table"] is None


SIX = {"destination": "2001:db8::/32", "gateway": "2001:db8:1::1"}
REFUSED = [
    ({"destination": "198.51.100.7/24"}, "destination", "probably 198.51.100.0/24 (the network) or 198.51.100.7 (the"),
    ({"destination": ""}, "destination", "is empty"),
    ({"destination": "a.example"}, "destination", "'a.example' is not a prefix"),
    ({"destination": 10}, "destination", "10 is not text"),
    ({"destination": None}, "destination", "is required"),
    ({"source": ""}, "source", "is empty"),
    ({"source": None}, "source", "is required"),
    ({"source": "0.0.0.0"}, "source", "unspecified"),
    ({"source": "224.0.0.5"}, "source", "multicast"),
    ({"source": "169.254.1.1"}, "source", "link-local"),
    ({"source": "255.255.255.255"}, "source", "broadcast"),
    ({"source": "192.0.2.2/32"}, "source", "has a prefix length; write '192.0.2.2'"),
    ({"source": "2001:db8::2"}, "source", "not of the family of the destination 203.0.113.0/24"),
    ({**SIX, "source": "::"}, "source", "unspecified"),
    ({**SIX, "source": "fe80::1"}, "source", "link-local"),
    ({**SIX, "source": "2001:db8::1%eth0"}, "source", "not an IPv4 or IPv6 address"),
    ({**SIX, "source": "::ffff:192.0.2.2"}, "source", "IPv4-mapped"),
    ({"destination": "2001:db8::/32", "source": "2001:db8::1"}, "gateway", "IPv4 gateway for the IPv6 destination"),
    ({"gateway": None}, "", "has no way out"),
    ({"device": "eth0; reboot"}, "device", "not a usable interface name"),
    ({"device": "a" * 128}, "device", "not a usable interface name"),
    ({"vrf": "red\n!"}, "vrf", "not a usable interface name"),
    ({"vrf": "red", "table": 100}, "table", "together with vrf"),
    ({"table": 255}, "table", "the kernel's own table"),
    ({"table": 0}, "table", "0 is outside 1 to 4294967295"),
    ({"table": "web"}, "table", "is a name; write the table's number"),
    ({"metric": True}, "metric", "True is not a whole number"),
    ({"metric": -1}, "metric", "-1 is outside"),
    ({"metrics": {"mtu": "big"}}, "metrics.mtu", "'big' is not a whole number"),
    ({"metrics": {"mtv": 1}}, "metrics", "'mtv' is not a known key"),
    ({"gateway": "0.0.0.0"}, "gateway", "is the unspecified address; no gateway has that"),
    ({"gateway": "224.0.0.1"}, "gateway", "is a multicast address"),
    ({"gateway": "127.0.0.1"}, "gateway", "is a loopback address"),
    ({"gateway": "255.255.255.255"}, "gateway", "is the broadcast address"),
    ({"gateway": "192.0.2.2"}, "gateway", "is the route's own source"),
    ({"gateway": None, "nexthops": [{"gateway": "::ffff:192.0.2.9"}]}, "nexthops[0].gateway", "an IPv4-mapped address"),
    ({"destination": "127.1.0.0/16"}, "destination", "is loopback: no other host takes packets to it"),
    ({"onlink": True}, "onlink", "needs gateway and device"),
    ({"sorce": "x"}, "", "'sorce' is not a known key"),
    ({"nexthops": [{"gateway": "172.20.20.1"}]}, "nexthops", "together with gateway or device"),
]


@pytest.mark.parametrize(("change", "field", "words"), REFUSED)
def test_a_refused_route_names_entry_field_and_cause(change: dict[str, Any], field: str, words: str) -> None:
    found = only(problems(routes=[ROUTE, {**ROUTE, "destination": "203.0.113.0/24", **change}]))
    place, text = found.split(": ", 1)
    assert place == f"source_ip_routes[1]{'.' + field if field else ''}"
    assert words in text


REFUSED_POLICIES = [
    ({"destinations": []}, "destinations", "is empty"),
    ({"destinations": ["198.51.100.0/24", "198.51.100.0/24"]}, "destinations[1]", "already in destinations[0]"),
    ({"destinations": ["198.51.100.1/24"]}, "destinations[0]", "host bits"),
    (
        {"destinations": ["198.51.100.0/24", "2001:db8::/32"]},
        "destinations",
        "2001:db8::/32 has no source of its family",
    ),
    (
        {"source": {"ipv4": "192.0.2.2", "ipv6": "2001:db8::1"}},
        "source",
        "2001:db8::1 has no destination of its family",
    ),
    ({"source": {"ipv4": "2001:db8::1"}}, "source.ipv4", "other family"),
    ({"source": {"v4": "192.0.2.2"}}, "source", "'v4' is not a known key"),
    ({"source": {}}, "source", "is empty"),
    ({"source": []}, "source", "is empty"),
    ({"source": ["192.0.2.2", "192.0.2.3"]}, "source", "second address of its family"),
    ({"match": "longer"}, "match", "'longer' is not exact or orlonger"),
    ({"protocols": ["ospf6"]}, "protocols", "write ospf (it means OSPFv3 for IPv6)"),
    ({"protocols": ["bgpd"]}, "protocols", "'bgpd' is not a protocol; known: any, babel, bgp"),
    ({"protocols": ["any", "bgp"]}, "protocols", "any stands alone"),
    ({"protocols": []}, "protocols", "is empty; leave it out"),
    ({"except": ["198.51.0.0/16"]}, "except", "covers the destination 198.51.100.0/24"),
    ({"name": "a\nb"}, "name", "'a\\nb' is not a usable name"),
    ({"name": "{{ x }}"}, "name", "not a usable name"),
    ({"name": "! end"}, "name", "not a usable name"),
    ({"name": "a;b"}, "name", "not a usable name"),
    ({"name": "$(id)"}, "name", "not a usable name"),
    ({"name": 'a"b'}, "name", "not a usable name"),
    ({"name": "first"}, "name", "already the name of source_ip_policies[0]"),
]


@pytest.mark.parametrize(("change", "field", "words"), REFUSED_POLICIES)
def test_a_refused_policy_names_entry_field_and_cause(change: dict[str, Any], field: str, words: str) -> None:
    first = {"name": "first", "destinations": ["203.0.113.0/24"], "source": "192.0.2.2"}
    found = problems(policies=[first, {**POLICY, **change}])
    place, text = found[0].split(": ", 1)
    assert place == f"source_ip_policies[1].{field}"
    assert words in text


def test_all_problems_are_reported_at_once() -> None:
    found = problems(
        addresses=[{"address": "x", "device": "lo"}],
        routes=[{**ROUTE, "source": "", "metric": "a"}, 3],
        policies=[{**POLICY, "match": "?"}],
    )
    assert [text.split(":")[0] for text in found] == [
        "source_ip_addresses[0].address",
        "source_ip_routes[0].source",
        "source_ip_routes[0].metric",
        "source_ip_routes[1]",
        "source_ip_policies[0].match",
    ]


def test_a_thousand_problems_make_a_message_of_bounded_length() -> None:
    with pytest.raises(IntentError) as caught:
        normalise(policies=[{}] * 1000)
    assert len(caught.value.problems) == 2000
    assert str(caught.value).splitlines()[-1] == "and 1950 more"
    assert len(str(caught.value)) < 5000


def test_two_sources_for_one_route_contradict() -> None:
    text = only(problems(routes=[ROUTE, {**ROUTE, "source": "192.0.2.3"}]))
    assert "contradicts source_ip_routes[0], which says 192.0.2.2" in text
    assert "is already in source_ip_routes[0]" in only(problems(routes=[ROUTE, dict(ROUTE)]))
    # 254 is main, metric 0 is no metric, and IPv6 without a metric has 1024.
    only(problems(routes=[ROUTE, {**ROUTE, "table": 254, "metric": 0}]))
    six = {"destination": "2001:db8::/32", "device": "eth0", "source": "2001:db8:ff::2"}
    only(problems(routes=[six, {**six, "metric": 1024}]))


def test_another_table_metric_or_vrf_is_another_route() -> None:
    other = {**ROUTE, "source": "192.0.2.3"}
    routes = [ROUTE, {**other, "metric": 5}, {**other, "table": 100}, {**other, "vrf": "red"}]
    assert len(normalise(routes=routes)["routes"]) == 4


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({}, True),
        ({"protocols": ["bgp"]}, True),
        ({"match": "orlonger"}, False),
        ({"vrf": "red"}, False),
        ({"table": 7}, False),
        ({"destinations": ["198.51.100.0/25"]}, False),
    ],
)
def test_overlapping_policies(change: dict[str, Any], refused: bool) -> None:
    policies = [POLICY, {**POLICY, "source": "192.0.2.3", **change}]
    if refused:
        assert "contradicts source_ip_policies[0], which says 192.0.2.2" in only(problems(policies=policies))
    else:
        assert len(normalise(policies=policies)["policies"]) == 2


def test_protocols_apart_do_not_contradict() -> None:
    policies = [{**POLICY, "protocols": ["bgp"]}, {**POLICY, "protocols": ["ospf"], "source": "192.0.2.3"}]
    assert len(normalise(policies=policies)["policies"]) == 2
    policies[1]["protocols"] = ["ospf", "bgp"]
    assert "protocol bgp contradicts" in only(problems(policies=policies))


def test_addresses_twice() -> None:
    both = [{"address": "192.0.2.2/32", "device": "lo"}, {"address": "192.0.2.2/24", "device": "lo"}]
    assert "with another prefix length (/32)" in only(problems(addresses=both))
    assert "already in source_ip_addresses[0] again" in only(problems(addresses=[both[0], both[0]]))
    both[1]["device"] = "red0"
    assert len(normalise(addresses=both)["addresses"]) == 2


BACKEND = [
    ("frr", "routes", {**ROUTE, "metric": 5}, "metric: 5: FRR writes every static route with metric 20"),
    ("frr", "routes", {**ROUTE, "metrics": {"mtu": 1400}}, "FRR cannot set mtu on a route"),
    ("frr", "routes", {**ROUTE, "gateway": "2001:db8::1"}, "no IPv4 static route through an IPv6 gateway"),
    ("frr", "policies", {**POLICY, "table": 100}, "FRR chooses a source per VRF, not per table"),
    ("frr", "policies", {**POLICY, "protocols": ["connected"]}, "connected: FRR writes no route of this protocol"),
    ("frr", "routes", {**ROUTE, "source": "127.0.0.5"}, "loopback"),
    ("bird", "routes", {**ROUTE, "source": "127.0.0.5"}, "loopback"),
    ("bird", "policies", {**POLICY, "protocols": ["dhcp"]}, "dhcp: BIRD writes no route of this protocol"),
]


@pytest.mark.parametrize(("backend", "kind", "entry", "words"), BACKEND)
def test_what_a_back_end_cannot_hold(backend: str, kind: str, entry: dict[str, Any], words: str) -> None:
    assert words in only(problems(backend=backend, **{kind: [entry]}))
    normalise(**{kind: [entry]}, backend="kernel")


def test_frr_cannot_give_one_destination_two_sources_in_two_tables() -> None:
    routes = [ROUTE, {**ROUTE, "table": 100, "source": "192.0.2.3"}]
    normalise(routes=routes)
    assert "one map for all tables of a VRF" in only(problems(routes=routes, backend="frr"))
    normalise(routes=[ROUTE, {**ROUTE, "table": 100}], backend="frr")


def test_a_loopback_source_is_a_warning_for_the_kernel() -> None:
    warning = only(normalise(routes=[{**ROUTE, "source": "127.0.0.5"}], backend="kernel")["warnings"])
    assert warning.startswith("source_ip_routes[0].source: 127.0.0.5 is a loopback address")


def test_an_unknown_back_end() -> None:
    assert "'quagga' is not one of bird, frr, ifupdown, kernel" in only(problems(backend="quagga"))


def test_the_filter_speaks_of_variables() -> None:
    with pytest.raises(AnsibleFilterError, match=r"source_ip_policies\[0\].source: is required"):
        intent({"source_ip_policies": [{"destinations": ["198.51.100.0/24"]}]})
    with pytest.raises(AnsibleFilterError, match="unknown key 'policies'"):
        intent({"policies": []})
    with pytest.raises(AnsibleFilterError, match="needs a mapping"):
        intent([])
    assert intent({"source_ip_routes": [ROUTE]}, backend="frr")["routes"][0]["gateway"] == "172.20.20.1"


@pytest.mark.parametrize(("source", "block"), [("240.0.0.9", "240.0.0.0/4"), ("0.1.2.3", "0.0.0.0/8")])
def test_a_source_of_a_reserved_block_is_warned_of(source: str, block: str) -> None:
    """Linux uses it as any other; what others do with it is theirs."""
    warning = only(normalise(routes=[{**ROUTE, "source": source}], backend="frr")["warnings"])
    assert warning.startswith(f"source_ip_routes[0].source: {source} is in {block}, ")
