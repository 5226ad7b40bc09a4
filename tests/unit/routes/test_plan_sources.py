# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the module ``prefsrc``: which routes an entry selects, and what becomes of their source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput, Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, Link
from ansible_collections.l3host.source_ip.plugins.module_utils._change.steps import Plan
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import edit
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.legs import legs, way
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.line import Lines
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Payload, source_of
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.plan_sources import SourcePlanner
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.values import Hop
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.wanted import selections
from tests.unit.host.hosts import Written
from tests.unit.routes import routes as R
from tests.unit.routes.test_plan_routes import AnySource

P4, P6, G4 = "198.51.100.0/24", "2001:db8:100::/64", "10.0.0.254"
S4, OTHER4, S6, OTHER6 = "192.0.2.2", "192.0.2.3", "2001:db8:ff::2", "2001:db8:ff::3"
LINKS = (Link(1, "lo"), Link(2, "v0"), Link(3, "v1"))


def plan(
    there: Sequence[bytes],
    *items: dict[str, Any],
    legs: Sequence[Payload] = (),
    **options: Any,
) -> Plan:
    host = AnySource(Written(LINKS))
    return SourcePlanner(
        wanted=selections(items, host),
        lines=Lines(R.NAMES),
        dump=R.Table(*there).dump,
        legs=lambda _payload: legs,
        **options,
    ).plan()


def sources(found: Plan) -> dict[str, str | None]:
    """Destination (with the metric, if any) -> the source that its route gets."""
    result = {}
    for step in found.steps:
        assert step.after is not None
        words = step.after.split()
        result[step.subject] = words[words.index("src") + 1] if "src" in words else None
    return result


INSIDE = ["198.0.0.0/8", "198.51.0.0/16", P4, "198.51.100.128/25", "198.51.100.7/32", "198.52.0.0/16", "0.0.0.0/0"]


class TestSelection:
    def test_of_every_table(self) -> None:
        there = [R.payload(P4), R.payload(P4, table=100), R.payload("198.51.100.128/25", table=1000)]
        found = plan(there, {"destination": P4, "source": S4, "table": "all"})
        assert [step.after for step in found.steps] == [
            f"{P4} via 10.0.0.254 dev v0 proto boot src {S4}",
            f"{P4} via 10.0.0.254 dev v0 table 100 proto boot src {S4}",
        ]
        inside = plan(there, {"destination": P4, "source": S4, "table": "all", "within": True})
        assert len(inside.steps) == 3
        # One of a table, whichever comes first in the list, goes before one of all.
        one = {"destination": P4, "source": OTHER4, "table": 100}
        for items in ([one, {**one, "table": "all", "source": S4}], [{**one, "table": "all", "source": S4}, one]):
            found = plan(there, *items)
            assert [str(step.after).split()[-1] for step in found.steps] == [S4, OTHER4]

    def test_a_route_that_no_table_has(self) -> None:
        with pytest.raises(Refused, match=r"no route to 203.0.113.0/24 in any table\. prefsrc changes"):
            plan([R.payload(P4, table=100)], {"destination": "203.0.113.0/24", "source": S4, "table": "all"})
        with pytest.raises(InvalidInput, match="give table or vrf, not both"):
            plan([], {"destination": P4, "source": S4, "table": "all", "vrf": "blue"})
        # What another table has is no help to an entry of one.
        with pytest.raises(Refused, match=r"no route to 198.51.100.0/24 in table 7\. prefsrc changes"):
            plan(
                [R.payload(P4, table=100)],
                {"destination": P4, "source": S4, "table": 7},
                {"destination": P4, "source": S4, "table": "all"},
            )

    @pytest.mark.parametrize(
        ("item", "chosen"),
        [
            ({"destination": P4}, [P4]),
            ({"destination": P4, "within": True}, [P4, "198.51.100.128/25", "198.51.100.7/32"]),
            (
                {"destination": "198.0.0.0/8", "within": True, "except": ["198.51.0.0/16"]},
                ["198.0.0.0/8", "198.52.0.0/16"],
            ),
            ({"destination": "0.0.0.0/0", "within": True}, INSIDE),
            ({"destination": "0.0.0.0/0"}, ["0.0.0.0/0"]),
            ({"destination": "198.51.96.0/20", "within": True}, [P4, "198.51.100.128/25", "198.51.100.7/32"]),
        ],
    )
    def test_by_destination(self, item: dict[str, Any], chosen: list[str]) -> None:
        found = plan([R.payload(prefix) for prefix in INSIDE], {"source": S4, **item})
        assert sources(found) == dict.fromkeys(chosen, S4)

    @pytest.mark.parametrize(
        ("item", "chosen"),
        [
            ({"protocol": "static"}, [10]),
            ({"device": "v1"}, [20]),
            ({"gateway": "10.1.0.254"}, [20]),
            ({"gateway": G4}, [10, 30]),
            ({"metric": 30}, [30]),
            ({"except_protocols": ["static", "boot"]}, [30]),
            ({"device": "v0", "protocol": 77}, [30]),
        ],
    )
    def test_by_the_rest_of_the_route(self, item: dict[str, Any], chosen: list[int]) -> None:
        there = [
            R.payload(P4, metric=10, protocol=4),
            R.payload(P4, "10.1.0.254", 3, metric=20, protocol=3),
            R.payload(P4, metric=30, protocol=77),
        ]
        found = plan(there, {"destination": P4, "source": S4, **item})
        assert [Payload(step.requests[0].payload).metric for step in found.steps] == chosen

    def test_looks_into_all_next_hops(self) -> None:
        for chosen in ({"device": "v1"}, {"gateway": "10.1.0.254"}, {"device": "v0"}):
            assert plan([R.dumped("weights")], {"destination": P4, "source": S4, **chosen}).steps
        with pytest.raises(Refused, match=r"device v1 gateway 10\.0\.0\.254"):
            plan([R.dumped("weights")], {"destination": P4, "source": S4, "device": "v1", "gateway": G4})

    @pytest.mark.parametrize("kind", [2, 3, 5, 6, 7, 8, 9])
    def test_leaves_what_is_not_unicast(self, kind: int) -> None:
        with pytest.raises(Refused, match="sends nothing, so it has no source" if kind > 5 else "no route"):
            plan([R.payload(P4, kind=kind)], {"destination": P4, "source": S4})

    def test_of_another_table_is_another(self) -> None:
        with pytest.raises(Refused, match="in table 1000"):
            plan([R.payload(P4)], {"destination": P4, "source": S4, "table": 1000})
        assert plan([R.payload(P4, table=1000)], {"destination": P4, "source": S4, "table": 1000}).steps


class TestSource:
    def test_is_all_that_changes(self) -> None:
        for kind in ("all metrics", "congctl locked", "onlink hops", "nexthop group", "realm", "encap ip"):
            there = R.dumped(kind)
            (step,) = plan([there], {"destination": P4, "source": S4}, force=True).steps
            assert step.requests[0] == (
                wire.RTM_NEWROUTE,
                wire.NLM_F_REPLACE,
                edit.with_source(Payload(there), R.packed(S4)),
            )
            assert step.undo == (wire.Message(wire.RTM_NEWROUTE, wire.NLM_F_REPLACE, edit.echo(Payload(there))),)

    def test_that_is_there_is_unchanged(self) -> None:
        found = plan([R.payload(P4, source=S4)], {"destination": P4, "source": S4})
        assert (list(found.steps), len(found.unchanged)) == ([], 1)

    def test_goes(self) -> None:
        assert sources(plan([R.payload(P4, source=S4)], {"destination": P4, "state": "absent"})) == {P4: None}
        assert not plan([R.payload(P4)], {"destination": P4, "state": "absent"}).steps

    def test_goes_only_where_it_is_the_named_one(self) -> None:
        there = [R.payload(P4, source=S4, metric=1), R.payload(P4, source=OTHER4, metric=2)]
        found = plan(there, {"destination": P4, "source": S4, "state": "absent"})
        assert [str(step.before).split()[-1] for step in found.steps] == ["1"]
        assert len(found.unchanged) == 1


class TestSeveralEntries:
    @pytest.mark.parametrize("backwards", [False, True])
    def test_the_closest_counts(self, backwards: bool) -> None:
        items: list[dict[str, Any]] = [
            {"destination": "198.0.0.0/8", "within": True, "source": S4},
            {"destination": "198.51.0.0/16", "within": True, "state": "absent"},
            {"destination": P4, "within": True, "source": OTHER4},
            {"destination": P4, "source": S4},
        ]
        found = plan([R.payload(prefix) for prefix in INSIDE[:5]], *(items[::-1] if backwards else items))
        assert sources(found) == {
            "198.0.0.0/8": S4,
            "198.51.0.0/16": S4,
            P4: S4,
            "198.51.100.128/25": OTHER4,
            "198.51.100.7/32": OTHER4,
        }

    def test_that_contradict_are_refused_with_both_numbers(self) -> None:
        items: list[dict[str, Any]] = [
            {"destination": P4, "source": S4, "protocol": "boot"},
            {"destination": P4, "source": OTHER4},
        ]
        with pytest.raises(InvalidInput, match=r"routes\[0\] and routes\[1\] both select"):
            plan([R.payload(P4)], *items)

    def test_that_agree_are_one(self) -> None:
        items: list[dict[str, Any]] = [
            {"destination": P4, "source": S4},
            {"destination": P4, "source": S4, "protocol": "boot"},
        ]
        assert len(plan([R.payload(P4)], *items).steps) == 1

    def test_that_are_outranked_are_not_missing(self) -> None:
        items: list[dict[str, Any]] = [
            {"destination": P4, "source": S4},
            {"destination": P4, "within": True, "source": OTHER4},
        ]
        assert sources(plan([R.payload(P4)], *items)) == {P4: S4}


class TestMissing:
    def test_fails_and_shows_what_is_near(self) -> None:
        with pytest.raises(Refused) as caught:
            plan([R.payload(P4, metric=5)], {"destination": P4, "source": S4, "protocol": "static", "metric": 7})
        message = caught.value.message
        assert message.startswith(f"routes[0]: no route to {P4} protocol static metric 7 in table main.")
        assert f"What there is: '{P4} via {G4} dev v0 proto boot metric 5'." in message
        assert "missing: ignore" in message

    def test_is_ignored_where_told(self) -> None:
        found = plan([], {"destination": P4, "source": S4}, missing="ignore")
        assert (list(found.steps), [str(prefix) for prefix in found.missing]) == ([], [P4])


class TestOwners:
    @pytest.mark.parametrize(
        ("protocol", "owner", "advice"),
        [(186, "bgp", "set src"), (12, "bird", "krt_prefsrc"), (2, "kernel", "link flap"), (9, "ra", "advertisements")],
    )
    def test_are_named(self, protocol: int, owner: str, advice: str) -> None:
        there = [R.payload(P4, protocol=protocol)]
        with pytest.raises(Refused) as caught:
            plan(there, {"destination": P4, "source": S4})
        assert caught.value.details["owner"] == owner
        assert advice in caught.value.message
        forced = plan(there, {"destination": P4, "source": S4}, force=True)
        assert (len(forced.steps), len(forced.warnings)) == (1, 1)

    def test_do_not_matter_where_nothing_changes(self) -> None:
        assert not plan([R.payload(P4, protocol=186, source=S4)], {"destination": P4, "source": S4}).steps

    @pytest.mark.parametrize("protocol", [0, 3, 4, 77, 133])
    def test_that_are_nobody_are_written_to(self, protocol: int) -> None:
        assert plan([R.payload(P4, protocol=protocol)], {"destination": P4, "source": S4}).steps


class TestAliases:
    def test_behind_the_first_are_refused(self) -> None:
        there = [R.payload(P4), R.payload(P4, "10.1.0.254", 3)]
        with pytest.raises(Refused, match="only the first"):
            plan(there, {"destination": P4, "source": S4, "gateway": "10.1.0.254"})
        assert plan(there, {"destination": P4, "source": S4, "gateway": G4}).steps

    def test_of_ipv6_are_counted_by_kind(self) -> None:
        device, gateway = R.payload(P6, None, 2), R.payload(P6, "2001:db8:1::fe", 3)
        found = plan([device, gateway], {"destination": P6, "source": S6, "device": "v1"})
        assert [step.requests[0].payload for step in found.steps] == [edit.with_source(Payload(gateway), R.packed(S6))]
        with pytest.raises(Refused, match="only the first"):
            plan([device, R.payload(P6, None, 3)], {"destination": P6, "source": S6, "device": "v1"})

    def test_twice_in_an_ipv6_dump_are_one(self) -> None:
        assert len(plan([R.payload(P6)] * 2, {"destination": P6, "source": S6}).steps) == 1


class TestHiddenSources:
    """IPv6 legs may each have a source; a dump shows the first one's."""

    SHOWN = edit.with_source(Payload(R.dumped("IPv6 weights")), R.packed(S6))
    ITEM: ClassVar = {"destination": P6, "source": S6}

    def legs(self, *sources: str) -> list[Payload]:
        shown = Payload(self.SHOWN)
        seen = {way(hop): Payload(edit.with_source(shown, R.packed(one))) for hop, one in zip(shown.hops, sources)}
        return legs(shown, seen)

    def test_are_set_though_the_shown_one_is_right(self) -> None:
        (step,) = plan([self.SHOWN], self.ITEM, legs=self.legs(S6, OTHER6)).steps
        # Alike afterwards: one message does.
        assert step.requests == (wire.Message(wire.RTM_NEWROUTE, wire.NLM_F_REPLACE, self.SHOWN),)
        assert not plan([self.SHOWN], self.ITEM, legs=self.legs(S6, S6)).steps

    def test_that_cannot_be_seen_are_taken_for_the_shown_one(self) -> None:
        assert not plan([self.SHOWN], self.ITEM, legs=self.legs()).steps

    def test_come_back_one_by_one(self) -> None:
        (step,) = plan([self.SHOWN], self.ITEM, legs=self.legs(S6, OTHER6)).steps
        create, replace, append = wire.NLM_F_CREATE, wire.NLM_F_REPLACE, wire.NLM_F_APPEND
        assert [message.flags for message in step.undo] == [create | replace, create | append]
        assert [source_of(message.payload) for message in step.undo] == [R.packed(S6), R.packed(OTHER6)]
        assert [Payload(message.payload).hops[0].weight for message in step.undo] == [4, 2]

    def test_are_cleared_only_where_they_are_named(self) -> None:
        item = {"destination": P6, "source": OTHER6, "state": "absent"}
        (step,) = plan([self.SHOWN], item, legs=self.legs(S6, OTHER6)).steps
        assert [source_of(message.payload) for message in step.requests] == [R.packed(S6), None]

    def test_what_else_a_leg_has_is_kept(self) -> None:
        shown = Payload(self.SHOWN)
        other = Payload(R.payload(P6, protocol=77, extra=[(R.METRICS, R.attr(2, R.u32(1300)))]))
        found = legs(shown, {way(shown.hops[1]): other})
        (step,) = plan([self.SHOWN], {"destination": P6, "source": OTHER6}, legs=found).steps
        first, second = (R.parsed(message.payload) for message in step.requests)
        assert [one[0][5] for one in (first, second)] == [3, 77]
        assert [one[1].get(R.METRICS) for one in (first, second)] == [None, R.attr(2, R.u32(1300))]
        assert [one[1][R.PREFSRC] for one in (first, second)] == [R.packed(OTHER6)] * 2


def test_one_dump_for_each_family_and_table() -> None:
    table = R.Table(R.payload(P4), R.payload(P4, table=1000))
    host = AnySource(Written(LINKS))
    items: list[dict[str, Any]] = [{"destination": P4, "source": S4}, {"destination": P4, "source": S4, "table": 1000}]
    items += [{"destination": f"198.18.{at}.0/24", "source": S4} for at in range(5)]
    planner = SourcePlanner(selections(items, host), Lines(R.NAMES), table.dump, lambda _payload: (), missing="ignore")
    assert len(planner.plan().steps) == 2
    assert sorted(table.asked) == [(INET, 254, 0), (INET, 1000, 0)]


def down(hop: Hop, table: int) -> tuple[str, str] | None:
    return ("v1 is down", "set it up first") if hop.device == 3 else None


class TestDead:
    """A route of several next hops, the device of one of which is down: the kernel takes no change of it."""

    ROUTE = R.dumped("weights")  # by v0 and v1
    ITEM: ClassVar = {"destination": "198.51.0.0/16", "within": True, "source": S4}

    def test_is_refused_with_the_next_hop_and_why(self) -> None:
        with pytest.raises(Refused) as caught:
            plan([self.ROUTE, R.payload("198.51.7.0/24")], self.ITEM, why_not=down)
        assert caught.value.message == (
            "routes[0]: '198.51.100.0/24 proto boot nexthop via 10.0.0.254 dev v0 weight 5 nexthop via 10.1.0.254 dev "
            "v1 weight 250': the next hop via 10.1.0.254 dev v1 is dead: v1 is down. As long as that is so the kernel "
            "takes no change of a route that names it. Mend it, take the next hop out of the route, or set dead: "
            "ignore to leave such routes as they are"
        )

    def test_is_left_alone_and_the_others_are_set(self) -> None:
        found = plan([self.ROUTE, R.payload("198.51.7.0/24")], self.ITEM, why_not=down, dead="ignore")
        assert sources(found) == {"198.51.7.0/24": S4}
        report = found.report()
        assert report["counts"] == {"created": 0, "changed": 1, "removed": 0, "unchanged": 0, "missing": 0, "dead": 1}
        assert [result["action"] for result in report["results"]] == ["changed", "dead"]
        assert report["omitted"] == 0
        assert "is left as it is: the next hop via 10.1.0.254 dev v1 is dead" in found.warnings[0]

    def test_devices_that_it_does_not_use(self) -> None:
        assert sources(plan([R.payload(P4)], self.ITEM, why_not=down)) == {P4: S4}

    def test_nexthop_objects_are_taken_as_they_are(self) -> None:
        assert sources(plan([R.dumped("nexthop group")], self.ITEM, why_not=down)) == {P4: S4}

    def test_what_needs_no_change_is_as_wanted(self) -> None:
        named = edit.with_source(Payload(self.ROUTE), R.packed(S4))
        assert plan([named], self.ITEM, why_not=down).report()["counts"]["unchanged"] == 1
