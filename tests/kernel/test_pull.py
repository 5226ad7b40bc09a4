# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of docs/pull/l3host-source-ip.service, with a repository as docs/fleet.md describes it."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.modules import CHECKOUT
from tests.lab.pair import Host

PROGRAM = "/usr/bin/ansible-pull"
DESTINATION = "198.51.100.0/24"


def _command(cache: Path, url: str) -> list[str]:
    """What systemd would make of ExecStart."""
    unit = (CHECKOUT / "docs/pull/l3host-source-ip.service").read_text(encoding="utf-8").replace("\\\n", "")
    (line,) = re.findall(r"(?m)^ExecStart=(.*)$", unit)
    for name, value in {"%C": str(cache), "${URL}": url, "${BRANCH}": "main"}.items():
        line = line.replace(name, value)
    program, *words = shlex.split(line)
    assert program == PROGRAM
    return [str(Path(sys.executable).with_name("ansible-pull")), *words]


def _wrapper() -> str:
    """The file of one line, as the documentation prints it."""
    text = (CHECKOUT / "docs/fleet.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"(?m)^apply\.yml +(- .*)$", text)
    return f"{line}\n"


def _repository(folder: Path, ns: Host) -> Path:
    (folder / "inventory").mkdir(parents=True)
    (folder / "apply.yml").write_text(_wrapper(), encoding="utf-8")
    (folder / "collections/ansible_collections/l3host").mkdir(parents=True)
    (folder / "collections/ansible_collections/l3host/source_ip").symlink_to(CHECKOUT)
    intent = {
        "source_ip_addresses": [{"address": "192.0.2.7/32", "device": "lo"}],
        "source_ip_routes": [{"destination": DESTINATION, "gateway": "10.0.0.254", "source": "192.0.2.7"}],
        "source_ip_wire": "never",
        "kernel_record": str(folder / "record.json"),
        "ansible_python_interpreter": sys.executable,
    }
    hosts = {platform.node(): intent, "another": {"source_ip_routes": [{"destination": "nonsense"}]}}
    (folder / "inventory/hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    git = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "The fleet"]):
        subprocess.run([*git, *words], check=True)
    return folder


@pytest.mark.skipif(shutil.which("git") is None, reason="this machine has no git")
def test_the_service_applies_this_hosts_part_and_no_other(ns: Host, tmp_path: Path) -> None:
    repository = _repository(tmp_path / "fleet", ns)
    cache = tmp_path / "cache"
    (cache / "l3host-source-ip").mkdir(parents=True)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")},
        "ANSIBLE_HOME": str(cache / "ansible"),
        "ANSIBLE_REMOTE_TEMP": str(cache / "remote"),
        "ANSIBLE_NOCOLOR": "true",
    }
    for changed in (True, False):
        done = ns.run(_command(cache, f"file://{repository}"), env=environment, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert "src 192.0.2.7" in ns.ip(f"route show {DESTINATION}")
        recap = said.rpartition("PLAY RECAP")[2]
        assert "another" not in recap
        (count,) = re.findall(rf"(?m)^{re.escape(platform.node())} +: .*changed=(\d+)", recap)
        assert (count != "0") is changed, said
