# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole tasks of the module ``route``: a list in the task and a file on the host against ``ip -batch``, and a loop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tests.bench import playbook, sample
from tests.bench.arena import Arena
from tests.bench.playbook import Task, check, command, task
from tests.bench.results import Found, Run, Target, cell, middle, prose, seconds, table, times
from tests.lab.pair import Host

TITLE = "Whole tasks of `route`"
LOOP = 100
_WAYS = {"ip": "`command: ip -batch FILE`", "list": "`routes:` a list", "file": "`routes_file:` a file on the host"}


def _clear() -> Iterator[Task]:
    for state in ("down", "up"):
        yield command(f"Then set v0 {state}", f"ip link set v0 {state}")


def _list(name: str) -> Task:
    return {**task(name, "l3host.source_ip.route", routes="{{ routes }}"), "register": "done"}


def _file(name: str, path: Path) -> Task:
    return {**task(name, "l3host.source_ip.route", routes_file=str(path)), "register": "done"}


def _round(count: int, scratch: Path, backwards: bool) -> Iterator[Task]:
    for way in reversed(_WAYS) if backwards else _WAYS:
        yield from _clear()
        for phase, verb, action in (("first", "add", "created"), ("again", "replace", "unchanged")):
            name = f"Bench {count} {way} {phase}"
            if way == "ip":
                yield command(name, f"ip -batch {sample.batch_file(scratch / f'{verb}-{count}', count, verb)}")
            else:
                yield _list(name) if way == "list" else _file(name, scratch / f"routes-{count}.json")
                yield check(f"done.counts.{action} == {count}")


def _loop_round(backwards: bool) -> Iterator[Task]:
    line = f"ip route replace {{{{ item.destination }}}} via {Host.G4} src {Host.S4}"
    loop = {**command(f"Bench {LOOP} loop first", line), "loop": "{{ routes }}"}
    module = _list(f"Bench {LOOP} list first")
    for one in (module, loop) if backwards else (loop, module):
        yield from _clear()
        yield one
    yield task("Then the end", "ansible.builtin.ping")


def measure(run: Run) -> dict[str, list[float]]:
    """``N WAY first`` and ``N WAY again`` for each size; ``LOOP loop first`` and ``LOOP list first``."""
    found: dict[str, list[float]] = {}
    with Arena("bench") as arena:
        for count in [10, 100] if run.quick else [10, 1000, 10000, LOOP]:
            items = sample.items(count)
            (run.scratch / f"routes-{count}.json").write_text(json.dumps({"routes": items}), encoding="ascii")
            hosts = playbook.inventory(run.scratch / str(count), {"host": {**playbook.LOCAL, "routes": items}})
            tasks = [task("Warm up", "ansible.builtin.ping")]
            if count == LOOP and not run.quick:
                tasks += _loop_round(backwards=False)
            else:
                for number in range(run.rounds):
                    tasks += _round(count, run.scratch, number % 2 == 1)
            found |= playbook.run([{"hosts": "all", "tasks": tasks}], hosts, run.scratch, arena.inside([]))
    return found


def _sizes(found: Found) -> list[int]:
    return sorted({int(key.split()[0]) for key in found if " ip " in key})


def targets(found: Found) -> list[Target]:
    """Of the largest size, and of the loop."""
    biggest = _sizes(found)[-1]
    wanted = [
        Target(f"Task `route`, {words} of {biggest:,} routes, {when}: times the `ip -batch` task", ratio, 2)
        for way, words in (("list", "a list"), ("file", "a file on the host"))
        for phase, when in (("first", "first run"), ("again", "no change"))
        for ratio in [times(found, f"{biggest} {way} {phase}", f"{biggest} ip {phase}")]
    ]
    if f"{LOOP} loop first" in found:
        ratio = middle(found, f"{LOOP} loop first") / middle(found, f"{LOOP} list first")
        wanted.append(Target(f"Task `route`, {LOOP} routes: times as fast as a loop of {LOOP}", ratio, 20, least=True))
    return wanted


def section(found: Found) -> list[str]:
    """The part's text."""
    rows = []
    for count in _sizes(found):
        for way, words in _WAYS.items():
            cells = [cell(found, f"{count} {way} {phase}", f"{count} ip {phase}") for phase in ("first", "again")]
            rows.append([words, f"{count:,}", *cells])
    lines = [
        *prose(
            "The list is a variable in the host's file in `host_vars`. `connection: local`, without pipelining; from "
            "the start of a task to the start of the next, on the controller."
        ),
        "",
        *table(["times the `ip -batch` task", "routes", "first run", "no change"], rows),
    ]
    if f"{LOOP} loop first" in found:
        loop, ours = f"{LOOP} loop first", f"{LOOP} list first"
        lines += [
            "",
            *prose(
                f"A loop of `ip route replace` over {LOOP} routes, one round: {seconds(found, loop)}; the task without "
                f"a loop {seconds(found, ours)}."
            ),
        ]
    return lines
