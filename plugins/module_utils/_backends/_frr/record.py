# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier intents of ours gave to which routes, kept from a change until every route is right. PRIVATE.

FRR 10.2 to 10.6 leaves a source on a route that is installed. A run that was killed, or was not allowed to mend that,
leaves no trace of it in FRR: the next one would take the source for the operator's own. Gone at a reboot, as the
routes are.
"""

from __future__ import annotations

import json
import typing as t

from ..._base.errors import Refused
from ..._files.replace import Prepared, prepare
from ..._files.snapshot import Snapshot
from ..._files.snapshot import read as read_file
from . import paths
from .former import Place


class Record(t.NamedTuple):
    """The file, and what it says."""

    file: Snapshot
    places: list[Place]


def read() -> Record:
    """Refused where the file holds something else."""
    file = read_file(paths.FORMER)
    try:
        return Record(file, [_place(*place) for place in json.loads(file.content or b"[]")])
    except (ValueError, TypeError) as error:
        raise Refused(
            f"{paths.FORMER} is not what an earlier run wrote there ({error!r}); remove it, and look for sources of an "
            "earlier intent yourself"
        ) from error


def _place(vrf: str, family: str, protocol: str, sequences: list[list[t.Any]]) -> Place:
    return Place(vrf, family, protocol, [(sequence[0], sequence[1]) for sequence in sequences])


def ready(record: Record, places: list[Place]) -> t.ContextManager[Prepared]:
    """The file with these places ready to be committed; no file where there are none."""
    text = json.dumps(places, separators=(",", ":")).encode() + b"\n"
    return prepare(record.file, text if places else None)


def forget() -> None:
    """Every route is right."""
    record = read()
    if record.file.content is not None:
        with ready(record, []) as file:
            file.commit()
