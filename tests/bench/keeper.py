# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper's figures, as docs/keeper.md has them: time to repair, cost at rest, cost with a full table, kills.

python -m tests.bench.keeper [flaps N] [rest SECONDS] [table ROUTES] [kills N]      all of them without a word
"""

from __future__ import annotations

import functools
import platform
import random
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab import privileges
from tests.lab.keeper import Keeper, cpu, part, resident, wakes
from tests.lab.netns import within
from tests.lab.pair import Host

ROUTES: list[dict[str, Any]] = [
    {"destination": Host.P4, "gateway": Host.G4, "source": Host.S4},
    {"destination": Host.P6, "gateway": Host.G6, "source": Host.S6},
]
ADDRESS, LINK = "an address comes back", "a link comes back"
_NEWLINK = 16
_RUNNING = 0x40


class Monitor:
    """Hears what the kernel tells, and remembers when: the last time of each address and device that came, and of each
    of our routes that got its source."""

    def __init__(self, ns: Host) -> None:
        events = part("_netlink.events")
        groups = (events.LINK, events.IPV4_ADDRESS, events.IPV6_ADDRESS, events.IPV4_ROUTE, events.IPV6_ROUTE)
        self._events = within(ns.name, lambda: events.Events(groups))
        self._wire, self._payload = part("_netlink.wire"), part("_routes.payload").Payload
        self.came: dict[str, float] = {}
        self.repaired: dict[str, list[float]] = {Host.P4: [], Host.P6: []}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while not self._end.is_set():
            heard = self._events.read()
            if heard is None:
                raise RuntimeError("the monitor was too slow: events were lost")
            if not heard:
                time.sleep(0.0005)
            now = time.monotonic()
            for event in heard:
                self._take(event, now)

    def _take(self, event: Any, now: float) -> None:
        wire = self._wire
        if event.kind == wire.RTM_NEWADDR:
            packed = wire.attribute_dict(event.payload, 8).get(1, b"")
            self.came[socket.inet_ntop(event.payload[0], packed)] = now
        elif event.kind == _NEWLINK and wire.U32.unpack_from(event.payload, 8)[0] & _RUNNING:
            self.came[wire.attribute_dict(event.payload, 16)[3].rstrip(b"\0").decode()] = now
        elif event.kind == wire.RTM_NEWROUTE:
            route = self._payload(event.payload)
            if route.source and str(route.destination) in self.repaired:
                self.repaired[str(route.destination)].append(now)

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self._events.close()


@contextmanager
def kept(**lists: Any) -> Iterator[tuple[Host, Keeper]]:
    with tempfile.TemporaryDirectory() as folder, Host() as ns, Keeper(ns, Path(folder), **lists) as keeper:
        keeper.until_state("holds")
        yield ns, keeper


def _until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 10
    while not true():
        if time.monotonic() > end:
            raise RuntimeError(f"lost: {what}")
        time.sleep(0.001)


def _more(found: list[float], before: int) -> bool:
    return len(found) > before


def _address(ns: Host) -> tuple[str, dict[str, str]]:
    """What was done, and for each route whose coming back lets it come back."""
    ns.batch([f"address del {ns.S4}/32 dev lo", f"address del {ns.S6}/128 dev lo"])
    ns.batch([f"address add {ns.S4}/32 dev lo", f"address add {ns.S6}/128 dev lo nodad"])
    return ADDRESS, {ns.P4: ns.S4, ns.P6: ns.S6}


def _link(ns: Host) -> tuple[str, dict[str, str]]:
    ns.batch(["link set v0 down"])
    ns.batch(["link set v0 up", "address add 2001:db8::1/64 dev v0 nodad"])
    return LINK, {ns.P4: "v0", ns.P6: "2001:db8::1"}


def flaps(count: int) -> Iterator[str]:
    """Half of them addresses that go and come back, half of them a link; both families each."""
    times: dict[str, list[float]] = {ADDRESS: [], LINK: []}
    twice = 0
    with kept(routes=ROUTES) as (ns, keeper):
        monitor = Monitor(ns)
        try:
            for turn in range(count):
                before = {key: len(found) for key, found in monitor.repaired.items()}
                monitor.came.clear()
                name, causes = (_address, _link)[turn % 2](ns)
                for key in causes:
                    _until(functools.partial(_more, monitor.repaired[key], before[key]), f"{key} after {name}")
                time.sleep(0.05)
                for key, cause in causes.items():
                    made = monitor.repaired[key][before[key] :]
                    twice += len(made) - 1
                    times[name].append(made[0] - monitor.came[cause])
        finally:
            monitor.close()
        for name, found in times.items():
            median, late = statistics.median(found) * 1000, statistics.quantiles(found, n=100)[98] * 1000
            yield (
                f"{name}: {len(found)} repairs of {count // 2} flaps; ms after the event: median {median:.0f}, "
                f"99th percentile {late:.0f}, longest {max(found) * 1000:.0f}"
            )
        yield f"lost: 0; done twice: {twice}; taken for a rival's doing: {keeper.log.count('undone')}"


def rest(seconds: float) -> Iterator[str]:
    with kept(routes=ROUTES) as (_ns, keeper):
        time.sleep(2)
        before, woken = cpu(keeper.pid), wakes(keeper.pid)
        time.sleep(seconds)
        yield (
            f"at rest for {seconds:.0f} s: {wakes(keeper.pid) - woken} wake-ups, "
            f"{(cpu(keeper.pid) - before) * 1000:.1f} ms of processor time, {resident(keeper.pid):.1f} MiB resident"
        )


def _mended(keeper: Keeper, before: int) -> bool:
    return bool(keeper.status["repairs"] > before)


def table(count: int) -> Iterator[str]:
    """Beside a full table: what an event costs that is nobody's business here, and what a look costs."""
    with kept(routes=ROUTES) as (ns, keeper):
        lines = [
            f"route add 100.{64 + (at >> 16)}.{at >> 8 & 255}.{at & 255}/32 via {ns.G4} proto bgp"
            for at in range(count)
        ]
        before = cpu(keeper.pid)
        ns.batch(lines)
        time.sleep(1)
        yield f"{count} routes of others come: {(cpu(keeper.pid) - before) / count * 1e6:.0f} µs of processor time each"
        looks = 20
        before = cpu(keeper.pid)
        for _turn in range(looks):
            repairs = keeper.status["repairs"]
            ns.batch([f"address del {ns.S4}/32 dev lo", f"address add {ns.S4}/32 dev lo"])
            keeper.until(functools.partial(_mended, keeper, repairs), "the repair")
        spent = (cpu(keeper.pid) - before) / looks
        yield f"a flap beside {count} routes: {spent * 1000:.0f} ms of processor time, all looks at it together"
        yield f"beside {count} routes: {resident(keeper.pid):.1f} MiB resident"


def kills(count: int) -> Iterator[str]:
    chance = random.Random("kills")
    many = [{"destination": f"203.0.113.{at}/32", "gateway": Host.G4, "source": Host.S4} for at in range(200)]
    with kept(routes=[*ROUTES, *many]) as (ns, keeper):
        written = keeper.document.read_bytes()
        wrong = 0
        for _kill in range(count):
            ns.batch([f"address del {ns.S4}/32 dev lo", f"address add {ns.S4}/32 dev lo"])
            time.sleep(chance.uniform(0, 0.5))
            keeper.end(signal.SIGKILL)
            found = ns.ip("route show proto 133").splitlines()
            once = len(found) == len({line.split()[0] for line in found})
            wrong += (
                not once or any(f"src {ns.S4}" not in line for line in found) or keeper.document.read_bytes() != written
            )
            keeper.start()
        keeper.until_state("holds")
        complete = len(ns.ip("route show proto 133").splitlines()) == len(many) + 1
        yield f"{count} kills: {wrong} left something half done; all routes there afterwards: {complete}"


PARTS: dict[str, tuple[Callable[[Any], Iterator[str]], int]] = {
    "flaps": (flaps, 1000),
    "rest": (rest, 60),
    "table": (table, 100000),
    "kills": (kills, 500),
}


def main(arguments: list[str]) -> int:
    if not privileges.privileged():
        print("run as root, or by tests/tools/in-namespace", file=sys.stderr)
        return 1
    chosen = dict(zip(arguments[::2], map(int, arguments[1::2]))) or {
        name: count for name, (_part, count) in PARTS.items()
    }
    print(f"Linux {platform.release()}, Python {platform.python_version()}", flush=True)
    for name, count in chosen.items():
        for line in PARTS[name][0](count):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
