# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role frr leaves on a host for the times when Ansible is not there. Standard library only.

addresses   before FRR starts: add our addresses, wait until every source is there
repair      after FRR has started: judge the routes for a while, repair what the role was allowed to repair
watch       while FRR runs: see _frr_watch
"""

# systemd runs this as a program, without a module around it: it talks on its streams and ends with a status.
# pylint: disable=ansible-bad-function
from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from .audit import canonical
from .host import CommandError, Host, run
from .repair import describe, mend
from .watch import watch

STATE = "/etc/l3host-source-ip/frr.json"


def addresses(host: Host, state: Mapping[str, Any]) -> int:
    """0 when every source is there, 1 when time ran out; FRR starts in both cases."""
    wanted = {canonical(text) for text in state["sources"]}
    end = time.monotonic() + state["wait"]
    while True:
        trouble: list[str] = []
        there = host.addresses(usable=False)
        for entry in state["addresses"]:
            if canonical(entry["address"].split("/")[0]) in there:
                continue
            try:
                run(["ip", "address", "replace", entry["address"], "dev", entry["device"]])
                print(f"added {entry['address']} to {entry['device']}", flush=True)
            except CommandError as error:
                trouble.append(str(error))
        missing = sorted(wanted - host.addresses())
        if not missing and not trouble:
            return 0
        if time.monotonic() > end:
            for text in [*trouble, *(f"{text} is not on this host" for text in missing)]:
                print(text, file=sys.stderr)
            print("FRR starts without; routes that name these sources are not written", file=sys.stderr)
            return 1
        time.sleep(0.5)


def repair(host: Host, state: Mapping[str, Any]) -> int:
    """0 when the last judgement found nothing wrong."""
    end = time.monotonic() + state["watch"]
    wrong: list[dict[str, Any]] = []
    while True:
        try:
            # FRR itself corrects much within its own five seconds.
            found = mend(host, state["intent"], state["settings"], state["repair"], delay=3, timeout=8)
            wrong = found["wrong"]
            for step in found["done"]:
                print(f"{step['why']}: {describe(step)}", flush=True)
        except CommandError as error:
            print(error, file=sys.stderr)
        if time.monotonic() > end:
            break
    for finding in wrong[:20]:
        print(f"{finding['destination']}: {finding['problem']}, wanted {finding['expected']}", file=sys.stderr)
    return 1 if wrong else 0


def main() -> int:
    with open(STATE, encoding="utf-8") as stream:
        state = json.load(stream)
    return {"addresses": addresses, "repair": repair, "watch": watch}[sys.argv[1]](Host(state["vtysh"]), state)


if __name__ == "__main__":
    sys.exit(main())
