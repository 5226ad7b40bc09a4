# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the module ``route``: what is there and what is wanted, to steps. Tables of lines, and the edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput, Refused, SourceIPError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Link
from ansible_collections.l3host.source_ip.plugins.module_utils._change.steps import Plan
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import Host
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import edit
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.line import Lines
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Payload
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.plan_routes import RoutePlanner
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.template import with_devices
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.values import Hop, Shape
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.wanted import routes
from tests.unit.host.hosts import Written
from tests.unit.routes import routes as R

P4, P6, G4, G6 = "198.51.100.0/24", "2001:db8:100::/64", "10.0.0.254", "2001:db8::fe"
LINKS = (Link(1, "lo"), Link(2, "v0"), Link(3, "v1"))


class AnySource(Host):
    """A host that has every address: which sources are valid is not what these tests ask."""

    def check_source(self, source: bytes, table: int, what: str, devices: frozenset[int] | None = None) -> None:
        return


def planner(there: Sequence[bytes], items: Sequence[dict[str, Any]], **options: Any) -> RoutePlanner:
    host = AnySource(Written(LINKS))
    return RoutePlanner(
        wanted=routes(items, host),
        lines=Lines(R.NAMES),
        dump=R.Table(*there).dump,
        protocol=133,
        resolve=lambda shape: with_devices(shape, lambda gateway: 3 if gateway[1] == R.packed("10.1.0.254") else 2),
        **options,
    )


def plan(there: Sequence[bytes], *items: dict[str, Any], **options: Any) -> Plan:
    return planner(there, items, **options).plan()


def lines(found: Plan) -> list[tuple[str, str, str | None, str | None]]:
    return [(step.item, step.action, step.before, step.after) for step in found.steps]


#: current, desired, steps: what is there, the items, and (item, action, before, after) of what is to be done.
GOLDEN: dict[str, tuple[list[bytes], list[dict[str, Any]], list[tuple[str, str, str | None, str | None]]]] = {
    "created": (
        [],
        [{"destination": P4, "gateway": G4, "source": "192.0.2.2"}],
        [("routes[0]", "created", None, f"{P4} via {G4} dev v0 proto 133 src 192.0.2.2")],
    ),
    "created beside another destination": (
        [R.payload("198.51.101.0/24", protocol=133)],
        [{"destination": P4, "gateway": G4}],
        [("routes[0]", "created", None, f"{P4} via {G4} dev v0 proto 133")],
    ),
    "the source changed, the protocol kept": (
        [R.payload(P4, protocol=4, source="192.0.2.3")],
        [{"destination": P4, "source": "192.0.2.2"}],
        [
            (
                "routes[0]",
                "changed",
                f"{P4} via {G4} dev v0 proto static src 192.0.2.3",
                f"{P4} via {G4} dev v0 proto static src 192.0.2.2",
            )
        ],
    ),
    "another gateway, with the device that the kernel will find": (
        [R.payload(P4, protocol=133)],
        [{"destination": P4, "gateway": "10.1.0.254"}],
        [
            (
                "routes[0]",
                "changed",
                f"{P4} via {G4} dev v0 proto 133",
                f"{P4} via 10.1.0.254 dev v1 proto 133",
            )
        ],
    ),
    "removals last, creations in the order of the items": (
        [R.payload(P4, protocol=133)],
        [
            {"destination": P4, "state": "absent"},
            {"destination": "198.18.1.0/24", "gateway": G4},
            {"destination": P6, "gateway": G6},
            {"destination": "198.18.0.0/24", "gateway": G4},
        ],
        [
            ("routes[1]", "created", None, f"198.18.1.0/24 via {G4} dev v0 proto 133"),
            ("routes[2]", "created", None, f"{P6} via {G6} dev v0 proto 133 metric 1024 pref medium"),
            ("routes[3]", "created", None, f"198.18.0.0/24 via {G4} dev v0 proto 133"),
            ("routes[0]", "removed", f"{P4} via {G4} dev v0 proto 133", None),
        ],
    ),
    "the gateway that is not named is kept": (
        [R.payload(P4, protocol=4, source="192.0.2.3")],
        [{"destination": P4, "device": "v0", "source": "192.0.2.2"}],
        [
            (
                "routes[0]",
                "changed",
                f"{P4} via {G4} dev v0 proto static src 192.0.2.3",
                f"{P4} via {G4} dev v0 proto static src 192.0.2.2",
            )
        ],
    ),
    "a gateway taken away by name": (
        [R.payload(P4, protocol=4)],
        [{"destination": P4, "gateway": "none", "device": "v0"}],
        [
            (
                "routes[0]",
                "changed",
                f"{P4} via {G4} dev v0 proto static",
                f"{P4} dev v0 proto static scope link",
            )
        ],
    ),
    "removed by its device": (
        [R.payload(P4, protocol=133)],
        [{"destination": P4, "device": "v0", "state": "absent"}],
        [("routes[0]", "removed", f"{P4} via {G4} dev v0 proto 133", None)],
    ),
    "a type takes the place of another": (
        [R.payload(P4, protocol=4)],
        [{"destination": P4, "type": "blackhole"}],
        [("routes[0]", "changed", f"{P4} via {G4} dev v0 proto static", f"blackhole {P4} proto static")],
    ),
}


GOLDEN.update(
    {
        "one leg goes": (
            [R.dumped("weights")],
            [{"destination": P4, "gateway": G4, "state": "absent"}],
            [
                (
                    "routes[0]",
                    "changed",
                    f"{P4} proto boot nexthop via {G4} dev v0 weight 5 nexthop via 10.1.0.254 dev v1 weight 250",
                    f"{P4} proto boot nexthop via 10.1.0.254 dev v1 weight 250",
                )
            ],
        ),
        "a leg that is not there does not go, nor another in its place": (
            [R.dumped("weights")],
            [{"destination": P4, "nexthops": [{"gateway": G4}, {"gateway": "10.0.0.9"}], "state": "absent"}],
            [],
        ),
        "no leg goes where something else that is named differs": (
            [R.dumped("weights")],
            [{"destination": P4, "gateway": G4, "source": "192.0.2.2", "state": "absent"}],
            [],
        ),
        "a leg of a nexthop group stays": (
            [R.dumped("nexthop group")],
            [{"destination": P4, "gateway": G4, "state": "absent"}],
            [],
        ),
    }
)


@pytest.mark.parametrize("case", GOLDEN)
def test_current_and_desired_to_steps(case: str) -> None:
    current, desired, steps = GOLDEN[case]
    assert lines(plan(current, *desired)) == steps


@pytest.mark.parametrize(
    ("there", "item"),
    [
        (R.payload(P4, protocol=133, source="192.0.2.2"), {"gateway": G4, "source": "192.0.2.2"}),
        (R.payload(P4, protocol=4), {"gateway": G4}),
        (R.payload(P4, protocol=186), {"gateway": G4, "device": "v0"}),
        (R.payload(P4, protocol=133, metric=7), {"gateway": G4, "metric": 7}),
        (R.payload(P4, protocol=133, tos=16), {"gateway": G4, "tos": 16}),
        (R.payload(P4, protocol=133, source="192.0.2.2"), {}),
        (R.payload(P4, None, 3, protocol=133), {"device": "v1"}),
        (R.payload(P4, None, 3, protocol=133), {"device": "v1", "gateway": "none"}),
        (R.payload(P4, protocol=133), {"device": "v0"}),
    ],
)
def test_what_is_there_is_unchanged(there: bytes, item: dict[str, Any]) -> None:
    found = plan([there], {"destination": P4, **item})
    assert not found.steps
    assert [(str(prefix), str(line).split()[0]) for prefix, line in found.unchanged] == [(P4, P4)]


class TestMetricThatIsNotNamed:
    def metrics(self, item: dict[str, Any], *there: bytes) -> list[int]:
        found = plan(there, {"destination": P4, "source": "192.0.2.2", **item})
        return [Payload(step.requests[0].payload).metric for step in found.steps]

    def test_means_the_default_where_there_is_one(self) -> None:
        both = R.payload(P4), R.payload(P4, metric=5)
        assert self.metrics({}, *both) == [0]
        assert self.metrics({}, *both[::-1]) == [0]
        assert self.metrics({"metric": 5}, *both) == [5]

    def test_means_the_only_one_else(self) -> None:
        assert self.metrics({}, R.payload(P4, metric=5)) == [5]

    def test_is_asked_for_where_it_could_mean_several(self) -> None:
        with pytest.raises(Refused) as caught:
            self.metrics({}, R.payload(P4, metric=5), R.payload(P4, metric=6))
        assert "metric 5" in caught.value.message
        assert "metric 6" in caught.value.message
        assert "or 0 for a second route" in caught.value.message

    def test_never_means_a_daemons(self) -> None:
        with pytest.raises(Refused, match="Name the metric"):
            self.metrics({"gateway": G4}, R.payload(P4, metric=20, protocol=186))
        assert self.metrics({"gateway": G4, "metric": 0}, R.payload(P4, metric=20, protocol=186)) == [0]

    def test_of_what_shall_go_leaves_a_daemons(self) -> None:
        found = plan([R.payload(P4, metric=20, protocol=186)], {"destination": P4, "state": "absent"})
        assert (list(found.steps), [str(prefix) for prefix in found.missing]) == ([], [P4])

    def test_of_ipv6_is_1024(self) -> None:
        there = R.payload(P6), R.payload(P6, metric=5)
        found = plan(there, {"destination": P6, "source": "2001:db8:ff::2"})
        assert Payload(found.steps[0].requests[0].payload).metric == 1024
        with pytest.raises(Refused, match="or 1024 for a second route"):
            plan([R.payload(P6, metric=5), R.payload(P6, metric=6)], {"destination": P6, "source": "2001:db8:ff::2"})

    def test_does_not_look_at_another_tos(self) -> None:
        found = plan([R.payload(P4, tos=16)], {"destination": P4, "gateway": G4})
        assert [step.action for step in found.steps] == ["created"]

    def test_does_not_look_at_an_ipv6_route_with_a_from_prefix(self) -> None:
        found = plan([R.dumped("IPv6 from")], {"destination": P6, "gateway": G6})
        assert [step.action for step in found.steps] == ["created"]

    def test_of_a_route_with_a_from_prefix(self) -> None:
        item = {"destination": P6, "from": "2001:db8:7::/64"}
        assert not plan([R.dumped("IPv6 from"), R.payload(P6)], {**item, "gateway": G6}).steps
        found = plan([R.dumped("IPv6 from"), R.payload(P6)], {**item, "state": "absent"})
        assert [step.action for step in found.steps] == ["removed"]
        assert [" from " in str(step.before) for step in found.steps] == [True]


class TestOwners:
    def test_are_named_with_what_to_configure_instead(self) -> None:
        with pytest.raises(Refused) as caught:
            plan([R.payload(P4, protocol=186)], {"destination": P4, "source": "192.0.2.2"})
        assert caught.value.details["owner"] == "bgp"
        assert "route-map" in caught.value.message
        assert "force: true" in caught.value.message

    def test_give_way_to_force_with_a_warning(self) -> None:
        found = plan([R.payload(P4, protocol=186)], {"destination": P4, "source": "192.0.2.2"}, force=True)
        assert len(found.steps) == 1
        assert "bgp owns it" in found.warnings[0]

    def test_keep_their_routes_from_removal(self) -> None:
        for item, metric in (({}, 0), ({"metric": 3}, 3)):
            with pytest.raises(Refused, match="belongs to kernel"):
                plan([R.payload(P4, protocol=2, metric=metric)], {"destination": P4, "state": "absent", **item})


class TestAbsent:
    def test_takes_what_agrees_only(self) -> None:
        there = R.payload(P4, source="192.0.2.2")
        for item, gone in (
            ({}, 1),
            ({"source": "192.0.2.2"}, 1),
            ({"source": "192.0.2.3"}, 0),
            ({"gateway": G4}, 1),
            ({"gateway": "10.0.0.7"}, 0),
            ({"protocol": "static"}, 0),
            ({"type": "blackhole"}, 0),
        ):
            found = plan([there], {"destination": P4, "state": "absent", **item})
            assert len(found.steps) == gone, item
            assert len(found.missing) == 1 - gone, item

    def test_takes_all_aliases_and_brings_them_back_in_their_order(self) -> None:
        there = [R.payload(P4), R.payload(P4, "10.0.0.7")]
        found = plan(there, {"destination": P4, "state": "absent"})
        assert [step.requests[0].kind for step in found.steps] == [wire.RTM_DELROUTE] * 2
        undone = [message.payload for step in reversed(list(found.steps)) for message in step.undo]
        assert undone == there


class TestUndo:
    def test_of_a_creation_is_a_removal(self) -> None:
        (step,) = plan([], {"destination": P4, "gateway": G4}).steps
        assert step.requests[0].flags == wire.NLM_F_CREATE | wire.NLM_F_EXCL
        assert step.undo == (wire.Message(wire.RTM_DELROUTE, 0, step.requests[0].payload),)

    def test_of_a_change_is_the_old_route(self) -> None:
        there = R.dumped("all metrics")
        (step,) = plan([there], {"destination": P4, "source": "192.0.2.2"}).steps
        assert step.requests[0].flags == wire.NLM_F_REPLACE
        assert step.undo == (wire.Message(wire.RTM_NEWROUTE, wire.NLM_F_REPLACE, edit.echo(Payload(there))),)


class TestPurge:
    OURS = (R.payload("198.18.0.0/24", protocol=133), R.payload("198.18.1.0/24", protocol=133))

    def gone(self, there: Sequence[bytes], *items: dict[str, Any], tables: Sequence[int] = (254,)) -> list[str]:
        found = plan(there, *items, purge=tables)
        return [step.subject for step in found.steps if step.action == "removed"]

    def test_takes_our_own_and_nobody_elses(self) -> None:
        others = [R.payload("198.18.2.0/24", protocol=number) for number in (2, 3, 4, 16, 186)]
        assert self.gone([*self.OURS, *others]) == ["198.18.1.0/24", "198.18.0.0/24"]
        assert {step.item for step in plan(self.OURS, purge=(254,)).steps} == {"purge"}

    def test_keeps_what_is_wanted(self) -> None:
        for item in (
            {"destination": "198.18.0.0/24", "gateway": G4},
            {"destination": "198.18.0.0/24", "gateway": "10.0.0.7"},
            {"destination": "198.18.0.0/24", "gateway": G4, "metric": 0},
        ):
            assert self.gone(self.OURS, item) == ["198.18.1.0/24"], item

    def test_keeps_a_route_of_another_metric_that_an_item_means(self) -> None:
        there = [R.payload("198.18.0.0/24", protocol=133, metric=5)]
        assert self.gone(there, {"destination": "198.18.0.0/24", "gateway": G4}) == []
        assert self.gone(there, {"destination": "198.18.0.0/24", "gateway": G4, "metric": 6}) == ["198.18.0.0/24"]

    @pytest.mark.parametrize("metric", [{}, {"metric": 0}])
    def test_keeps_a_wanted_route_that_appears_between_two_dumps(self, metric: dict[str, int]) -> None:
        made = planner([], [{"destination": "198.18.0.0/24", "gateway": G4, **metric}], purge=(254,))
        late = R.chunk([R.payload("198.18.0.0/24", protocol=133, source="192.0.2.2"), self.OURS[1]])
        made.dump = lambda family, _table, protocol: [late] if protocol and family == INET else []
        assert [(step.action, step.subject) for step in made.plan().steps] == [
            ("created", "198.18.0.0/24"),
            ("removed", "198.18.1.0/24"),
        ]

    def test_keeps_to_the_tables_named(self) -> None:
        there = [*self.OURS, R.payload("198.18.9.0/24", protocol=133, table=100)]
        assert self.gone(there, tables=(100,)) == ["198.18.9.0/24"]
        assert len(self.gone(there, tables=(100, 254))) == 3

    def test_does_not_remove_twice(self) -> None:
        item = {"destination": "198.18.0.0/24", "state": "absent"}
        assert sorted(self.gone(self.OURS, item)) == ["198.18.0.0/24", "198.18.1.0/24"]

    def test_asks_for_our_own_only(self) -> None:
        made = planner([], [], purge=(254,))
        table = R.Table()
        made.dump = table.dump
        made.plan()
        assert table.asked == [(INET, 254, 133), (INET6, 254, 133)]


class TestAliases:
    BOTH = (R.payload(P4), R.payload(P4, "10.1.0.254", 3))

    def test_behind_the_first_that_agree_are_unchanged(self) -> None:
        assert not plan(self.BOTH, {"destination": P4, "gateway": "10.1.0.254"}).steps

    def test_are_changed_at_their_first(self) -> None:
        (step,) = plan(self.BOTH, {"destination": P4, "source": "192.0.2.2"}).steps
        assert step.after == f"{P4} via {G4} dev v0 proto boot src 192.0.2.2"

    def test_twice_in_an_ipv6_dump_are_one(self) -> None:
        there = R.payload(P6, protocol=133)
        (step,) = plan([there, there], {"destination": P6, "source": "2001:db8:ff::2"}).steps
        assert step.action == "changed"
        assert len(plan([there, there], {"destination": P6, "state": "absent"}).steps) == 1


@pytest.mark.parametrize(
    "item", [{}, {"source": "192.0.2.2"}, {"metrics": {"mtu": 1400}}, {"type": "unicast"}, {"metric": 5}]
)
def test_a_new_route_needs_a_way_out(item: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="is not in the table, and a new route needs a gateway"):
        plan([], {"destination": P4, **item})


def test_one_dump_for_each_family_and_table() -> None:
    items: list[dict[str, Any]] = [{"destination": f"198.18.{at}.0/24", "gateway": G4} for at in range(5)]
    items += [{"destination": P6, "gateway": G6}, {"destination": P4, "gateway": G4, "table": 1000}]
    made = planner([], items)
    table = R.Table()
    made.dump = table.dump
    made.plan()
    assert sorted(table.asked) == [(INET, 254, 0), (INET, 1000, 0), (INET6, 254, 0)]


def test_planning_again_after_the_steps_finds_nothing() -> None:
    """The rule of reading back, on the kernel that takes every request literally."""
    items: list[dict[str, Any]] = [
        {"destination": P4, "gateway": G4, "device": "v0", "source": "192.0.2.2", "metrics": {"mtu": 1400}},
        {"destination": P6, "gateway": G6, "device": "v0", "source": "2001:db8:ff::2"},
        {"destination": "198.18.0.0/24", "type": "blackhole"},
        {"destination": "203.0.113.0/24", "state": "absent"},
    ]
    there = {Payload(one).key: one for one in (R.dumped("locked metrics"), R.payload("203.0.113.0/24"))}
    for step in plan(list(there.values()), *items, purge=(254,)).steps:
        key = Payload(step.requests[0].payload).key
        if step.requests[0].kind == wire.RTM_DELROUTE:
            del there[key]
        else:
            there[key] = step.requests[0].payload
    assert not plan(list(there.values()), *items, purge=(254,)).steps


def test_a_refusal_ends_the_plan_before_any_step_is_carried_out() -> None:
    there = [R.payload(P4, protocol=186)]
    items: list[dict[str, Any]] = [
        {"destination": "198.18.0.0/24", "gateway": G4},
        {"destination": P4, "gateway": "10.0.0.7"},
    ]
    with pytest.raises(SourceIPError, match=r"^routes\[1\]: "):
        plan(there, *items)


@pytest.mark.parametrize(
    ("shape", "hops"),
    [
        (Shape(INET, hops=(Hop((INET, R.packed(G4))),)), (Hop((INET, R.packed(G4)), 2),)),
        (Shape(INET, hops=(Hop((INET, R.packed(G4)), 3),)), (Hop((INET, R.packed(G4)), 3),)),
        (Shape(INET, hops=(Hop(None, 3),)), (Hop(None, 3),)),
        (Shape(INET, type=6), None),
        (Shape(INET6, type=6), (Hop(None, 1),)),
        (Shape(INET, nexthop_id=7), None),
    ],
)
def test_devices_that_the_kernel_will_fill_in(shape: Shape, hops: tuple[Hop, ...] | None) -> None:
    assert with_devices(shape, lambda _gateway: 2).hops == hops


class TestManyAtOnce:
    """Entries alike are planned together; what comes of it does not tell."""

    ITEMS = tuple({"destination": f"198.18.{at}.0/24", "gateway": G4, "source": "192.0.2.2"} for at in range(4))
    OTHER: ClassVar = {"destination": P6, "device": "v1"}

    def test_steps_keep_the_order_of_the_items_across_families(self) -> None:
        found = plan([], *self.ITEMS[:2], self.OTHER, *self.ITEMS[2:])
        assert [step.item for step in found.steps] == [f"routes[{at}]" for at in range(5)]
        assert [found.steps[at].subject for at in (0, 2, 4)] == ["198.18.0.0/24", P6, "198.18.3.0/24"]
        assert len(found.steps) == 5
        with pytest.raises(IndexError):
            found.steps[5]
        assert found.report()["counts"]["created"] == 5

    def test_the_messages_are_those_of_the_steps(self) -> None:
        found = plan(
            [R.payload(P6, device=3)], *self.ITEMS[:2], {**self.OTHER, "source": "2001:db8::1"}, *self.ITEMS[2:]
        )
        sent = []
        for request in found.steps.requests():
            rows = request.data if isinstance(request, wire.Rows) else wire.message(request.kind, 0, 0, request.payload)
            sent += [payload for _kind, _flags, _sequence, payload in wire.messages(bytes(rows))]
        assert sent == [step.requests[0].payload for step in found.steps]

    def test_some_there_and_some_not(self) -> None:
        there = [str(item["destination"]) for item in self.ITEMS[1:3]]
        found = plan([R.payload(text, protocol=133, source="192.0.2.2") for text in there], *self.ITEMS)
        assert [step.item for step in found.steps] == ["routes[0]", "routes[3]"]
        assert [str(subject) for subject, _line in found.unchanged] == there

    def test_one_in_the_way(self) -> None:
        found = plan([R.payload("198.18.1.0/24", protocol=133)], *self.ITEMS)
        assert [(step.item, step.action) for step in found.steps] == [
            ("routes[0]", "created"),
            ("routes[1]", "changed"),
            ("routes[2]", "created"),
            ("routes[3]", "created"),
        ]


class TestNextHopsThatTheKernelRefuses:
    """They are refused before anything is written; where one item must not hold up the others, only they are left."""

    ITEMS: ClassVar = [
        {"destination": "198.51.100.0/24", "gateway": "10.1.0.254", "device": "v1"},
        {"destination": "198.51.101.0/24", "gateway": "10.1.0.254", "device": "v1"},
        {"destination": "203.0.113.0/24", "gateway": "10.0.0.254", "device": "v0"},
    ]

    @staticmethod
    def why_not(hop: Hop, table: int) -> tuple[str, str] | None:
        return ("v1 is down", "set it up first") if hop.device == 3 else None

    def test_are_refused(self) -> None:
        with pytest.raises(Refused) as caught:
            plan([], *self.ITEMS, why_not=self.why_not)
        assert caught.value.message == (
            "routes[0]: 198.51.100.0/24: the next hop via 10.1.0.254 dev v1: v1 is down; set it up first"
        )

    def test_are_left(self) -> None:
        left: list[tuple[Any, str]] = []
        found = plan([], *self.ITEMS, why_not=self.why_not, left=left)
        assert [step.subject for step in found.steps] == ["203.0.113.0/24"]
        assert [str(prefix) for prefix, _why in left] == ["198.51.100.0/24", "198.51.101.0/24"]

    def test_nexthop_objects(self) -> None:
        item = {"destination": "198.51.100.0/24", "nexthop_id": 9}
        with pytest.raises(Refused, match="there is no nexthop object 9"):
            plan([], item, why_no_object=lambda number, family: f"there is no nexthop object {number}")
