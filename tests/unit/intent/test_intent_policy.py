# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one evaluator: which source a route gets."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import IntentError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.policy import Policy, Rule, prefix_of
from tests.unit.intent.definition import decides

S1, S2, S3 = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def policy(*policies: dict[str, Any]) -> Policy:
    return Policy(normalise(policies=list(policies))["policies"])


def source(found: Policy, destination: str, word: str, vrf: str | None = None, table: int | None = None) -> str | None:
    prefix = prefix_of(destination)
    family = "ipv6" if ":" in destination else "ipv4"
    rule = found.rule(vrf, table, family, prefix.start, prefix.length, word)
    return rule.source if rule else None


def test_order_of_evaluation() -> None:
    policies = [
        {
            "name": "all",
            "destinations": ["0.0.0.0/0"],
            "match": "orlonger",
            "except": ["10.9.0.0/16"],
            "source": "192.0.2.1",
        },
        {"name": "ten", "destinations": ["10.0.0.0/8"], "match": "orlonger", "source": "192.0.2.2"},
        {"name": "one", "destinations": ["10.0.0.0/8", "10.1.0.0/16"], "source": "192.0.2.3"},
    ]
    rules = Policy(normalise(policies=policies)["policies"]).rules()
    assert [(str(r.prefix), r.policy.exact, r.policy.name, list(map(str, r.exempt))) for r in rules] == [
        ("10.1.0.0/16", True, "one", []),
        ("10.0.0.0/8", True, "one", []),
        ("10.0.0.0/8", False, "ten", []),
        ("0.0.0.0/0", False, "all", ["10.9.0.0/16"]),
    ]


@pytest.mark.parametrize(
    ("destination", "word", "expected"),
    [
        ("10.0.0.0/8", "bgp", S2),
        ("10.1.0.0/16", "bgp", S1),
        ("10.1.2.0/24", "bgp", S1),
        ("10.2.0.0/16", "bgp", None),
        ("10.2.0.0/24", "bgp", None),
        ("10.2.0.0/15", "bgp", S1),
        ("11.0.0.0/8", "bgp", S1),
        ("11.0.0.0/8", "ospf", S3),
        ("10.0.0.0/8", "ospf", S3),
        ("0.0.0.0/0", "bgp", S1),
        ("0.0.0.0/0", "zebra", None),
        ("203.0.113.0/24", "kernel", S3),
        ("203.0.113.0/24", "static", None),
        ("2001:db8::/32", "bgp", None),
    ],
)
def test_which_source(destination: str, word: str, expected: str | None) -> None:
    found = policy(
        {
            "destinations": ["0.0.0.0/0", "10.0.0.0/9"],
            "match": "orlonger",
            "except": ["10.2.0.0/16"],
            "protocols": ["bgp"],
            "source": S1,
        },
        {"destinations": ["10.0.0.0/8"], "protocols": ["bgp"], "source": S2},
        {"destinations": ["0.0.0.0/0"], "match": "orlonger", "protocols": ["ospf"], "source": S3},
        {"destinations": ["203.0.113.0/24"], "protocols": ["connected"], "source": S3},
    )
    assert source(found, destination, word) == expected


def test_a_vrf_a_table_and_main_are_places_of_their_own() -> None:
    everything = {"destinations": ["0.0.0.0/0"], "match": "orlonger"}
    found = policy(
        {**everything, "source": S1},
        {**everything, "vrf": "red", "source": S2},
        {**everything, "table": 7, "source": S3},
    )
    assert [source(found, "10.0.0.0/8", "bgp", *where) for where in ((None, None), ("red", None), (None, 7))] == [
        S1,
        S2,
        S3,
    ]
    assert source(found, "10.0.0.0/8", "bgp", "blue") is None
    assert found.places == {(None, None, "ipv4"), ("red", None, "ipv4"), (None, 7, "ipv4")}


def test_a_rule_is_known_again() -> None:
    found = policy({"destinations": ["10.0.0.0/8", "11.0.0.0/8"], "match": "orlonger", "source": S1})
    one = found.rule(None, None, "ipv4", 10 << 24, 9, "bgp")
    assert one == found.rules()[0]
    assert {one} == {found.rules()[0]} != {found.rules()[1]}


# Six bits, so that prefixes meet, contain and repeat each other.
def prefixes(family: str) -> st.SearchStrategy[str]:
    bits = 32 if family == "ipv4" else 128
    address: Any = ipaddress.IPv4Network if family == "ipv4" else ipaddress.IPv6Network
    return st.builds(
        lambda top, length: str(address((top << (bits - 6), length), strict=False)),
        st.integers(0, 63),
        st.integers(0, 6) | st.just(bits),
    )


SOURCES = {"ipv4": [S1, S2, S3], "ipv6": ["2001:db8::1", "2001:db8::2"]}


def policies(family: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "destinations": st.lists(prefixes(family), min_size=1, max_size=4, unique=True),
            "match": st.sampled_from(["exact", "orlonger", "orlonger"]),
            "except": st.lists(prefixes(family), max_size=4, unique=True),
            "protocols": st.sampled_from([["bgp"], ["ospf"], ["static", "bgp"], ["rip", "babel"], None]),
            "vrf": st.sampled_from([None, "red"]),
            "source": st.sampled_from(SOURCES[family]),
        }
    )


def accepted(wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The normal form of as many of them as do not contradict one another."""
    kept: list[dict[str, Any]] = []
    for one in wanted:
        try:
            normalise(policies=[*kept, one])
        except IntentError:
            continue
        kept.append(one)
    found: list[dict[str, Any]] = normalise(policies=kept)["policies"]
    return found


@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@given(st.data())
def test_rules_mean_what_the_docs_say(family: str, data: st.DataObject) -> None:
    """The evaluator, and the first that matches of the rules in their order, against the definition."""
    normal = accepted(data.draw(st.lists(policies(family), min_size=1, max_size=6)))
    probes = data.draw(st.lists(prefixes(family), max_size=6))
    found = Policy(normal)
    rules = found.rules()
    for probe in {*probes, *(text for one in normal for text in one["destinations"] + one["except"])}:
        for vrf in (None, "red"):
            for word in ("bgp", "ospf", "rip", "zebra"):
                expected = decides(normal, probe, word, vrf)
                assert source(found, probe, word, vrf) == expected
                assert first(rules, probe, word, vrf) == expected


def first(rules: list[Rule], probe: str, word: str, vrf: str | None) -> str | None:
    prefix = prefix_of(probe)
    for rule in rules:
        hit = rule.prefix == prefix if rule.policy.exact else rule.prefix.covers(prefix)
        exempted = any(exempt.covers(prefix) for exempt in rule.exempt)
        if hit and not exempted and rule.policy.vrf == vrf and rule.policy.speaks_of(word):
            return rule.source
    return None


def test_twenty_thousand_destinations_and_exemptions() -> None:
    """No limit of time is asserted: a quadratic step would make this test run for minutes."""
    count = 20000
    destinations = [f"10.{n >> 8}.{n & 255}.0/24" for n in range(count)]
    nested = [str(prefix_of("10.0.0.0/8")._replace(length=length)) for length in range(8, 24)]
    exempt = [f"{text[:-4]}128/25" for text in destinations]
    everything = {"match": "orlonger", "except": exempt}
    flat = {**everything, "destinations": destinations, "source": S1, "protocols": ["bgp"]}
    deep = {**everything, "destinations": ["0.0.0.0/0", *nested], "source": S2, "protocols": ["ospf"]}
    each = [
        {
            "destinations": [text],
            "match": "orlonger",
            "except": ["10.0.0.128/25", out],
            "source": S3,
            "protocols": ["rip"],
        }
        for text, out in zip(destinations, exempt)
        if out != "10.0.0.128/25"
    ]
    found = policy(flat, deep, *each)
    for text, out in zip(destinations, exempt):
        assert source(found, text, "bgp") == S1
        assert source(found, text, "ospf") == S2
        assert source(found, out, "bgp") is source(found, out, "ospf") is source(found, out, "rip") is None
    # Each exemption lies in at most as many destinations of its policy as there are lengths.
    assert sum(len(rule.exempt) for rule in found.rules()) <= count * (len(nested) + 3)
