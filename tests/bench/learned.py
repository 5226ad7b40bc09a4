# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles ``frr`` and ``bird`` on a host with many learned routes, against a task that only dumps them."""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.bench import playbook, sample
from tests.bench.playbook import Task, check, command, role
from tests.bench.results import Found, Run, Target, prose, seconds, table, times
from tests.lab import daemons, netns, topology
from tests.lab.daemons import Daemon

TITLE = "Learned routes, in FRR and in BIRD"
_PATIENCE = 120  # seconds for the daemons to learn all
_PROTOCOL = {"frr": "bgp", "bird": "bird"}
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_DUMP = {"frr": "vtysh -c 'show ip route json'", "bird": "birdc show route all"}


def _variables(name: str, folder: Path) -> dict[str, Any]:
    """The intent, and where the lab has its daemons. It has no systemd."""
    source = topology.HOST_SOURCE[4]
    policy = {"protocols": ["bgp"], "destinations": ["20.0.0.0/8"], "match": "orlonger", "source": source}
    places: dict[str, dict[str, Any]] = {
        "frr": {"frr_conf": f"{folder}/frr/frr.conf", "frr_boot": False, "frr_delay": 0},
        "bird": {
            "bird_config": f"{folder}/bird/bird.conf",
            "bird_include": f"{folder}/bird/source_ip.conf",
            "bird_socket": f"{folder}/bird/bird.ctl",
            "bird_user": "root",
            "bird_group": "root",
        },
    }
    return {"source_ip_policies": [policy], **places[name]}


def _tasks(name: str, folder: Path, run: Run, count: int) -> Iterator[Task]:
    done = check(f"{name}_result is not changed", f"{name}_result.checked >= {count}")
    yield role("Then the first run", name)
    yield role("Then the warm-up", name)
    line = _dump(name, folder)
    dump = [command(f"Bench {name} dump", line)]
    for number in range(run.rounds):
        ours = [role(f"Bench {name} role", name), done]
        yield from [*ours, *dump] if number % 2 else [*dump, *ours]
    yield command("Then the end", "true")


def _dump(name: str, folder: Path) -> str:
    return _DUMP[name].replace("birdc", f"birdc -s {shlex.quote(f'{folder}/bird/bird.ctl')}")


def _start(lab: topology.Lab, folder: Path, name: str, count: int) -> None:
    """Start the daemon, and wait until the kernel has all that r1 announces; a dump then has it too."""
    lab.host.run([str(folder / "bin" / "service"), name, "start"])
    end = time.monotonic() + _PATIENCE
    while lab.host.ip(f"-4 route show proto {_PROTOCOL[name]}").count("\n") < count:
        if time.monotonic() > end:
            raise RuntimeError(f"{name} has not learned {count} routes from r1 within {_PATIENCE} s")
        time.sleep(0.5)
    shown = lab.host.run(["sh", "-c", f"PATH={shlex.quote(f'{folder}/bin')}:$PATH; {_dump(name, folder)}"]).stdout
    if not {text.removesuffix("/32") for text in sample.destinations(count)} <= set(_ADDRESS.findall(shown)):
        raise RuntimeError(f"`{_DUMP[name]}` does not show all routes")


def measure(run: Run) -> dict[str, list[float]]:
    """``NAME role`` and ``NAME dump`` of each daemon that is here; ``routes``."""
    count = 500 if run.quick else 10000
    found: dict[str, list[float]] = {"routes": [count]}
    # Both, where they are here: the neighbour needs one as well.
    here = {name: daemon for name in daemons.TITLES if (daemon := daemons.find(name))}
    for name in daemons.TITLES:
        if name not in here:
            print(daemons.why_not(name), flush=True)
            continue
        folder = run.scratch / name
        folder.mkdir()
        found |= _measure(name, here, folder, run, count)
        found[f"{name} version"] = [int(part) for part in here[name].version.split(".")]
    return found


def _measure(name: str, here: Mapping[str, Daemon], folder: Path, run: Run, count: int) -> dict[str, list[float]]:
    with topology.lab(web_server=False) as lab, netns.lifeline(lab.names.values()):
        programs = daemons.prepare(lab, folder, here.values(), sample.destinations(count))
        _start(lab, folder, name, count)
        host = {"ansible_connection": "netns", "ansible_netns": lab.host.name, **_variables(name, folder)}
        hosts = playbook.inventory(folder / "inventory", {"host": host})
        path = {"PATH": f"{programs}:{os.environ['PATH']}"}
        play = {"hosts": "all", "environment": path, "tasks": list(_tasks(name, folder, run, count))}
        return playbook.run([play], hosts, folder)


def targets(found: Found) -> list[Target]:
    """Of the daemons that were here."""
    return [
        Target(
            f"Role `{name}`, {found['routes'][0]:,} learned routes, no change: times a task that dumps them", ratio, 2
        )
        for name in daemons.TITLES
        if f"{name} role" in found
        for ratio in [times(found, f"{name} role", f"{name} dump")]
    ]


def section(found: Found) -> list[str]:
    """The part's text."""
    rows = []
    for name, title in daemons.TITLES.items():
        if f"{name} role" not in found:
            rows.append([f"{title} was not here", "", "", ""])
            continue
        cells = [seconds(found, f"{name} {what}") for what in ("dump", "role")]
        ratio = f"{times(found, f'{name} role', f'{name} dump'):.2f}"
        version = ".".join(map(str, found[f"{name} version"]))
        rows.append([f"{title} {version}, `{_DUMP[name]}`", *cells, ratio])
    return [
        *prose(
            f"{found['routes'][0]:,} IPv4 routes learned by BGP, one policy that gives all of them a source, nothing "
            "to change."
        ),
        "",
        *table(["", "the dump as a task", "the role", "times the dump"], rows),
    ]
