# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the back end frr leaves on a host for the times when Ansible is not there. Standard library only.

addresses   before FRR starts: add our addresses, wait until every source is there
repair      after FRR has started: judge the routes for a while, repair what the user has allowed
watch       while FRR runs: see watch.py
"""

# systemd runs this as a program, without a module around it: it talks on its streams and ends with a status.
# pylint: disable=ansible-bad-function
from __future__ import annotations

import json
import sys
import time
import typing as t

from ..commands import CommandError, run
from . import paths
from .audit import Judge, canonical
from .host import Host
from .settings import Settings
from .survey import Seen, Survey, mend
from .watch import watch


def addresses(host: Host, state: t.Mapping[str, t.Any]) -> int:
    """0 when every source is there, 1 when time ran out; FRR starts in both cases."""
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
                trouble.append(error.message)
        missing = host.lacking(map(canonical, state["sources"]))
        if not missing and not trouble:
            return 0
        if time.monotonic() > end:
            for text in [*trouble, *(f"{text} is not on this host" for text in missing)]:
                print(text, file=sys.stderr)
            print("FRR starts without; routes that name these sources are not written", file=sys.stderr)
            return 1
        time.sleep(0.5)


def repair(host: Host, state: t.Mapping[str, t.Any]) -> int:
    """0 when the last judgement found nothing wrong."""
    end = time.monotonic() + state["watch"]
    judge = Judge(state["intent"])
    settings = Settings.load(state["settings"])
    seen = Seen(0, [], [])
    while True:
        try:
            survey = Survey(host, judge, host.version())
            # FRR itself corrects much within its own five seconds.
            found = mend(survey, survey.settle(3, 8), settings, state["repair"], timeout=8)
            seen = found.seen
            for step in found.done:
                print(f"{step.why}: {step.describe()}", flush=True)
            for text in found.failed:
                print(text, file=sys.stderr)
        except CommandError as error:
            print(error.message, file=sys.stderr)
            time.sleep(1)
        if time.monotonic() > end:
            break
    for finding in seen.findings[:20]:
        print(f"{finding.destination}: {finding.problem}, wanted {finding.expected}", file=sys.stderr)
    return 0 if seen.right else 1


def main() -> int:
    with open(paths.STATE, encoding="utf-8") as stream:
        state = json.load(stream)
    return {"addresses": addresses, "repair": repair, "watch": watch}[sys.argv[1]](Host(state["vtysh"]), state)


if __name__ == "__main__":
    sys.exit(main())
