# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to happen to the host's rules. Pure but for what it is given to read. PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from .._base.errors import InvalidInput, Refused
from .._base.protocols import owner
from .._base.values import INET, INET6, Rule
from .._change.steps import LongStep, Plan
from .._netlink import rules as _decode
from .._netlink.rules import RuleEntry
from .._netlink.wire import Message
from . import groups
from .items import Wanted, selection
from .line import content, line
from .payload import new_payload, restoring_payload

#: The rules of a family before and after, in the kernel's order.
Outcome = tuple[list[Rule], list[Rule]]


class _Rules:
    """The rules of a family while a plan is made: as they will be after the steps so far."""

    def __init__(self, entries: t.Sequence[RuleEntry]) -> None:
        self.before = [entry.rule for entry in entries]
        self._at: dict[int, list[RuleEntry]] = {}
        for entry in entries:
            self._at.setdefault(entry.rule.priority, []).append(entry)

    def all(self) -> list[RuleEntry]:
        return [entry for priority in sorted(self._at) for entry in self._at[priority]]

    def at(self, priority: int) -> list[RuleEntry]:
        return self._at.get(priority, [])

    def swap(self, old: RuleEntry | None, new: RuleEntry | None) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
        """One rule for another, None for nothing: the messages for it, and those that undo them."""
        priority = t.cast(RuleEntry, old or new).rule.priority
        before = self.at(priority)
        after = [new if entry is old else entry for entry in before]
        if old is None:
            after.append(new)
        there = [entry for entry in after if entry is not None]
        self._at[priority] = there
        return tuple(groups.messages(before, there)), tuple(groups.messages(there, before))


@dataclass
class RulePlanner:
    """``read``: the rules of a family, devices by their first names; ``protocol``: of new rules and of the purge.

    ``judge``: what there is to say of the rules of each family, before and after.
    """

    wanted: t.Sequence[Wanted]
    read: t.Callable[[int], t.Sequence[RuleEntry]]
    protocol: int
    purge: bool = False
    force: bool = False
    warnings: t.Sequence[str] = ()
    judge: t.Callable[[t.Mapping[int, Outcome]], t.Iterable[str]] = lambda outcome: ()
    _rules: dict[int, _Rules] = field(default_factory=dict)

    def plan(self) -> Plan:
        """The steps in the order of the items; removals last: what replaces a rule is there before it goes."""
        plan = Plan(noun="rule", warnings=list(self.warnings))
        families = {one.rule.family for one in self.wanted} | ({INET, INET6} if self.purge else set())
        self._rules = {family: _Rules(self.read(family)) for family in sorted(families)}
        claimed: set[int] = set()
        free = self._free_priorities()
        made: list[tuple[Wanted, RuleEntry]] = []
        going: list[tuple[str, RuleEntry]] = []
        for one in self.wanted:
            if one.absent:
                going += [(one.item, entry) for entry in self._absent(one, plan)]
            else:
                found = self._present(one, claimed)
                if found is None:
                    made.append((one, self._create(one, free, plan)))
                    claimed.add(id(made[-1][1]))
                else:
                    claimed.add(id(self._keep(one, found, plan)))
        if self.purge:
            going += [
                ("purge", entry)
                for rules in self._rules.values()
                for entry in rules.all()
                if entry.rule.protocol == self.protocol and id(entry) not in claimed
            ]
        plan.steps.extend(self._remove(going, claimed))
        for one, entry in made:
            plan.warnings += self._hidden(one, entry)
        if plan.steps:
            after = {family: [entry.rule for entry in rules.all()] for family, rules in self._rules.items()}
            plan.warnings += self.judge({family: (self._rules[family].before, after[family]) for family in after})
        return plan

    def _present(self, one: Wanted, claimed: set[int]) -> RuleEntry | None:
        found = [
            entry for entry in self._rules[one.rule.family].all() if id(entry) not in claimed and one.agrees(entry.rule)
        ]
        # Of several of unnamed priority ours is the one.
        found.sort(key=lambda entry: entry.rule.protocol not in (one.protocol, self.protocol))
        return found[0] if found else None

    def _keep(self, one: Wanted, entry: RuleEntry, plan: Plan) -> RuleEntry:
        """The rule that is there, or what becomes of it where the entry names another protocol."""
        subject = content(entry.rule)
        if one.protocol in (None, entry.rule.protocol):
            plan.unchanged.append((subject, line(entry.rule)))
            return entry
        self._check_owner(one.item, entry)
        new = _entry(restoring_payload(entry.payload, one.protocol), entry.rule)
        requests, undo = self._rules[one.rule.family].swap(entry, new)
        plan.steps.append(_step(one.item, entry, new, requests, undo))
        return new

    def _create(self, one: Wanted, free: dict[int, int], plan: Plan) -> RuleEntry:
        rule = replace(one.rule, protocol=self.protocol if one.protocol is None else one.protocol)
        if one.priority is None:
            rule = replace(rule, priority=free[rule.family])
            free[rule.family] += 1
        if rule.goto is not None and rule.goto <= rule.priority:
            raise InvalidInput(f"{one.item}.goto: {rule.goto} is not behind the rule's own priority {rule.priority}")
        entry = _entry(new_payload(rule), rule)
        requests, undo = self._rules[rule.family].swap(None, entry)
        plan.steps.append(_step(one.item, None, entry, requests, undo))
        return entry

    def _absent(self, one: Wanted, plan: Plan) -> list[RuleEntry]:
        found = [entry for entry in self._rules[one.rule.family].all() if one.agrees(entry.rule)]
        for entry in found:
            self._check_owner(one.item, entry)
        if not found:
            plan.missing.append(content(one.rule))
        return found

    def _remove(self, going: t.Sequence[tuple[str, RuleEntry]], claimed: set[int]) -> t.Iterator[LongStep]:
        for item, entry in going:
            if id(entry) in claimed:
                continue
            claimed.add(id(entry))
            requests, undo = self._rules[entry.rule.family].swap(entry, None)
            yield _step(item, entry, None, requests, undo)

    def _check_owner(self, item: str, entry: RuleEntry) -> None:
        found = owner(entry.rule.protocol)
        if found and not self.force:
            raise Refused(
                f"{item}: the rule '{line(entry.rule)}' belongs to {found}. Change it there, or set force: true to "
                "change it here all the same",
                owner=found,
            )

    def _free_priorities(self) -> dict[int, int]:
        """Where rules without a priority begin: in front of all but the first, as the kernel puts them, in order.

        ``fib_default_rule_pref()``, which would put each in front of the one before.
        """
        free = {}
        for family, rules in self._rules.items():
            unnamed = [one for one in self.wanted if one.priority is None and not one.absent]
            new = [one for one in unnamed if one.rule.family == family and self._present(one, set()) is None]
            there = [entry.rule.priority for entry in rules.all()]
            named = [
                one.priority for one in self.wanted if one.priority and not one.absent and one.rule.family == family
            ]
            first, ceiling = (there or [0])[0], min([*there[1:], *named, 32766])
            free[family] = ceiling - len(new)
            if new and free[family] <= first:
                raise InvalidInput(
                    f"{new[0].item}.priority: there is no room for {len(new)} rule(s) between the priorities {first} "
                    f"and {ceiling}, where rules go that name none; name it"
                )
        return free

    def _hidden(self, one: Wanted, entry: RuleEntry) -> t.Iterator[str]:
        """Rules that select the same and come first."""
        for other in self._rules[entry.rule.family].at(entry.rule.priority):
            if other is entry:
                return
            if selection(other.rule) == selection(entry.rule):
                yield (
                    f"{one.item}: '{line(other.rule)}' selects the same and comes before '{line(entry.rule)}'; to "
                    "replace it, name it with state: absent"
                )


def _entry(payload: bytes, like: Rule) -> RuleEntry:
    """An entry of a rule that is not there yet. Its devices are those that are there under these names."""
    return RuleEntry(replace(_decode.rule(payload), iif=like.iif, oif=like.oif, detached=False), payload)


def _step(
    item: str, old: RuleEntry | None, new: RuleEntry | None, requests: tuple[Message, ...], undo: tuple[Message, ...]
) -> LongStep:
    before, after = (None if entry is None else line(entry.rule) for entry in (old, new))
    action = "created" if old is None else "removed" if new is None else "changed"
    return LongStep("rule", item, content(t.cast(RuleEntry, new or old).rule), action, before, after, requests, undo)
