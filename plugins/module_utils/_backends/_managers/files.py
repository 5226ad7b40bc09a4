# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several files of a manager changed in one piece. PRIVATE to the collection. All is done by the room ``_files``."""

from __future__ import annotations

import contextlib
import os
import typing as t

from ..._base.errors import Refused
from ..._files.replace import Prepared, prepare
from ..._files.shown import difference
from ..._files.snapshot import Access, Snapshot, read, refusing
from .interface import File, is_ours

#: The folder of the records, /var/lib/…
OWN_FOLDER = "l3host.source_ip"


class Change(t.NamedTuple):
    """A file as it was read, and what it is to be."""

    there: Snapshot
    wanted: File

    @property
    def differs(self) -> bool:
        return self.there.content != self.wanted.content

    def diff(self) -> dict[str, str]:
        """As Ansible shows it."""
        return difference(self.there.path, self.there.content, self.wanted.content, self.wanted.spans)


def changes(found: t.Mapping[str, Snapshot], wanted: t.Mapping[str, File]) -> list[Change]:
    """What to write and remove. ``found``: our files that are there. Files of ours that nobody wants go."""
    result = [Change(file.there or found.get(path) or read(path), file) for path, file in sorted(wanted.items())]
    result += [Change(there, File(None)) for path, there in sorted(found.items()) if path not in wanted]
    return [change for change in result if change.differs]


def only_ours(paths: t.Iterable[str]) -> dict[str, Snapshot]:
    """The files at these paths, each of which has to be ours. Refused where one is somebody else's."""
    found = {path: read(path) for path in paths}
    for path, there in found.items():
        if there.content and not is_ours(there.content):
            raise Refused(
                f"{path} has the name of a file of ours and is not ours: its first line is not what we write. Give it "
                "another name, or remove it; nothing was written",
                path=path,
            )
    return {path: there for path, there in found.items() if there.content is not None}


class Written:
    """All changes, or none: a context in which ``commit`` puts everything in place, and an exception all back.

    ``committed``: it has begun to; ``torn``: not all could be put back, which the error says.
    """

    def __init__(self, changed: t.Sequence[Change]) -> None:
        self._changes = changed
        self._stack = contextlib.ExitStack()
        self._prepared: list[tuple[str, Prepared]] = []
        self.committed = False
        self.torn = False

    def __enter__(self) -> Written:
        with contextlib.ExitStack() as stack:
            for change in self._changes:
                stack.enter_context(_folder(change))
                like = Access(0, 0, change.wanted.mode, {})
                runs = bool(change.wanted.mode & 0o100)
                new = stack.enter_context(prepare(change.there, change.wanted.content, like=like, runs=runs))
                self._prepared.append((change.there.path, new))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: t.Any) -> bool | None:
        self.torn = True
        said = self._stack.__exit__(*error)
        self.torn = False
        return said

    @property
    def temporary(self) -> dict[str, str | None]:
        """Path -> the name under which the new content lies until ``commit``; None for a file that goes."""
        return {path: new.temporary for path, new in self._prepared}

    def commit(self) -> None:
        for _path, new in self._prepared:
            self.committed = True
            new.commit()

    def undo(self) -> None:
        """All as it was before ``commit``."""
        for _path, new in reversed(self._prepared):
            new.undo()


@contextlib.contextmanager
def _folder(change: Change) -> t.Iterator[None]:
    """The folder of the file, made where there is none, and removed with the last file that was in it."""
    folder = os.path.dirname(change.there.real)
    try:
        if change.wanted.content is not None:
            with refusing(change.there.path, f"its folder {folder} cannot be made"):
                os.makedirs(folder, 0o755, exist_ok=True)
        yield
    finally:
        _remove_empty(folder)


def _remove_empty(folder: str) -> None:
    # Only folders for the pieces beside one file (NAME.network.d), and our own; the manager's stay, empty or not.
    name = os.path.basename(folder)
    if name == OWN_FOLDER or (name.endswith(".d") and name.count(".") > 1):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
