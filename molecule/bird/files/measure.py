# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long BIRD takes to give many BGP routes another source. Runs on the host, where the role has set one.

measure.py OLD NEW     replaces the source OLD by NEW in our included file, tells BIRD to configure, and prints
                       seconds until `birdc configure` returns, and until every route below 100.64.0.0/10 has NEW in
                       the kernel (or how many have it after 30 s: BIRD 3 writes none)
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import time

FILE = pathlib.Path("/etc/bird/source_ip.conf")
SHOW = ["ip", "-4", "route", "show", "root", "100.64.0.0/10", "protocol", "bird"]


def count(text: str) -> int:
    """How many host routes, which are the many, have this text; ``ip`` prints them without a length."""
    lines = subprocess.run(SHOW, capture_output=True, text=True, check=True).stdout.splitlines()
    return sum(text in line for line in lines if "/" not in line.split()[0])


def cpu() -> float:
    """Seconds of processor time that BIRD has used: what it needs itself, however busy the machine is."""
    pid = subprocess.run(["pidof", "bird"], capture_output=True, text=True, check=True).stdout.split()[0]
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    old, new = sys.argv[1:]
    total = count("via")
    FILE.write_text(FILE.read_text(encoding="utf-8").replace(f"= {old};", f"= {new};"), encoding="utf-8")
    used = cpu()
    start = time.monotonic()
    subprocess.run(["birdc", "configure"], check=True, stdout=subprocess.DEVNULL)
    configured = time.monotonic() - start
    changed = 0
    while changed < total and time.monotonic() - start < 30:
        time.sleep(0.1)
        changed = count(f"src {new} ")
    taken = time.monotonic() - start
    result = {"routes": total, "changed": changed, "configure": round(configured, 2), "kernel": round(taken, 2)}
    result["bird_cpu"] = round(cpu() - used, 2)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
