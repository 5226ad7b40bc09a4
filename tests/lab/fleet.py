# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many hosts on one network, each a namespace, as an inventory for Ansible."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

from tests.lab.netns import Namespace, batch, delete

CONNECTIONS = Path(__file__).with_name("connection")
GATEWAY = "10.64.255.254"


class Fleet:
    """``count`` hosts (at most 65,000) with ``lo`` and ``eth0`` (10.64.0.1/16 and on); a switch that holds GATEWAY.

    Each has a folder of its own below ``runs``, which is its /run: hosts are machines, and write there.
    """

    def __init__(self, count: int, runs: Path) -> None:
        self.switch = Namespace("switch")
        self.hosts = [Namespace(f"h{number:03}") for number in range(1, count + 1)]
        self._runs = runs

    def create(self) -> Fleet:
        """Make all of it; some milliseconds for each host."""
        switch = self.switch.name
        batch(f"netns add {name}" for name in (switch, *(host.name for host in self.hosts)))
        self.switch.batch(["link add br0 type bridge", "link set br0 up", f"address add {GATEWAY}/16 dev br0"])
        batch(
            f"link add eth0 netns {host.name} type veth peer name p{number} netns {switch}"
            for number, host in enumerate(self.hosts, 1)
        )
        ports = range(1, len(self.hosts) + 1)
        self.switch.batch(line for port in ports for line in (f"link set p{port} master br0", f"link set p{port} up"))
        for number, host in enumerate(self.hosts, 1):
            address = f"10.64.{number >> 8}.{number & 255}/16"
            host.batch(["link set lo up", "link set eth0 up", f"address add {address} dev eth0"])
            self.run_of(host).mkdir()
        return self

    @property
    def names(self) -> list[str]:
        """Of all its namespaces."""
        return [self.switch.name, *(host.name for host in self.hosts)]

    def run_of(self, host: Namespace) -> Path:
        """The folder that is the host's /run."""
        return self._runs / host.name

    def variables(self, host: Namespace) -> dict[str, Any]:
        """What Ansible needs to know of a host, if ANSIBLE_CONNECTION_PLUGINS names CONNECTIONS."""
        return {
            "ansible_connection": "netns",
            "ansible_netns": host.name,
            "ansible_netns_run": str(self.run_of(host)),
        }

    def delete(self) -> None:
        """Delete the namespaces and what runs in them."""
        delete(self.names)

    def __enter__(self) -> Fleet:
        try:
            return self.create()
        except BaseException:
            self.delete()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.delete()
