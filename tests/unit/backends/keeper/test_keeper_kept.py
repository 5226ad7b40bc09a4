# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper's document: read by every later release, and refused in words where it cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._keeper.keepable import keepable
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._keeper.kept import (
    VERSION,
    Kept,
    parse,
    render,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

DOCUMENTS = Path(__file__).parent / "golden"
OPTIONS = {"record": "/run/l3host.source_ip.kernel.json", "force": False}


def intent() -> dict[str, list[Any]]:
    return normalise(
        addresses=[{"address": "192.0.2.2/32", "device": "lo"}],
        routes=[{"destination": "198.51.100.0/24", "gateway": "10.0.0.254", "source": "192.0.2.2"}],
        policies=[{"protocols": ["static"], "destinations": ["2001:db8::/32"], "source": "2001:db8:ff::2"}],
        backend="kernel",
    )


def test_what_is_written_is_read() -> None:
    content = render(Kept("kernel", OPTIONS, {**intent(), "warnings": ["for the task"]}))
    assert parse(content, "/k") == Kept("kernel", OPTIONS, {**intent(), "warnings": []})
    assert render(parse(content, "/k")) == content


def test_the_first_form_is_read_for_ever() -> None:
    """Not to be changed with the code: hosts have it."""
    assert parse((DOCUMENTS / "1.json").read_bytes(), "/k") == Kept("kernel", OPTIONS, {**intent(), "warnings": []})


def test_the_intent_of_a_release_that_knew_less_is_read() -> None:
    """No policies yet, and of a route fewer fields: as if they had not been set."""
    kept = parse((DOCUMENTS / "fewer.json").read_bytes(), "/k")
    assert kept.intent == {**intent(), "policies": [], "warnings": []}
    assert keepable(kept)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not an intent"),
        (b"\xff\xfe", "is not an intent"),
        (b'{"version": true, "backend": "kernel"}', "is not an intent"),
        (b'{"version": 0}', "is not an intent"),
        (b'{"version": 1, "backend": 7, "options": {}, "intent": ""}', "is not an intent"),
        (b'{"version": 1, "backend": "kernel", "options": {}, "intent": 7}', "is not an intent"),
        (b'{"version": 1, "backend": "kernel", "options": {}, "intent": "{}"}', "cannot be used"),
        (json.dumps({"version": VERSION + 1}).encode(), f"version {VERSION + 1}"),
    ],
)
def test_what_is_no_document_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(content, "/etc/k.json")
    assert words in caught.value.message and "/etc/k.json" in caught.value.message


def test_columns_that_nobody_knows_are_of_a_later_release() -> None:
    document = json.loads(render(Kept("kernel", OPTIONS, intent())))
    inner = json.loads(document["intent"])
    inner["routes"]["columns"][0] = "colour"
    with pytest.raises(InvalidInput, match="other columns for routes"):
        parse(json.dumps({**document, "intent": json.dumps(inner)}).encode(), "/k")


def test_a_back_end_that_needs_no_keeper_is_refused() -> None:
    with pytest.raises(InvalidInput, match="bird"):
        keepable(Kept("bird", {}, intent()))
