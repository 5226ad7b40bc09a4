# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to hosts overnight, by name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.fleet import routing
from tests.fleet.hosts import OWN, SECOND, Member
from tests.lab.fleet import GATEWAY
from tests.lab.netns import Namespace, die_with_parent

_Damage = Callable[[Member, Namespace, Path], None]
_CONNECTED = """
import socket, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(({address!r}, 0))
one.connect(("198.51.100.34", 4321))
print(flush=True)
time.sleep(3600)
"""


def _route(_member: Member, host: Namespace, _run: Path) -> None:
    host.ip(f"route del {OWN}")


def _address(member: Member, host: Namespace, _run: Path) -> None:
    host.ip(f"address del {member.source}/32 dev lo")


def _source(member: Member, host: Namespace, _run: Path) -> None:
    host.ip(f"route replace {OWN} via {GATEWAY} proto 133 src {member.address}")


def _second(_member: Member, host: Namespace, _run: Path) -> None:
    host.ip(f"route add {SECOND} via {GATEWAY} metric 50 proto static")


def _record(_member: Member, _host: Namespace, run: Path) -> None:
    (run / "l3host.source_ip.kernel.json").unlink()


def _connection(member: Member, host: Namespace, _run: Path) -> None:
    """An application that has bound itself to the uplink's address. It ends with its namespace, or with us."""
    argv = [sys.executable, "-I", "-c", _CONNECTED.format(address=member.address)]
    process = host.popen(argv, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
    if process.stdout is None or not process.stdout.readline():
        raise RuntimeError(f"{member.name}: the application does not start")


def _daemon(member: Member, _host: Namespace, run: Path) -> None:
    routing.stop(member, run)


DAMAGES: Mapping[str, _Damage] = {
    "route": _route,
    "address": _address,
    "source": _source,
    "second": _second,
    "record": _record,
    "connection": _connection,
    "daemon": _daemon,
}
