# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a task ends: what the boundary makes of a body's result, error and warnings."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._change.boundary import few
from tests.lab.modules import answer, arguments, collections_path

DOOR = """
from ansible.module_utils import basic
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._change.boundary import answer
import sys
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
basic._ANSIBLE_PROFILE = "legacy"
module = basic.AnsibleModule({})
def body():
    warnings = [f"warning {number}" for number in range(int(sys.argv[2]))]
    if sys.argv[1] == "fails":
        raise Refused("no", rows=[1], warnings=warnings)
    return {"changed": True, "rows": [1], "warnings": warnings}
answer(module, body)
"""


def _ended(way: str, warnings: int) -> dict[str, Any]:
    # In a process of its own: a module is one, and its garbage is not collected.
    done = subprocess.run(
        [sys.executable, "-c", DOOR, way, str(warnings)],
        input=arguments({}),
        env={**os.environ, "PYTHONPATH": str(collections_path())},
        capture_output=True,
        check=False,
    )
    return answer(done.stdout.decode(), done.stderr.decode(), done.returncode)


def _texts(result: dict[str, Any]) -> list[str]:
    """The warnings; newer releases of Ansible send them with where they came from."""
    return [one if isinstance(one, str) else one["event"]["msg"] for one in result.get("warnings", [])]


@pytest.mark.parametrize("way", ["ends", "fails"])
def test_warnings_reach_ansible_by_its_own_door(way: str) -> None:
    """Not as a value of the result: releases of ansible-core from 2.19 answer that with a deprecation."""
    found = _ended(way, 2)
    assert (bool(found.get("failed")), found["rows"]) == (way == "fails", [1])
    assert _texts(found) == ["warning 0", "warning 1"]
    assert not found.get("deprecations"), found
    assert not _ended(way, 0).get("warnings")


def test_nobody_reads_ten_thousand_warnings() -> None:
    ten = [f"warning {number}" for number in range(10)]
    assert (few([]), few(ten)) == ([], ten)
    assert few([*ten, "one more", "and another"]) == [*ten, "2 more warnings of this kind"]
