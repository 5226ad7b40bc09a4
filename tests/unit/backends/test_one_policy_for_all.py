# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every back end gives a route the source that the evaluator gives it: compilers, and what judges a host.

The definition judges the evaluator (tests/unit/intent/test_intent_policy.py); the evaluator judges the others here.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.clauses import clauses
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.audit import Judge
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.objects import build
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.parse import Config
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._kernel.items import items
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.verify import candidates
from ansible_collections.l3host.source_ip.plugins.module_utils._base.protocols import (
    BIRD_WORDS,
    OWN_PROTOCOL,
    PROTOCOLS,
    frr_binding,
    numbers_of,
    protocol_name,
    word_of,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import address_text
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.policy import Policy, prefix_of
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.line import Lines
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Payload
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.plan_sources import SourcePlanner
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.wanted import selections
from tests.unit.backends.bird import model as bird
from tests.unit.backends.frr import model as frr
from tests.unit.host.hosts import Written
from tests.unit.intent.test_intent_policy import accepted, policies, prefixes
from tests.unit.routes import routes as R
from tests.unit.routes.test_plan_routes import AnySource

#: No routes of our own, which every back end tells by its own sign, and which no policy is for.
NOTHING: dict[str, list[Any]] = {"addresses": [], "routes": [], "warnings": []}
EMPTY: dict[str, list[Any]] = {"addresses": [], "routes": [], "sources": []}


def kernel(intent: dict[str, list[Any]], probes: list[str], numbers: list[int]) -> dict[tuple[str, int], str | None]:
    """What the kernel back end sets on a route for each destination and protocol number."""
    # Another metric makes each of them a route of its own.
    there = [R.payload(probe, protocol=number, metric=number + 1) for probe in probes for number in numbers]
    plan = SourcePlanner(
        wanted=selections(items(intent, EMPTY).sources, AnySource(Written())),
        lines=Lines(R.NAMES),
        dump=R.Table(*there).dump,
        legs=lambda _payload: (),
        force=True,
        missing="ignore",
    ).plan()
    found: dict[tuple[str, int], str | None] = {}
    for step in plan.steps:
        payload = Payload(step.requests[0].payload)
        found[(str(payload.destination), payload.header.protocol)] = address_text(payload.source)
    return found


@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@given(st.data())
def test_every_back_end_gives_a_route_the_same_source(family: str, data: st.DataObject) -> None:
    wanted = data.draw(st.lists(policies(family).map(lambda one: {**one, "vrf": None}), min_size=1, max_size=6))
    intent = {**NOTHING, "policies": accepted(wanted)}
    drawn = data.draw(st.lists(prefixes(family), max_size=6))
    probes = sorted({*drawn, *(text for one in intent["policies"] for text in one["destinations"] + one["except"])})
    policy = Policy(intent["policies"])

    def expected(probe: str, word: str) -> str | None:
        prefix = prefix_of(probe)
        rule = policy.rule(None, None, family, prefix.start, prefix.length, word)
        return rule.source if rule else None

    zebra = frr.Frr()
    zebra.objects = build(intent, Config(), "SIP-", 1330133)
    judge = Judge(intent)
    function = clauses(intent["policies"])
    numbers = sorted({number for word in BIRD_WORDS for number in numbers_of(word, family)} | {2, 12, OWN_PROTOCOL})
    written = kernel(intent, probes, numbers)
    for probe in probes:
        for word in BIRD_WORDS:
            source = expected(probe, word)
            assert zebra.source("", family, frr_binding(word, family), probe) == source, ("FRR", probe, word)
            assert judge.wants("", family, probe, word) == source, ("FRR's judge", probe, word)
            assert bird.last_clause(function, probe, word) == source, ("BIRD", probe, word)
        for number in numbers:
            source = None if number == OWN_PROTOCOL else expected(probe, word_of(number, family))
            assert written.get((probe, number)) == source, ("kernel", probe, number)
            route = {"destination": probe, "protocol": protocol_name(number)}
            said = [rule.source if rule else None for rule in candidates(policy, None, route, None)]
            if number == PROTOCOLS["bird"]:
                every = {expected(probe, word) for word in BIRD_WORDS}
                assert set(said) == (every if any(every) else set()), ("verify", probe, number)
            else:
                assert said == ([source] if source else []), ("verify", probe, number)
