# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FRR and BIRD inside a lab: found, given configurations and sockets of their own, started by name."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.modules import CHECKOUT
from tests.lab.netns import NamespaceError
from tests.lab.topology import Lab

UNPACKED = CHECKOUT / ".cache" / "daemons" / "root"
PLACES = tuple(map(Path, os.environ.get("L3HOST_DAEMONS", f"/:{UNPACKED}").split(":")))
TITLES = {"frr": "FRR", "bird": "BIRD"}

_ETC = Path(__file__).with_name("etc")
_WHY = CHECKOUT / ".cache" / "daemons" / "why"
# {name in this module: (where packages put it, below a root; a pattern)}
_PROGRAMS = {
    "frr": {"zebra": "usr/lib*/frr/zebra", "bgpd": "usr/lib*/frr/bgpd", "vtysh": "usr/bin/vtysh"},
    "bird": {"bird": "usr/sbin/bird", "birdc": "usr/sbin/birdc"},
}
_ANNOUNCED: Mapping[str, Callable[[Sequence[str]], str]] = {
    "bird": lambda prefixes: "\n".join(
        ["protocol static more4 {", "  ipv4;", *(f"  route {prefix} blackhole;" for prefix in prefixes), "}", ""]
    ),
    "frr": lambda prefixes: "\n".join(
        [
            "router bgp 65000",
            " address-family ipv4 unicast",
            *(f"  network {prefix}" for prefix in prefixes),
            " exit-address-family",
            "exit",
            "",
        ]
    ),
}


@dataclass(frozen=True)
class Daemon:
    """An FRR or a BIRD that runs here: its programs by name, the libraries unpacked beside it, its version."""

    name: str
    programs: dict[str, Path]
    libraries: str
    version: str

    def wrapper(self, program: str, *options: str) -> str:
        """A shell script that runs one of the programs with these options and the arguments it is given."""
        libraries = f"LD_LIBRARY_PATH={shlex.quote(self.libraries)} " if self.libraries else ""
        return f'#!/bin/sh\n{libraries}exec {shlex.join([str(self.programs[program]), *options])} "$@"\n'


def find(name: str, places: Iterable[Path] = PLACES) -> Daemon | None:
    """The first FRR (``frr``) or BIRD (``bird``) below one of the roots that starts; None where there is none."""
    for root in places:
        found = {program: next(root.glob(pattern), None) for program, pattern in _PROGRAMS[name].items()}
        programs = {program: path for program, path in found.items() if path}
        if len(programs) < len(found):
            continue
        libraries = "" if root == Path("/") else ":".join(sorted({str(path.parent) for path in root.rglob("*.so*")}))
        mgmtd = programs["zebra"].with_name("mgmtd") if name == "frr" else None
        if mgmtd and mgmtd.exists():
            programs["mgmtd"] = mgmtd
        said = subprocess.run(
            [next(iter(programs.values())), "--version"],
            capture_output=True,
            text=True,
            check=False,
            env={"LD_LIBRARY_PATH": libraries} if libraries else None,
        )
        version = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
        if said.returncode == 0 and version:
            return Daemon(name, programs, libraries, version[0])
    return None


def why_not(name: str) -> str:
    """One line: that a daemon is not here, why it could not be fetched, and what to do."""
    package = {"frr": "frr", "bird": "bird2"}[name]
    reason = f" ({_WHY.read_text(encoding='utf-8').strip()})" if _WHY.exists() else ""
    return f"Left out: {TITLES[name]} is not on this machine{reason}. Install the package {package} and run again."


def prepare(lab: Lab, folder: Path, daemons: Iterable[Daemon], announced: Sequence[str] = ()) -> Path:
    """Write what the lab's host needs to run the daemons below ``folder``, start r1's, and return the ``bin`` folder.

    In it: ``vtysh``, ``bird`` and ``birdc``, which speak to the lab's daemons and to no other, and ``service``, whose
    ``service frr start`` and ``service bird start`` each end the other first. Configurations, sockets and pids are in
    ``folder/frr`` and ``folder/bird``. r1 announces the web server's networks by BGP as long as the lab lives, and
    with them the IPv4 prefixes ``announced``.
    """
    programs = folder / "bin"
    programs.mkdir()
    known = {daemon.name: daemon for daemon in daemons}
    for daemon in known.values():
        for part in (daemon.name, f"r1-{daemon.name}"):
            (folder / part).mkdir()
        shutil.copy(_ETC / f"{daemon.name}.conf", folder / daemon.name)
        shutil.copy(_ETC / f"r1.{daemon.name}.conf", folder / f"r1-{daemon.name}" / f"{daemon.name}.conf")
    # mgmtd has a socket whose place is compiled in; /run is private to the lab.
    Path("/run/frr").mkdir(exist_ok=True)
    for daemon in known.values():
        write(programs, scripts(daemon, folder))
    write(programs, {"service": _service(folder, known)})
    if known:
        neighbour = "bird" if "bird" in known else "frr"
        if announced:
            with open(folder / f"r1-{neighbour}" / f"{neighbour}.conf", "a", encoding="utf-8") as file:
                file.write(_ANNOUNCED[neighbour](announced))
        _start_neighbour(lab, folder, neighbour)
    return programs


def scripts(daemon: Daemon, folder: Path) -> dict[str, str]:
    """Shell scripts that run the daemon's programs, by name; FRR's keep sockets and files in ``folder/frr``."""
    return _frr(daemon, folder) if daemon.name == "frr" else _bird(daemon)


def write(folder: Path, programs: Mapping[str, str]) -> None:
    """Programs into a folder, to be run."""
    for name, script in programs.items():
        (folder / name).write_text(script, encoding="utf-8")
        (folder / name).chmod(0o755)


def _frr(frr: Daemon, folder: Path) -> dict[str, str]:
    # FRR looks its groups up by name, and an ordinary user's namespace has no group but 0. Each daemon therefore sees
    # a group file of its own, in a mount namespace of its own.
    group = folder / "group"
    lines = [line for line in Path("/etc/group").read_text(encoding="utf-8").splitlines() if "frrvty:" not in line]
    group.write_text("\n".join([*lines, "frrvty:x:0:", ""]), encoding="utf-8")
    private = f'mount --bind {shlex.quote(str(group))} /etc/group && exec "$@"'
    # vtysh asks PAM for leave unless told otherwise; PAM knows FRR only where it is installed.
    (folder / "frr" / "vtysh.conf").write_text("username root nopassword\n", encoding="utf-8")
    own = str(folder / "frr")
    scripts = {"vtysh": frr.wrapper("vtysh", "--vty_socket", own, "--config_dir", own)}
    for program in set(frr.programs) - {"vtysh"}:
        plain = frr.wrapper(program, "-u", "root", "-g", "root", "-P", "0", "--log", "syslog:critical")
        scripts[program] = plain.replace("exec ", f"exec unshare --mount sh -c {shlex.quote(private)} sh ", 1)
    return scripts


def _bird(bird: Daemon) -> dict[str, str]:
    return {program: bird.wrapper(program) for program in bird.programs}


def _service(folder: Path, known: dict[str, Daemon]) -> str:
    """What systemd is to an installed daemon: starts it, and returns when it has learned r1's networks."""
    order = [name for name in ("mgmtd", "zebra", "bgpd") if "frr" in known and name in known["frr"].programs]
    return f"""#!/bin/sh
# Usage: service frr|bird start
set -eu
lab={shlex.quote(str(folder))}
PATH=$lab/bin:$PATH
at=$lab/$1

start_frr() {{
  for daemon in {" ".join(order)}; do
    zserv=$([ $daemon = mgmtd ] || echo "-z $at/zserv.api")
    $daemon -d --vty_socket "$at" $zserv -i "$at/$daemon.pid"
  done
  vtysh -b
}}
start_bird() {{ bird -c "$at/bird.conf" -s "$at/bird.ctl" -P "$at/bird.pid"; }}
learned() {{ [ -n "$(ip -4 route show proto "$1")" ] && [ -n "$(ip -6 route show proto "$1")" ]; }}

[ "$2" = start ]
for file in "$lab"/frr/*.pid "$lab"/bird/*.pid; do
  if [ ! -e "$file" ]; then continue; fi
  pid=$(cat "$file")
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
done
"start_$1" >"$at/start.log" 2>&1 || {{ cat "$at/start.log" >&2; exit 1; }}
proto=$([ "$1" = frr ] && echo bgp || echo bird)
patience=300
until learned "$proto"; do
  patience=$((patience - 1))
  if [ $patience = 0 ]; then echo "$1 learned nothing from r1 within 30 s" >&2; exit 1; fi
  sleep 0.1
done
"""


def _start_neighbour(lab: Lab, folder: Path, name: str) -> None:
    at = folder / f"r1-{name}"
    argv = {
        "bird": ["bird", "-c", str(at / "bird.conf"), "-s", str(at / "bird.ctl"), "-P", str(at / "bird.pid")],
        "frr": ["bgpd", "-d", "-Z", "-f", str(at / "frr.conf"), "--vty_socket", str(at), "-i", str(at / "bgpd.pid")],
    }[name]
    # Not run(): it would wait for the pipes, which a daemon may keep.
    with open(at / "start.log", "w+", encoding="utf-8") as log:
        process = lab.r1.popen([str(folder / "bin" / argv[0]), *argv[1:]], stdout=log, stderr=log)
        if process.wait():
            log.seek(0)
            raise NamespaceError(f"{TITLES[name]} does not start on r1: {log.read().strip()}")
