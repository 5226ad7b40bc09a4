# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: own_time.py SOURCE     how long FRR takes to take the source from 10,000 routes, and to give it back."""

from __future__ import annotations

import subprocess
import sys
import time


def with_source() -> int:
    command = ["ip", "-4", "route", "show", "root", "100.64.0.0/16", "src", sys.argv[1]]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.count("proto bgp")


def until(wanted: int, line: str) -> str:
    begin = time.monotonic()
    subprocess.run(["vtysh", "-c", "configure terminal", "-c", line], check=True)
    while with_source() != wanted:
        if time.monotonic() - begin > 30:
            return "never (waited 30 s)"
        time.sleep(0.05)
    return f"{time.monotonic() - begin:.1f} s"


before = with_source()
taken = until(0, "no ip protocol bgp")
given = until(before, "ip protocol bgp route-map SIP-BGP4")
print(f"{before} routes, source taken away after {taken}, given back after {given}")
