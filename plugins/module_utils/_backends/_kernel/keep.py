# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look of the keeper at the kernel: what is not as the intent says is mended, as far as it can be now.

A task does the whole intent or nothing. Here a device that is down must not keep the other routes from coming back:
each piece that can be is, and for the others it is said why not. Nothing is removed but what an owner has written a
second time beside a route that has our source, and no daemon's route is touched unless the options say `force`. What
is made is written down first, in the record that a task works by.
"""

from __future__ import annotations

import errno
import re
import typing as t

from ..._addresses.task import AddressChange
from ..._base.errors import SourceIPError
from ..._base.names import table_name
from ..._base.protocols import OWN_PROTOCOL, owner
from ..._base.values import MAIN
from ..._change.steps import AnyStep
from ..._netlink.kernel import Kernel
from ..._routes.edit import with_source
from ..._routes.line import Lines
from ..._routes.payload import Payload
from ..._routes.planners import route_planner, source_planner
from ..._routes.route_steps import RouteStep
from ..._routes.wanted import routes, selections
from .._keeper.interest import Interest, address_key, route_key
from .._keeper.rivals import Key, Rivals
from .._keeper.rounds import Mended, Round, Waiting
from ..interface import Intent
from ..view import Hands
from . import record
from .items import Item, items
from .others import Others

_WHERE = re.compile(r"^(routes|addresses|rules|labels)\[\d+\][\w.\[\]]*( \(device [^)]*\))?: ")
_DAEMONS = frozenset(filter(owner, range(256)))
#: The back end's options that count for the keeper.
KEPT_OPTIONS = ("record", "force")
_MOST_LOST = 10000
_Work = tuple[Key, AnyStep]


class Keep:
    """An intent that is kept. ``options``: the back end's."""

    def __init__(self, intent: Intent, options: t.Mapping[str, t.Any]) -> None:
        self._options = options
        self._intent = intent
        self._wanted = items(intent, record.parse(None, ""))
        self.interest = Interest(intent, bool(options["force"]))
        self._lost: dict[Key, Payload] = {}

    def lose(self, route: Payload) -> None:
        """A route of somebody else, which the kernel has removed because its source went; brought back without it.

        Its owner has set no source, and would have kept it. IPv6 keeps such routes by itself.
        """
        if len(self._lost) < _MOST_LOST:
            self._lost[route_key(route)] = route

    def look(self, hands: Hands, rivals: Rivals, now: float) -> Round:
        """Judge and mend; ``now``: the clock of ``rivals``. SourceIPError where nothing at all can be said."""
        found = Round()
        look = _Look(hands, rivals, now, found)
        self._addresses(look)
        self._bring_back(look)
        planned = self._plan(look)
        steps = [step for plan in planned for step in plan]
        found.checked += len(self._wanted.routes) + len(self._wanted.sources)
        if look.carry_out([(_key_of(step), step) for step in steps]):
            look.left = []  # what could not be planned before may be possible now
            for plan in self._plan(look):
                for step in plan:
                    if _key_of(step) in look.sent:
                        found.waiting.append(Waiting(step.subject, f"the kernel took it, and holds {step.before}"))
        found.waiting += look.left
        self._rules_and_labels(look)
        rivals.settle(look.needed, now)
        rivals.forget(now)
        return found

    def _addresses(self, look: _Look) -> None:
        host = look.hands.host
        wanted: list[Item] = []
        for item in self._wanted.addresses:
            if host.find(item["device"]) is None:
                look.found.waiting.append(Waiting(item["address"], f"there is no device {item['device']}"))
            else:
                wanted.append(item)
        work: list[_Work] = []
        created: set[tuple[str, str]] = set()
        found: list[Item] = []
        for item in wanted:
            # One by one: what is wrong with one of them concerns no other.
            try:
                change = AddressChange(look.hands.kernel, host, [item], force=False, wait=0)
            except SourceIPError as error:
                look.found.waiting.append(Waiting(item["address"], _bare(error.message)))
                continue
            created |= change.additions.created
            if not change.additions.created:
                found.append({"address": item["address"], "device": item["device"]})
            for one, step in zip(change.additions.by_step, change.additions.steps):
                work.append((address_key(one.packed, one.prefix_length, one.index), step))
        look.found.checked += len(self._wanted.addresses)
        try:
            self._write_down(look.hands, created, found)
        except record.RecordError as error:
            # Without it nobody would know them for ours.
            look.found.waiting.append(Waiting("addresses", error.message))
            work = []
        if look.carry_out(work):
            look.hands.forget()

    def _bring_back(self, look: _Look) -> None:
        """What was lost; with its source, if that is there again, at the end of the look. What cannot be now waits."""
        lost, self._lost = self._lost, {}
        lines = Lines(look.hands.host.names) if lost else None
        for key, route in lost.items():
            step = RouteStep(None, route.destination, "created", None, with_source(route, None), t.cast(Lines, lines))
            failures = look.hands.kernel.send(step.requests).failures
            if not failures:
                look.found.mended.append(Mended(_name(step), None, step.after))
            elif failures[0].errno != errno.EEXIST:
                self._lost[key] = route
                look.found.waiting.append(Waiting(step.subject, failures[0].text))

    def _write_down(self, hands: Hands, created: t.Collection[tuple[str, str]], found: list[Item]) -> None:
        """Before it is done: what the record names and the host does not have is no harm."""
        path = self._options["record"]
        content = record.read(path)
        before = record.parse(content, path)
        wanted = {**self._wanted.record, "found": found, **Others(hands, self._intent, before).record}
        # An address that was there before the intent, and is made again, is not ours for that.
        theirs = {(item["address"], item["device"]) for item in before["found"]}
        after = record.after(before, wanted, set(created) - theirs, complete=False)
        if after != before or content is None:
            record.write(path, record.text(after))

    def _rules_and_labels(self, look: _Look) -> None:
        kinds = ("rules", "labels")
        look.found.checked += sum(len(self._intent[kind]) for kind in kinds)
        try:
            work = self._others(look, self._intent)
        except SourceIPError:
            # One by one: what is wrong with one of them concerns no other.
            work = []
            for kind in kinds:
                for entry in self._intent[kind]:
                    try:
                        work += self._others(look, {**self._intent, "rules": [], "labels": [], kind: [entry]})
                    except SourceIPError as error:
                        name = f"rule of priority {entry['priority']}" if kind == "rules" else entry["prefix"]
                        look.found.waiting.append(Waiting(name, _bare(error.message)))
        look.carry_out(work)

    def _others(self, look: _Look, intent: Intent) -> list[_Work]:
        """What is to go is for a task to take."""
        planners = Others(look.hands, intent, record.parse(None, "")).planners()
        steps = [step for planner in planners for step in planner.plan().steps]
        return [((step.noun, step.subject, step.after), step) for step in steps]

    def _plan(self, look: _Look) -> list[t.Sequence[AnyStep]]:
        """The steps of routes and those of sources."""
        kernel, host = look.hands.kernel, look.hands.host
        own = look.usable(self._wanted.routes, lambda some: routes(some, host))
        sources = look.usable(self._wanted.sources, lambda some: selections(some, host))
        found: list[t.Sequence[AnyStep]] = []
        if own:
            planner = route_planner(kernel, host, own, OWN_PROTOCOL, None)
            planner.left = []
            found.append(list(planner.plan().steps))
            look.refused(planner.left)
        if sources:
            setter = source_planner(kernel, host, sources, "ignore", force=self._options["force"])
            setter.left = []
            if not self._options["force"]:
                setter.wanted = [
                    one._replace(spared_protocols=one.spared_protocols | _DAEMONS) for one in setter.wanted
                ]
            found.append(list(setter.plan().steps))
            look.refused(setter.left)
        return found


class _Look:
    """What a look shares: ``needed``: keys that need a repair; ``sent``: those that got one; ``left``: not planned."""

    def __init__(self, hands: Hands, rivals: Rivals, now: float, found: Round) -> None:
        self.hands = hands
        self.found = found
        self.needed: set[Key] = set()
        self.sent: set[Key] = set()
        self.left: list[Waiting] = []
        self._rivals = rivals
        self._now = now

    def usable(self, given: list[Item], read: t.Callable[[list[Item]], object]) -> list[Item]:
        """Those entries of which device, VRF and source are there; for the others it is said what is not."""
        try:
            read(given)
            return given
        except SourceIPError:
            pass
        alike: dict[str, list[Item]] = {}
        for item in given:
            alike.setdefault(repr({**item, "destination": None}), []).append(item)
        good = []
        for some in alike.values():
            try:
                read(some)
                good += some
            except SourceIPError as error:
                self.left += [Waiting(item["destination"], _bare(error.message)) for item in some]
        return good

    def refused(self, left: t.Iterable[tuple[object, str]]) -> None:
        self.left += [Waiting(str(prefix), _bare(why)) for prefix, why in left]

    def carry_out(self, work: t.Sequence[_Work]) -> bool:
        """Send what nobody has just undone; whether anything was sent. What the kernel refuses waits."""
        now = []
        for key, step in work:
            self.needed.add(key)
            due = self._rivals.due(key, self._now)
            if due is None:
                now.append((key, step))
                continue
            again = self.found.again
            self.found.again = due if again is None else min(again, due)
            why = f"{self._rivals.words(key)}; repaired again in {due - self._now:.0f} s"
            self.found.waiting.append(Waiting(step.subject, why))
        failed = _send(self.hands.kernel, [step for _key, step in now])
        for at, (key, step) in enumerate(now):
            if at in failed:
                self.found.waiting.append(Waiting(step.subject, failed[at]))
                continue
            self._rivals.mended(key, self._now)
            self.sent.add(key)
            self.found.mended.append(Mended(_name(step), step.before, step.after))
        return len(now) > len(failed)


def _send(kernel: Kernel, steps: t.Sequence[AnyStep]) -> dict[int, str]:
    """Send all; {position of the step: the kernel's words} of what it refused."""
    messages = [(number, message) for number, step in enumerate(steps) for message in step.requests]
    failed: dict[int, str] = {}
    at = 0
    while at < len(messages):
        sent = kernel.send([message for _number, message in messages[at:]])
        for failure in sent.failures:
            failed.setdefault(messages[at + failure.position][0], failure.text)
        at += sent.total
    return failed


def _key_of(step: AnyStep) -> Key:
    found = t.cast(RouteStep, step)
    return route_key(Payload(found.new or found.old or b""))


def _name(step: AnyStep) -> str:
    if not isinstance(step, RouteStep):
        return step.subject
    table = Payload(step.new or step.old or b"").table
    return step.subject if table == MAIN else f"{step.subject} (table {table_name(table)})"


def _bare(message: str) -> str:
    """Without the number of the entry, which is that of a list nobody has written."""
    return _WHERE.sub("", message)
