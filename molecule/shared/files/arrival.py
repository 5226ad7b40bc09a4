# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long after its reload the routes of a daemon have another source. Runs on the host beside the role.

arrival.py bird|frr NEW COUNT     waits until the daemon runs with another configuration (bird: another revision of our
                                  file; frr: NEW in a route-map of zebra), then until COUNT routes inside
                                  100.64.0.0/10 have the source NEW in the kernel; prints the seconds in between
"""

from __future__ import annotations

import subprocess
import sys
import time

ROUTES = ["ip", "-4", "route", "show", "root", "100.64.0.0/10"]
# Not FRR's running configuration: while that is read, mgmtd of FRR 10.3 may lose what another session gives it.
ASK = {
    "bird": ["birdc", "eval", "source_ip_revision"],
    "frr": ["vtysh", "-d", "zebra", "-c", "show route-map SIP-BGP4"],
}
LIMIT = 120.0


def answer(command: list[str]) -> str:
    """What the command prints; birdc fails while our file is not there yet."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def main() -> None:
    """Measure and print."""
    daemon, new, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    before = answer(ASK[daemon])
    begin = time.monotonic()
    while time.monotonic() - begin < LIMIT:
        now = answer(ASK[daemon])
        # FRR's lines say it themselves: the role may have been faster than our first look.
        if now != before if daemon == "bird" else f" src {new}\n" in now:
            break
        time.sleep(0.1)
    reload = time.monotonic()
    found = 0
    while found < count and time.monotonic() - begin < LIMIT:
        time.sleep(0.2)
        found = answer(ROUTES).count(f" src {new} ")
    taken = time.monotonic() - reload
    print(f"{found} of {count} routes have {new} {taken:.1f} s after the reload")
    sys.exit(found < count)


if __name__ == "__main__":
    main()
