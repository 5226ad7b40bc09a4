# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of the fleet document: it takes what we make, refuses what we do not, and leaves out no key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends.finding import Finding
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet import lines
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.document import (
    STATUSES,
    VERSION,
    differing,
    host_row,
)
from tests.lab.documents import hostile, made_up

SCHEMA = json.loads(Path(__file__).parents[3].joinpath("docs/fleet.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["version"]["const"] == VERSION
    assert SCHEMA["$defs"]["host"]["properties"]["status"]["enum"] == list(STATUSES)


@pytest.mark.parametrize("fleet", [made_up(0, 1), made_up(60, 4, bad=0.9), hostile("\x00</script>")])
def test_documents_are_valid(fleet: dict[str, Any]) -> None:
    VALIDATOR.validate(json.loads(json.dumps(fleet)))


def test_every_key_is_described() -> None:
    defined = {name: set(part["properties"]) for name, part in SCHEMA["$defs"].items()}
    assert defined["host"] == set(host_row("h1", [], None)) == set(SCHEMA["$defs"]["host"]["required"])
    assert defined["finding"] == set(Finding._fields) == set(SCHEMA["$defs"]["finding"]["required"])
    fleet = made_up(60, 2, bad=1.0)
    assert set(fleet["hosts"][0]["answers"][0] if fleet["hosts"][0]["answers"] else ()) <= defined["answer"]
    assert set(lines.OF_ANSWER) <= defined["answer"]
    found = [one for host in fleet["hosts"] for one in differing(host)]
    assert found and set(found[0]) == defined["connection"]


def _spoil(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def spoil(fleet: dict[str, Any]) -> None:
        place: Any = fleet
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        _spoil("version", value=2),
        _spoil("made", value="yesterday"),
        _spoil("hosts", value=None),
        _spoil("hosts", 0, "status", value="lost"),
        _spoil("hosts", 0, "error", value="an error of a host that has answered"),
        _spoil("hosts", 0, "checked", value=-1),
        _spoil("hosts", 0, "answers", 0, "good", value="yes"),
        _spoil("hosts", 0, "answers", 0, value={}),
        _spoil("hosts", 0, "findings", value=[{"destination": "*"}]),
        _spoil("hosts", 0, "connections", value={"checked": 1}),
    ],
)
def test_what_is_no_document_is_refused(spoil: Callable[[dict[str, Any]], None]) -> None:
    fleet = made_up(1, 1, bad=0)
    VALIDATOR.validate(fleet)
    spoil(fleet)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(fleet)
