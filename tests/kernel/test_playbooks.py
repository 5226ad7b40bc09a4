# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that only read, run by Ansible on hosts that are namespaces: what they show, and their exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.bench import playbook
from tests.lab.fleet import CONNECTIONS, GATEWAY, Fleet
from tests.lab.modules import collections_path

DESTINATION = "198.51.100.0/24"
GONE = {"ansible_connection": "netns", "ansible_netns": "nobody"}


def intent(number: int) -> dict[str, Any]:
    source = f"192.0.2.{number}"
    return {
        "source_ip_addresses": [{"address": f"{source}/32", "device": "lo"}],
        "source_ip_routes": [{"destination": DESTINATION, "gateway": GATEWAY, "source": source}],
    }


class Controller:
    """Ansible with an inventory of four hosts, h1 to h4, that all have an intent of their own."""

    def __init__(self, fleet: Fleet, scratch: Path) -> None:
        self.fleet = fleet
        self.scratch = scratch
        self.hosts = {f"h{number}": host for number, host in enumerate(fleet.hosts, 1)}
        self.variables: dict[str, Mapping[str, Any]] = {}

    def reset(self) -> None:
        """Hosts as on the first day, all of them applied."""
        for number, (name, host) in enumerate(self.hosts.items(), 1):
            host.batch(["route flush proto 133", "address flush dev lo scope global"])
            (self.fleet.run_of(host) / "l3host.source_ip.kernel.json").unlink(missing_ok=True)
            self.variables[name] = {**self.fleet.variables(host), **intent(number)}

    def apply(self) -> None:
        play = {"hosts": "all", "gather_facts": False, "roles": ["l3host.source_ip.kernel"]}
        path = self.scratch / "apply.yml"
        path.write_text(json.dumps([play]), encoding="utf-8")
        done = self.run(str(path))
        assert done.returncode == 0, done.stdout

    def run(self, name: str, **variables: Any) -> subprocess.CompletedProcess[str]:
        inventory = playbook.inventory(self.scratch, self.variables)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(collections_path()),
            "ANSIBLE_CONNECTION_PLUGINS": str(CONNECTIONS),
            "ANSIBLE_HOME": str(self.scratch / "ansible"),
            "ANSIBLE_REMOTE_TEMP": str(self.scratch / "remote"),
        }
        argv = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), name]
        argv += ["-e", json.dumps(variables)]
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    def audit(self, status: int, **variables: Any) -> str:
        done = self.run("l3host.source_ip.audit", **variables)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    scratch = tmp_path_factory.mktemp("fleet")
    (scratch / "run").mkdir()
    with Fleet(4, scratch / "run") as fleet:
        yield Controller(fleet, scratch)


@pytest.fixture
def fleet(machines: Controller) -> Controller:
    machines.reset()
    return machines


def rows(text: str) -> dict[str, list[str]]:
    """host -> problems, of the table."""
    lines = text.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("host  "))
    found: dict[str, list[str]] = {}
    for line in lines[start + 1 :]:
        if not line.strip() or line.startswith("ok: "):
            break
        host, problem = line.split()[:2]
        found.setdefault(host, []).append(problem)
    return found


def test_a_fleet_without_damage(fleet: Controller) -> None:
    fleet.apply()
    text = fleet.audit(0)
    assert "4 hosts: 4 as intended, 0 differ. Checked: 4 destinations, 0 open connections." in text
    assert "\nhost  " not in text and "fatal:" not in text


def test_damage_is_told_by_host_and_name(fleet: Controller) -> None:
    fleet.apply()
    fleet.hosts["h2"].ip(f"route del {DESTINATION}")
    fleet.hosts["h4"].ip(f"route add {DESTINATION} via {GATEWAY} proto static metric 0 tos 4")
    fleet.variables["h3"] = {**fleet.fleet.variables(fleet.hosts["h3"])}
    text = fleet.audit(2)
    assert rows(text)["h2"] == ["absent"] and "h1" not in rows(text)
    assert set(rows(text)["h3"]) == {"orphan"}
    assert "h3: this host has no intent" in text
    recap = text.partition("PLAY RECAP")[2]
    assert [line.split()[0] for line in recap.splitlines() if "failed=1" in line] == ["h2", "h3"]


def test_hosts_that_do_not_answer_do_not_stop_the_others(fleet: Controller) -> None:
    fleet.apply()
    fleet.variables["h1"] = {**fleet.variables["h1"], **GONE}
    fleet.variables["h3"] = {**fleet.variables["h3"], "ansible_python_interpreter": "/nowhere/python"}
    fleet.variables["h4"] = {**fleet.variables["h4"], "source_ip_routes": "{{ misspelled }}"}
    text = fleet.audit(4)
    assert rows(text) == {"h1": ["unreachable"], "h3": ["failed"], "h4": ["failed"]}
    assert "there is no host nobody" in text and "misspelled" in text
    assert "4 hosts: 1 as intended, 0 differ, 1 unreachable, 2 failed." in text


def test_no_host_answers(fleet: Controller) -> None:
    for name in fleet.hosts:
        fleet.variables[name] = {**fleet.variables[name], **GONE}
    text = fleet.audit(4)
    assert rows(text) == {name: ["unreachable"] for name in fleet.hosts}


def test_one_document_for_machines(fleet: Controller, tmp_path: Path) -> None:
    fleet.variables["h1"] = {**fleet.variables["h1"], **GONE}
    text = fleet.audit(4, source_ip_format="json", source_ip_title="edge")
    (line,) = [line for line in text.splitlines() if line.startswith("{")]
    found = json.loads(line)
    assert (found["version"], found["title"]) == (1, "edge")
    assert [host["status"] for host in found["hosts"]] == ["unreachable", *["answered"] * 3]
    assert [one["problem"] for one in found["hosts"][1]["findings"]] == ["not_applied"]
    assert found["hosts"][1]["backend"] == "kernel" and found["hosts"][1]["asked"].endswith("Z")
    path = tmp_path / "fleet.json"
    text = fleet.audit(4, source_ip_format="json", source_ip_output=str(path))
    assert not any(line.startswith("{") for line in text.splitlines()) and str(path) in text
    assert len(json.loads(path.read_text(encoding="utf-8"))["hosts"]) == 4
    text = fleet.audit(4, source_ip_output=str(path), source_ip_hosts="h1:h2")
    assert rows(path.read_text(encoding="utf-8")) == rows(text) == {"h1": ["unreachable"], "h2": ["not_applied"]}
    assert "cannot be written" in fleet.audit(2, source_ip_output="/nowhere/fleet.json", source_ip_hosts="h2")


def test_why(fleet: Controller) -> None:
    fleet.apply()
    done = fleet.run("l3host.source_ip.why", destination="198.51.100.34, 10.64.255.254")
    assert done.returncode == 0, done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["host", "destination", "source", "device", "reason", "socket"] in lines
    assert ["h2", "198.51.100.34", "192.0.2.2", "eth0", "prefsrc", "192.0.2.2"] in lines
    assert ["h2", GATEWAY, "10.64.0.2", "eth0", "prefsrc", "10.64.0.2"] in lines


def test_why_with_the_wire_and_a_host_that_is_down(fleet: Controller) -> None:
    fleet.apply()
    fleet.variables["h4"] = {**fleet.variables["h4"], **GONE}
    done = fleet.run("l3host.source_ip.why", destination=["198.51.100.34"], capture=True)
    assert done.returncode == 4, done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["h1", "198.51.100.34", "192.0.2.1", "eth0", "prefsrc", "192.0.2.1", "192.0.2.1"] in lines
    assert "there is no host nobody" in done.stdout


def test_why_without_a_destination(fleet: Controller) -> None:
    done = fleet.run("l3host.source_ip.why")
    assert done.returncode == 2 and "Say what to ask for" in done.stdout


def test_why_of_a_name_that_does_not_resolve(fleet: Controller) -> None:
    done = fleet.run("l3host.source_ip.why", destination="no-such-host.invalid", source_ip_hosts="h1")
    assert done.returncode == 4 and "does not resolve" in done.stdout


def test_the_report_has_every_host_in_every_form(fleet: Controller, tmp_path: Path) -> None:
    fleet.apply()
    fleet.hosts["h2"].ip(f"route del {DESTINATION}")
    fleet.variables["h3"] = GONE
    folder = tmp_path / "made" / "by the playbook"
    done = fleet.run("l3host.source_ip.report", source_ip_report_dir=str(folder), source_ip_title="four")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["fleet.html", "fleet.json", "fleet.md", "fleet.prom"]
    made = json.loads((folder / "fleet.json").read_text(encoding="utf-8"))
    assert (made["version"], made["title"]) == (1, "four")
    assert [host["status"] for host in made["hosts"]] == ["answered", "answered", "unreachable", "answered"]
    assert [finding["problem"] for finding in made["hosts"][1]["findings"]] == ["absent"]
    metrics = (folder / "fleet.prom").read_text(encoding="utf-8")
    assert 'l3host_source_ip_host_up{host="h3"} 0\n' in metrics
    assert 'l3host_source_ip_problems{host="h2",problem="absent"} 1\n' in metrics
    assert "| h2 | absent |" in (folder / "fleet.md").read_text(encoding="utf-8")
    assert "</html>" in (folder / "fleet.html").read_text(encoding="utf-8")
    recap = done.stdout.partition("PLAY RECAP")[2]
    # The one task that asks; the other is the controller's, and belongs to the first host.
    assert [line.split()[0] for line in recap.splitlines() if "ok=1 " in line] == ["h2", "h3", "h4"], recap


def test_a_report_is_written_whole_or_not_at_all(fleet: Controller, tmp_path: Path) -> None:
    (tmp_path / "fleet.md").mkdir()
    done = fleet.run("l3host.source_ip.report", source_ip_report_dir=str(tmp_path), source_ip_report_forms=["markdown"])
    assert done.returncode == 2
    assert f"reports: {tmp_path}/fleet.md cannot be written" in done.stdout.replace("\\n", "\n")
    assert [path.name for path in tmp_path.iterdir()] == ["fleet.md"]
