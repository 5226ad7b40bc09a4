# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper as a task brings it to a host, and takes it off. PRIVATE to the collection.

Planned beside the back end's own changes, and part of the same transaction: it is there with the intent or not at all.
"""

from __future__ import annotations

import contextlib
import os
import sys
import typing as t
from dataclasses import dataclass, field

from ..._files.replace import Prepared
from ..._files.shown import difference
from ..._files.snapshot import Snapshot, read
from .. import systemd
from ..commands import run
from ..shipped import archive, shipped
from ..undo import Undo
from . import status
from .kept import Kept, render
from .places import Places
from .unit import unit

# By name: the program imports the back ends, and they this file. task.py imports it, and so it is where a task runs.
_PROGRAM = f"{__name__.rpartition('.')[0]}.program"
_BEFORE, _AFTER = b"code of another release\n", b"the code of this release\n"
_SYSTEM_PYTHON = "/usr/bin/python3"


@dataclass
class Change:
    """What a run does to the keeper. ``files``: {path: content, None for one that goes}; ``enable``: for the boot."""

    wanted: bool = False
    there: dict[str, Snapshot] = field(default_factory=dict)
    files: dict[str, bytes | None] = field(default_factory=dict)
    enable: bool = False
    diffs: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.files) or self.enable


class Service:
    """``booted``: whether systemd runs here."""

    def __init__(self, places: Places | None = None, booted: bool | None = None) -> None:
        self.places = places or Places()
        self._systemd = systemd.runs_here() if booted is None else booted

    def plan(self, wanted: Kept | None, record: str) -> Change:
        """``wanted``: what is to be kept, None for nothing; ``record``: the file of the back end's record."""
        places = self.places
        paths = (places.document, places.program, places.unit)
        change = Change(wanted is not None, there={path: read(path) for path in paths})
        target: dict[str, bytes | None] = dict.fromkeys(paths)
        if wanted is not None:
            if systemd.same_network("1") is False:
                change.refusals.append(
                    "keep: the keeper is a service of the host, and this task works in another network namespace; "
                    "leave keep out, and run the keeper there as docs/keeper.md says"
                )
                return change
            target[places.document] = render(wanted)
            target[places.program] = archive(shipped(_PROGRAM), _PROGRAM)
            if self._systemd:
                target[places.unit] = unit(places, _python(), record)
                change.enable = not self._linked
            elif not (status.read(places.status) or {}).get("runs"):
                change.warnings.append(
                    "keep: nothing starts the keeper on this host, where systemd does not run; start "
                    f"`python3 {places.program}` by its supervisor, see docs/keeper.md"
                )
        change.files = {path: new for path, new in target.items() if new != change.there[path].content}
        for path, new in change.files.items():
            old = change.there[path].content
            if path == places.program:
                # Nobody reads an archive.
                before, after = (content and label for content, label in ((old, _BEFORE), (new, _AFTER)))
                change.diffs.append(difference(path, before, after))
            else:
                change.diffs.append(difference(path, old, new))
        return change

    @property
    def _linked(self) -> bool:
        folder, name = os.path.split(self.places.unit)
        return os.path.islink(f"{folder}/multi-user.target.wants/{name}")

    @contextlib.contextmanager
    def ready(self, change: Change) -> t.Iterator[list[Prepared]]:
        """The new files beside the old ones, ready for ``put_to_work``."""
        with contextlib.ExitStack() as stack:
            yield systemd.ready(change.there, change.files, self._mode, stack)
        if not change.wanted:
            systemd.remove_empty(os.path.dirname(path) for path in (self.places.document, self.places.program))

    def _mode(self, path: str) -> int:
        return 0o600 if path == self.places.document else 0o644

    def put_to_work(self, change: Change, files: list[Prepared], undo: Undo) -> None:
        """Commit the files, and have systemd follow; all of it goes back by ``undo``."""
        if not change:
            return
        name = self.places.service
        was = self._systemd and change.there[self.places.unit].content is not None
        active = was and systemd.active(name)
        if self._systemd:
            undo.add("systemd", lambda: self._resume(was, active, change.enable))
        if not change.wanted and was:
            run(["systemctl", "disable", "--quiet", "--now", name], accept=(0, 1, 5))
        for file in files:
            undo.add("a file of the keeper", file.undo)
            file.commit()
        if not self._systemd:
            return
        if self.places.unit in change.files:
            run(["systemctl", "daemon-reload"])
        if not change.wanted:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.places.status)
            return
        if change.enable:
            run(["systemctl", "enable", "--quiet", name])
        if active and set(change.files) == {self.places.document}:
            run(["systemctl", "reload", name])
        else:
            run(["systemctl", "restart", name], timeout=120)

    def _resume(self, was: bool, active: bool, enabled: bool) -> None:
        """After the files are as before: so is what runs."""
        name = self.places.service
        if not was:
            run(["systemctl", "disable", "--quiet", "--now", name], accept=(0, 1, 5))
        run(["systemctl", "daemon-reload"])
        if was:
            run(["systemctl", "disable" if enabled else "enable", "--quiet", name])
        if active:
            run(["systemctl", "restart", name], timeout=120)


def _python() -> str:
    """The system's, which outlives the one that a task was run by; else that one."""
    return _SYSTEM_PYTHON if os.access(_SYSTEM_PYTHON, os.X_OK) else sys.executable
