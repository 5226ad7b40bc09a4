# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document in which an intent goes to a host: one text, whatever the number of entries. Pure.

One text costs Ansible nothing per entry, where a list of mappings is templated, tagged and packed one by one.
The controller packs what `normal` has validated, the host unpacks it and does not validate it again: one collection
is on both sides, which `VERSION` and the names of the columns make sure of.

    {"version": 1, "warnings": [...], "addresses": {"columns": [name], "rows": [[value]]}, ...}

as JSON; where that is long, `zlib:` and the base64 of the compressed JSON.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any

from .._base.errors import InvalidInput
from .rules import LABEL_KEYS, RULE_KEYS

#: Counts up with every change of the normal form's meaning that the names of its keys do not show.
VERSION = 1
_COLUMNS = {
    "addresses": ("address", "device", "family", "preferred_lifetime"),
    "routes": (
        "destination",
        "family",
        "gateway",
        "device",
        "nexthops",
        "source",
        "metric",
        "table",
        "vrf",
        "onlink",
        "metrics",
    ),
    "policies": (
        "name",
        "family",
        "destinations",
        "match",
        "except",
        "protocols",
        "table",
        "vrf",
        "source",
    ),
    "rules": RULE_KEYS,
    "labels": LABEL_KEYS,
}
_KEYS = {"version", "warnings", *_COLUMNS}
_COMPRESSED = "zlib:"
# Below this many characters compressing costs more than it saves.
_LONG = 8192
# A million routes have a tenth of this. What is larger was not packed here, and is not to fill the host's memory.
_LARGEST = 1 << 30


def pack(intent: Mapping[str, list[Any]]) -> str:
    """The document of an intent in normal form."""
    document: dict[str, Any] = {"version": VERSION, "warnings": intent["warnings"]}
    for kind, columns in _COLUMNS.items():
        rows = [list(map(entry.__getitem__, columns)) for entry in intent[kind]]
        document[kind] = {"columns": columns, "rows": rows}
    text = json.dumps(document, separators=(",", ":"))
    if len(text) < _LONG:
        return text
    return _COMPRESSED + base64.b64encode(zlib.compress(text.encode("ascii"), 1)).decode("ascii")


def unpack(text: str, earlier: bool = False) -> dict[str, list[Any]]:
    """The intent of a document; InvalidInput where the text is none, or one of another release.

    ``earlier``: one of an earlier release will do, which lies on the host (the keeper's). What that did not know is
    as if it had not been set.
    """
    try:
        document = json.loads(_plain(text) if text.startswith(_COMPRESSED) else text)
    except (ValueError, zlib.error, RecursionError) as error:
        raise InvalidInput(f"document: is not an intent as the controller packs it: {error}") from error
    if earlier and isinstance(document, dict):
        document = {"warnings": [], **{kind: {"columns": [], "rows": []} for kind in _COLUMNS}, **document}
    if not isinstance(document, dict) or document.get("version") != VERSION or set(document) != _KEYS:
        raise InvalidInput(
            f"document: is not an intent of version {VERSION}, which this release of l3host.source_ip reads; the "
            "controller and the host must have one release"
        )
    intent: dict[str, list[Any]] = {kind: _entries(kind, document[kind], earlier) for kind in _COLUMNS}
    intent["warnings"] = document["warnings"]
    return intent


def _plain(text: str) -> bytes:
    try:
        packed = base64.b64decode(text[len(_COMPRESSED) :], validate=True)
    except binascii.Error as error:
        raise ValueError(f"no base64: {error}") from error
    stream = zlib.decompressobj()
    plain = stream.decompress(packed, _LARGEST)
    if not stream.eof or stream.unused_data:
        raise ValueError("it is cut off, or too long")
    return plain


def _entries(kind: str, table: Any, earlier: bool) -> list[dict[str, Any]]:
    known = _COLUMNS[kind]
    columns = table.get("columns") if isinstance(table, dict) else None
    if columns != list(known) and not (earlier and isinstance(columns, list) and set(columns) <= set(known)):
        raise InvalidInput(f"document: has other columns for {kind} than {', '.join(known)}")
    rows = table.get("rows")
    if not isinstance(rows, list) or any(not isinstance(row, list) or len(row) != len(columns) for row in rows):
        raise InvalidInput(f"document: has a row in {kind} that does not fit its columns")
    absent = dict.fromkeys(known)
    return [{**absent, **dict(zip(columns, row))} for row in rows]
