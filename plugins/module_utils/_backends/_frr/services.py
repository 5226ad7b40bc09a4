# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting the services to work that hold an intent while Ansible is away. PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import os

from ..._files.replace import Prepared
from ..._files.snapshot import read
from .. import systemd
from ..commands import run
from ..shipped import shipped
from ..undo import Undo
from . import boot, paths
from .units import Changes, Found, units

_WATCH = "l3host-source-ip-frr-watch.service"


def look(service: str) -> Found:
    """Refused where something else stands in the place of a file of ours."""
    ours = [paths.STATE, *(f"{paths.UNITS}/{unit}" for unit in units())]
    for folder, _folders, names in os.walk(paths.LIBRARY):
        ours += [os.path.join(folder, name) for name in names]
    linked = frozenset(unit for unit in units() if os.path.islink(f"{paths.UNITS}/{service}.service.wants/{unit}"))
    return Found({path: read(path) for path in ours}, linked, shipped(boot.__name__))


def ready(found: Found, change: Changes, stack: contextlib.ExitStack) -> list[Prepared]:
    """The new files beside the old ones; what can fail has been tried, and goes with ``stack`` if it is not used."""
    files = {path: found.files.get(path) or read(path) for path in change.files}
    return systemd.ready(files, change.files, lambda path: 0o640 if path == paths.STATE else 0o644, stack)


def put_to_work(service: str, found: Found, change: Changes, files: list[Prepared], undo: Undo) -> None:
    """Commit the files and have systemd follow; the watcher reads its state at its start, so it starts again."""
    watching = systemd.active(_WATCH)
    undo.add("systemd", lambda: _resume(found, watching))
    if not change.present and found.linked:
        run(["systemctl", "disable", "--quiet", "--now", *units()], accept=(0, 1, 5))
    for file in files:
        undo.add("a file of a service", file.undo)
        file.commit()
    run(["systemctl", "daemon-reload"])
    if not change.present:
        return
    if change.link:
        undo.add("systemd", lambda: _unlink(found))
        run(["systemctl", "reenable", "--quiet", *units()])
    run(["systemctl", "stop", "--quiet", _WATCH], accept=(0, 5))
    # Where FRR does not run, it starts with FRR.
    if systemd.active(f"{service}.service"):
        run(["systemctl", "start", _WATCH])


def clean() -> None:
    """Remove the folders that hold nothing any more."""
    folders = [folder for folder, _folders, _names in os.walk(paths.LIBRARY, topdown=False)]
    systemd.remove_empty([*folders, os.path.dirname(paths.STATE)])


def _resume(found: Found, watching: bool) -> None:
    """After the files are as before: so is what runs."""
    run(["systemctl", "daemon-reload"])
    if found.linked:
        run(["systemctl", "enable", "--quiet", *sorted(found.linked)])
    if watching:
        run(["systemctl", "restart", _WATCH])


def _unlink(found: Found) -> None:
    new = [unit for unit in units() if unit not in found.linked]
    run(["systemctl", "disable", "--quiet", "--now", *new], accept=(0, 1, 5))
