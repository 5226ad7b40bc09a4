# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long list option from a file on the host, or from the action plugin as one text. PRIVATE to the collection.

A list in the task is templated, sent and validated entry by entry, some 0.3 ms each before a module sees it. These
entries are validated by the same specification, but once for all that differ in nothing but the destination.
"""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._base.errors import InvalidInput
from .alike import alike


def entries(path: str, spec: dict[str, t.Any], first: int = 0) -> list[dict[str, t.Any]]:
    """The entries of a JSON file, with every option of ``spec`` that has a value; messages number them from ``first``.

    The file holds a list of mappings, or a mapping whose only value is one. InvalidInput names the file, the entry
    and what is wrong.
    """
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except OSError as error:
        raise InvalidInput(f"routes_file: cannot read {path} on the host: {error.strerror}") from error
    except ValueError as error:
        raise InvalidInput(f"routes_file: {path} is not JSON: {error}") from error
    if isinstance(found, dict) and len(found) == 1:
        found = next(iter(found.values()))
    if not isinstance(found, list):
        raise InvalidInput(f"routes_file: {path} holds no list; write the entries of routes as one JSON list")
    return _typed(found, spec, first, lambda at: f" ({path}, entry {at})")


def unpacked(document: str, spec: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """The entries that an action plugin has packed (plugin_utils/_raw.py)."""
    return _typed(json.loads(document), spec, 0, lambda at: "")


def _typed(
    found: list[t.Any], spec: dict[str, t.Any], first: int, place: t.Callable[[int], str]
) -> list[dict[str, t.Any]]:
    """The entries with every option of ``spec`` that has a value; messages number them from ``first`` on."""
    validator = ArgumentSpecValidator(spec)
    known: dict[str, dict[str, t.Any]] = {}
    typed: list[dict[str, t.Any]] = []

    def refuse(at: int, words: str) -> t.NoReturn:
        raise InvalidInput(f"routes[{first + at}]{place(at)}: {words}")

    for at, item in enumerate(found):
        if not isinstance(item, dict):
            refuse(at, f"{item!r} is no mapping")
    for start, options, texts in alike(found):
        for at, text in enumerate(texts, start):
            if not isinstance(text, str) and (text is not None or spec["destination"].get("required")):
                refuse(at, f"destination: {text!r} is no text; it is required")
        key = repr({**options, "destination": None})
        if key not in known:
            result = validator.validate({**options, "destination": texts[0]})
            if result.error_messages:
                refuse(start, "; ".join(result.error_messages))
            # Without what was not given: a hundred thousand entries are made of these, and compared by them.
            known[key] = {name: value for name, value in result.validated_parameters.items() if value is not None}
        typed += [{**known[key], "destination": text} for text in texts]
    return typed
