# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local connection in a network namespace of this machine, for hosts that are namespaces.

Ansible finds it where ANSIBLE_CONNECTION_PLUGINS names this folder.
"""

from __future__ import annotations

import os
import resource
import shlex

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: netns
short_description: Run in a network namespace of this machine
description: The local connection, but each command enters the network namespace of the host first.
author: The l3host.source_ip contributors
options:
  netns:
    description: Name of the namespace, as in ip-netns(8).
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_netns
  run:
    description: Folder that is the host's /run. Without it, hosts share that of this machine.
    type: path
    vars:
      - name: ansible_netns_run
  times:
    description: File to append a line to for each command, the seconds of processor that it took.
    type: path
    env:
      - name: ANSIBLE_NETNS_TIMES
extends_documentation_fragment:
  - connection_pipelining
"""

_OWN_RUN = 'mount --bind "$0" /run && exec "$@"'


class Connection(Local):
    """One namespace."""

    transport = "netns"

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Status, output and errors of a shell command."""
        path = f"/run/netns/{self.get_option('netns')}"
        if not os.path.exists(path):
            raise AnsibleConnectionFailure(f"there is no host {self.get_option('netns')}")
        enter = ["nsenter", f"--net={path}", "--"]
        if folder := self.get_option("run"):
            enter += ["unshare", "--mount", "sh", "-c", _OWN_RUN, str(folder)]
        before = _children()
        found: tuple[int, bytes, bytes] = super().exec_command(f"{shlex.join(enter)} {cmd}", in_data, sudoable)
        if times := self.get_option("times"):
            with open(times, "a", encoding="ascii") as file:  # a line in one piece, whoever else writes
                file.write(f"{_children() - before:f}\n")
        return found


def _children() -> float:
    """Seconds of processor of the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
