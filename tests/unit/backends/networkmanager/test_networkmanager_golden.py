# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""golden/NAME/case.yml is an intent and a host, desired.txt the profiles that it is to have, diff.txt what a run shows,
or the refusals and warnings. ``current``: the case whose profiles and record are there before; then the files of the
case itself take their places, as `nmcli` may have written them since.

SOURCE_IP_GOLDEN=write rewrites them; read the difference before you commit it.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.files import changes
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.interface import Rendered, is_ours
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.pieces import Way, split
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkmanager.place import (
    Device,
    Found,
    place,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._files.snapshot import Access, Snapshot
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.backends.managers import golden

GOLDEN = Path(__file__).with_name("golden")
FOLDER = "/etc/NetworkManager/system-connections"
CASES = golden.cases(GOLDEN)
ROOT = Access(0, 0, 0o600, {})


def _case(name: str) -> dict[str, Any]:
    case: dict[str, Any] = yaml.safe_load((GOLDEN / name / "case.yml").read_text(encoding="utf-8"))
    return case


def rendered(name: str) -> tuple[Rendered, dict[str, bytes]]:
    """What the case gives, and the files that are there before."""
    case = _case(name)
    notes: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    if "current" in case:
        before, files = rendered(case["current"])
        notes = before.notes
        files = {**files, **{path: file.content for path, file in before.files.items() if file.content is not None}}
    files = {**files, **{f"{FOLDER}/{path}": text.encode() for path, text in case.get("files", {}).items()}}
    devices = {}
    for device, one in case.get("devices", {}).items():
        path = one.get("path", "")
        devices[device] = Device(
            one["state"], one.get("name", ""), one.get("uuid", ""), path if "/" in path else f"{FOLDER}/{path}"
        )
    found = Found(
        tuple(case.get("version", (1, 42, 4))),
        devices,
        {path: Snapshot(path, path, content, ROOT) for path, content in files.items()},
        case.get("holders", {}),
        case.get("rewritten", True),
    )
    intent = normalise(**case["intent"], backend="networkmanager")
    pieces, problems = split(intent, case.get("vrfs", {}), lambda _gateway, _vrf: Way("eth0"))
    assert problems == []
    return place(pieces, found, notes, FOLDER), files


def diff(wanted: Rendered, files: dict[str, bytes]) -> str:
    """What Ansible shows of it: nothing of the operator's lines, passwords among them."""
    lines: list[str] = []
    ours = {
        path: Snapshot(path, path, content, ROOT)
        for path, content in files.items()
        if path.endswith("/l3host.source_ip-lo.nmconnection")
    }
    for change in changes(ours, wanted.files):
        shown = change.diff()
        old, new = shown["before"].splitlines(), shown["after"].splitlines()
        lines += difflib.unified_diff(old, new, shown["before_header"], shown["after_header"], n=0, lineterm="")
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    wanted, files = rendered(name)
    golden.check(GOLDEN / name, wanted, golden.text(wanted), diff(wanted, files))


@pytest.mark.parametrize("name", [name for name in CASES if not _case(name).get("current")])
def test_what_is_taken_off_leaves_the_operators_profiles_to_the_byte(name: str) -> None:
    wanted, files = rendered(name)
    if wanted.refusals:
        return
    there = {path: file.content for path, file in wanted.files.items() if file.content is not None}
    found = Found(
        version=(1, 42, 4),
        files={path: Snapshot(path, path, content, ROOT) for path, content in there.items()},
    )
    gone = place([], found, wanted.notes, FOLDER)
    assert {path: file.content for path, file in gone.files.items()} == {
        path: content for path, content in files.items() if path in there
    }
    assert not gone.notes


def test_there_are_cases_and_nothing_of_the_operator_is_shown() -> None:
    assert len(CASES) >= 8
    for name in CASES:
        wanted, files = rendered(name)
        assert "secret" not in diff(wanted, files)
        assert all(is_ours(file.content) for path, file in wanted.files.items() if path not in files)
