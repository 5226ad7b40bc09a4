# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record on a host: what we made there, so that exactly that can go again. PRIVATE to the collection.

It is written before the first change, with all that is about to be made, and once more after the last: a run that is
killed in between leaves a host that the next run understands. What it names and the host does not have is no harm.
"""

from __future__ import annotations

import json
import os
import typing as t

from ..._base.errors import SourceIPError
from .. import whole

Item = dict[str, t.Any]
#: {addresses: [{address, device}], routes: [{destination, table, vrf, metric, metrics}], sources: [item of prefsrc],
#: rules: [item of rule], labels: [{prefix, label, device, before}], deprecated: [{address, device}], found: [{address,
#: device}] of the intent that were there before the keeper}
Record = dict[str, list[Item]]
KINDS = ("addresses", "routes", "sources", "rules", "labels", "deprecated", "found")
#: What records of earlier releases do not have.
_LATER = ("rules", "labels", "deprecated", "found")


class RecordError(SourceIPError):
    """The record on the host cannot be read or written."""


def read(path: str) -> bytes | None:
    """The content of the record's file; None where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecordError(f"the record {path} cannot be read: {error.strerror}") from error


def parse(content: bytes | None, path: str) -> Record:
    """The record; empty where there is no file.

    A file that does not hold a record is an error: to take it for empty would leave our pieces behind for ever.
    """
    if not content:
        return {kind: [] for kind in KINDS}
    try:
        record = json.loads(content)
        return {kind: list(record.get(kind, ()) if kind in _LATER else record[kind]) for kind in KINDS}
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(
            f"the record {path} on the host cannot be read ({error!r}); remove the file to start anew, and by hand "
            "what an earlier intent left"
        ) from error


def text(record: t.Mapping[str, list[Item]]) -> bytes:
    """The record as the content of its file: the same record is always the same text."""
    return (json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n").encode()


def after(before: Record, wanted: Record, created: t.Collection[tuple[str, str]], complete: bool) -> Record:
    """The record of ``wanted`` on a host that had the record ``before``.

    ``created``: (address, device) of those that this run adds, not of those it found. ``complete``: the run is
    through; else what an earlier run made may still be there, and stays in the record. ``wanted`` says what
    is ``found``, or it is as before: only the keeper has to know.
    """
    ours = {*created, *((item["address"], item["device"]) for item in before["addresses"])}
    addresses = [item for item in wanted["addresses"] if (item["address"], item["device"]) in ours]
    named = {(item["address"], item["device"]) for item in wanted["addresses"]} - ours
    found = [item for item in wanted.get("found", before["found"]) if (item["address"], item["device"]) in named]
    record = {**{kind: wanted.get(kind, []) for kind in KINDS}, "addresses": addresses, "found": found}
    if complete:
        return record
    return {kind: items + _others(before[kind], items) for kind, items in record.items()}


def _others(items: t.Sequence[Item], known: t.Sequence[Item]) -> list[Item]:
    """Those of ``items`` that are not known; by their text, since ten thousand are compared with ten thousand."""
    if not items or items == known:
        return []
    there = {json.dumps(item, sort_keys=True) for item in known}
    return [item for item in items if json.dumps(item, sort_keys=True) not in there]


def write(path: str, content: bytes | None) -> None:
    """Put the content in place, whole and for root alone, or (None) remove the file."""
    try:
        if content is None:
            if os.path.lexists(path):
                os.unlink(path)
            return
        whole.write(path, content)
    except OSError as error:
        raise RecordError(f"the record {path} cannot be written: {error.strerror}") from error
