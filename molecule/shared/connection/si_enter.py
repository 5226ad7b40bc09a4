# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tasks in a container of this machine by entering its namespaces (nsenter(1)); needs root.

`podman exec` does the same in a third of a second of processor time, and a scenario of some hundred tasks spends most
of its time there; entering takes some milliseconds.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: si_enter
short_description: Enter a container's namespaces
description: Enters the namespaces of the container that has the host's name in the inventory.
author: The l3host.source_ip contributors
options:
  container:
    description: The container's name.
    default: inventory_hostname
    type: str
    vars:
      - name: inventory_hostname
      - name: ansible_host # the other host, where a task is delegated
  engine:
    description: The engine that runs it.
    default: podman
    type: str
    vars:
      - name: si_engine
"""

# What the engine would set; nothing of the caller's own environment.
_ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]


class Connection(ConnectionBase):
    """One container."""

    transport = "si_enter"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def _init(self) -> str:
        """Process id of the container's init: remembered in a file, and asked for again when that process is gone."""
        name = str(self.get_option("container"))
        memory = Path(os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY", "/tmp")) / f"init-of-{name}"
        if memory.exists():
            known = memory.read_text(encoding="ascii")
            hostname = Path(f"/proc/{known}/root/etc/hostname")
            try:
                if known and hostname.read_text(encoding="ascii").strip() == name:
                    return known
            except OSError:
                pass
        argv = [str(self.get_option("engine")), "inspect", "--format", "{{.State.Pid}}", name]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode or done.stdout.strip() == "0":
            raise AnsibleConnectionFailure(f"container {name} does not run: {done.stderr.strip()}")
        # A name of its own until it is whole: forks of one play read it at the same time.
        whole = memory.with_suffix(f".{os.getpid()}")
        whole.write_text(done.stdout.strip(), encoding="ascii")
        whole.replace(memory)
        return done.stdout.strip()

    def _run(self, command: list[str], stdin: Any) -> tuple[int, bytes, bytes]:
        enter = ["nsenter", "--target", self._init(), "--mount", "--uts", "--ipc", "--net", "--pid", "--"]
        given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin or subprocess.DEVNULL}
        done = subprocess.run(
            [*enter, "env", "-i", "-C", "/root", *_ENVIRONMENT, *command], capture_output=True, check=False, **given
        )
        return done.returncode, done.stdout, done.stderr

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Status, output and errors of a shell command."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return self._run(["/bin/sh", "-c", cmd], in_data)

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file into the container."""
        super().put_file(in_path, out_path)
        with open(in_path, "rb") as stream:
            status, _output, errors = self._run(["/bin/sh", "-c", 'cat > "$0"', out_path], stream)
        if status:
            raise AnsibleConnectionFailure(f"cannot write {out_path}: {errors.decode('utf-8', 'replace')}")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file out of the container."""
        super().fetch_file(in_path, out_path)
        status, output, errors = self._run(["cat", in_path], None)
        if status:
            raise AnsibleConnectionFailure(f"cannot read {in_path}: {errors.decode('utf-8', 'replace')}")
        Path(out_path).write_bytes(output)

    def close(self) -> None:
        """Nothing is kept open."""
        self._connected = False
