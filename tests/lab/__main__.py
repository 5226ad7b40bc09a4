# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab from the command line: ``python -m tests.lab --help``."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys

from tests.lab import netns, privileges, topology

# A lab that outlives this process belongs to init, so that sweep() spares it.
INIT = 1


def main(arguments: list[str] | None = None) -> int:
    """Entry point; the exit code is that of the command that ran inside, where there was one."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=topology.__doc__, formatter_class=_Raw)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    shell = verbs.add_parser(
        "shell", help="build a lab, open a shell (or run COMMAND) in one of its namespaces, delete it"
    )
    shell.add_argument("--in", dest="part", choices=["host", "r1", "r2", "web"], default="host")
    shell.add_argument("command", nargs=argparse.REMAINDER)
    verbs.add_parser("up", help="build a lab that stays (root only) and print the names of its namespaces")
    verbs.add_parser("down", help="delete every lab that 'up' left and what killed runs left")
    chosen = parser.parse_args(arguments)
    command = chosen.command[1:] if getattr(chosen, "command", [])[:1] == ["--"] else getattr(chosen, "command", [])
    if chosen.verb == "shell" and not privileges.entered():
        privileges.enter([sys.executable, "-m", "tests.lab", *(sys.argv[1:] if arguments is None else arguments)])
    if not privileges.privileged():
        print("up and down need root; 'shell' does not", file=sys.stderr)
        return 77
    return {"shell": lambda: _shell(chosen.part, command), "up": _up, "down": _down}[chosen.verb]()


class _Raw(argparse.RawDescriptionHelpFormatter):
    """Keeps the drawing."""


def _shell(part: str, command: list[str]) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    with topology.lab() as lab:
        if not command:
            print(f"In the lab's {part}; the web server is {topology.WEB[4]} and {topology.WEB[6]}. Leave with exit.")
        argv = command or [os.environ.get("SHELL", "/bin/sh")]
        return subprocess.run(getattr(lab, part).inside(argv), check=False).returncode


def _up() -> int:
    if netns.owned_by(INIT):
        print("a lab is up already: python -m tests.lab down", file=sys.stderr)
        return 1
    for part, name in topology.build(owner=INIT).names.items():
        print(f"{part:5} {name}")
    return 0


def _down() -> int:
    netns.sweep()
    netns.delete(netns.owned_by(INIT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
