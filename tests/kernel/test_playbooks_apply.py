# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks apply and remove, by their collection's name, on hosts that are namespaces."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.fleet import CONNECTIONS, GATEWAY, Fleet
from tests.lab.modules import collections_path

ANSIBLE = Path(sys.executable).with_name("ansible-playbook")
DESTINATION = "198.51.100.0/24"


class Hosts:
    """An inventory of namespaces: ``names`` -> namespace, and what Ansible says of them."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.names = {f"edge{number}": host for number, host in enumerate(fleet.hosts, 1)}
        self._folder = folder
        self.variables: dict[str, dict[str, Any]] = {
            name: {
                **fleet.variables(host),
                "ansible_python_interpreter": sys.executable,
                "source_ip_addresses": [{"address": f"192.0.2.{number}/32", "device": "lo"}],
                "source_ip_routes": [{"destination": DESTINATION, "gateway": GATEWAY, "source": f"192.0.2.{number}"}],
            }
            for number, (name, host) in enumerate(self.names.items(), 1)
        }

    def play(self, name: str, *words: str) -> tuple[int, str]:
        """Exit status, and all that was printed."""
        inventory = self._folder / "hosts.json"
        inventory.write_text(json.dumps({"all": {"hosts": self.variables}}), encoding="utf-8")
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(collections_path()),
            "ANSIBLE_CONNECTION_PLUGINS": str(CONNECTIONS),
            "ANSIBLE_HOME": str(self._folder / "ansible"),
            "ANSIBLE_REMOTE_TEMP": str(self._folder / "remote"),
            "ANSIBLE_NOCOLOR": "true",
        }
        argv = [str(ANSIBLE), "-i", str(inventory), name if "/" in name else f"l3host.source_ip.{name}", *words]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=300)
        return done.returncode, done.stdout + done.stderr

    def route(self, name: str) -> str:
        return self.names[name].ip(f"route show {DESTINATION}")


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    with Fleet(4, tmp_path) as fleet:
        yield Hosts(fleet, tmp_path)


def recap(text: str, name: str) -> dict[str, int]:
    (line,) = re.findall(rf"(?m)^{name} +: (.*)$", text)
    return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)}


def test_check_apply_again_and_remove(hosts: Hosts) -> None:
    code, said = hosts.play("apply", "--check", "--diff")
    assert code == 0, said
    assert f"+{DESTINATION} via {GATEWAY} dev eth0 proto 133 src 192.0.2.3" in said, said
    assert "l3host.source_ip.kernel.json" not in said and not any(map(hosts.route, hosts.names))
    code, said = hosts.play("apply")
    assert code == 0, said
    assert "kernel: neither FRR nor BIRD writes routes" in said
    assert all("src 192.0.2." in hosts.route(name) for name in hosts.names)
    code, said = hosts.play("apply", "-e", '{"source_ip_batches": [4]}')
    assert code == 0 and all(recap(said, name)["changed"] == 0 for name in hosts.names), said
    code, said = hosts.play("remove", "--check")
    assert code == 0 and "would be taken off" in said and hosts.route("edge1"), said
    code, said = hosts.play("remove")
    assert code == 0 and "taken off" in said and f"removed: {DESTINATION}" in said, said
    assert not any(map(hosts.route, hosts.names))
    code, said = hosts.play("remove")
    assert code == 0 and "nothing of ours is there" in said, said


def test_it_stops_at_the_first_bad_batch_and_goes_on_when_that_is_mended(hosts: Hosts) -> None:
    """edge2 has not the address of its source, edge3 a misspelled variable, and edge4 is of a later batch."""
    hosts.variables["edge2"]["source_ip_addresses"] = []
    right = hosts.variables["edge3"].pop("source_ip_routes")
    hosts.variables["edge3"]["source_ip_route"] = right
    batches = ("-e", '{"source_ip_batches": [1, 2, "100%"]}')
    code, said = hosts.play("apply", *batches)
    assert code == 2, said
    assert hosts.route("edge1") and not any(map(hosts.route, ("edge2", "edge3", "edge4")))
    assert said.count("source_ip_route: nothing reads this variable. Was source_ip_routes meant?") == 1, said
    assert said.count("192.0.2.2 is not an address of this host") == 1, said
    assert [recap(said, name)["failed"] for name in ("edge1", "edge2", "edge3")] == [0, 1, 1]
    assert "edge4" not in said
    hosts.variables["edge2"]["source_ip_addresses"] = [{"address": "192.0.2.2/32", "device": "lo"}]
    hosts.variables["edge3"] = {**hosts.variables["edge3"], "source_ip_routes": right}
    del hosts.variables["edge3"]["source_ip_route"]
    code, said = hosts.play("apply", *batches)
    assert code == 0 and all(map(hosts.route, hosts.names)), said
    assert recap(said, "edge1")["changed"] == 0


def test_nothing_vanishes(hosts: Hosts) -> None:
    """No variables at all, three empty lists, and a host that does not answer, on hosts that are through."""
    assert hosts.play("apply", "-e", '{"source_ip_batches": [4]}')[0] == 0
    for option in ("addresses", "routes"):
        del hosts.variables["edge1"][f"source_ip_{option}"]
        hosts.variables["edge2"][f"source_ip_{option}"] = []
    hosts.variables["edge3"]["ansible_connection"] = "ssh"
    hosts.variables["edge3"]["ansible_host"] = "127.0.0.1"
    hosts.variables["edge3"]["ansible_port"] = 1
    code, said = hosts.play("apply", "-e", '{"source_ip_batches": [4]}')
    assert code == 2, said
    assert said.count("this host has no source_ip_* variables; to take an intent off, run") == 1, said
    assert said.count("the intent of this host is empty, and what an earlier one made is there") == 1, said
    assert "edge3: unreachable: " in said, said
    assert recap(said, "edge4")["failed"] == 0 and all(map(hosts.route, hosts.names))
    hosts.variables["edge2"]["source_ip_state"] = "absent"
    code, said = hosts.play("apply", "--limit", "edge2")
    assert code == 0 and not hosts.route("edge2"), said


def test_check_mode_on_a_host_without_the_library(hosts: Hosts, tmp_path: Path) -> None:
    """It says what would be installed, and goes on with the others; where nothing may be installed, what to do."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    hosts.variables["edge2"]["ansible_python_interpreter"] = str(tmp_path / "bare" / "bin" / "python")
    code, said = hosts.play("apply", "--check")
    assert code == 0, said
    assert "edge2 would get python3-pyroute2" in said and recap(said, "edge4")["changed"] == 1, said
    hosts.variables["edge2"]["prerequisites_method"] = "none"
    code, said = hosts.play("apply", "--limit", "edge2")
    assert code == 2 and "prerequisites_method is 'none'. Install python3-pyroute2" in said, said


def test_check_mode_looks_at_every_host_past_a_bad_one(hosts: Hosts) -> None:
    """A canary protects nothing where nothing is changed."""
    hosts.variables["edge1"]["source_ip_addresses"] = []
    code, said = hosts.play("apply", "--check", "--diff")
    assert code == 2 and said.count("192.0.2.1 is not an address of this host") == 1, said
    assert all(f"+{DESTINATION} via {GATEWAY} dev eth0 proto 133 src 192.0.2.{number}" in said for number in (2, 3, 4))
    assert not any(map(hosts.route, hosts.names))


def test_a_host_that_cannot_get_the_library_is_listed_with_the_others(hosts: Hosts, tmp_path: Path) -> None:
    """The rest of its batch is carried out and proved, and the list has all that are bad."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    hosts.variables["edge2"]["ansible_python_interpreter"] = str(tmp_path / "bare" / "bin" / "python")
    hosts.variables["edge2"]["prerequisites_method"] = "none"
    hosts.variables["edge3"]["source_ip_addresses"] = []
    code, said = hosts.play("apply", "-e", '{"source_ip_batches": [3, "100%"]}')
    listed = said.partition("These hosts are not as their intent says")[2]
    assert code == 2 and "prerequisites_method is 'none'. Install python3-pyroute2" in listed, said
    assert "192.0.2.3 is not an address of this host" in listed and "edge4" not in said, said
    assert hosts.route("edge1") and recap(said, "edge1")["failed"] == 0, said
    assert [recap(said, name)["failed"] for name in ("edge2", "edge3")] == [1, 1], said


def test_a_host_that_vanishes_while_it_gets_the_library_is_listed(hosts: Hosts, tmp_path: Path) -> None:
    """Be it the canary, with nobody beside it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    there, python = tmp_path / "there", tmp_path / "python"
    there.write_text(hosts.names["edge1"].name, encoding="utf-8")
    # The first task still has its connection; the next one finds no host.
    python.write_text(f'#!/bin/sh\nprintf nobody >{there}\nexec {tmp_path}/bare/bin/python "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    hosts.variables["edge1"]["ansible_python_interpreter"] = str(python)
    hosts.variables["edge1"]["ansible_netns"] = f"{{{{ lookup('ansible.builtin.file', '{there}') }}}}"
    code, said = hosts.play("apply")
    listed = said.partition("These hosts are not as their intent says")[2]
    assert code == 2 and '"edge1: unreachable: ' in listed and "there is no host nobody" in listed, said
    assert "edge2" not in said and recap(said, "edge1")["failed"] == 1, said
    assert "the host did not answer; nothing was installed" in said and "undefined" not in said, said


def test_what_kernel_and_socket_say_is_listed(hosts: Hosts) -> None:
    """All is as it was made, and a route that wins over it is somebody else's."""
    assert hosts.play("apply", "-e", '{"source_ip_batches": [4]}')[0] == 0
    hosts.names["edge2"].ip("route add 198.51.100.0/25 via 10.64.255.254 src 10.64.0.2 proto static")
    hosts.names["edge2"].ip("route add 198.51.100.128/25 via 10.64.255.254 src 10.64.0.2 proto static")
    hosts.names["edge3"].ip(f"rule add to {DESTINATION} table 77 priority 100")
    hosts.names["edge3"].ip(f"route add {DESTINATION} via {GATEWAY} table 77 src 10.64.0.3")
    code, said = hosts.play("apply", "-e", '{"source_ip_batches": [4]}')
    listed = said.partition("These hosts are not as their intent says")[2]
    assert code == 2 and "edge3: 1 of 1 destinations do not have the source of the intent:" in listed, said
    assert '"edge2: ' not in listed, said
    assert [recap(said, name)["failed"] for name in hosts.names] == [0, 0, 1, 0]
    code, said = hosts.play("apply", "--check")
    assert code == 2 and "edge3: 1 of 1 destinations do not have the source of the intent:" in said, said


def test_verify_in_check_mode_reports(hosts: Hosts, tmp_path: Path) -> None:
    play = tmp_path / "verify.yml"
    play.write_text(
        json.dumps([{"hosts": "edge1", "gather_facts": False, "roles": [{"role": "l3host.source_ip.verify"}]}]),
        encoding="utf-8",
    )
    code, said = hosts.play(str(play), "--check")
    assert code == 0 and "1 of 1 destinations do not have the source of the intent now" in said, said
    code, said = hosts.play(str(play))
    assert code == 2 and "1 of 1 destinations do not have the source of the intent" in said, said
