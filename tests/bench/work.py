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

from ansible_collections.l3host.source_ip.plugins.module_utils._change import boundary as _module
from ansible_collections.l3host.source_ip.plugins.module_utils._change.flow import write
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import snapshot
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.kernel import Kernel
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.line import Lines
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.plan_routes import RoutePlanner, with_devices
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.wanted import routes
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.write import route_task
from tests.bench import sample
from tests.bench.arena import Arena, Contender, Timing, race, run_batch
from tests.bench.stand_in import Task, check_counts

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
    _module.run(module, route_task)
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


def measure(arena: Arena, count: int, rounds: int, scratch: Path) -> dict[str, dict[str, Timing]]:
    """``{"apply": …, "check": …}``: routes created on an empty table, and the same again with nothing to change."""
    device = arena.device()
    found = {}
    for label, verb, action in (("apply", "add", "created"), ("check", "replace", "unchanged")):
        path = sample.batch_file(scratch / f"{verb}-{count}", count, verb)
        batches = sample.prebuilt(count, device, replace=verb == "replace")
        actions: dict[str, Callable[[], float | None]] = {
            "module": functools.partial(task, action, count),
            "parsed": functools.partial(parsed_task, action, count),
            "ip": functools.partial(run_batch, path),
            "prebuilt": functools.partial(send_prebuilt, batches),
        }
        if count <= PYROUTE2_LIMIT:
            actions["pyroute2"] = functools.partial(send_pyroute2, sample.items(count), verb, device)
        prepare = arena.clear if label == "apply" else _nothing
        found[label] = race(
            [Contender(name, prepare, functools.partial(arena.timed, one)) for name, one in actions.items()], rounds
        )
    arena.clear()
    return found


def _nothing() -> None:
    """A check runs on what the round before left: the same routes."""
