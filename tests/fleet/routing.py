# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FRR and BIRD on hosts of the fleet, each with a neighbour on the switch that announces a network to all of them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.fleet.hosts import LEARNED, Member
from tests.lab.daemons import Daemon, scripts, write
from tests.lab.fleet import GATEWAY
from tests.lab.netns import Namespace, NamespaceError

_ROUTER = f"""\
router id {GATEWAY};
log syslog {{ fatal }};
protocol device {{ }}
protocol static {{ ipv4; route {LEARNED} blackhole; }}
protocol bgp hosts {{
  local {GATEWAY} as 65000;
  neighbor range 10.64.0.0/16 as 65001;
  dynamic name "host";
  ipv4 {{ import none; export all; }};
}}
"""
_BIRD = """\
router id {address};
log syslog {{ fatal }};
protocol device {{ }}
protocol kernel kernel4 {{ ipv4 {{ export all; }}; }}
protocol bgp switch {{
  local {address} as 65001;
  neighbor {gateway} as 65000;
  connect delay time 1;
  connect retry time 1;
  ipv4 {{ import all; export none; }};
}}
"""
_FRR = """\
router bgp 65001
 bgp router-id {address}
 no bgp ebgp-requires-policy
 neighbor {gateway} remote-as 65000
 neighbor {gateway} timers connect 1
exit
"""
# As in the connection plugin: the host's own /run, where sockets have their places.
_OWN_RUN = 'mount --bind "$0" /run && exec "$@"'


def _start(where: Namespace, run: Path, lines: list[str]) -> None:
    """Run lines of a shell on a host; daemons among them stay."""
    log = run / "start.log"
    with log.open("w", encoding="utf-8") as file:
        argv = ["unshare", "--mount", "sh", "-c", _OWN_RUN, str(run), "sh", "-ec", "\n".join(lines)]
        # Not run(): it would wait for the pipes, which a daemon may keep.
        if where.popen(argv, stdout=file, stderr=subprocess.STDOUT).wait():
            raise NamespaceError(f"a daemon does not start: {log.read_text(encoding='utf-8').strip()}")


def start_router(bird: Daemon, switch: Namespace, run: Path) -> None:
    """BIRD on the switch."""
    run.mkdir()
    write(run, scripts(bird, run))
    (run / "bird.conf").write_text(_ROUTER, encoding="utf-8")
    _start(switch, run, [f"{run}/bird -c {run}/bird.conf -s {run}/bird.ctl -P {run}/bird.pid"])


def start(daemon: Daemon, member: Member, host: Namespace, run: Path) -> None:
    """FRR or BIRD on a host, as its operator has configured it: BGP with the switch, not a word about sources."""
    programs, own = run / "bin", run / daemon.name
    for folder in (programs, own):
        folder.mkdir()
    write(programs, scripts(daemon, run))
    text = {"frr": _FRR, "bird": _BIRD}[daemon.name].format(address=member.address, gateway=GATEWAY)
    (own / f"{daemon.name}.conf").write_text(text, encoding="utf-8")
    if daemon.name == "bird":
        _start(host, run, [f"{programs}/bird -c /run/bird/bird.conf -s /run/bird/bird.ctl -P /run/bird/bird.pid"])
        return
    names = [name for name in ("mgmtd", "zebra", "bgpd") if name in daemon.programs]
    zserv = f"-z {own}/zserv.api"
    lines = [
        f"{programs}/{name} -d --vty_socket {own} {'' if name == 'mgmtd' else zserv} -i {own}/{name}.pid"
        for name in names
    ]
    _start(host, run, [*lines, f"{programs}/vtysh -b"])


def stop(member: Member, run: Path) -> None:
    """End the daemons of a host by their ids."""
    for file in (run / member.traits.backend).glob("*.pid"):
        subprocess.run(["kill", file.read_text(encoding="utf-8").strip()], check=True)


def memory(member: Member, run: Path) -> int:
    """KiB that the daemons of a host take; what processes share counts as their share of it (PSS)."""
    found = 0
    for file in (run / member.traits.backend).glob("*.pid"):
        rollup = Path("/proc", file.read_text(encoding="utf-8").strip(), "smaps_rollup").read_text(encoding="ascii")
        found += int(rollup.partition("\nPss:")[2].split()[0])
    return found


def learned(hosts: Mapping[str, Namespace], patience: float = 60) -> list[str]:
    """Waits until all hosts have the network that is announced; the names of those that do not have it in time."""
    waiting = dict(hosts)
    deadline = time.monotonic() + patience
    while waiting and time.monotonic() < deadline:
        waiting = {name: host for name, host in waiting.items() if not host.ip(f"route show {LEARNED}")}
        time.sleep(0.2)
    return list(waiting)


def options(daemon: Daemon, run: Path) -> dict[str, Any]:
    """The variables that tell the roles where a host has its daemon."""
    if daemon.name == "bird":
        return {
            "bird_config": "/run/bird/bird.conf",
            "bird_include": "/run/bird/source_ip.conf",
            "bird_user": "root",
            "bird_group": "root",
        }
    # There is no systemd; FRR applies a map that is newly bound at once.
    return {"frr_conf": f"{run}/frr/frr.conf", "frr_vtysh": f"{run}/bin/vtysh", "frr_boot": False, "frr_delay": 0}
