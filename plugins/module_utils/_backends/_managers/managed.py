# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back end that writes for a manager of devices: what the back ends for all of them have in common.

PRIVATE to the collection. Files are replaced in one piece, the manager reads them by its own command, and the kernel is
the judge: exit statuses and a manager's own state say little. Where the kernel does not follow within the time limit,
files and manager are put back, and the message says what the kernel holds and what the manager said.
"""

from __future__ import annotations

import functools
import time
import typing as t
from dataclasses import dataclass, field

from ..._base.errors import Refused, SourceIPError
from ..._base.values import MAIN, parse_address
from ..._files.snapshot import Snapshot, read
from ..finding import ordered, table
from ..interface import Intent, Judgement, Plan, Repair
from ..view import Hands
from . import record
from .files import Change, Written, changes, only_ours
from .interface import File, Manager
from .kernel import Held, State, egress
from .pieces import Piece, name_of, split

#: Seconds: between two looks at the kernel; for a manager to take away what is not in its files any more, before it is
#: taken away for it; for its files to work at all, before the stronger way.
_PAUSE, _GRACE = 0.1, 1.0


class Found(t.NamedTuple):
    """``own``: our files by path; ``state``: of the manager; ``record``: file and content."""

    own: dict[str, Snapshot]
    state: t.Any
    place: Snapshot
    former: record.Record


@dataclass
class ManagedPlan(Plan):
    """What to write, and what the kernel is judged by."""

    pieces: list[Piece] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    transient: list[Change] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    held: Held | None = None
    back: Held | None = None


class ManagedBackEnd:
    """The flow; a back end names its ``manager`` and has ``CAPABILITIES``.

    ``options``: with ``record`` (path), ``wait`` (seconds for the kernel to follow), ``repair`` (safe or report).
    """

    def __init__(self, hands: Hands, options: t.Mapping[str, t.Any], manager: Manager) -> None:
        self._hands = hands
        self._options = options
        self._manager = manager

    def read(self) -> Found:
        place = read(self._options["record"])
        former = record.parse(place.content, place.path)
        return Found(only_ours(self._manager.own()), self._manager.read(), place, former)

    def plan(self, intent: Intent, found: Found, check: bool) -> ManagedPlan:
        places = [*found.own, *([found.place.path] if found.former else [])]
        plan = ManagedPlan(ours=places[0] if places else "")
        host = self._hands.host
        tables = {name: number for number, name in host.vrfs.items()}
        pieces, plan.refusals = split(intent, tables, functools.partial(egress, self._hands))
        plan.pieces = pieces
        plan.refusals += self._without_source(pieces)
        rendered = self._manager.render(pieces, found.state, found.former.notes)
        plan.refusals += rendered.refusals
        plan.warnings += rendered.warnings
        nothing = record.Record([], [], {})
        wanted = Held(self._hands, pieces, nothing, self._manager.protocol)
        if not plan.refusals:
            plan.refusals += filter(None, [wanted.conflict()])
        if plan.refusals:
            return plan
        created = wanted.created()
        now = record.made(found.former, pieces, created, rendered.notes, wanted.rules.created_rules())
        gone = record.gone(found.former, now)
        plan.held = Held(self._hands, pieces, gone, self._manager.protocol)
        # To put back is to have none of what only this run wanted.
        plan.back = Held(self._hands, [], record.gone(now, found.former), self._manager.protocol)
        plan.changes = changes(found.own, rendered.files)
        plan.transient = changes({}, rendered.transient)
        plan.diffs = [change.diff() for change in plan.changes]
        kept = File(record.text(now), 0o644)
        if kept.content != found.place.content:
            plan.changes.append(Change(found.place, kept))
        plan.changed = bool(plan.changes)
        former = {one["device"] for kind in found.former.kinds for one in kind}
        plan.devices = sorted({*former, *(piece.device for piece in pieces)})
        if plan.changed:
            plan.warnings += plan.held.rules.warnings()
            plan.warnings += self._manager.costs(plan.devices)
        return plan

    def _without_source(self, pieces: t.Sequence[Piece]) -> list[str]:
        """Sources that the host does not have: no manager says so, the route just does not come."""
        found: dict[tuple[str, int], str | None] = {}
        for piece in pieces:
            for route in piece.routes:
                place = route["source"], route["table"] or MAIN
                if place not in found:
                    packed = parse_address(route["source"], "source")[1]
                    reason = self._hands.host.why_not_source(packed, place[1])
                    found[place] = f"{name_of(route)}.source: {reason}" if reason else None
        return [reason for reason in found.values() if reason]

    def apply(self, plan: ManagedPlan) -> None:
        with Written(plan.transient) as passing:
            passing.commit()
            try:
                self._replace(plan, time.time())
            finally:
                passing.undo()

    def _replace(self, plan: ManagedPlan, since: float) -> None:
        written = Written(plan.changes)
        held = t.cast(Held, plan.held)
        try:
            with written:
                self._manager.check(written.temporary)
                written.commit()
                later = self._manager.activate(plan.devices)
                if later:
                    plan.warnings.append(later)
                    held.mend()
                    plan.warnings += held.clear()
                else:
                    self._settle(plan, since)
        except BaseException as error:
            said = self._put_back(plan, written.torn) if written.committed else ""
            if isinstance(error, SourceIPError):
                error.message += said
            raise

    def _settle(self, plan: ManagedPlan, since: float) -> None:
        """Until the kernel has all of it, and nothing of what is to go."""
        held = t.cast(Held, plan.held)
        begin = time.monotonic()
        wait = self._options["wait"]
        insisted = False
        while True:
            state = held.look()
            passed = time.monotonic() - begin
            if not state.findings:
                if not state.left:
                    return
                if passed >= _GRACE:
                    plan.warnings += held.clear()
                    return
            elif passed >= wait:
                raise self._failed(state, since)
            elif passed >= _GRACE and _sources_gone(state):
                # The manager has done its part: networkd 252 sees its own route there, and leaves it.
                held.mend()
            elif passed >= wait / 2 and not insisted:
                insisted = True
                self._manager.insist(plan.devices)
            time.sleep(_PAUSE)

    def _failed(self, state: State, since: float) -> Refused:
        findings = ordered(state.findings)
        lines = [
            f"{self._manager.name} has read its files, and {self._options['wait']:g} s later the kernel does not hold "
            "what they say:",
            table(findings),
        ]
        words = self._manager.words(since)
        if words:
            lines.append(f"{self._manager.name} said:\n{words}")
        return Refused("\n".join(lines) + "\n", findings=[finding._asdict() for finding in findings[:100]])

    def _put_back(self, plan: ManagedPlan, torn: bool) -> str:
        """The files are back already: the manager reads them, and what only this run wanted goes. In words."""
        name = self._manager.name
        files = " Not all files are as they were before" if torn else " The files are as they were before"
        try:
            later = self._manager.activate(plan.devices)
            back = t.cast(Held, plan.back)
            end = time.monotonic() + _GRACE
            while not later and back.look().left and time.monotonic() < end:
                time.sleep(_PAUSE)
            back.clear()
        except SourceIPError as error:
            return f"{files}, but {name} could not be brought back: {error.message}"
        read_again = "" if later else f", and {name} has read them again"
        return f"{files}{read_again}."

    def judge(self, plan: ManagedPlan, applied: bool) -> Judgement:
        held = t.cast(Held, plan.held)
        return Judgement(checked=held.count, findings=held.look().findings)

    def repair(self, plan: ManagedPlan, judgement: Judgement, check: bool) -> Judgement:
        """Nothing is wrong with the files: what the kernel has lost since is put back there, as the manager would."""
        held = t.cast(Held, plan.held)
        why = f"{self._manager.name} does not look again at what the kernel has lost"
        repair = Repair("safe", "nothing", why, f"{self._manager.command}, or run this again")
        if self._options["repair"] != "safe":
            judgement.possible = [repair]
        elif check:
            judgement.allowed = [repair]
        else:
            errors = []
            try:
                held.mend()
            except SourceIPError as error:
                errors = [error.message]
            judgement = Judgement(checked=held.count, findings=held.look().findings, errors=errors)
            judgement.done = [] if errors else [repair]
        return judgement


def _sources_gone(state: State) -> bool:
    """Whether all that is wrong are IPv6 routes without a source: the kernel keeps them when their source goes."""
    return all(finding.problem == "unset" and ":" in finding.destination for finding in state.findings)
