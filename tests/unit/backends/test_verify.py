# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role verify asks, and how it judges."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends.verify import ROW, judge, questions, table
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

S, OTHER = "192.0.2.2", "10.0.0.9"
ROUTE = {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": S}


def listed(destination: str, source: str | None = S, protocol: str = "133", where: int = 254, metric: int = 0) -> Any:
    line = f"{destination} proto {protocol}"
    return {
        "destination": destination,
        "source": source,
        "protocol": protocol,
        "table": where,
        "metric": metric,
        "line": line,
    }


def answer(route: Any, source: str | None = S, **more: Any) -> Any:
    said: dict[str, Any] = {"destination": "x", "source": source, "stale": False, "explanation": "because.", "also": []}
    said.update(device="eth0", gateway="10.0.0.1", table=254, reason="prefsrc")
    return {**said, "socket": {"source": source, "error": None}, "route": route, **more}


def packet(source: str | None) -> Any:
    return {"wire": {"source": source} if source else None}


def verdict(intent: Any, routes: list[Any], answers: list[Any], probes: list[Any] | None = None, **how: Any) -> Any:
    backend = how.get("backend")
    asked = questions(intent, routes, backend)
    assert len(asked["subjects"]) == len(answers)
    return judge(intent, routes, asked["subjects"], answers, probes or [], **how)


def test_an_address_of_its_own_is_asked_for() -> None:
    routes = [ROUTE, {**ROUTE, "destination": "198.51.100.0/25"}, {**ROUTE, "destination": "203.0.113.7/32"}]
    asked = questions(normalise(routes=routes), [listed("198.51.100.254/31")])
    # .1 and .2 of the /24 belong to the /25, .254 to somebody's /31; the middle is free.
    assert asked["subjects"][0]["destination"] == "198.51.100.0/24"
    assert [query["destination"] for query in asked["queries"]] == ["198.51.100.128", "198.51.100.1", "203.0.113.7"]


def test_a_default_route_is_not_asked_for_the_host_itself() -> None:
    intent = normalise(routes=[{**ROUTE, "destination": "::/0", "gateway": "fd00::1", "source": "fd00::2"}])
    assert [query["destination"] for query in questions(intent, [])["queries"]] == ["::2"]


def test_the_limit_is_kept_and_told() -> None:
    intent = normalise(routes=[{**ROUTE, "destination": f"198.51.{n}.0/24"} for n in range(5)])
    asked = questions(intent, [], limit=2)
    assert (len(asked["queries"]), len(asked["probes"]), asked["omitted"]) == (2, 2, 3)


def test_agreement_is_good() -> None:
    intent = normalise(routes=[ROUTE])
    rows = verdict(intent, [listed("198.51.100.0/24")], [answer(listed("198.51.100.0/24"))], [packet(S)])
    assert [(row["good"], row["kernel"], row["socket"], row["wire"]) for row in rows] == [(True, S, S, S)]


def test_every_row_has_every_key() -> None:
    """Of a route that answers, one that does not, one of another table, and a policy without any."""
    other = {**ROUTE, "destination": "203.0.113.0/24"}
    intent = normalise(
        routes=[ROUTE, other, {**ROUTE, "table": 100}, {**ROUTE, "table": 101}],
        policies=[{"name": "far", "destinations": ["192.88.99.0/24"], "source": S}],
    )
    routes = [listed("198.51.100.0/24"), listed("198.51.100.0/24", where=100)]
    rows = verdict(intent, routes, [answer(routes[0]), answer(None, None)], missing="fail")
    assert [list(row) for row in rows] == [ROW] * 5
    assert [row["good"] for row in rows] == [True, False, True, False, False]
    assert [row["reason"] for row in rows] == ["prefsrc", "no_route", "prefsrc", "no_route", "no_route"]
    assert [row["owner"] for row in rows] == ["ours", None, "ours", None, None]
    assert [row["table"] for row in rows] == [254, 254, 100, 101, None]
    assert (rows[0]["destination"], rows[0]["prefix"], rows[0]["route"]) == ("x", "198.51.100.0/24", routes[0]["line"])
    assert (rows[0]["device"], rows[0]["gateway"], rows[0]["socket"]) == ("eth0", "10.0.0.1", S)


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (answer(listed("198.51.100.0/24"), OTHER), packet(OTHER)),
        (answer(listed("198.51.100.0/24"), socket={"source": OTHER, "error": None}), packet(S)),
        (answer(listed("198.51.100.0/24"), socket={"source": None, "error": "ENETUNREACH"}), packet(S)),
        (answer(listed("198.51.100.0/24")), packet(OTHER)),
        (answer(listed("198.51.100.0/24"), stale=True), packet(S)),
        (answer(listed("198.51.100.0/24"), also=[{"source": OTHER}]), packet(S)),
        (answer(None, None), packet(None)),
    ],
    ids=["kernel", "socket", "no socket", "wire", "stale", "another flow", "no route"],
)
def test_each_disagreement_is_bad(said: Any, sent: Any) -> None:
    rows = verdict(normalise(routes=[ROUTE]), [], [said], [sent])
    assert [row["good"] for row in rows] == [False]
    assert "because" in rows[0]["explanation"]


@pytest.mark.parametrize(("wire", "good"), [("never", True), ("reachable", True), ("always", False)])
def test_a_packet_that_nobody_saw(wire: str, good: bool) -> None:
    rows = verdict(normalise(routes=[ROUTE]), [], [answer(listed("198.51.100.0/24"))], [packet(None)], wire=wire)
    assert [row["good"] for row in rows] == [good]


def test_a_longer_route_of_somebody_else_is_told() -> None:
    longer = listed("198.51.100.0/25", OTHER, "bgp")
    routes = [listed("198.51.100.0/24")]
    rows = verdict(normalise(routes=[ROUTE]), routes, [answer(longer, OTHER)])
    assert [row["good"] for row in rows] == [True]
    assert "longer route" in rows[0]["explanation"]
    # Without the route itself the same answer is a failure.
    assert [row["good"] for row in verdict(normalise(routes=[ROUTE]), [], [answer(longer, OTHER)])] == [False]


def test_a_policy_is_judged_by_the_route_that_answers() -> None:
    intent = normalise(
        policies=[
            {
                "destinations": ["0.0.0.0/0"],
                "match": "orlonger",
                "protocols": ["bgp"],
                "except": ["10.0.0.0/8"],
                "source": S,
            }
        ]
    )
    routes = [listed("203.0.113.0/24", S, "bgp"), listed("10.1.0.0/16", None, "bgp"), listed("192.0.0.0/24", S, "ospf")]
    asked = questions(intent, routes)
    assert [subject["destination"] for subject in asked["subjects"]] == ["203.0.113.0/24"]
    assert [row["good"] for row in verdict(intent, routes, [answer(routes[0])])] == [True]
    assert [row["good"] for row in verdict(intent, routes, [answer(routes[0], OTHER)])] == [False]
    # Another route answers, which no policy is for: nothing is said about it.
    assert verdict(intent, routes, [answer(routes[2], OTHER)]) == []


@pytest.mark.parametrize(
    ("backend", "protocol", "asked"),
    [
        (None, "kernel", 1),
        (None, "133", 0),
        ("kernel", "static", 1),
        ("frr", "kernel", 0),
        ("frr", "zstatic", 1),
        ("frr", "bgp", 1),
        ("frr", "sharp", 1),
        ("frr", "srte", 1),
        ("frr", "198", 1),
        ("frr", "static", 0),
        ("bird", "bgp", 0),
        ("bird", "bird", 1),
    ],
)
def test_a_policy_is_for_the_routes_of_its_back_end(backend: str | None, protocol: str, asked: int) -> None:
    intent = normalise(policies=[{"destinations": ["0.0.0.0/0"], "match": "orlonger", "source": S}])
    assert len(questions(intent, [listed("203.0.113.0/24", S, protocol)], backend)["queries"]) == asked


@pytest.mark.parametrize("backend", [None, "kernel", "frr"])
@pytest.mark.parametrize(("name", "asked"), [("ripng", 1), ("190", 1), ("rip", 0), ("ospf", 0)])
def test_a_policy_for_rip_is_for_ripng_too(backend: str | None, name: str, asked: int) -> None:
    policy = {"destinations": ["::/0"], "match": "orlonger", "protocols": ["rip"], "source": "2001:db8:ff::2"}
    routes = [listed("2001:db8:50::/48", None, name)]
    assert len(questions(normalise(policies=[policy]), routes, backend)["queries"]) == asked


@pytest.mark.parametrize(("word", "asked"), [("connected", 1), ("kernel", 1), ("static", 0)])
def test_connected_routes_are_the_kernels(word: str, asked: int) -> None:
    policy = {"destinations": ["0.0.0.0/0"], "match": "orlonger", "protocols": [word], "source": S}
    assert len(questions(normalise(policies=[policy]), [listed("10.0.0.0/24", S, "kernel")])["queries"]) == asked


def test_birds_routes_may_follow_any_of_its_protocols() -> None:
    policy = {"destinations": ["0.0.0.0/0"], "match": "orlonger"}
    intent = normalise(
        policies=[
            {**policy, "protocols": ["bgp"], "source": S},
            {**policy, "protocols": ["ospf", "static"], "source": OTHER},
        ]
    )
    route = listed("203.0.113.0/24", S, "bird")
    for source, good in ((S, True), (OTHER, True)):
        assert [row["good"] for row in verdict(intent, [route], [answer(route, source)], backend="bird")] == [good]
    # Every protocol of BIRD has a policy: another source is wrong.
    every = normalise(policies=[{**policy, "source": S}])
    assert [row["good"] for row in verdict(every, [route], [answer(route, OTHER)], backend="bird")] == [False]


def test_a_policy_without_a_route() -> None:
    intent = normalise(policies=[{"destinations": ["203.0.113.0/24"], "source": S}])
    assert verdict(intent, [], []) == []
    assert [row["good"] for row in verdict(intent, [], [], missing="fail")] == [False]
    route = listed("203.0.113.0/24", S, "static")
    assert [row["good"] for row in verdict(intent, [route], [answer(route)], missing="fail")] == [True]


def test_another_table_is_compared_with_itself() -> None:
    intent = normalise(routes=[{**ROUTE, "table": 100}])
    assert questions(intent, [])["queries"] == []
    assert [row["good"] for row in verdict(intent, [listed("198.51.100.0/24", S, where=100)], [])] == [True]
    assert [row["good"] for row in verdict(intent, [listed("198.51.100.0/24", OTHER, where=100)], [])] == [False]
    assert [row["good"] for row in verdict(intent, [listed("198.51.100.0/24")], [])] == [False]


def test_of_two_routes_to_one_destination_the_one_that_wins_is_asked_and_the_other_only_has_to_be_there() -> None:
    intent = normalise(routes=[{**ROUTE, "metric": 20, "source": OTHER}, {**ROUTE, "metric": 10}])
    first, second = listed("198.51.100.0/24", metric=10), listed("198.51.100.0/24", OTHER, metric=20)
    rows = verdict(intent, [first, second], [answer(first)])
    assert [(row["expected"], row["kernel"], row["good"]) for row in rows] == [(S, S, True), (OTHER, OTHER, True)]
    assert [row["good"] for row in verdict(intent, [first], [answer(first)])] == [True, False]
    # Without the first the second answers, and that is what is wrong.
    assert [row["good"] for row in verdict(intent, [second], [answer(second, OTHER)])] == [False, True]


def test_in_a_vrf_too() -> None:
    intent = normalise(routes=[{**ROUTE, "vrf": "red"}, {**ROUTE, "metric": 20, "source": OTHER, "vrf": "red"}])
    first, second = (listed("198.51.100.0/24", source, where=100, metric=at) for source, at in ((S, 0), (OTHER, 20)))
    assert [row["good"] for row in verdict(intent, [first, second], [answer(first, table=100)])] == [True, True]
    assert [row["good"] for row in verdict(intent, [first], [answer(first, table=100)])] == [True, False]


def test_a_vrf_is_asked_by_its_name() -> None:
    asked = questions(normalise(routes=[{**ROUTE, "vrf": "red"}]), [])
    assert asked["queries"] == [{"destination": "198.51.100.1", "vrf": "red"}]
    assert asked["probes"] == [{"destination": "198.51.100.1", "bind_device": "red"}]


def test_the_table_is_aligned() -> None:
    rows = verdict(normalise(routes=[ROUTE]), [], [answer(None, None)])
    lines = table(rows).splitlines()
    assert lines[0].startswith("destination")
    assert lines[0].index("explanation") == lines[1].index("the host has no such route")
