# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's changes as data: steps, and what the task reports of them. PRIVATE to the collection."""

from __future__ import annotations

import collections
import itertools
import typing as t
from dataclasses import dataclass, field

from .._netlink.wire import Message, Rows

#: Items that a task reports one by one; what is above is counted. Keeps the output of a fleet readable.
REPORT_LIMIT = 1000


class AnyStep(t.Protocol):
    """What a step tells; ``Step`` holds it ready, ``RouteStep`` works it out only when asked.

    ``noun`` is what results call its subject.
    """

    @property
    def noun(self) -> str: ...
    @property
    def item(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def before(self) -> str | None: ...
    @property
    def after(self) -> str | None: ...
    @property
    def requests(self) -> tuple[Message, ...]: ...
    @property
    def undo(self) -> tuple[Message, ...]: ...


class Step(t.NamedTuple):
    """One change: ``item`` names the entry of the task (``routes[3]``), ``undo`` brings back what was there.

    ``before`` and ``after`` are lines as ``ip`` prints them, None for nothing.
    """

    item: str
    subject: str
    action: str
    before: str | None
    after: str | None
    request: Message
    undo: tuple[Message, ...]
    noun: str = "destination"

    @property
    def requests(self) -> tuple[Message, ...]:
        """What to send; most changes are one message."""
        return (self.request,)


class LongStep(t.NamedTuple):
    """One change of several messages, as ``Step``."""

    noun: str
    item: str
    subject: str
    action: str
    before: str | None
    after: str | None
    requests: tuple[Message, ...]
    undo: tuple[Message, ...]


class ManySteps(t.Protocol):
    """Steps of one ``action``, each of one message, that come into being one by one only when asked for."""

    action: str

    def __len__(self) -> int: ...
    def __getitem__(self, at: int) -> AnyStep: ...
    @property
    def requests(self) -> Rows: ...


class Steps:
    """Steps in order, one by one or many at once."""

    def __init__(self, steps: t.Iterable[AnyStep] = ()) -> None:
        self._parts: list[list[AnyStep] | ManySteps] = [list(steps)]

    def append(self, step: AnyStep) -> None:
        self.extend([step])

    def extend(self, steps: t.Iterable[AnyStep]) -> None:
        last = self._parts[-1]
        if isinstance(last, list):
            last += steps
        else:
            self._parts.append(list(steps))

    def add(self, many: ManySteps) -> None:
        self._parts.append(many)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> t.Iterator[AnyStep]:
        for part in self._parts:
            for at in range(len(part)):
                yield part[at]

    def __getitem__(self, at: int) -> AnyStep:
        for part in self._parts:
            if at < len(part):
                return part[at]
            at -= len(part)
        raise IndexError(at)

    def requests(self) -> t.Iterator[Message | Rows]:
        """What to send, in order."""
        for part in self._parts:
            if isinstance(part, list):
                for step in part:
                    yield from step.requests
            else:
                yield part.requests

    def by_message(self) -> t.Iterator[AnyStep]:
        """The step that each message of ``requests`` belongs to."""
        for part in self._parts:
            for at in range(len(part)):
                step = part[at]
                yield from [step] * (len(step.requests) if isinstance(part, list) else 1)

    def count(self) -> t.Iterator[tuple[str, int]]:
        """Actions, and how many steps each piece adds to them."""
        for part in self._parts:
            if isinstance(part, list):
                yield from collections.Counter(step.action for step in part).items()
            else:
                yield part.action, len(part)


def step_result(step: AnyStep) -> dict[str, t.Any]:
    """What a task returns of a step."""
    return {step.noun: step.subject, "action": step.action, "before": step.before, "after": step.after}


@dataclass
class Plan:
    """What a task will do: steps in order, and the items that need nothing.

    ``unchanged`` holds (subject, line) pairs, ``missing`` subjects; both are turned into text when reported.
    ``dead`` are as ``unchanged`` is: routes left as they are, because the kernel takes no change of them now.
    ``unlisted`` counts unchanged ones that no report would have room for. ``noun`` is what results call a subject.
    """

    steps: Steps = field(default_factory=Steps)
    unchanged: list[tuple[object, object]] = field(default_factory=list)
    missing: list[object] = field(default_factory=list)
    dead: list[tuple[object, object]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unlisted: int = 0
    noun: str = "destination"

    def keep(self, entries: t.Iterable[tuple[object, object]], count: int) -> None:
        """``count`` entries at once that need nothing."""
        before = len(self.unchanged)
        self.unchanged += itertools.islice(entries, REPORT_LIMIT)
        self.unlisted += count - (len(self.unchanged) - before)

    def report(self, *, diff: bool = True) -> dict[str, t.Any]:
        """``changed``, ``results`` (changes first, at most REPORT_LIMIT), ``counts``; ``diff`` of changed items.

        ``counts`` names ``dead`` only where there are such.
        """
        counts = {
            "created": 0,
            "changed": 0,
            "removed": 0,
            "unchanged": len(self.unchanged) + self.unlisted,
            "missing": len(self.missing),
        }
        if self.dead:
            counts["dead"] = len(self.dead)
        for action, number in self.steps.count():
            counts[action] += number
        results = [step_result(step) for step in itertools.islice(self.steps, REPORT_LIMIT)]
        missing = ((name, "missing", None) for name in self.missing)
        dead = ((name, "dead", line) for name, line in self.dead)
        unchanged = ((name, "unchanged", line) for name, line in self.unchanged)
        room = REPORT_LIMIT - len(results)
        for name, action, line in itertools.islice(itertools.chain(missing, dead, unchanged), room):
            text = None if line is None else str(line)
            results.append({self.noun: str(name), "action": action, "before": text, "after": text})
        total = sum(counts.values())
        found = {
            "changed": bool(self.steps),
            "results": results,
            "counts": counts,
            "omitted": total - len(results),
        }
        return {**found, "diff": self._diff()} if diff else found

    def _diff(self) -> dict[str, str]:
        shown = list(itertools.islice(self.steps, REPORT_LIMIT))
        more = len(self.steps) - len(shown)
        tail = f"(and {more} more)\n" if more else ""
        return {
            "before": "".join([f"{step.before}\n" for step in shown if step.before is not None]) + tail,
            "after": "".join([f"{step.after}\n" for step in shown if step.after is not None]) + tail,
        }


class Planner(t.Protocol):
    """Anything that can say, at any time, what is left to do."""

    def plan(self) -> Plan: ...
