# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as it stands: hosts, daemons, the inventory, and Ansible that is run on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench import playbook
from tests.fleet import routing
from tests.fleet.damage import DAMAGES
from tests.fleet.hosts import Member, intent
from tests.lab.daemons import Daemon
from tests.lab.fleet import CONNECTIONS, Fleet
from tests.lab.modules import collections_path
from tests.lab.netns import Namespace

NOWHERE = "nobody"
SLOW = 2


class Ran(NamedTuple):
    """What a playbook has taken and said.

    Seconds: ``wall``, ``processor`` of controller and hosts together, ``of_hosts`` what of that was on the hosts.
    ``memory``: KiB of the largest process. Then the exit status and the text.
    """

    wall: float
    processor: float
    of_hosts: float
    memory: int
    status: int
    text: str


class Arena:
    """Hosts of ``members`` in a created ``fleet``, whose hosts stand for several where they are fewer.

    ``daemons`` are those found here.
    """

    def __init__(self, fleet: Fleet, members: Sequence[Member], daemons: Mapping[str, Daemon], scratch: Path) -> None:
        self.members = members
        self._fleet = fleet
        self._daemons = daemons
        self._scratch = scratch
        self._hosts: dict[str, Namespace] = {
            member.name: fleet.hosts[at % len(fleet.hosts)] for at, member in enumerate(members)
        }

    def prepare(self) -> None:
        """Start the daemons and wait until they have learned what there is."""
        learning = {}
        if "bird" in self._daemons:
            routing.start_router(self._daemons["bird"], self._fleet.switch, self._scratch / "router")
        for member in self.members:
            host = self._hosts[member.name]
            if member.traits.backend in self._daemons and member.kind != "lifeless":
                routing.start(self._daemons[member.traits.backend], member, host, self._run_of(member))
                learning[member.name] = host
        late = routing.learned(learning)
        if late:
            raise RuntimeError(f"nothing was learned by {', '.join(late)}")

    def daemons(self) -> dict[str, int]:
        """KiB of memory that the daemons of one host take, by name; of those that have a host here."""
        found = {}
        for member in self.members:
            backend = member.traits.backend
            if backend in self._daemons and member.kind != "lifeless" and backend not in found:
                found[backend] = routing.memory(member, self._run_of(member))
        return found

    def _run_of(self, member: Member) -> Path:
        return self._fleet.run_of(self._hosts[member.name])

    def _variables(self, member: Member, yesterday: bool) -> dict[str, Any]:
        run, backend = self._run_of(member), member.traits.backend
        found = {**self._fleet.variables(self._hosts[member.name]), **intent(member, yesterday)}
        found["ansible_python_interpreter"] = sys.executable
        if backend in self._daemons:
            found |= routing.options(self._daemons[backend], run)
            found["ansible_python_interpreter"] = self._interpreter(run, f"export PATH={run}/bin:$PATH")
        if member.kind == "slow":
            found["ansible_python_interpreter"] = self._interpreter(run, f"sleep {SLOW}")
        if member.kind == "unreachable":
            found["ansible_netns"] = NOWHERE
        return found

    @staticmethod
    def _interpreter(run: Path, line: str) -> str:
        path = run / "python"
        path.write_text(f'#!/bin/sh\n{line}\nexec {sys.executable} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    def inventory(self, yesterday: bool = False) -> Path:
        """Hosts with their variables in files, in a group for each kind."""
        hosts = {member.name: self._variables(member, yesterday) for member in self.members}
        path = playbook.inventory(self._scratch, hosts)
        groups: dict[str, dict[str, Any]] = {}
        for member in self.members:
            groups.setdefault(member.kind.replace("-", "_"), {"hosts": {}})["hosts"][member.name] = None
        path.write_text(json.dumps({"all": {"children": groups}}), encoding="utf-8")
        return path

    def damage(self) -> None:
        """All of it."""
        for member in self.members:
            if member.traits.damage:
                DAMAGES[member.traits.damage](member, self._hosts[member.name], self._run_of(member))

    def run(self, name: str, inventory: Path, *, forks: int = 10, **variables: Any) -> Ran:
        """ansible-playbook with a playbook's file or name; whatever its exit status is."""
        times, hosts = self._scratch / "times", self._scratch / "times-of-hosts"
        hosts.write_text("", encoding="ascii")
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(collections_path()),
            "ANSIBLE_CONNECTION_PLUGINS": str(CONNECTIONS),
            "ANSIBLE_NETNS_TIMES": str(hosts),
            "ANSIBLE_HOME": str(self._scratch / "ansible"),
            "ANSIBLE_REMOTE_TEMP": str(self._scratch / "remote"),
            "ANSIBLE_FORKS": str(forks),
        }
        argv = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), name]
        argv += ["-e", json.dumps(variables)]
        script = (
            "import resource, subprocess, sys, time; start = time.monotonic(); "
            "done = subprocess.run(sys.argv[2:]); used = resource.getrusage(resource.RUSAGE_CHILDREN); "
            "open(sys.argv[1], 'w').write('%f %f %d' % (time.monotonic() - start, used.ru_utime + used.ru_stime, "
            "used.ru_maxrss)); sys.exit(done.returncode)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(times), *argv],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        wall, processor, memory = times.read_text(encoding="ascii").split()
        of_hosts = sum(map(float, hosts.read_text(encoding="ascii").split()))
        return Ran(float(wall), float(processor), of_hosts, int(memory), done.returncode, done.stdout)
