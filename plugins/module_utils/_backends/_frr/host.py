# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of vtysh and of ip(8) on the host, and their answers as data. Standard library only."""

# Runs as part of a module, and at boot without one (_frr_boot), so there is no run_command to call.
# pylint: disable=ansible-bad-function
from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from typing import Any

from .audit import (
    LETTERS,
    MAIN_TABLE,
    Judge,
    canonical,
    judge_absent,
    judge_kernel,
    judge_rejected,
)

_REJECTED = re.compile(r"^([A-Za-z])(?:\[\d+\])?>r\s+(\S+/\d+)")
_VERSION = re.compile(r"FRRouting (\d+)\.(\d+)(?:\.(\d+))?")
_NOISE = re.compile(r"\[\d+\|\w+\] (sending configuration|done)|Waiting for children to finish")


class CommandError(Exception):
    """A command that failed or complained; the text holds the command and its own words."""


def run(argv: list[str], accept: tuple[int, ...] = (0,), stdin: str | None = None) -> str:
    """Standard output of a command. CommandError with its output when the exit status is not accepted."""
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise CommandError(f"{argv[0]}: {error.strerror}") from error
    if done.returncode not in accept:
        words = " ".join(filter(None, (done.stderr.strip(), done.stdout.strip())))[:2000]
        raise CommandError(f"`{' '.join(argv)}` ended with {done.returncode}: {words}")
    return done.stdout


class Host:
    """vtysh and ip of this host."""

    def __init__(self, vtysh: str = "vtysh") -> None:
        self.vtysh = vtysh

    def show(self, command: str, daemon: str | None = None) -> str:
        return run([self.vtysh, *(["-d", daemon] if daemon else []), "-c", command])

    def version(self) -> tuple[int, int, int]:
        found = _VERSION.search(self.show("show version"))
        if not found:
            raise CommandError("no FRR version in the output of `vtysh -c 'show version'`")
        return int(found.group(1)), int(found.group(2)), int(found.group(3) or 0)

    def configure(self, lines: list[str]) -> None:
        """Lines in configuration mode, in one call and one after the other, whatever the version."""
        argv = [self.vtysh, "-c", "configure terminal"]
        for line in lines:
            argv += ["-c", line]
        _complain(run(argv, accept=(0, 1)), " / ".join(lines[:4]))

    def load(self, lines: list[str], check: bool = False) -> None:
        """Lines as a configuration file: `vtysh -f`, or only its syntax with `vtysh -C -f`.

        vtysh passes over lines it does not understand and applies the rest, and some refusals come with exit status
        0, so the syntax is checked first and the output is read. A file on disk: FRR 10 opens it once per daemon.
        """
        handle, path = tempfile.mkstemp(prefix="l3host-source-ip-", suffix=".conf")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write("\n".join(lines) + "\n")
            for options in ["-C"], []:
                if check and not options:
                    break
                done = subprocess.run(
                    [self.vtysh, *options, "-f", path], capture_output=True, text=True, errors="replace", check=False
                )
                words = "\n".join(filter(None, (done.stdout.strip(), done.stderr.strip()))).replace(path, "")
                _complain(words, f"vtysh {' '.join([*options, '-f'])}")
                if done.returncode:
                    raise CommandError(
                        f"vtysh {' '.join([*options, '-f'])} ended with {done.returncode}: {words[:2000]}"
                    )
        finally:
            os.unlink(path)

    def wait_for_maps(self, names: list[str], timeout: float = 10.0) -> None:
        """Until zebra itself has these maps with their last sequence; CommandError when it never does."""
        end = time.monotonic() + timeout
        missing = list(names)
        while missing:
            missing = [name for name in missing if "sequence 65535" not in self.show(f"show route-map {name}", "zebra")]
            if missing and time.monotonic() > end:
                raise CommandError(f"zebra does not show the route-map {missing[0]}; it was not bound")
            if missing:
                time.sleep(0.2)

    def ip(self, *words: str) -> Any:
        text = run(["ip", "-N", "-j", *words], accept=(0, 1, 2))
        return json.loads(text) if text.strip() else []

    def addresses(self, usable: bool = True) -> set[str]:
        """Every address this host has; `usable` leaves out those of IPv6 that are tentative or failed."""
        return {
            canonical(info["local"])
            for link in self.ip("address", "show")
            for info in link.get("addr_info", ())
            if info.get("local") and not (usable and (info.get("tentative") or info.get("dadfailed")))
        }

    def tables(self) -> dict[str, int]:
        """{vrf: table}, "" for the default one."""
        found = {"": MAIN_TABLE}
        # ip prints an empty object for each link of another type.
        for link in filter(None, self.ip("-d", "link", "show", "type", "vrf")):
            found[link["ifname"]] = int(link["linkinfo"]["info_data"]["table"])
        return found

    def routes(self, family: str, table: int, destination: str | None = None) -> list[dict[str, Any]]:
        """The routes of a table; only those of one destination where it is given."""
        only = ["exact", destination] if destination else []
        found: list[dict[str, Any]] = self.ip(f"-{family[-1]}", "route", "show", *only, "table", str(table))
        return found

    def rejected(self, family: str, vrf: str, table: int | None) -> list[tuple[str, str]]:
        """[(destination, protocol)] of the routes zebra marks `>r`: chosen, and refused by the kernel."""
        where = f" vrf {vrf}" if vrf else ""
        where += f" table {table}" if table else ""
        text = self.show(f"show {'ip' if family == 'ipv4' else 'ipv6'} route{where}", "zebra")
        found = [_REJECTED.match(line) for line in text.splitlines()]
        return [(m.group(2), LETTERS[m.group(1)]) for m in found if m and m.group(1) in LETTERS]


def _complain(output: str, what: str) -> None:
    bad = [line for line in output.splitlines() if "% " in line and not _NOISE.search(line)]
    if bad:
        raise CommandError(f"{what}: {' / '.join(bad[:10])}")


def audit(host: Host, intent: dict[str, Any]) -> dict[str, Any]:
    """{checked, wrong, missing}: routes the intent speaks of, those without their source, sources the host lacks."""
    judge = Judge(intent)
    local = host.addresses()
    tables = host.tables()
    checked = 0
    wrong: list[dict[str, Any]] = []
    absent = []
    places = {(vrf, family, None) for vrf, family in judge.places()}
    places |= {(r["vrf"] or "", r["family"], r["table"]) for r in intent["routes"] if r["table"]}
    for vrf, family, table in sorted(places, key=str):
        if vrf not in tables:
            absent.append(vrf)
            continue
        where = table or tables[vrf]
        routes = host.routes(family, where)
        seen, bad = judge_kernel(judge, vrf, family, where, routes)
        lost = judge_rejected(judge, vrf, family, where, host.rejected(family, vrf, table))
        known = {finding["destination"] for finding in lost}
        wrong += lost + [f for f in bad if f["destination"] not in known]
        wrong += judge_absent(judge, vrf, family, where, routes, known)
        checked += seen + len(lost)
    return {
        "checked": checked,
        "wrong": wrong,
        "missing": sorted(judge.sources - local),
        "absent_vrfs": sorted(set(absent)),
    }
