# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What brings the kernel's routes to the source that BIRD exports. PRIVATE to the collection.

BIRD 3 does not write a route again when only its source changes, and no BIRD notices that the kernel stripped the
source of an IPv6 route when its address went away for a moment. An IPv4 route is gone then until BIRD's next scan.
"""

from __future__ import annotations

import typing as t

from ..._base.protocols import PROTOCOLS
from ..._change.flow import left_to_do
from ..._change.steps import Plan as Steps
from ..._change.transaction import carry_out
from ..._files.replace import prepare
from ..._files.snapshot import read
from ..._routes.plan_sources import SourcePlanner
from ..._routes.planners import source_planner
from ..interface import Repair
from ..view import Hands
from .compare import IN_KERNEL, NOT_AS_EXPORTED, Compared
from .daemon import Daemon
from .files import ENCODING
from .include import render
from .plan import Content

_OWNER = PROTOCOLS["bird"]


class Mend(t.Protocol):
    """One repair: what it is in words, and doing it."""

    def describe(self) -> Repair: ...
    def perform(self) -> None: ...


class Reload:
    """BIRD 2 writes the routes of a kernel protocol again, each in place."""

    def __init__(self, daemon: Daemon, compared: Compared) -> None:
        self._daemon = daemon
        self._compared = compared

    def describe(self) -> Repair:
        instance = self._compared.instance
        return Repair("lossless", "nothing", _why([self._compared]), f"birdc reload out {instance}")

    def perform(self) -> None:
        self._daemon.reload_out(self._compared.instance)


class SetInKernel:
    """The kernel's routes get the source that BIRD believes they have; everything else about them stays."""

    def __init__(self, hands: Hands, compared: t.Sequence[Compared]) -> None:
        self._hands = hands
        self._compared = compared
        self.diffs: list[dict[str, str]] = []

    def describe(self) -> Repair:
        words = "bird_repair: lossless (sets the source of BIRD's routes in the kernel)"
        return Repair("lossless", "nothing", _why(self._compared), words)

    def plan(self) -> Steps:
        """What would be set, for check mode."""
        plan = self._planner().plan()
        self.diffs = [plan.report()["diff"]]
        return plan

    def perform(self) -> None:
        planner = self._planner()
        plan = planner.plan()
        self.diffs = [plan.report()["diff"]]
        if plan.steps:
            carry_out(self._hands.kernel, plan.steps, lambda: left_to_do(planner, plan))

    def _planner(self) -> SourcePlanner:
        items = [item for compared in self._compared for item in kernel_edits(compared)]
        # A route that BIRD has taken back meanwhile needs no source any more.
        return source_planner(self._hands.kernel, self._hands.host, items, "ignore", owner=_OWNER)


class Withdraw:
    """The destinations that differ are rejected for a moment, and then given to the kernel again."""

    def __init__(self, daemon: Daemon, content: Content, path: str, compared: t.Sequence[Compared]) -> None:
        self._daemon = daemon
        self._content = content
        self._path = path
        self._compared = compared

    def describe(self) -> Repair:
        count = sum(len(compared.only(NOT_AS_EXPORTED)) for compared in self._compared)
        loses = f"{count} destinations have no route for a moment"
        return Repair("withdraw", loses, _why(self._compared), "bird_repair: withdraw")

    def perform(self) -> None:
        withdrawn: dict[int, list[list[str]]] = {}
        for compared in self._compared:
            nets = [difference.destination for difference in compared.only(NOT_AS_EXPORTED)]
            withdrawn.setdefault(compared.scope["kernel_table"], []).append(nets)
        text = render(self._content.view, withdrawn)
        with prepare(read(self._path), text.encode(ENCODING)) as rejecting:
            rejecting.commit()
            try:
                self._daemon.configure()
            finally:
                rejecting.undo()
                self._daemon.configure()


class Restart:
    """A kernel protocol starts again, and writes all of its routes."""

    def __init__(self, daemon: Daemon, compared: Compared) -> None:
        self._daemon = daemon
        self._compared = compared

    def describe(self) -> Repair:
        instance = self._compared.instance
        loses = f"none of the routes of {instance} is in the kernel for about a second"
        return Repair("restart", loses, _why([self._compared]), f"birdc restart {instance}")

    def perform(self) -> None:
        self._daemon.restart(self._compared.instance)


def kernel_edits(compared: Compared) -> list[dict[str, t.Any]]:
    """What differs as entries of ``prefsrc``: the kernel's route is to have what BIRD believes it has."""
    place = {"table": str(compared.scope["kernel_table"]), "protocol": "bird"}
    return [
        {**place, "destination": one.destination, **({"source": one.bird} if one.bird else {"state": "absent"})}
        for one in compared.only(IN_KERNEL)
    ]


def _why(compared: t.Sequence[Compared]) -> str:
    count = sum(len(one.only(NOT_AS_EXPORTED)) for one in compared)
    instances = ", ".join(one.instance for one in compared)
    return f"BIRD's configuration is right and stays, {count} of the kernel's routes of {instances} are not"
