# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs its controller, by its size: a run without a change, an audit, a ping, and a loop of commands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench import archive
from tests.fleet.arena import Arena, Ran
from tests.fleet.hosts import Member
from tests.lab.fleet import GATEWAY, Fleet

ROUTES = 50
APPLY, AUDIT = "l3host.source_ip.apply", "l3host.source_ip.audit"
MODULES = ("ansible.builtin.ping", "l3host.source_ip.intent", "l3host.source_ip.intent_info")
# The loop takes minutes for a fleet: it is measured on the smallest.
_PING = {"name": "Ping", "ansible.builtin.ping": {}}
_LINE = f"ip route replace {{{{ item.destination }}}} via {GATEWAY} src {{{{ item.source }}}}"
_LOOP = {"name": "Loop", "ansible.builtin.command": {"cmd": _LINE}, "loop": "{{ source_ip_routes }}"}


class Crowd(Arena):
    """Hosts that are all alike, each with ROUTES routes of its own."""

    def _variables(self, member: Member, yesterday: bool) -> dict[str, Any]:
        own = {"gateway": GATEWAY, "source": member.source}
        routes = [{"destination": f"20.0.{member.number}.{at}/32", **own} for at in range(ROUTES)]
        return {**super()._variables(member, yesterday), "source_ip_routes": routes}


def _playbook(folder: Path, name: str, task: Mapping[str, Any]) -> str:
    path = folder / name
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    return str(path)


def _row(ran: Ran, count: int, status: int = 0) -> dict[str, float]:
    if ran.status != status:
        raise RuntimeError(f"a playbook of the measurement ended with {ran.status}:\n{ran.text[-3000:]}")
    return {"hosts": count, "wall": ran.wall, "processor": ran.processor, "memory": ran.memory / 1024}


def measure(sizes: Sequence[int], scratch: Path, forks: int) -> dict[str, Any]:
    """``{"sent": {module: bytes}, "rows": {what: [{hosts, wall, processor, memory}]}}``: seconds, and MB of the largest
    process."""
    found: dict[str, list[dict[str, float]]] = {}
    for count in sizes:
        folder = scratch / f"crowd{count}"
        (folder / "run").mkdir(parents=True)
        members = [Member(f"plain-{number:03}", "plain", number) for number in range(1, count + 1)]
        ping, loop = _playbook(folder, "ping.yml", _PING), _playbook(folder, "loop.yml", _LOOP)
        with Fleet(count, folder / "run") as fleet:
            crowd = Crowd(fleet, members, {}, folder)
            inventory = crowd.inventory()
            batches = {"source_ip_batches": ["100%"], "source_ip_wire": "never"}
            runs = {
                "ping": (ping, {}),
                "apply": (APPLY, batches),
                "apply, no change": (APPLY, batches),
                "audit": (AUDIT, {}),
            }
            for what, (name, options) in runs.items():
                found.setdefault(what, []).append(_row(crowd.run(name, inventory, forks=forks, **options), count))
            if count == min(sizes):
                found["loop"] = [_row(crowd.run(loop, inventory, forks=forks), count)]
    return {"sent": {name: archive.sent(name) for name in MODULES}, "rows": found}
