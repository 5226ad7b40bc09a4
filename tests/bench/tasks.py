# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole Ansible tasks, timed on the controller: the module against ``ip -batch`` and against a loop of commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench import sample
from tests.bench.arena import Arena, Timing
from tests.lab.modules import collections_path
from tests.lab.pair import Host

LOOP = 100
_HERE = Path(__file__).parent
_WAYS = ("ip", "list", "file")


def _task(name: str, module: str, **options: Any) -> dict[str, Any]:
    return {"name": name, module: options}


def _clear() -> Iterator[dict[str, Any]]:
    for state in ("down", "up"):
        yield _task(f"Set v0 {state}", "ansible.builtin.command", cmd=f"ip link set v0 {state}")


def _round(count: int, scratch: Path, backwards: bool) -> Iterator[dict[str, Any]]:
    for way in reversed(_WAYS) if backwards else _WAYS:
        yield from _clear()
        for phase, verb in (("first", "add"), ("again", "replace")):
            name = f"Bench {count} {way} {phase}"
            if way == "ip":
                path = sample.batch_file(scratch / f"{verb}-{count}", count, verb)
                yield _task(name, "ansible.builtin.command", cmd=f"ip -batch {path}")
            elif way == "list":
                yield _task(name, "l3host.source_ip.route", routes=f"{{{{ routes_{count} }}}}")
            else:
                yield _task(name, "l3host.source_ip.route", routes_file=str(scratch / f"routes-{count}.json"))


def _loop_round(backwards: bool) -> Iterator[dict[str, Any]]:
    command = f"ip route replace {{{{ item.destination }}}} via {Host.G4} src {Host.S4}"
    loop = {
        **_task(f"Bench {LOOP} loop first", "ansible.builtin.command", cmd=command),
        "loop": f"{{{{ routes_{LOOP} }}}}",
    }
    module = _task(f"Bench {LOOP} list first", "l3host.source_ip.route", routes=f"{{{{ routes_{LOOP} }}}}")
    for one in (module, loop) if backwards else (loop, module):
        yield from _clear()
        yield one


def measure(arena: Arena, sizes: list[int], rounds: int, loops: int, scratch: Path) -> dict[tuple[int, str], Timing]:
    """``(N, "WAY PHASE")`` to timings: first run and run without a change; ``loops`` rounds of the loop of 100."""
    for count in {*sizes, LOOP}:
        text = json.dumps({f"routes_{count}": sample.items(count)})
        (scratch / f"routes-{count}.json").write_text(text, encoding="ascii")
    tasks = [_task("Warm up", "ansible.builtin.command", cmd="true")]
    for count in sizes:
        tasks.append(_task("Load the list", "ansible.builtin.include_vars", file=str(scratch / f"routes-{count}.json")))
        for number in range(rounds):
            tasks += _round(count, scratch, number % 2 == 1)
    tasks.append(_task("Load the list", "ansible.builtin.include_vars", file=str(scratch / f"routes-{LOOP}.json")))
    for number in range(loops):
        tasks += _loop_round(number % 2 == 1)
    return _play(arena, tasks, scratch)


def _play(arena: Arena, tasks: list[dict[str, Any]], scratch: Path) -> dict[tuple[int, str], Timing]:
    times = scratch / "times"
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": tasks,
    }
    path = scratch / "play.yml"
    path.write_text(json.dumps([play]), encoding="utf-8")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(collections_path()),
        "ANSIBLE_CALLBACK_PLUGINS": str(_HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "seconds",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "BENCH_TIMES": str(times),
    }
    argv = arena.inside([str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(path)])
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the playbook of the benchmark failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    found: dict[tuple[int, str], Timing] = {}
    for line in times.read_text(encoding="ascii").splitlines():
        count, way, phase, seconds = json.loads(line)
        name = f"{way} {phase}"
        found.setdefault((int(count), name), Timing(name, [])).seconds.append(seconds)
    return found
