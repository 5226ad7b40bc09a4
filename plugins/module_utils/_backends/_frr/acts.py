# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repair does, one after the other, each as an operator would type it. Standard library only."""

from __future__ import annotations

import time
import typing as t

from ..commands import run
from .host import Host

# More go to vtysh as a file; as arguments they would not fit.
_MANY_LINES = 200


class Act(t.Protocol):
    """One thing to do."""

    def describe(self) -> list[str]: ...

    def perform(self, host: Host) -> None:
        """CommandError where it fails."""


class Configure(t.NamedTuple):
    """Lines in FRR's configuration mode, in one call."""

    lines: list[str]

    def describe(self) -> list[str]:
        return [_vtysh(["configure terminal", *self.lines])]

    def perform(self, host: Host) -> None:
        if len(self.lines) > _MANY_LINES:
            host.load(self.lines)
        else:
            host.configure(self.lines)


class Execute(t.NamedTuple):
    """Commands of FRR outside of its configuration."""

    lines: list[str]

    def describe(self) -> list[str]:
        return [_vtysh(self.lines)]

    def perform(self, host: Host) -> None:
        for line in self.lines:
            host.show(line)


class EditRoutes(t.NamedTuple):
    """Commands of ip(8) on routes of one family, as lists of words. This touches the kernel, not FRR."""

    family: str
    commands: list[list[str]]

    def describe(self) -> list[str]:
        shown = [f"ip -{self.family[-1]} {' '.join(words)}" for words in self.commands[:5]]
        return shown + ([f"and {len(self.commands) - 5} more of this kind"] if len(self.commands) > 5 else [])

    def perform(self, host: Host) -> None:
        # -force: a route that FRR has withdrawn meanwhile must not keep the others from their source.
        batch = "".join(f"{' '.join(words)}\n" for words in self.commands)
        run(["ip", f"-{self.family[-1]}", "-force", "-batch", "-"], stdin=batch)


class Pause(t.NamedTuple):
    """Seconds in which FRR takes notice."""

    seconds: int

    def describe(self) -> list[str]:
        return [f"sleep {self.seconds}"]

    def perform(self, host: Host) -> None:
        time.sleep(self.seconds)


def _vtysh(lines: t.Sequence[str]) -> str:
    shown = lines if len(lines) <= 9 else [*lines[:7], f"… {len(lines) - 8} more …", lines[-1]]
    return "vtysh " + " ".join(f"-c '{line}'" for line in shown)
