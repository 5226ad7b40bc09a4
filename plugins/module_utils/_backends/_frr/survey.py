# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at the kernel's routes until they are right, and repairing those that are not. Standard library only."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field

from ..commands import CommandError
from ..finding import Finding
from .audit import Judge, Table, Wrong, judge_absent, judge_kernel, judge_rejected
from .host import Host
from .release import Version, stuck
from .repair import LEVELS, Step, steps
from .settings import Settings

_STUCK = "FRR 10.2 to 10.6 does not give a new source to a route that is installed"


class Seen(t.NamedTuple):
    """``checked``: routes the intent speaks of; ``lacking``: sources and VRFs that the host does not have."""

    checked: int
    wrong: list[Wrong]
    lacking: list[Finding]

    @property
    def right(self) -> bool:
        return not self.wrong and not self.lacking

    @property
    def findings(self) -> list[Finding]:
        return [*self.lacking, *(wrong.finding for wrong in self.wrong)]


class Survey:
    """One intent on one host, looked at as often as needed."""

    def __init__(self, host: Host, judge: Judge, version: Version) -> None:
        self.host = host
        self.judge = judge
        self.version = version
        self.why = _STUCK if stuck(version) else ""
        places: set[tuple[str, str, int | None]] = {(vrf, family, None) for vrf, family in judge.places()}
        places |= {(r["vrf"] or "", r["family"], r["table"]) for r in judge.routes if r["table"]}
        self._places = sorted(places, key=str)

    def look(self) -> Seen:
        tables = self.host.tables()
        checked = 0
        wrong: list[Wrong] = []
        for vrf, family, number in self._places:
            if vrf not in tables:
                continue
            table = Table(vrf, family, number or tables[vrf])
            routes = self.host.routes(family, table.number)
            seen, bad = judge_kernel(self.judge, table, routes, self.why)
            lost = judge_rejected(self.judge, table, self.host.rejected(family, vrf, number))
            known = {one.finding.destination for one in lost}
            wrong += [*lost, *(one for one in bad if one.finding.destination not in known)]
            wrong += judge_absent(self.judge, table, routes, known)
            checked += seen + len(lost)
        return Seen(checked, wrong, [*self._no_vrf(tables), *self._no_source()])

    def settle(self, delay: float, timeout: float) -> Seen:
        """After zebra's own delay: wait ``delay`` seconds, then until all is right or ``timeout`` is over."""
        time.sleep(delay)
        end = time.monotonic() + timeout
        while True:
            seen = self.look()
            if seen.right or time.monotonic() > end:
                return seen
            time.sleep(1)

    def _no_vrf(self, tables: t.Container[str]) -> t.Iterator[Finding]:
        named = {vrf: (source, place[0]) for source, place in self.judge.sources.items() for vrf in [place[1]]}
        for vrf in sorted({vrf for vrf, _family, _number in self._places if vrf not in tables}):
            source, destination = named.get(vrf, (None, "any"))
            yield Finding(destination, source, None, "no_vrf", f"this host has no VRF {vrf}", vrf=vrf)

    def _no_source(self) -> t.Iterator[Finding]:
        for source in self.host.lacking(self.judge.sources):
            destination, vrf = self.judge.sources[source]
            why = f"this host does not have {source}, or only as a tentative address; routes that name it are refused"
            repair = f"add {source} to a device, for instance with source_ip_addresses"
            yield Finding(destination, source, None, "no_source", why, vrf=vrf or None, repair=repair)


@dataclass
class Mended:
    """``done``: what was done; ``possible``: what else would help; ``failed``: why something did not."""

    seen: Seen
    done: list[Step] = field(default_factory=list)
    possible: list[Step] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def mend(survey: Survey, seen: Seen, settings: Settings, level: str, timeout: float) -> Mended:
    """Repair up to ``level`` and judge again, for ``timeout`` seconds after each round."""
    found = Mended(seen)
    allowed = LEVELS[1 : LEVELS.index(level) + 1]
    # Three times where it loses nothing: while FRR 10.3 works off an event it may write a route again as it was.
    for current in [*allowed[:1] * 2, *allowed]:
        todo = [step for step in possible(survey, found.seen, settings) if step.level == current]
        for step in todo:
            try:
                step.perform(survey.host)
                found.done.append(step)
            except CommandError as error:
                found.failed.append(error.message)
        if todo:
            found.seen = survey.settle(1, timeout)
        if found.seen.right:
            break
    found.possible = possible(survey, found.seen, settings)
    return found


def possible(survey: Survey, seen: Seen, settings: Settings) -> list[Step]:
    """What would help, of every level."""
    missing = {finding.expected or "" for finding in seen.lacking if finding.problem == "no_source"}
    return steps(seen.wrong, settings, survey.version, missing)
