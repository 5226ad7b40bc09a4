# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""golden/NAME/case.yml is an intent and a host, desired.txt every file that it is to have of ours, diff.txt what a run
shows from ``current`` (the files of another case, none by default) to there, or the refusals.

SOURCE_IP_GOLDEN=write rewrites them; read the difference before you commit it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.interface import Rendered, is_ours
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.pieces import Way, split
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkd.place import Found, Link, place
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.backends.managers import golden

GOLDEN = Path(__file__).with_name("golden")
CASES = golden.cases(GOLDEN)


def rendered(name: str) -> tuple[Rendered, str]:
    """What the case gives, and the case whose files are there before."""
    case: dict[str, Any] = yaml.safe_load((GOLDEN / name / "case.yml").read_text(encoding="utf-8"))
    links = {
        one: Link(link.get("file", ""), **{k: v for k, v in link.items() if k != "file"})
        for one, link in case["links"].items()
    }
    found = Found(case.get("runs", True), links, case.get("holders", {}))
    intent = normalise(**case["intent"], backend="networkd")
    pieces, problems = split(intent, case.get("vrfs", {}), lambda _gateway, _vrf: Way("eth0"))
    assert problems == []
    return place(pieces, found, "/etc/systemd/network", "/run/systemd/network"), case.get("current", "")


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    wanted, current = rendered(name)
    before = rendered(current)[0].files if current else {}
    golden.check(GOLDEN / name, wanted, golden.text(wanted), golden.diff(before, wanted.files))


def test_there_are_cases_and_every_file_is_known_for_ours() -> None:
    assert len(CASES) >= 5
    for name in CASES:
        files = rendered(name)[0]
        assert all(is_ours(file.content) for file in (*files.files.values(), *files.transient.values()))
