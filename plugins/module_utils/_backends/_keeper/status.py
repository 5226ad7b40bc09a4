# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the keeper says of itself: a file that audit reads. PRIVATE to the collection."""

from __future__ import annotations

import json
import os
import time
import typing as t

from .. import whole
from .rounds import Mended, Round

VERSION = 1
#: Repairs and entries that the file lists; what is above is counted.
LIMIT = 20


class Status:
    """Written when it says something new, and at no other time.

    ``state``: ``holds``: all is as the intent says; ``waits``: something cannot be, ``waiting`` says what and why;
    ``trouble``: the last look failed, ``error`` says why; ``ended``: the keeper does not run any more.
    """

    def __init__(self, path: str, backend: str = "") -> None:
        self._path = path
        self._said = b""
        self._values: dict[str, t.Any] = {
            "version": VERSION,
            "state": "starts",
            "pid": os.getpid(),
            "since": _now(),
            "backend": backend,
            "checked": 0,
            "repairs": 0,
            "last": [],
            "waiting": [],
            "waiting_count": 0,
            "error": None,
            "document_error": None,
        }

    def document(self, backend: str | None, error: str | None) -> bool:
        """The document was read, or could not be: then the last good one is kept. Whether that is news."""
        if backend is not None:
            self._values["backend"] = backend
        before, self._values["document_error"] = self._values["document_error"], error
        return bool(before != error)

    def looked(self, found: Round) -> None:
        values = self._values
        values["state"] = "waits" if found.waiting else "holds"
        values["error"] = None
        values["checked"] = found.checked
        values["repairs"] += len(found.mended)
        new = [_repair(one) for one in reversed(found.mended[-LIMIT:])]
        values["last"] = [*new, *values["last"]][:LIMIT]
        values["waiting"] = [one._asdict() for one in found.waiting[:LIMIT]]
        values["waiting_count"] = len(found.waiting)

    def failed(self, error: str) -> None:
        self._values.update(state="trouble", error=error)

    def ended(self) -> None:
        self._values["state"] = "ended"

    def write(self) -> None:
        content = (json.dumps(self._values, indent=1) + "\n").encode()
        if content != self._said:
            whole.write(self._path, content, sync=False)
            self._said = content

    @property
    def holds(self) -> bool:
        """Whether the last look found or made everything right."""
        return bool(self._values["state"] == "holds")

    @property
    def words(self) -> str:
        """One line for systemd."""
        values = self._values
        if values["error"]:
            return f"trouble: {values['error']}".replace("\n", " ")
        waiting = f", {values['waiting_count']} waiting" if values["waiting_count"] else ""
        return f"{values['checked']} kept{waiting}, {values['repairs']} repairs"


def _repair(one: Mended) -> dict[str, t.Any]:
    return {"time": _now(), **one._asdict()}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def read(path: str) -> dict[str, t.Any] | None:
    """What a keeper has said last; None where none has. ``runs``: whether that one is there still."""
    try:
        with open(path, encoding="utf-8") as file:
            said: dict[str, t.Any] = json.load(file)
        return {**said, "runs": said["state"] != "ended" and _runs(int(said["pid"]))}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _runs(pid: int) -> bool:
    """Whether this process is a keeper: a number is used again."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"keeper" in file.read()
    except OSError:
        return False
