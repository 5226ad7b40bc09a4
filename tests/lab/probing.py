# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module probe, run for one destination, and what its peer hears."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.lab.modules import PACKAGE, ModuleRunner, answer, arguments, collections_path
from tests.lab.netns import Namespace

TOOLS = Path(__file__).resolve().parents[1] / "kernel" / "tools"
PEER = {4: "198.51.100.34", 6: "2001:db8:100::34"}
Result = dict[str, Any]


def one(module: ModuleRunner, destination: str, *, ns: Namespace | None = None, **options: Any) -> Result:
    """The result of a single probe that runs in a task of its own."""
    result = module.ok("probe", {"probes": [{"destination": destination, **options}]}, ns=ns)
    assert result["changed"] is False
    (probe,) = result["probes"]
    return dict(probe)


def wrapped(ns: Namespace, prefix: list[str], *probes: Result) -> list[Result]:
    """Results of the module in a process of its own, started through a command that takes something away from it."""
    argv = [*prefix, sys.executable, "-m", f"{PACKAGE}.probe"]
    environment = {**os.environ, "PYTHONPATH": str(collections_path())}
    task = arguments({"probes": list(probes)}).decode()
    done = ns.run(argv, text_input=task, env=environment, check=False)
    result = answer(done.stdout, done.stderr, done.returncode)
    assert not result.get("failed"), result
    return list(result["probes"])


def calls(probe: Result) -> list[str]:
    return [" ".join(filter(None, (call["call"], call["arguments"], "->", call["result"]))) for call in probe["calls"]]


@contextlib.contextmanager
def listener(ns: Namespace, port: int) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-I", str(TOOLS / "listener.py"), str(port)]
    with ns.popen(argv, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout and process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout
    return process.stdout.readline().split(maxsplit=3)


def sent(ns: Namespace) -> int:
    """How many UDP datagrams this namespace has sent."""
    text = ns.run(["sh", "-c", "cat /proc/net/snmp /proc/net/snmp6"]).stdout
    names, values = (line.split() for line in text.splitlines() if line.startswith("Udp:"))
    six = re.search(r"^Udp6OutDatagrams\s+(\d+)", text, re.MULTILINE)
    assert six
    return int(values[names.index("OutDatagrams")]) + int(six[1])


def link_local(ns: Namespace, device: str) -> str:
    """The device's link-local address, once duplicate detection is done with it."""
    show = f"ip -6 address show dev {device} scope link"
    return (
        ns.run(["sh", "-c", f"until {show} -tentative | grep -q fe80; do sleep 0.05; done; {show}"])
        .stdout.split("inet6 ")[1]
        .split("/")[0]
    )
