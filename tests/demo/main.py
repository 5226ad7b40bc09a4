# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the lab, has ansible-playbook tell the story in it, writes the report, and leaves nothing behind."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.demo import page
from tests.demo.ink import Ink, heading, summary
from tests.demo.rows import Row, collect
from tests.demo.telling import WIDTH
from tests.lab import daemons, netns, privileges, topology
from tests.lab.modules import CHECKOUT, collections_path
from tests.lab.netns import NamespaceError, die_with_parent

HERE = Path(__file__).resolve().parent
DEFAULT_REPORT = CHECKOUT / "build" / "demo-report.html"


class Interrupted(Exception):
    """SIGINT, SIGTERM or SIGHUP arrived; the number is the first argument."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: 0 when the whole story came true, 77 when this machine allows no namespaces."""
    parser = argparse.ArgumentParser(prog="tests/demo/run", description=__doc__)
    parser.add_argument(
        "--report", type=Path, default=DEFAULT_REPORT, help=f"the HTML page (default: {DEFAULT_REPORT})"
    )
    parser.add_argument(
        "--only", metavar="CHAPTER", choices=sorted(path.stem for path in (HERE / "chapters").iterdir())
    )
    chosen = parser.parse_args(arguments)
    missing = [tool for tool in ("ansible-playbook", "curl", "ip", "nsenter", "unshare") if not shutil.which(tool)]
    if missing:
        print(f"not found: {', '.join(missing)}. 'make demo' sets up what the demo needs.", file=sys.stderr)
        return 77
    if not privileges.entered():
        only = ["--only", chosen.only] if chosen.only else []
        privileges.enter([sys.executable, str(HERE / "run"), "--report", str(chosen.report.resolve()), *only])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return _tell(chosen.report, HERE / (f"chapters/{chosen.only}.yml" if chosen.only else "story.yml"))
    except Interrupted as stop:
        print("\n  Interrupted: the lab is gone, nothing else was touched.", file=sys.stderr)
        return 128 + int(stop.args[0])
    except NamespaceError as problem:
        print(f"the lab could not be built: {problem}", file=sys.stderr)
        return 1


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted(number)


def _tell(report: Path, story: Path) -> int:
    ink = Ink(sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")
    with tempfile.TemporaryDirectory(prefix="l3host-demo-", dir="/run") as scratch, topology.lab() as lab:
        folder = Path(scratch)
        with netns.lifeline(lab.names.values()):
            _introduce(ink, story)
            code = _play(lab, folder, story, ink)
        record = folder / "record.jsonl"
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    rows = collect(json.loads(line) for line in lines)
    if rows:
        _conclude(rows, report, ink)
    if code:
        print(ink("\n  The story did not come true: see the failure above.", "red", "bold"))
    return code


def _introduce(ink: Ink, story: Path) -> None:
    drawing = str(topology.__doc__).split("::\n\n", 1)[1].split("\nThe host ends", 1)[0].rstrip()
    web = (
        f"web is {topology.WEB[4]} and {topology.WEB[6]}; lo is {topology.HOST_SOURCE[4]} and {topology.HOST_SOURCE[6]}"
    )
    print(f"\n  {ink('Which source IP does a host use, why, and how do you choose it?', 'bold')}\n")
    print(f"{drawing}\n\n  {web}\n  {ink('All of it network namespaces of this run.', 'dim')}")
    print(f"\n  {ink('$', 'cyan')} {ink(f'ansible-playbook {story.relative_to(CHECKOUT)}', 'bold')}", flush=True)


def _play(lab: topology.Lab, folder: Path, story: Path, ink: Ink) -> int:
    found = {name: daemons.find(name) for name in daemons.TITLES}
    programs = daemons.prepare(lab, folder, filter(None, found.values()))
    python = folder / "host-python"
    python.write_text(
        f'#!/bin/sh\nexport PATH={programs}:$PATH\nexec nsenter --net={lab.host.path} -- {sys.executable} "$@"\n',
        encoding="utf-8",
    )
    python.chmod(0o755)
    host = {
        "ansible_connection": "local",
        "ansible_python_interpreter": str(python),
        "ansible_remote_tmp": str(folder),
        "lab": str(folder),
        "versions": {name: daemon.version for name, daemon in found.items() if daemon},
        "left_out": {name: daemons.why_not(name) for name, daemon in found.items() if not daemon},
    }
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"host": host}}}), encoding="utf-8")
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(HERE / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(collections_path()),
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "L3HOST_DEMO_RECORD": str(folder / "record.jsonl"),
        "L3HOST_DEMO_COLOURS": str(int(ink.colours)),
    }
    return _run(["ansible-playbook", "-i", str(inventory), str(story)], environment)


def _run(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run to the end, or, when interrupted, end the whole process group before going on with the interruption."""
    process = subprocess.Popen(
        argv, env=dict(environment), cwd=HERE, start_new_session=True, preexec_fn=die_with_parent
    )
    try:
        return process.wait()
    except Interrupted:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=3)
        raise


def _conclude(rows: Sequence[Row], report: Path, ink: Ink) -> None:
    print("\n".join(["", heading("The whole story in one table", WIDTH, ink), "", *summary(rows, ink)]))
    asked = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(page.render(rows, os.uname().release, asked), encoding="utf-8")
    print(f"\n  The same as a page, with a drawing of each path: {ink(str(report), 'bold')}\n")
