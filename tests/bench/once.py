# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One measurement in a process of its own, for its peak memory.

python -m tests.bench.once dump|check|set COUNT SOURCE
"""

from __future__ import annotations

import json
import re
import socket
import struct
import sys
import time
from pathlib import Path

PREFIXES = 10


def dump() -> float:
    """Seconds of receiving all IPv4 routes without looking at one."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as door:
        door.bind((0, 0))
        start = time.perf_counter()
        door.send(struct.pack("=IHHIIBBBBBBBBI", 28, 26, 0x301, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0))
        # The kernel ends a dump by a message of twenty bytes and type NLMSG_DONE (netlink(7)).
        while struct.unpack_from("=H", chunk := door.recv(1 << 18), len(chunk) - 16)[0] != 3:
            pass
        return time.perf_counter() - start


def prefsrc(count: int, source: str, action: str) -> float:
    """Seconds of the module ``prefsrc`` on ten of the routes, behind the validation of arguments."""
    from ansible_collections.l3host.source_ip.plugins.module_utils._change import boundary
    from ansible_collections.l3host.source_ip.plugins.module_utils._routes.write import prefsrc_task
    from tests.bench import sample
    from tests.bench.stand_in import Task

    there = [sample.destination(at * (count // PREFIXES)) for at in range(PREFIXES)]
    routes = [{"destination": text, "source": source} for text in there]
    module = Task({"routes": routes, "force": False, "missing": "fail", "planned_addresses": [], "netns": None})
    start = time.perf_counter()
    boundary.run(module, prefsrc_task)  # type: ignore[arg-type]
    spent = time.perf_counter() - start
    module.expect(action, PREFIXES)
    return spent


def peak_memory() -> float:
    """MiB, imports included (VmHWM of proc(5); getrusage(2) would count what the parent had before the exec)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else float("nan")


if __name__ == "__main__":
    what = sys.argv[1]
    seconds = (
        dump()
        if what == "dump"
        else prefsrc(int(sys.argv[2]), sys.argv[3], "unchanged" if what == "check" else "changed")
    )
    print(json.dumps({"seconds": seconds, "rss": peak_memory()}))
