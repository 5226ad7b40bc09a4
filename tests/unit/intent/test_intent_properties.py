# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laws of the intent, for anything a user can write."""

from __future__ import annotations

import copy
import ipaddress
import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import IntentError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.policy import Policy

prefixes4 = st.builds(
    lambda a, n: str(ipaddress.IPv4Network((a, n), strict=False)), st.integers(0, 2**32 - 1), st.integers(0, 32)
)
prefixes6 = st.builds(
    lambda a, n: str(ipaddress.IPv6Network((a, n), strict=False)), st.integers(0, 2**128 - 1), st.integers(0, 128)
)
sources4 = st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"])
sources6 = st.sampled_from(["2001:db8:ff::1", "2001:db8:ff::2", "fd00:1::1"])
vrfs = st.sampled_from([None, "red", "blue"])
protocols = st.sampled_from([["bgp"], ["ospf"], ["static", "bgp"], None])

policies4 = st.fixed_dictionaries(
    {
        "destinations": st.lists(prefixes4, min_size=1, max_size=4, unique=True),
        "match": st.sampled_from(["exact", "orlonger"]),
        "except": st.lists(prefixes4, max_size=3, unique=True),
        "protocols": protocols,
        "vrf": vrfs,
        "source": sources4,
    }
)
routes = st.one_of(
    st.fixed_dictionaries(
        {"destination": prefixes4, "gateway": st.just("172.20.20.1"), "source": sources4, "vrf": vrfs}
    ),
    st.fixed_dictionaries({"destination": prefixes6, "device": st.just("eth0"), "source": sources6, "vrf": vrfs}),
)
hostile_text = st.one_of(
    st.text(),
    st.sampled_from(
        ["a\nb", "!", '"', "'", "{{ x }}", "{% raw %}", "$(id)", "`id`", "; reboot", "exit", "a\x00b", "é\u2028"]
    ),
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), hostile_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(hostile_text, inner, max_size=3)),
    max_leaves=5,
)
KEYS = [
    "address",
    "device",
    "destination",
    "gateway",
    "nexthops",
    "source",
    "metric",
    "table",
    "vrf",
    "onlink",
    "metrics",
]
KEYS += ["name", "destinations", "match", "except", "protocols"]
hostile_entries = st.lists(
    st.one_of(anything, st.dictionaries(st.sampled_from(KEYS), anything, max_size=6)), max_size=4
)
SAFE = re.compile(r"[A-Za-z0-9 ._,:/@+()=-]*\Z")


def accepted(**lists: Any) -> dict[str, Any] | None:
    try:
        return normalise(**lists)
    except IntentError:
        return None


def rules_of(policies: list[Any]) -> list[Any]:
    """What the rules say, in their order; a name is free to differ."""
    return [
        (rule.policy.vrf, rule.prefix, rule.policy.exact, rule.policy.protocols, rule.exempt, rule.source)
        for rule in Policy(policies).rules()
    ]


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


@given(st.lists(routes, max_size=8), st.lists(policies4, max_size=6))
def test_the_result_is_a_fixed_point(routes: list[Any], policies: list[Any]) -> None:
    before = copy.deepcopy((routes, policies))
    first = accepted(routes=routes, policies=policies)
    assert (routes, policies) == before
    if first is None:
        return
    again = copy.deepcopy(first)
    for entry in again["routes"] + again["policies"]:
        entry.pop("family")
    assert normalise(routes=again["routes"], policies=again["policies"]) == first
    json.dumps(first)


@given(st.lists(routes, max_size=8), st.lists(policies4, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_writing_means_nothing(routes: list[Any], policies: list[Any], random: Any) -> None:
    first = accepted(routes=routes, policies=policies)
    random.shuffle(routes)
    random.shuffle(policies)
    second = accepted(routes=routes, policies=policies)
    assert (first is None) == (second is None)
    if first and second:
        assert first["routes"] == second["routes"]
        assert rules_of(first["policies"]) == rules_of(second["policies"])


@settings(max_examples=300)
@given(hostile_entries, hostile_entries, hostile_entries)
def test_hostile_text_is_refused_or_harmless(addresses: list[Any], routes: list[Any], policies: list[Any]) -> None:
    try:
        result = normalise(addresses=addresses, routes=routes, policies=policies)
    except IntentError as error:
        assert all("\n" not in problem and problem.isprintable() for problem in error.problems)
        assert all(problem.startswith("source_ip_") for problem in error.problems)
        return
    for key in ("addresses", "routes", "policies"):
        assert all(SAFE.match(text) for text in texts(result[key]))


@given(hostile_text, st.sampled_from(["name", "vrf", "source", "match"]))
def test_hostile_text_in_one_field(text: str, field: str) -> None:
    policy = {"destinations": ["198.51.100.0/24"], "source": "192.0.2.2", field: text}
    result = accepted(policies=[policy])
    if result is not None:
        assert SAFE.match(text)


def test_ten_thousand_entries() -> None:
    """No limit of time is asserted: a quadratic step would make this test run for minutes."""
    many = [f"10.{n >> 8}.{n & 255}.0/24" for n in range(10000)]
    routes = [{"destination": text, "gateway": "172.20.20.1", "source": "192.0.2.2"} for text in many]
    policies = [{"destinations": [text], "source": "192.0.2.2", "match": "orlonger"} for text in many]
    policies.append(
        {
            "destinations": ["0.0.0.0/0"],
            "except": [f"{t[:-2]}25" for t in many],
            "match": "orlonger",
            "source": "192.0.2.3",
        }
    )
    result = normalise(routes=routes, policies=policies, backend="frr")
    assert len(result["routes"]) == 10000
    assert len(Policy(result["policies"]).rules()) == 10001
