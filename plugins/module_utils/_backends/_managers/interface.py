# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a manager of devices is to the back ends that write for one. Pure. PRIVATE to the collection.

A manager is a reader, a pure renderer and an activation; all else (split by device, writing, undoing, the kernel's
judgement, repairs) is ``managed.ManagedBackEnd``, the same for all.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ..._files.shown import Spans
from .pieces import Piece

if t.TYPE_CHECKING:
    from ..._files.snapshot import Snapshot

#: The first line of a file that is ours from its first to its last byte, in every format with comments by ``#``.
HEADER = b"# Written by Ansible (collection l3host.source_ip): changes are lost, source_ip_state: absent removes it."


def is_ours(content: bytes | None) -> bool:
    """Whether a file is ours, by its first line, of a script by its second; one that is not there is nobody's."""
    lines = (content or b"").split(b"\n", 2)
    return lines[lines[0].startswith(b"#!") and len(lines) > 1].rstrip() == HEADER


class File(t.NamedTuple):
    """The wanted content of a file; None where there is to be none.

    ``mode``: of a new file, which belongs to root. ``spans``: what of the old and the new content a diff may show; None
    for all, in files of our own. ``there``: the file as it was read, where the content was made of it.
    """

    content: bytes | None
    mode: int = 0o644
    spans: tuple[Spans | None, Spans | None] = (None, None)
    there: Snapshot | None = None


@dataclass
class Rendered:
    """What a manager is to hold. ``files``: every file that changes or stays, by its path; those of ours that are not
    among them go. ``refusals``: what this manager cannot hold on this host, each beginning with the entry. ``notes``:
    for the record, so that the next run knows. ``transient``: files that lie there only while the manager reads, where
    anything is to be read."""

    files: dict[str, File] = field(default_factory=dict)
    transient: dict[str, File] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: dict[str, t.Any] = field(default_factory=dict)


class Manager(t.Protocol):
    """One manager on one host.

    ``name``: in messages; ``protocol``: the number that the kernel's routes of ours get from it; ``command``: what an
    operator would type to make it read our files.
    """

    name: str
    protocol: int
    command: str

    def own(self) -> list[str]:
        """The paths of files that are ours by their name and are there, whatever is in them. Reads only."""

    def read(self) -> t.Any:
        """What ``render`` has to know of the host: which file is in use for which device … Reads only."""

    def render(self, pieces: t.Sequence[Piece], found: t.Any, notes: t.Mapping[str, t.Any]) -> Rendered:
        """The files for these pieces; pure. ``found``: of ``read``; ``notes``: of the last run."""

    def costs(self, devices: t.Sequence[str]) -> list[str]:
        """What others lose when the manager reads its files anew for these devices, as warnings. Reads only."""

    def check(self, files: t.Mapping[str, str | None]) -> None:
        """Ask the manager's own judge of the files before they take their places, each by the name under which its new
        content lies now (None: it goes). Refused with the judge's words."""

    def activate(self, devices: t.Sequence[str]) -> str:
        """Make the manager read its files, without a link going down or anybody's connection lost.

        ``devices``: of the pieces, old and new. Where that cannot be done: why the manager will read them only later, a
        sentence; what they say is then put into the kernel beside it.
        """

    def insist(self, devices: t.Sequence[str]) -> None:
        """The stronger way, used once where the kernel does not follow: still no link goes down."""

    def words(self, since: float) -> str:
        """What the manager has said since then (seconds of the epoch), a few lines; empty where that is not known."""
