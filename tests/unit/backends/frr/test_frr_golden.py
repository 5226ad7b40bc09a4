# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""golden/NAME.yml is a host and an intent, golden/NAME.golden what the role gives to vtysh and writes to frr.conf.

SOURCE_IP_GOLDEN=write rewrites the golden files; read the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tests.unit.backends.frr.common import decided

GOLDEN = Path(__file__).with_name("golden")
CASES = sorted(path.stem for path in GOLDEN.glob("*.yml"))


def outcome(name: str) -> str:
    case = yaml.safe_load((GOLDEN / f"{name}.yml").read_text())
    lists = {key: case.get(f"source_ip_{key}") for key in ("addresses", "routes", "policies")}
    release = case["version"].split()[1]
    found = decided(case["running"], release, b"! the operator's\n", **lists)
    parts = [f"refusals: {found.refusals}"]
    for number, stage in enumerate(found.stages, start=1):
        parts += [f"--- stage {number}{', needs ' + ' '.join(stage.needs) if stage.needs else ''}", *stage.lines]
    assert found.edit.content is not None
    return "\n".join([*parts, "--- frr.conf", found.edit.content.decode()])


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    path = GOLDEN / f"{name}.golden"
    text = outcome(name)
    if os.environ.get("SOURCE_IP_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


def test_there_are_cases() -> None:
    assert len(CASES) >= 3
