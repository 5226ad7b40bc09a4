# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's own work on N routes against ``ip -batch``, pyroute2 and the kernel's own limit."""

from __future__ import annotations

import functools
import gc
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyroute2

from ansible_collections.l3host.source_ip.plugins.module_utils._change import boundary
from ansible_collections.l3host.source_ip.plugins.module_utils._change.flow import write
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import snapshot
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.kernel import Kernel
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.line import Lines
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.plan_routes import RoutePlanner
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.template import with_devices
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.wanted import routes
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.write import route_task
from tests.bench import sample
from tests.bench.arena import Arena, Contender, race, run_batch
from tests.bench.results import Found, Run, Target, prose, seconds, table, times
from tests.bench.stand_in import Task, check_counts

TITLE = "The module's own work"
_WAYS = {
    "ip": "`ip -batch`",
    "module": "the module behind argument validation",
    "parsed": "the same without parsing the items",
    "prebuilt": "prebuilt bytes, nothing but sent",
    "pyroute2": "pyroute2, a call for each route",
}
#: pyroute2 alone needs half a minute for 100,000.
PYROUTE2_LIMIT = 1000


def validated(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items as AnsibleModule leaves them: every option there."""
    names = "nexthops nexthop_id metric table vrf protocol scope type onlink tos metrics device".split()
    return [{**dict.fromkeys(names), **item, "state": "present"} for item in items]


def task(action: str, count: int) -> float:
    """Seconds of the whole module ``route`` behind the validation of arguments."""
    params = {
        "routes": validated(sample.items(count)),
        "document": None,
        "routes_file": None,
        "purge": False,
        "purge_tables": [],
        "planned_addresses": [],
    }
    module: Any = Task({**params, "protocol": None, "force": False, "netns": None})
    start = time.perf_counter()
    boundary.run(module, route_task)
    spent = time.perf_counter() - start
    module.expect(action, count)
    return spent


def parsed_task(action: str, count: int) -> float:
    """Seconds of the same without the parsing of the items: plan, carry out, read back, report."""
    gc.disable()
    with Kernel() as kernel:
        host = snapshot(kernel)
        wanted = routes(validated(sample.items(count)), host)
        start = time.perf_counter()
        device = host.device("v0", "device").index
        resolve = functools.partial(with_devices, device_for=lambda gateway: device)
        module: Any = Task({})
        result = write(module, kernel, RoutePlanner(wanted, Lines(host.names), kernel.dump_routes, 133, resolve))
        spent = time.perf_counter() - start
    check_counts(result["counts"], action, count)
    return spent


def send_prebuilt(batches: Sequence[bytes]) -> None:
    """Only what the kernel needs: send, wait for the acknowledgement, look at its errno."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as door:
        door.bind((0, 0))
        for batch in batches:
            door.send(batch)
            answer = door.recv(1 << 16)
            if answer[16:20] != bytes(4):
                raise AssertionError(f"the kernel refused: {answer!r}")


def send_pyroute2(items: Sequence[dict[str, Any]], verb: str, device: int) -> None:
    """pyroute2 as its documentation shows it."""
    with pyroute2.IPRoute() as ip:
        for item in items:
            ip.route(verb, dst=item["destination"], gateway=item["gateway"], prefsrc=item["source"], oif=device)


def measure(run: Run) -> dict[str, list[float]]:
    """``N apply WAY``: routes created on an empty table; ``N check WAY``: the same again with nothing to change."""
    found: dict[str, list[float]] = {}
    with Arena("bench") as arena:
        for count in [100, 1000] if run.quick else [1000, 10000, 100000]:
            for label, verb, action in (("apply", "add", "created"), ("check", "replace", "unchanged")):
                ways = _ways(arena, count, verb, action, run.scratch)
                prepare = arena.clear if label == "apply" else _nothing
                contenders = [Contender(way, prepare, functools.partial(arena.timed, one)) for way, one in ways.items()]
                timed = race(contenders, run.rounds)
                found |= {f"{count} {label} {way}": spent for way, spent in timed.items()}
            arena.clear()
    return found


def _ways(arena: Arena, count: int, verb: str, action: str, scratch: Path) -> dict[str, Callable[[], float | None]]:
    path = sample.batch_file(scratch / f"{verb}-{count}", count, verb)
    device = arena.device()
    batches = sample.prebuilt(count, device, replace=verb == "replace")
    ways: dict[str, Callable[[], float | None]] = {
        "module": functools.partial(task, action, count),
        "parsed": functools.partial(parsed_task, action, count),
        "ip": functools.partial(run_batch, path),
        "prebuilt": functools.partial(send_prebuilt, batches),
    }
    if count <= PYROUTE2_LIMIT:
        ways["pyroute2"] = functools.partial(send_pyroute2, sample.items(count), verb, device)
    return ways


def _nothing() -> None:
    """A check runs on what the round before left: the same routes."""


def sizes(found: Found) -> list[int]:
    """Those that were measured."""
    return sorted({int(key.split()[0]) for key in found})


def targets(found: Found) -> list[Target]:
    """Of the largest size."""
    largest = sizes(found)[-1]
    return [
        Target(f"{verb} {largest:,} routes: times as fast as `ip -batch`", ratio, wanted, least=True)
        for label, verb, wanted in (("apply", "Apply", 2.5), ("check", "Check", 4))
        for ratio in [times(found, f"{largest} {label} ip", f"{largest} {label} module")]
    ]


def section(found: Found) -> list[str]:
    """The part's text."""
    lines = ["![Times as fast as ip -batch](benchmark.svg)"]
    for label, title in (
        ("apply", "### Routes created on an empty table\n\n`ip -batch` says `route add`."),
        ("check", "### The same again, nothing to change\n\n`ip -batch` says `route replace`: it cannot tell."),
    ):
        rows = []
        for way, words in _WAYS.items():
            cells = []
            for size in sizes(found):
                ours, theirs = f"{size} {label} {way}", f"{size} {label} ip"
                cells.append(f"{times(found, theirs, ours):.2f} ({seconds(found, ours)})" if ours in found else "")
            rows.append([words, *cells])
        lines += ["", title, ""]
        lines += table(["times as fast as `ip -batch`", *(f"{size:,}" for size in sizes(found))], rows)
    words = (
        "What is sent and not even looked at is the limit: the kernel's own time. The module reads its items, plans, "
        "reads the table before and after, and reports, in what is left of it."
    )
    return [*lines, "", *prose(words)]
