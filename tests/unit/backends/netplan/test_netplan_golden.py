# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""golden/NAME/case.yml is an intent and a host, desired.txt every file that it is to have of ours, diff.txt what a run
shows from ``current`` (the files of another case, none by default) to there, or the refusals and warnings.

SOURCE_IP_GOLDEN=write rewrites them; read the difference before you commit it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.interface import Rendered, is_ours
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.pieces import Way, split
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._netplan.place import Found, place
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkd.place import Found as Networkd
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkd.place import Link
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkmanager.place import Device
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkmanager.place import (
    Found as NetworkManager,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.backends.managers import golden

GOLDEN = Path(__file__).with_name("golden")
CASES = golden.cases(GOLDEN)
FILE = "/etc/netplan/90-l3host.source_ip.yaml"


def rendered(name: str) -> tuple[Rendered, str]:
    """What the case gives, and the case whose files are there before."""
    case: dict[str, Any] = yaml.safe_load((GOLDEN / name / "case.yml").read_text(encoding="utf-8"))
    links = {
        one: Link(link.get("file", ""), **{k: v for k, v in link.items() if k != "file"})
        for one, link in case.get("links", {}).items()
    }
    devices = {one: Device(**device) for one, device in case.get("devices", {}).items()}
    found = Found(
        Networkd(case.get("runs", True), links, case.get("holders", {})),
        NetworkManager((1, 52, 1) if devices else (), devices),
        case.get("installed", True),
        case.get("error", ""),
        case.get("definitions", {}),
        {path: text.encode() for path, text in case.get("generated", {}).items()},
    )
    intent = normalise(**case["intent"], backend="netplan")
    pieces, problems = split(intent, case.get("vrfs", {}), lambda _gateway, _vrf: Way("eth0"))
    assert problems == []
    return place(pieces, found, case.get("notes", {}), FILE, "/etc/systemd/network").rendered, case.get("current", "")


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    wanted, current = rendered(name)
    before = rendered(current)[0].files if current else {}
    golden.check(GOLDEN / name, wanted, golden.text(wanted, modes=True), golden.diff(before, wanted.files))


def test_there_are_cases_and_every_file_is_known_for_ours() -> None:
    assert len(CASES) >= 6
    for name in CASES:
        files = rendered(name)[0]
        assert all(is_ours(file.content) for file in (*files.files.values(), *files.transient.values()))


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_is_yaml_and_says_the_same_as_json(name: str) -> None:
    file = rendered(name)[0].files.get(FILE)
    if file is not None:
        content = (file.content or b"").decode()
        assert set(yaml.safe_load(content)) == {"network"} and content.isascii()
