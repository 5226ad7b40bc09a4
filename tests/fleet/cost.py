# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs its controller, by its size: a run without a change, an audit, a ping, and a loop of commands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import archive
from tests.fleet.arena import Arena, Ran
from tests.fleet.hosts import Member
from tests.lab.fleet import GATEWAY, Fleet
from tests.lab.netns import lifeline

ROUTES = 50
#: Namespaces that are made; of a larger fleet several hosts share one, whose addresses have its number in an octet.
MOST = 200
#: The loop takes fifteen seconds of processor a host: it is measured on the smallest fleet, up to this size.
LOOPED = 50
APPLY, AUDIT = "l3host.source_ip.apply", "l3host.source_ip.audit"
MODULES = ("ansible.builtin.ping", "l3host.source_ip.intent", "l3host.source_ip.intent_info")
_PING = {"name": "Ping", "ansible.builtin.ping": {}}
_LINE = f"ip route replace {{{{ item.destination }}}} via {GATEWAY} src {{{{ item.source }}}}"
_LOOP = {"name": "Loop", "ansible.builtin.command": {"cmd": _LINE}, "loop": "{{ source_ip_routes }}"}


class Crowd(Arena):
    """Hosts that are all alike, each with ROUTES routes of its own; those that share a namespace have the same."""

    def _variables(self, member: Member, yesterday: bool) -> dict[str, Any]:
        own = {"gateway": GATEWAY, "source": member.source}
        routes = [{"destination": f"20.0.{member.number}.{at}/32", **own} for at in range(ROUTES)]
        return {**super()._variables(member, yesterday), "source_ip_routes": routes}


def _playbook(folder: Path, name: str, task: Mapping[str, Any]) -> str:
    path = folder / name
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    return str(path)


def _row(ran: Ran, count: int) -> dict[str, float]:
    if ran.status:
        raise RuntimeError(f"a playbook of the measurement ended with {ran.status}:\n{ran.text[-3000:]}")
    spent = {"wall": ran.wall, "processor": ran.processor, "of_hosts": ran.of_hosts}
    return {"hosts": count, **spent, "memory": ran.memory / 1024}


def _middle(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {key: median(row[key] for row in rows) for key in rows[0]}


def _of_size(crowd: Arena, folder: Path, forks: int, rounds: int, loop: bool) -> dict[str, list[dict[str, float]]]:
    """The rows of a size, one for each time that it was measured."""
    inventory, count = crowd.inventory(), len(crowd.members)
    batches = {"source_ip_batches": ["100%"], "source_ip_wire": "never"}
    runs: dict[str, tuple[str, dict[str, Any]]] = {
        "ping": (_playbook(folder, "ping.yml", _PING), {}),
        "apply": (APPLY, batches),
        "apply, no change": (APPLY, batches),
        "audit": (AUDIT, {}),
        "loop": (_playbook(folder, "loop.yml", _LOOP), {}),
    }
    order = ["apply"]
    for number in range(rounds):  # what is compared stands side by side, each as often first
        order += ["ping", "apply, no change"][:: -1 if number % 2 else 1]
    found: dict[str, list[dict[str, float]]] = {}
    for what in [*order, "audit", *["loop"] * loop]:
        name, options = runs[what]
        found.setdefault(what, []).append(_row(crowd.run(name, inventory, forks=forks, **options), count))
    return found


def measure(sizes: Sequence[int], scratch: Path, forks: int, rounds: int) -> dict[str, Any]:
    """``{"sent": {module: bytes}, "rows": {what: [row]}, "ratios": {size: [of each round]}}``.

    A row is of one size: ``{hosts, wall, processor, of_hosts, memory}``, medians; seconds, and MB of the largest
    process. A ratio is of processor seconds, an apply without a change over the ping beside it.
    """
    rows: dict[str, list[dict[str, float]]] = {}
    ratios = {}
    for count in sizes:
        folder = scratch / f"crowd{count}"
        (folder / "run").mkdir(parents=True)
        names = [(f"plain-{number:04}", number % MOST + 1) for number in range(count)]
        members = [Member(name, "plain", number) for name, number in names]
        with Fleet(min(count, MOST), folder / "run") as fleet, lifeline(fleet.names):
            crowd = Crowd(fleet, members, {}, folder)
            found = _of_size(crowd, folder, forks, rounds, loop=count == min(sizes) and count <= LOOPED)
        for what, measured in found.items():
            rows.setdefault(what, []).append(_middle(measured))
        pairs = zip(found["apply, no change"], found["ping"], strict=True)
        ratios[count] = [ours["processor"] / ping["processor"] for ours, ping in pairs]
    return {"sent": {name: archive.sent(name) for name in MODULES}, "rows": rows, "ratios": ratios}
