# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at any moment: no key without a route, no key with two where there was one."""

from __future__ import annotations

import collections
import os
import random
import signal
import sys
import tempfile
import time
from typing import Any

import pyroute2
import pytest

from tests.lab import modules
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

ROUTES = 300
# The kernel's part is the same under every Python: the newest kills two hundred, the others fewer.
KILLS = 200 if sys.version_info >= (3, 10) and pyroute2.__version__ >= "0.9" else 40


def _setup(ns: Host) -> None:
    lines = []
    for at in range(ROUTES):
        lines.append(f"route add 198.18.{at // 256}.{at % 256}/32 via {ns.G4} proto static mtu 1400")
        lines.append(f"route add 2001:db8:7::{at + 1:x}/128 proto static nexthop via {ns.G6} nexthop via {ns.G6_V1}")
    ns.batch(lines)


def _keys(ns: Host) -> collections.Counter[tuple[str, str]]:
    """How many routes each key has; an IPv6 multipath route is one."""
    lines = [line for family in ("-4", "-6") for line in ns.ip(f"{family} -o route show").splitlines()]
    return collections.Counter((line.split()[0], line.partition(" metric ")[2].split(" ")[0]) for line in lines)


def _sources_task(source4: str, source6: str) -> dict[str, Any]:
    entries = [("198.18.0.0/15", source4), ("2001:db8:7::/64", source6)]
    chosen = {"within": True, "protocol": "static"}
    return {"routes": [{"destination": inside, "source": source, **chosen} for inside, source in entries]}


def _routes_task(source4: str, source6: str, mtu: int) -> dict[str, Any]:
    routes: list[dict[str, Any]] = []
    for at in range(ROUTES):
        metrics = {"mtu": mtu}
        destination = f"198.18.{at // 256}.{at % 256}"
        routes.append({"destination": destination, "source": source4, "metrics": metrics, "gateway": Host.G4})
        routes.append({"destination": f"2001:db8:7::{at + 1:x}", "source": source6, "metrics": metrics})
    return {"routes": routes}


TASKS = {
    "prefsrc": (_sources_task(Host.S4, Host.S6), _sources_task(Host.S4_OTHER, Host.S6_OTHER)),
    "route": (_routes_task(Host.S4, Host.S6, 1300), _routes_task(Host.S4_OTHER, Host.S6_OTHER, 1400)),
}


@pytest.mark.parametrize("name", TASKS)
def test_killed_at_random_points(ns: Host, module: ModuleRunner, name: str) -> None:
    """Forked children, so that the moment falls into the module's work and not into Python's start."""
    _setup(ns)
    expected = _keys(ns)
    module.ok(name, TASKS[name][0])
    started = time.monotonic()
    module.ok(name, TASKS[name][1])
    whole = time.monotonic() - started
    chance = random.Random(name)
    interrupted = 0
    with tempfile.TemporaryFile() as out:
        for kill in range(KILLS // len(TASKS)):
            child = modules.fork(name, TASKS[name][kill % 2], ns, out.fileno(), out.fileno())
            time.sleep(chance.uniform(0, whole))
            os.kill(child, signal.SIGKILL)
            early = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
            assert _keys(ns) == expected, f"after kill {kill}"
            interrupted += early
            whole *= 1.1 if early else 0.8  # a machine has better and worse minutes
    assert interrupted > KILLS // len(TASKS) // 4, "the kills came too late to prove anything"
