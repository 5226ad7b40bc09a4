# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules, labels and lifetimes of an intent in the kernel. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..._base.protocols import OWN_PROTOCOL
from ..._change.steps import Planner
from ..._labels.labels import LabelPlanner, read, undoing
from ..._rules.planners import rule_planner
from ..interface import Intent
from ..view import Hands
from . import recorded
from .recorded import Item


class Others:
    """What there is beside addresses, routes and sources; ``record``: of an earlier run, and of this one."""

    def __init__(self, hands: Hands, intent: Intent, record: t.Mapping[str, list[Item]]) -> None:
        self._hands = hands
        self._intent = intent
        self._before = record
        rules = [{key: value for key, value in entry.items() if value is not None} for entry in intent["rules"]]
        self.record = {"rules": rules, "labels": self._labels(), "deprecated": self._deprecated()}

    def _labels(self) -> list[Item]:
        if not self._intent["labels"]:
            return []
        host = self._hands.host
        there = {(str(one.prefix), host.names.get(one.device)): one.label for one in host.labels}
        return recorded.labels(self._intent["labels"], self._before["labels"], there)

    def _deprecated(self) -> list[Item]:
        if not any(entry["preferred_lifetime"] is not None for entry in self._intent["addresses"]):
            return []
        there = {
            (f"{one.address}/{one.prefix_length}", one.device) for one in self._hands.host.addresses if one.deprecated
        }
        return recorded.deprecated(self._intent["addresses"], self._before["deprecated"], there)

    def addresses(self, items: t.Sequence[Item]) -> list[Item]:
        """Items of the module address, and what it takes for lifetimes to be as before."""
        going = {(one["address"], one["device"]) for one in self._before["addresses"]}
        again = self._preferred_again()
        found = []
        for item in items:
            place = item["address"], item["device"]
            lifetime = again.pop(place, None)
            found.append(item if lifetime is None else {**item, "preferred_lifetime": lifetime})
        rest = [place for place in again if place not in going]
        return [*found, *({"address": one, "device": two, "preferred_lifetime": "forever"} for one, two in rest)]

    def _preferred_again(self) -> dict[tuple[str, str], str]:
        if not self._before["deprecated"]:
            return {}
        there = {(f"{one.address}/{one.prefix_length}", one.device) for one in self._hands.host.addresses}
        items = recorded.preferred_again(self._intent["addresses"], self._before["deprecated"], there)
        return {(item["address"], item["device"]): item["preferred_lifetime"] for item in items}

    def planners(self) -> tuple[Planner, ...]:
        """Of rules and of labels; none for what neither this intent nor an earlier one has."""
        found: list[Planner] = []
        gone = recorded.gone_rules(self.record["rules"], self._before["rules"])
        if self.record["rules"] or gone:
            items = [*self.record["rules"], *gone]
            found.append(rule_planner(self._hands.kernel, self._hands.host, items, OWN_PROTOCOL))
        again = recorded.gone_labels(self._intent["labels"], self._before["labels"])
        if self._intent["labels"] or again:
            host = self._hands.host
            wanted = [read(entry, f"labels[{at}]", host.device) for at, entry in enumerate(self._intent["labels"])]
            # With its device a label has gone already.
            back = [undoing(entry, host.device) for entry in again if not entry["device"] or host.find(entry["device"])]
            found.append(LabelPlanner([*wanted, *back], self._hands.kernel.labels, host.names))
        return tuple(found)
