# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks know every option of every back end, under the variable that its role has for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.l3host.source_ip.plugins.module_utils._backends.choose import OPTIONS

ROOT = Path(__file__).resolve().parents[3]


def _task(path: str) -> dict[str, Any]:
    (task,) = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    found: dict[str, Any] = task["l3host.source_ip.intent"]
    return found


@pytest.mark.parametrize("name", OPTIONS)
def test_the_task_has_the_options_and_variables_of_the_role(name: str) -> None:
    ours, role = _task("playbooks/tasks/intent.yml")[name], _task(f"roles/{name}/tasks/main.yml")[name]
    assert ours.keys() == OPTIONS[name].keys() == role.keys()
    assert ours == {key: value.replace(" }}", " | default(omit) }}") for key, value in role.items()}


@pytest.mark.parametrize("name", OPTIONS)
def test_what_it_leaves_out_has_the_default_of_the_role(name: str) -> None:
    defaults = yaml.safe_load((ROOT / f"roles/{name}/defaults/main.yml").read_text(encoding="utf-8"))
    variables = {key: value.split()[1] for key, value in _task(f"roles/{name}/tasks/main.yml")[name].items()}
    assert {key: defaults[variable] for key, variable in variables.items()} == {
        key: spec.get("default") for key, spec in OPTIONS[name].items()
    }
