# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of the keeper: an intent, its back end and the options of that. Pure. PRIVATE to the collection.

    {"version": 1, "backend": "kernel", "options": {...}, "intent": "the document of _intent/document.py"}

It lies on a host for years. Every release reads what an earlier one wrote: where the form changes, VERSION counts up,
and ``parse`` goes on to read the old one. Golden ones of each are in tests/unit/backends/keeper.
"""

from __future__ import annotations

import json
import typing as t

from ..._base.errors import InvalidInput
from ..._intent.document import pack, unpack

#: Counts up with every change of the form below.
VERSION = 1


class Kept(t.NamedTuple):
    """What is to be kept: the intent is in normal form."""

    backend: str
    options: dict[str, t.Any]
    intent: dict[str, list[t.Any]]


def render(kept: Kept) -> bytes:
    """The content of the file: the same is always the same text. Warnings are the task's, and do not go with it."""
    document = {
        "version": VERSION,
        "backend": kept.backend,
        "options": kept.options,
        "intent": pack({**kept.intent, "warnings": []}),
    }
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def parse(content: bytes, path: str) -> Kept:
    """What the file of this path says; InvalidInput where it is damaged or of a later release."""
    again = "apply the intent again (a task with backend kernel and keep: true)"
    try:
        document = json.loads(content)
        version = document["version"]
        if isinstance(version, int) and version > VERSION:
            raise InvalidInput(
                f"{path} is of version {version}, and this keeper reads up to {VERSION}: a later release of "
                f"l3host.source_ip wrote it; {again} with that release"
            )
        if version != VERSION:
            raise ValueError(f"version {version!r}")
        backend, options = document["backend"], document["options"]
        if not isinstance(backend, str) or not isinstance(options, dict):
            raise TypeError("backend or options")
        return Kept(backend, options, unpack(document["intent"], earlier=True))
    except InvalidInput as error:
        raise InvalidInput(f"{path} cannot be used: {error.message}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{path} is not an intent as a task writes it ({error!r}); {again}") from error
