# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``intent`` and the role ``kernel`` against two tasks that do the same work: ``copy``, ``ip -batch``."""

from __future__ import annotations

import gc
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.l3host.source_ip.plugins.module_utils._backends import engine
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._kernel.options import OPTIONS
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.document import pack, unpack
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from ansible_collections.l3host.source_ip.plugins.plugin_utils._raw import uncollected
from tests.bench import playbook, sample
from tests.bench.arena import Arena
from tests.bench.playbook import Task, check, command, role, task
from tests.bench.results import Found, Run, Target, cell, prose, seconds, table, times
from tests.lab.pair import Host

TITLE = "A whole intent, in the kernel"
_SOURCE = "192.0.2.9"
_WAYS = {
    "ip": "`copy` of a file, then `command: ip -batch FILE`",
    "intent": "module `intent`, one task",
    "role": "role `kernel`, its argument check included",
}
_PARTS = {"checked": "on the controller", "engine first": "on the host, first run", "engine again": "no change"}
#: Times `copy` and `ip -batch` at most, by size: way, first run, no change.
_WANTED = {10: [("role", 1.0, 1.0)], 10000: [("intent", 1.0, 0.8), ("role", 1.2, 1.0)]}


def _others(count: int) -> list[str]:
    """Prefixes of routes that are somebody else's, one for each policy."""
    return [f"30.{at >> 8}.{at & 255}.0/24" for at in range(count)]


def _intent(count: int) -> dict[str, Any]:
    others = _others(count)
    return {
        "source_ip_addresses": [{"address": f"{_SOURCE}/32", "device": "lo"}],
        "source_ip_routes": sample.items(count, _SOURCE),
        "source_ip_policies": [{"destinations": [text], "source": _SOURCE, "protocols": ["static"]} for text in others],
    }


def _write(scratch: Path, count: int) -> None:
    """The same for ``ip -batch``, and a script that makes the host as it was."""
    there = [f"route add {text} via {Host.G4} proto static\n" for text in _others(count)]
    (scratch / f"there-{count}").write_text("".join(there), encoding="ascii")
    lines = [f"address replace {_SOURCE}/32 dev lo\n"]
    lines += [f"route replace {text} via {Host.G4} src {_SOURCE} proto 133\n" for text in sample.destinations(count)]
    lines += [f"route replace {text} via {Host.G4} src {_SOURCE} proto static\n" for text in _others(count)]
    (scratch / f"batch-{count}").write_text("".join(lines), encoding="ascii")
    script = (
        "set -e\nrm -f /run/l3host.source_ip.kernel.json /run/bench.batch\nip link set v0 down\nip link set v0 up\n"
        f"ip address flush to {_SOURCE} dev lo\nip -batch {shlex.quote(str(scratch / f'there-{count}'))}\n"
    )
    (scratch / f"clear-{count}").write_text(script, encoding="ascii")


def _way(name: str, way: str, scratch: Path, count: int) -> list[Task]:
    if way == "ip":
        source = str(scratch / f"batch-{count}")
        copy = task(name, "ansible.builtin.copy", src=source, dest="/run/bench.batch", mode="0644")
        return [copy, command("and the batch", "ip -batch /run/bench.batch")]
    if way == "intent":
        return [{**task(name, "l3host.source_ip.intent", backend="kernel"), "register": "kernel_result"}]
    return [role(name, "kernel")]


def _round(count: int, scratch: Path, backwards: bool) -> Iterator[Task]:
    yield task(f"Bench {count} nothing", "ansible.builtin.ping")
    for way in reversed(_WAYS) if backwards else _WAYS:
        yield command("Then the host as it was", f"sh {scratch / f'clear-{count}'}")
        yield from _way(f"Bench {count} {way} first", way, scratch, count)
        if way != "ip":
            yield check(
                f"kernel_result.counts.created == {count + 1}",
                f"kernel_result.counts.changed == {count}",
                f"kernel_result.checked == {2 * count}",
            )
        yield from _way(f"Bench {count} {way} again", way, scratch, count)
        if way != "ip":
            yield check("kernel_result is not changed", f"kernel_result.checked == {2 * count}")


def measure(run: Run) -> dict[str, list[float]]:
    """``N WAY first`` and ``N WAY again`` for each size; ``N nothing``: a task that does nothing; and ``_parts``."""
    found: dict[str, list[float]] = {}
    with Arena("bench") as arena:
        for count in [10, 100] if run.quick else [10, 1000, 10000]:
            _write(run.scratch, count)
            hosts = playbook.inventory(run.scratch / str(count), {"host": {**playbook.LOCAL, **_intent(count)}})
            tasks = [task("Warm up", "ansible.builtin.ping")]
            for number in range(run.rounds):
                tasks += _round(count, run.scratch, number % 2 == 1)
            found |= playbook.run([{"hosts": "all", "tasks": tasks}], hosts, run.scratch, arena.inside([]))
            for _number in range(run.rounds):
                for key, spent in _parts(arena, run.scratch, count).items():
                    found.setdefault(f"{count} {key}", []).append(spent)
    return found


def _parts(arena: Arena, scratch: Path, count: int) -> dict[str, float]:
    """Processor seconds of what is ours in the task: checking and packing, then the engine on the host, twice."""
    lists = {name.replace("source_ip_", ""): value for name, value in _intent(count).items()}
    documents: list[str] = []

    def check_and_pack() -> float:
        start = time.process_time()
        documents.append(pack(normalise(**lists, backend="kernel")))
        return time.process_time() - start

    def engine_run() -> float:
        gc.disable()
        start = time.process_time()
        options = {name: option.get("default") for name, option in OPTIONS.items()}
        answer = engine.run("kernel", unpack(documents[0]), options, check=False, patience=0)
        spent = time.process_time() - start
        assert answer["checked"] == 2 * count
        return spent

    arena.run(["sh", str(scratch / f"clear-{count}")])
    with uncollected():
        found = {"checked": check_and_pack()}
    return {**found, "engine first": arena.timed(engine_run), "engine again": arena.timed(engine_run)}


def _sizes(found: Found) -> list[int]:
    return sorted({int(key.split()[0]) for key in found})


def targets(found: Found) -> list[Target]:
    """Those whose sizes were measured."""
    what = {"intent": "Task `intent`", "role": "Role `kernel`"}
    return [
        Target(f"{what[way]}, {count:,} routes and policies, {when}: times `copy` and `ip -batch`", ratio, wanted)
        for count in _sizes(found)
        for way, *most in _WANTED.get(count, [])
        for phase, when, wanted in (("first", "first run", most[0]), ("again", "no change", most[1]))
        for ratio in [times(found, f"{count} {way} {phase}", f"{count} ip {phase}")]
    ]


def section(found: Found) -> list[str]:
    """The part's text."""
    rows = []
    for count in _sizes(found):
        for way, words in _WAYS.items():
            cells = [cell(found, f"{count} {way} {phase}", f"{count} ip {phase}") for phase in ("first", "again")]
            rows.append([words, f"{count:,}", *cells])
    nothing = ", ".join(f"{seconds(found, f'{count} nothing')} with {count:,}" for count in _sizes(found))
    return [
        *prose(
            "N routes of ours with a source, N policies for as many routes of somebody else's, one address. The "
            "variables are in the host's file in `host_vars`, and the play's other tasks carry them too; the batch "
            "file holds the same as `address replace` and `route replace`, and says nothing of what it changed. "
            "`connection: local`, without pipelining."
        ),
        "",
        *table(["times `copy` and `ip -batch`", "N", "first run", "no change"], rows),
        "",
        *prose(f"A task that does nothing (`ping`), in the same play: {nothing} routes in the host's variables."),
        *_spent(found),
    ]


def _spent(found: Found) -> list[str]:
    """What ``_parts`` found; nothing where an earlier release of this file has measured."""
    rows = [
        [f"{count:,}", *(seconds(found, f"{count} {key}") for key in _PARTS)]
        for count in _sizes(found)
        if f"{count} checked" in found
    ]
    if not rows:
        return []
    words = (
        "What the number of entries costs of that, in processor time: checking and packing them on the controller, and "
        "all that the engine does on the host. The rest of a task is the start of Ansible's module (that of the task "
        "that does nothing) and what ours imports beyond it (the last part of this page), whatever the number."
    )
    return ["", *prose(words), "", *table(["N", *_PARTS.values()], rows)]
