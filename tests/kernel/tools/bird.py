# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for BIRD 2 that can be made to fail anywhere, which the real one cannot: bird, birdc and runuser in one.

It runs with one BGP route, reads `krt_prefsrc` and the revision out of our file as BIRD would, and writes the route
into the kernel of the namespace it is called in. The folder of environment variable SI_BIRD holds bird.conf, what
"runs" (running.json), a list of all calls (calls) and, where something is to fail, what and how (fail.json:
{"command": "configure check", "how": "refuse" | "hang" | "absent", "times": 1}).
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import time
from typing import Any

FOLDER = pathlib.Path(os.environ["SI_BIRD"])
DESTINATION = "198.51.100.0/24"
ROUTE = f"{DESTINATION} via 10.0.0.254 dev v0 proto bird metric 32"


def load(name: str) -> dict[str, Any]:
    path = FOLDER / name
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def fail(command: str) -> None:
    """Fail where the test wants it."""
    order = load("fail.json")
    if order.get("command") != command or not order["times"]:
        return
    (FOLDER / "fail.json").write_text(json.dumps({**order, "times": order["times"] - 1}), encoding="utf-8")
    if order["how"] == "hang":
        time.sleep(60)
    if order["how"] == "absent":
        print("Unable to connect to server control socket: No such file or directory")
        sys.exit(1)
    if order["how"] == "refuse":
        print(f"bird.conf:1:1 simulated: {command}")
        sys.exit(1)


def configuration(path: str) -> dict[str, Any]:
    """What a configuration says of our route: revision of our file, and the source that its filter gives."""
    text = pathlib.Path(path).read_text(encoding="latin-1")
    include = re.search(r'^include "([^"]*)"', text, re.M)
    if not include:
        return {"source": None, "revision": None}
    ours = pathlib.Path(include.group(1)).read_text(encoding="latin-1")
    source = re.search(r"krt_prefsrc = ([^;]*);", ours)
    revision = re.search(r'define source_ip_revision = "([^"]*)"', ours)
    assert revision
    return {"source": source.group(1) if source else None, "revision": revision.group(1)}


def write(running: dict[str, Any]) -> None:
    """The route into the kernel."""
    source = ["src", running["source"]] if running.get("source") else []
    subprocess.run(["ip", "route", "replace", *ROUTE.split(), *source], check=True)


def birdc(words: list[str]) -> None:
    """One command of birdc."""
    command = " ".join(words)
    running = load("running.json")
    if command == "show status":
        print("BIRD 2.17.6 ready.\nBIRD 2.17.6\nDaemon is up and running")
    elif command == "eval source_ip_revision":
        print(running["revision"] or "undefined")
        sys.exit(running["revision"] is None)
    elif command == "show symbols function":
        print("source_ip\tfunction" if running["revision"] else "")
    elif command == "show protocols":
        print("Name       Proto      Table      State  Since         Info")
        print("k4         Kernel     master4    up     18:16:31.015")
    elif command == "show route export k4 all":
        print(f"Table master4:\n{DESTINATION}      unicast [b 18:16:32.016] * (100) [AS1i]\n\tType: BGP univ")
        if running["source"]:
            print(f"\tKernel.prefsrc: {running['source']}")
    elif words[:2] == ["configure", "check"]:
        configuration(words[2].strip('"'))
        print("Configuration OK")
    elif command == "configure status":
        print("Daemon is up and running")
    elif command == "configure confirm":
        print("Reconfiguration confirmed")
    elif words[0] == "configure":
        running = configuration(str(FOLDER / "bird.conf"))
        (FOLDER / "running.json").write_text(json.dumps(running), encoding="utf-8")
        write(running)
        print("Reconfigured")
    elif words[:2] == ["reload", "out"]:
        write(running)
    else:
        raise SystemExit(f"unknown: {command}")


def main() -> None:
    """Who we are says our name."""
    name, words = os.path.basename(sys.argv[0]), sys.argv[1:]
    command = " ".join(words[2:4]) if name == "birdc" else name
    with open(FOLDER / "calls", "a", encoding="utf-8") as calls:
        calls.write(f"{name} {' '.join(words)}\n")
    fail(command)
    if name == "runuser":
        os.execvp(words[3], words[3:])
    if name == "birdc":
        birdc(words[2:])
    elif "--version" in words:
        print("BIRD version 2.17.6")
    else:
        configuration(words[-1])


if __name__ == "__main__":
    main()
