# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy rules of the pieces that a manager was given, against the kernel's. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..._base.protocols import PROTOCOLS
from ..._rules.plan import RulePlanner
from ..._rules.planners import rule_planner
from ..finding import Finding
from ..view import Hands
from .pieces import Item, Piece, name_of_rule, rule_items
from .record import Record, stale_rules

#: The number that the rules of networkd (252, 257) and of NetworkManager (1.42, 1.52) have; neither has a word for it.
PROTOCOL = PROTOCOLS["static"]


class HeldRules:
    """Those of the pieces, and those that are gone."""

    def __init__(self, hands: Hands, pieces: t.Sequence[Piece], gone: Record) -> None:
        self._hands = hands
        self._entries = [rule for piece in pieces for rule in piece.rules]
        self._items = rule_items(pieces)
        self._stale = stale_rules(gone, PROTOCOL)

    def name(self, number: int) -> str:
        """How messages call the entry of this number."""
        return name_of_rule(self._entries[number])

    def created_rules(self) -> list[Item]:
        """Those of the items that the kernel does not have now."""
        there = self.wanted().plan() if self._items else None
        return [self._items[number_of(step.item)] for step in there.steps] if there else []

    def warnings(self) -> list[str]:
        """What there is to say of the change: devices that are not there, connections that it would cut off."""
        items = [*self._items, *self._stale]
        return list(self._planner(items).plan().warnings) if items else []

    def findings(self) -> list[Finding]:
        """The rules that are missing."""
        if not self._items:
            return []
        steps = self.wanted().plan().steps
        return [self._finding(self._entries[number_of(step.item)], str(step.after)) for step in steps]

    def _finding(self, entry: Item, line: str) -> Finding:
        what = f"the kernel does not have this rule: {line}"
        return Finding(entry["to"] or entry["from"] or "*", None, None, "absent", what, table=entry["table"])

    def left(self) -> list[str]:
        """Lines of what has to be gone and is there."""
        return [str(step.before) for step in self.gone().plan().steps] if self._stale else []

    def wanted(self) -> RulePlanner:
        return self._planner(self._items)

    def gone(self) -> RulePlanner:
        return self._planner(self._stale)

    def _planner(self, items: t.Sequence[Item]) -> RulePlanner:
        return rule_planner(self._hands.kernel, self._hands.host, items, PROTOCOL)


def number_of(item: str) -> int:
    """Which entry of the task a step is for: ``routes[3]``, ``rules[3]``."""
    return int(item[item.index("[") + 1 : item.index("]")])
