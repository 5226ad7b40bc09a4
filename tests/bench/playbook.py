# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook whose tasks are timed on the controller."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.lab.fleet import CONNECTIONS
from tests.lab.modules import collections_path

Task = dict[str, Any]
_HERE = Path(__file__).parent


def task(name: str, module: str, /, **options: Any) -> Task:
    """A task; one called "Bench KEY" is timed until the next "Bench …" or "Then …" starts, or its play ends."""
    return {"name": name, module: options}


def role(name: str, role_name: str) -> Task:
    """A whole role, as a playbook includes it."""
    return task(name, "ansible.builtin.include_role", name=f"l3host.source_ip.{role_name}")


def command(name: str, line: str) -> Task:
    """A command of the host."""
    return task(name, "ansible.builtin.command", cmd=line)


def check(*that: str) -> Task:
    """A benchmark of something that was not done would be fast."""
    return task("Then it was done", "ansible.builtin.assert", that=list(that), quiet=True)


def inventory(folder: Path, hosts: Mapping[str, Mapping[str, Any]]) -> Path:
    """An inventory whose hosts have their variables in files of host_vars, as people keep them.

    Variables of a play from vars_files would be read anew for every task.
    """
    (folder / "host_vars").mkdir(parents=True, exist_ok=True)
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": dict.fromkeys(hosts)}}), encoding="utf-8")
    for name, variables in hosts.items():
        text = json.dumps({"ansible_python_interpreter": sys.executable, **variables})
        (folder / "host_vars" / f"{name}.json").write_text(text, encoding="utf-8")
    return folder / "hosts.json"


LOCAL: Mapping[str, Any] = {"ansible_connection": "local"}


def run(
    plays: Sequence[Mapping[str, Any]], hosts: Path, scratch: Path, within: Sequence[str] = ()
) -> dict[str, list[float]]:
    """Run plays with the inventory ``hosts``; the seconds of each "Bench KEY", by key. Ansible's own defaults.

    ``within``: a command line that runs another in a namespace.
    """
    times, path = scratch / "times", scratch / "play.yml"
    times.unlink(missing_ok=True)
    path.write_text(json.dumps([{"gather_facts": False, **play} for play in plays]), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_COLLECTIONS_PATH": str(collections_path()),
        "ANSIBLE_CONNECTION_PLUGINS": str(CONNECTIONS),
        "ANSIBLE_CALLBACK_PLUGINS": str(_HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "seconds",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_HOME": str(scratch / "ansible"),
        "ANSIBLE_REMOTE_TEMP": str(scratch / "remote"),
        "BENCH_TIMES": str(times),
    }
    argv = [*within, str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(hosts), str(path)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the playbook of the benchmark failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    found: dict[str, list[float]] = {}
    for line in times.read_text(encoding="utf-8").splitlines():
        key, seconds = json.loads(line)
        found.setdefault(key, []).append(seconds)
    return found
