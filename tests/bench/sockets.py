# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``socket_info`` on a host with many open sockets, against ``ss``."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ansible_collections.l3host.source_ip.plugins.module_utils._backends.connections import socket_info
from ansible_collections.l3host.source_ip.plugins.module_utils._change import boundary
from tests.bench.arena import Arena, Contender, race
from tests.bench.results import Found, Run, Target, cell, prose, seconds, table, times
from tests.bench.stand_in import Task
from tests.lab.modules import CHECKOUT

TITLE = "Open sockets"
_EACH = 12000  # sockets of one process; files of one process are limited
_OTHER = "192.0.2.3"
_NETWORK = ipaddress.IPv4Network("198.18.0.0/15")
_PORT = 1024
_OPTIONS: Mapping[str, Any] = {
    "protocols": ["tcp", "udp"],
    "family": "any",
    "states": ["connected"],
    "destinations": [],
    "sources": [],
    "destination_ports": [],
    "source_ports": [],
    "process": None,
    "limit": 1000,
    "intent": None,
    "backend": "kernel",
    "expect": None,
    "incoming": False,
    "addresses": None,
    "routes": None,
    "policies": None,
    "document": None,
    "netns": None,
}
#: What is measured beside `ss`: name -> what the page says.
_WAYS = {
    "ss": "`ss`, all of them",
    "list": "`socket_info`: all counted, 1,000 returned",
    "narrow": "one destination, picked by the kernel",
    "expect": "`expect` with one entry",
    "intent": "an intent with one route",
    "ss processes": "`ss -p`, all of them",
    "processes": "`process: true`, all returned",
}


def _task(options: Mapping[str, Any], key: str, count: int) -> float:
    """Seconds of the module behind argument validation; ``key`` of its result must be ``count``."""
    module: Any = Task({**_OPTIONS, **options})
    start = time.perf_counter()
    boundary.run(module, socket_info)
    spent = time.perf_counter() - start
    if module.result[key] != count:
        raise AssertionError(f"{key} is {module.result[key]} and not {count}")
    return spent


def _ss(options: str) -> None:
    subprocess.run(["ss", options], check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def _crowd(arena: Arena, kind: str, count: int) -> Iterator[None]:
    """That many sockets, opened by as many processes as it takes."""
    # Six of ten UDP sockets have the source of the route.
    shares = ((arena.S4, 0, count * 6 // 10), (_OTHER, count * 6 // 10, count))
    started = []
    argv = [sys.executable, "-m", "tests.bench.crowd", kind]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    try:
        for source, start, stop in shares:
            for first in range(start, stop, _EACH):
                number = str(min(_EACH, stop - first))
                more = [str(_NETWORK[1] + first), str(_PORT + first - start)] if kind == "udp" else []
                started.append(arena.popen([*argv, number, source, *more], env=environment, **pipes))
        for one in started:
            if not (one.stdout and one.stdout.readline()):
                raise RuntimeError("a process of the crowd has failed; see above")
        yield
    finally:
        for one in started:
            one.kill()
            one.wait()


def measure(run: Run) -> dict[str, list[float]]:
    """``PROTOCOL WAY`` in seconds; ``sockets``, how many are open."""
    count = 2000 if run.quick else 100000
    found: dict[str, list[float]] = {"sockets": [count]}
    for kind in ("tcp", "udp"):
        with Arena("bench") as arena:
            arena.ip(f"route add {_NETWORK} via {arena.G4} src {arena.S4}")
            with _crowd(arena, kind, count):
                ways = _ways(arena, kind, count)
                contenders = [Contender(way, lambda: None, partial(arena.timed, one)) for way, one in ways.items()]
                timed = race(contenders, run.rounds)
        found |= {f"{kind} {way}": spent for way, spent in timed.items()}
    return found


def _ways(arena: Arena, kind: str, count: int) -> dict[str, Any]:
    letter = kind[0]
    only = {"protocols": [kind]}
    ways = {
        "ss": partial(_ss, f"-Hn{letter}"),
        "list": partial(_task, {**only, "process": False}, "total", count),
        "ss processes": partial(_ss, f"-Hnp{letter}"),
        "processes": partial(_task, {**only, "process": True, "limit": count}, "total", count),
    }
    if kind == "udp":
        expect = [{"destination": str(_NETWORK), "source": arena.S4}]
        routes = [{"destination": str(_NETWORK), "source": arena.S4, "gateway": arena.G4}]
        narrow = {**only, "process": False, "destinations": [str(_NETWORK[1])]}
        ways["narrow"] = partial(_task, narrow, "total", 1)
        ways["expect"] = partial(_task, {**only, "process": False, "expect": expect}, "checked", count)
        ways["intent"] = partial(_task, {**only, "process": False, "routes": routes}, "checked", count)
    return ways


def targets(found: Found) -> list[Target]:
    """At most twice what `ss` takes, which is written in C and only prints."""
    return [
        Target(
            f"Module `socket_info`, {found['sockets'][0]:,.0f} {kind.upper()} sockets: times `ss -Hn{kind[0]}`",
            times(found, f"{kind} list", f"{kind} ss"),
            2,
        )
        for kind in ("tcp", "udp")
    ]


def section(found: Found) -> list[str]:
    """The part's text."""
    rows = []
    for way, text in _WAYS.items():
        judge = "ss processes" if "processes" in way else "ss"
        cells = [
            seconds(found, f"{kind} {way}") if way == judge else cell(found, f"{kind} {way}", f"{kind} {judge}")
            for kind in ("tcp", "udp")
        ]
        rows.append([text, *cells])
    return [
        *prose(
            f"{found['sockets'][0]:,.0f} connected sockets, the module behind argument validation, its output not "
            "counted; as times `ss -Hnt` or `ss -Hnu`, which writes to nowhere, and with processes as times the same "
            "with `-p`. The TCP sockets are both ends of connections inside the host. Each UDP socket has a "
            "destination of its own, so that the intent costs a look-up of a route for each; four of ten differ."
        ),
        "",
        *table(["", "TCP", "UDP"], rows),
    ]
