# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks have every option of every back end, under the variable that its role has for it; what remove says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from jinja2 import Environment, FileSystemLoader

from ansible_collections.l3host.source_ip.plugins.action import intent
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.choose import OPTIONS

ROOT = Path(__file__).resolve().parents[3]


def _task(path: str) -> dict[str, Any]:
    (task,) = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    found: dict[str, Any] = task["l3host.source_ip.intent"]
    return found


@pytest.mark.parametrize("name", OPTIONS)
def test_a_task_that_says_nothing_of_a_back_end_has_what_its_role_would_say(name: str) -> None:
    assert name not in _task("playbooks/tasks/intent.yml")
    role = _task(f"roles/{name}/tasks/main.yml")[name]
    assert role.keys() == OPTIONS[name].keys()
    variables = {value.split()[1]: f"value of {key}" for key, value in role.items()}
    assert _options({}, variables)[name] == {key: f"value of {key}" for key in role}


def test_what_a_task_says_of_a_back_end_counts_before_the_variables() -> None:
    variables = {"kernel_wait": 7, "kernel_force": True, "frr_tag": "{{ site_tag }}", "bird_socket": None}
    assert _options({"backend": "kernel", "kernel": {"wait": 1}}, variables) == {
        "kernel": {"wait": 1, "force": True},
        "frr": {"tag": "of {{ site_tag }}"},
        "bird": {"socket": None},
    }
    assert _options({"backend": "kernel"}, {"kernel_tuning": 1, "source_ip_routes": []}) == {}


@pytest.mark.parametrize("name", OPTIONS)
def test_what_it_leaves_out_has_the_default_of_the_role(name: str) -> None:
    defaults = yaml.safe_load((ROOT / f"roles/{name}/defaults/main.yml").read_text(encoding="utf-8"))
    variables = {key: value.split()[1] for key, value in _task(f"roles/{name}/tasks/main.yml")[name].items()}
    assert {key: defaults[variable] for key, variable in variables.items()} == {
        key: spec.get("default") for key, spec in OPTIONS[name].items()
    }


def _options(arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
    """What the task's half on the controller makes of these."""
    action = intent.ActionModule.__new__(intent.ActionModule)
    action._templar = SimpleNamespace(template=lambda text: f"of {text}")  # type: ignore[assignment]
    return action._options(arguments, variables)


def _taken(result: dict[str, Any], check: bool = False) -> list[str]:
    """The lines that `remove` prints of this result."""
    environment = Environment(trim_blocks=True, loader=FileSystemLoader(ROOT / "playbooks/templates"), autoescape=False)
    environment.tests["changed"] = lambda one: one["changed"]
    result = {"backend": "kernel", "backend_why": "it is there", "changed": True, "results": [], "diff": [], **result}
    text = environment.get_template("taken.j2").render(playbook_result=result, ansible_check_mode=check)
    return text.splitlines()


ROUTE = {"action": "removed", "before": "198.51.100.0/24 via 10.0.0.1 dev eth0", "destination": "198.51.100.0/24"}
ADDRESS = {"action": "removed", "before": "192.0.2.2/32 dev lo", "address": "192.0.2.2/32"}


def test_remove_says_what_it_took_from_the_kernel() -> None:
    diff = [{"before": "198.51.100.0/24 via 10.0.0.1 dev eth0\n", "after": ""}]
    said = _taken({"results": [ROUTE, {"action": "unchanged", "before": "x"}], "diff": diff})
    assert said == ["kernel (it is there): taken off", "removed: 198.51.100.0/24 via 10.0.0.1 dev eth0"]
    assert _taken({"changed": False}) == ["kernel (it is there): nothing of ours is there"]
    assert _taken({"results": [ROUTE]}, check=True)[0].endswith("would be taken off")


def test_remove_says_which_lines_it_took_from_a_daemon_beside_the_addresses() -> None:
    """The same line in the running configuration and in the file is said once; the operator's are not said."""
    diff = [
        {"prepared": "running configuration of FRR\n-route-map SIP-1 permit 10\n+ip protocol bgp route-map MINE\n"},
        {"before": "log file\nroute-map SIP-1 permit 10\n set src 192.0.2.2\n", "after": "log file\n"},
        {"prepared": "services that keep the intent in FRR: removed\n"},
    ]
    assert _taken({"backend": "frr", "results": [ADDRESS], "diff": diff}) == [
        "frr (it is there): taken off",
        "removed: 192.0.2.2/32 dev lo",
        "removed: route-map SIP-1 permit 10",
        "removed: set src 192.0.2.2",
        "services that keep the intent in FRR: removed",
    ]


def test_remove_says_how_many_lines_it_leaves_out() -> None:
    diff = [{"before": "".join(f"line {number};\n" for number in range(120)), "after": ""}]
    said = _taken({"backend": "bird", "diff": diff})
    assert len(said) == 102 and said[-1] == "and 20 more, which --diff shows"
