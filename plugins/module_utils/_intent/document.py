# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An intent in normal form as one text: what the controller sends and the host reads. PRIVATE to the collection. Pure.

One string costs Ansible nothing per entry, where a list of mappings is templated, tagged and packed one by one.
"""

from __future__ import annotations

import base64
import binascii
import json
import typing as t
import zlib

from .._base.errors import InvalidInput

_VERSION = 1
_KINDS = ("addresses", "routes", "policies", "warnings")


def pack(intent: t.Mapping[str, list[t.Any]]) -> str:
    """The document of an intent in normal form."""
    content = json.dumps({"version": _VERSION, **{kind: intent[kind] for kind in _KINDS}}, separators=(",", ":"))
    # The fastest level: the entries of an intent are alike, and a better one saves little more.
    return base64.b64encode(zlib.compress(content.encode(), 1)).decode("ascii")


def unpack(document: str) -> dict[str, list[t.Any]]:
    """The intent of a document; InvalidInput where the text is none, or one of another release."""
    try:
        found = json.loads(zlib.decompress(base64.b64decode(document, validate=True)))
        version, intent = found["version"], {kind: list(found[kind]) for kind in _KINDS}
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"document: is not an intent as the controller packs it ({error})") from error
    if version != _VERSION:
        raise InvalidInput(f"document: has version {version}, and this release reads {_VERSION}; use one release")
    return intent
