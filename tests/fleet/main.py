# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies the intent to a fleet, audits it, damages it, audits and reports, and checks the outcome of every host."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.fleet import cost, plot, reports
from tests.fleet.arena import Arena, Ran
from tests.fleet.hosts import Member, members
from tests.lab import daemons
from tests.lab.fleet import Fleet
from tests.lab.modules import CHECKOUT
from tests.lab.netns import lifeline, sweep

APPLY = "l3host.source_ip.apply"
# Some hosts of this fleet are always bad, and a batch with one of them would be the last.
AT_ONCE = ["100%"]
FORKS = 10
OUTPUT = CHECKOUT / "build" / "fleet"


def problems(host: Mapping[str, Any]) -> frozenset[str]:
    """What an audit says of a host of its document, as in ``tests.fleet.hosts``."""
    return frozenset(problem for _name, problem in reports.of_document({"hosts": [host]}))


def wrong(fleet: Sequence[Member], document: Mapping[str, Any], damaged: bool) -> list[str]:
    """A line for each host whose outcome is not what it should be."""
    found = {host["name"]: problems(host) for host in document["hosts"]}
    lines = []
    for member in fleet:
        wanted = member.traits.after if damaged else member.traits.before
        if found.get(member.name) != wanted:
            said = sorted(found.get(member.name, ["not in the document"]))
            lines.append(f"{member.name}: expected {sorted(wanted) or 'nothing'}, found {said or 'nothing'}")
    return lines


def applied(text: str) -> set[str]:
    """Hosts of a play's recap on which nothing failed."""
    recap = [line.split() for line in text.partition("PLAY RECAP")[2].splitlines() if " : " in line]
    return {words[0] for words in recap if "failed=0" in words and "unreachable=0" in words}


def _said(what: str, ran: Ran, count: int) -> None:
    controller = (ran.processor - ran.of_hosts) / count
    each = (
        f"a host {ran.wall / count:.2f} s, of processor {controller:.2f} s here and {ran.of_hosts / count:.2f} s there"
    )
    print(f"{what}: {ran.wall:.0f} s, {each}, at most {ran.memory // 1024} MB in a process, status {ran.status}")


def _audit(arena: Arena, inventory: Path, name: str) -> dict[str, Any]:
    path = OUTPUT / f"{name}.json"
    options: dict[str, Any] = {"source_ip_format": "json", "source_ip_output": str(path), "source_ip_title": name}
    path.unlink(missing_ok=True)
    ran = arena.run("l3host.source_ip.audit", inventory, **options)
    _said(f"audit, {name}", ran, len(arena.members))
    if not path.exists():
        raise RuntimeError(f"the audit wrote nothing:\n{ran.text[-3000:]}")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if ran.status != 4:  # some are always unreachable
        raise RuntimeError(f"the audit ended with {ran.status}, not 4")
    return document


def _memory(found: Mapping[str, int]) -> str:
    """What the daemons of a host take, and how many such hosts would fit into the memory that is left."""
    left = int(Path("/proc/meminfo").read_text(encoding="ascii").partition("MemAvailable:")[2].split()[0])
    each = [f"{name} {size / 1024:.1f} MB, {left // size:,} more would fit" for name, size in found.items()]
    return f"daemons of a host: {'; '.join(each)} into the {left / 1024:,.0f} MB that are free"


def _report(arena: Arena, inventory: Path, document: Mapping[str, Any]) -> list[str]:
    """What is wrong with a report of the fleet as ``document`` has it."""
    folder = OUTPUT / "report"
    for name in reports.FORMS:
        (folder / name).unlink(missing_ok=True)
    ran = arena.run(
        "l3host.source_ip.report", inventory, source_ip_report_dir=str(folder), source_ip_title="A simulated fleet"
    )
    _said("report", ran, len(arena.members))
    if ran.status:
        return [f"the report ended with {ran.status}:\n{ran.text[-3000:]}"]
    sizes = [f"{name} {(folder / name).stat().st_size:,}" for name in reports.FORMS if (folder / name).exists()]
    print(f"bytes: {', '.join(sizes)}")
    return reports.wrong(folder, document)


def _story(arena: Arena) -> list[str]:
    failures: list[str] = []
    names = {member.name for member in arena.members}
    older = [member.name for member in arena.members if member.kind == "older"]
    first = arena.run(
        APPLY, arena.inventory(yesterday=True), source_ip_hosts=",".join(older), source_ip_batches=AT_ONCE
    )
    if applied(first.text) != set(older):
        failures.append(f"yesterday's intent was not applied:\n{first.text[-2000:]}")
    inventory = arena.inventory()
    ran = arena.run(APPLY, inventory, source_ip_batches=AT_ONCE)
    _said("apply", ran, len(names))
    (OUTPUT / "apply.txt").write_text(ran.text, encoding="utf-8")
    wanted = {member.name for member in arena.members if member.traits.applied}
    for name in sorted(applied(ran.text) ^ wanted):
        failures.append(f"{name}: expected to be {'' if name in wanted else 'not '}applied")
    again = arena.run(APPLY, inventory, source_ip_batches=AT_ONCE)
    _said("apply again", again, len(names))
    document = _audit(arena, inventory, "applied")
    failures += [f"before the damage: {line}" for line in wrong(arena.members, document, damaged=False)]
    arena.damage()
    document = _audit(arena, inventory, "damaged")
    failures += [f"after the damage: {line}" for line in wrong(arena.members, document, damaged=True)]
    failures += [f"the report: {line}" for line in _report(arena, inventory, document)]
    return failures


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 if every host is as expected."""
    parser = argparse.ArgumentParser(prog="tests/fleet/run", description=__doc__)
    parser.add_argument("--hosts", type=int, default=200, help="how many (default: 200, at most 254)")
    parser.add_argument("--daemons", type=int, default=20, help="on how many hosts each of FRR and BIRD runs (20)")
    parser.add_argument("--cost", metavar="SIZES", help="only measure fleets of these sizes: --cost 10,50,200")
    parser.add_argument("--rounds", type=int, default=3, help="how often to measure what is compared (default: 3)")
    chosen = parser.parse_args(arguments)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    sweep()
    if chosen.cost:
        with tempfile.TemporaryDirectory(prefix="l3host-fleet-") as folder:
            costs = cost.measure(sorted(map(int, chosen.cost.split(","))), Path(folder), FORKS, chosen.rounds)
        (OUTPUT / "cost.json").write_text(json.dumps(costs, indent=1), encoding="utf-8")
        (OUTPUT / "cost.svg").write_text(plot.plot(costs["rows"]), encoding="utf-8")
        print(json.dumps(costs))
        return 0
    found = {name: daemon for name in daemons.TITLES if (daemon := daemons.find(name))}
    for name in set(daemons.TITLES) - set(found):
        print(daemons.why_not(name))
    # Their neighbour is a BIRD.
    learning = dict.fromkeys(found, chosen.daemons) if "bird" in found else {}
    fleet = members(chosen.hosts, learning)
    with tempfile.TemporaryDirectory(prefix="l3host-fleet-") as folder:
        scratch = Path(folder)
        (scratch / "run").mkdir()
        with Fleet(len(fleet), scratch / "run") as made, lifeline(made.names):
            arena = Arena(made, fleet, found, scratch)
            arena.prepare()
            kinds = {kind: sum(member.kind == kind for member in fleet) for kind in {one.kind: 0 for one in fleet}}
            print(f"{len(fleet)} hosts: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))
            if learning:
                print(_memory(arena.daemons()))
            failures = _story(arena)
    print("\n".join(failures), file=sys.stderr)
    print(f"{len(fleet)} hosts, {len(failures)} with an outcome that was not expected")
    return 1 if failures else 0
