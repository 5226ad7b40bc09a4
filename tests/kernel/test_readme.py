# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's first example, as it is printed: its inventory and its commands, on hosts that are namespaces."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.lab.fleet import CONNECTIONS, GATEWAY, Fleet
from tests.lab.modules import CHECKOUT, collections_path


def _block(kind: str, text: str) -> str:
    """The first of its kind."""
    return text.split(f"```{kind}\n", 1)[1].split("```", 1)[0]


def test_the_first_example_works_as_printed(tmp_path: Path) -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    inventory, console = _block("yaml", readme), _block("console", readme)
    (tmp_path / "inventory.yml").write_text(inventory, encoding="utf-8")
    commands = [line[2:] for line in console.splitlines() if line.startswith("$ ")]
    said = [line for line in console.splitlines() if not line.startswith("$ ")]
    names = re.findall(r"(?m)^    (edge\d):", inventory)
    with Fleet(len(names), tmp_path) as fleet:
        hosts = dict(zip(names, fleet.hosts))
        for host in fleet.hosts:
            host.ip(f"route add default via {GATEWAY} proto static metric 100")
        # What only this machine knows: that its hosts are namespaces.
        lab = {
            name: {**fleet.variables(host), "ansible_python_interpreter": sys.executable}
            for name, host in hosts.items()
        }
        (tmp_path / "lab.json").write_text(json.dumps({"all": {"hosts": lab}}), encoding="utf-8")
        outputs = [_run(command, tmp_path) for command in commands]
        sources = [host.ip("route show default") for host in fleet.hosts]
    assert len(outputs) == 3 and "+default via" in outputs[0], outputs[0]
    assert [f"src 192.0.2.{number} metric 100" in line for number, line in enumerate(sources, 1)] == [True, True]
    assert said and all(line in outputs[-1] for line in said), outputs[-1]


def _run(command: str, folder: Path) -> str:
    program, *words = shlex.split(command, comments=True)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")},
        "ANSIBLE_COLLECTIONS_PATH": str(collections_path()),
        "ANSIBLE_CONNECTION_PLUGINS": str(CONNECTIONS),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_NOCOLOR": "true",
    }
    argv = [str(Path(sys.executable).with_name(program)), *words, "-i", "lab.json"]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout
