# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many hosts: the role ``kernel`` against a ping of the same hosts, and against a loop of commands on some of them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from tests.bench import playbook
from tests.bench.playbook import Task, check, command, role, task
from tests.bench.results import Found, Run, Target, middle, prose, seconds, table, times
from tests.lab.fleet import GATEWAY, Fleet
from tests.lab.netns import Namespace

TITLE = "Fifty hosts"
ROUTES = 50
_CONTROLLER = "controller"


def _intent(number: int) -> dict[str, Any]:
    source = f"192.0.2.{number}"
    there = [f"20.0.{number}.{at}/32" for at in range(ROUTES)]
    return {
        "source_ip_addresses": [{"address": f"{source}/32", "device": "lo"}],
        "source_ip_routes": [{"destination": text, "gateway": GATEWAY, "source": source} for text in there],
        "bench_source": source,
    }


def _clear(fleet: Fleet, scratch: Path) -> dict[str, Any]:
    """A play that makes all hosts as they were; not a task on each of them, which would take longer than the role."""

    def lines(host: Namespace) -> str:
        record = shlex.quote(str(fleet.run_of(host) / "l3host.source_ip.kernel.json"))
        script = "route flush root 20.0.0.0/8\\naddress flush to 192.0.2.0/24 dev lo\\n"
        return f"printf '{script}' | ip -n {host.name} -batch -\nrm -f {record}\n"

    path = scratch / "clear"
    path.write_text("set -e\n" + "".join(map(lines, fleet.hosts)), encoding="utf-8")
    return {"hosts": _CONTROLLER, "tasks": [command("Then the hosts as they were", f"sh {path}")]}


def _role(key: str, changed: bool) -> list[Task]:
    done = check(f"kernel_result is {'' if changed else 'not '}changed", f"kernel_result.checked == {ROUTES}")
    return [role(f"Bench {key}", "kernel"), done]


def _loop(key: str) -> list[Task]:
    line = f"ip route replace {{{{ item.destination }}}} via {GATEWAY} src {{{{ bench_source }}}}"
    address = command("Then the address", "ip address replace {{ bench_source }}/32 dev lo")
    return [address, {**command(f"Bench {key}", line), "loop": "{{ source_ip_routes }}"}]


def _plays(fleet: Fleet, run: Run) -> list[dict[str, Any]]:
    clear = _clear(fleet, run.scratch)
    plays: list[dict[str, Any]] = [
        {"hosts": "all", "tasks": [task("Warm up", "ansible.builtin.ping")]},
    ]
    for number in range(_rounds(run)):
        roles = [clear, {"hosts": "fleet", "tasks": [*_role("role first", True), *_role("role again", False)]}]
        ping = [{"hosts": "fleet", "tasks": [task("Bench ping", "ansible.builtin.ping")]}]
        plays += [*roles, *ping] if number % 2 else [*ping, *roles]
    some = f"fleet[0:{_some(run) - 1}]"
    plays += [clear, {"hosts": some, "tasks": _loop("loop first")}]
    plays += [clear, {"hosts": some, "tasks": _role("some first", True)}]
    return plays


def _rounds(run: Run) -> int:
    return (run.rounds + 1) // 2


def _some(run: Run) -> int:
    return 2 if run.quick else 10


def measure(run: Run) -> dict[str, list[float]]:
    """``ping``, ``role first``, ``role again`` on all; ``loop first`` and ``some first`` on ``some`` of them, once."""
    count = 5 if run.quick else 50
    with Fleet(count, run.scratch) as fleet:
        hosts = {f"host{number:03}": host for number, host in enumerate(fleet.hosts, 1)}
        variables = {
            name: {**fleet.variables(host), **_intent(number)} for number, (name, host) in enumerate(hosts.items(), 1)
        }
        inventory = playbook.inventory(run.scratch / "fleet", {_CONTROLLER: playbook.LOCAL, **variables})
        groups = {"all": {"hosts": {_CONTROLLER: None}, "children": {"fleet": {"hosts": dict.fromkeys(hosts)}}}}
        inventory.write_text(json.dumps(groups), encoding="utf-8")
        found = playbook.run(_plays(fleet, run), inventory, run.scratch)
    return {**found, "hosts": [count], "some": [_some(run)]}


def targets(found: Found) -> list[Target]:
    """The run without a change, which is what a fleet sees every day."""
    text = f"{found['hosts'][0]:.0f} hosts × {ROUTES} routes, role `kernel`, no change: times a `ping` of them"
    return [Target(text, times(found, "role again", "ping"), 1.5)]


def section(found: Found) -> list[str]:
    """The part's text."""
    count = int(found["hosts"][0])
    words = {
        "ping": "`ansible.builtin.ping`",
        "role first": "role `kernel`, first run",
        "role again": "role `kernel`, no change",
    }
    rows = [
        [text, f"{times(found, key, 'ping'):.2f}", seconds(found, key), f"{middle(found, key) / count * 1000:.0f} ms"]
        for key, text in words.items()
    ]
    loop, ours = middle(found, "loop first"), middle(found, "some first")
    return [
        *prose(
            f"{count} network namespaces, each with a /run of its own, {ROUTES} routes and an address of its own for "
            "each. Five forks, Ansible's default, and no pipelining."
        ),
        "",
        *table(["", "times the ping", "all hosts", "each"], rows),
        "",
        *prose(
            "A ping is nothing but the start of a module. Here, where no network is in between, the role's task costs "
            "what it imports beyond that (the last part of this page), and the check of the role's arguments, which "
            "Ansible makes a task of its own for each host on the controller."
        ),
        "",
        *prose(
            f"On {found['some'][0]:.0f} of the hosts, one round: a loop of `command: ip route replace` over the "
            f"{ROUTES} routes {seconds(found, 'loop first')}, the role {seconds(found, 'some first')}: "
            f"{loop / ours:.0f} times as fast."
        ),
    ]
