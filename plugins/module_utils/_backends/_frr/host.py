# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of vtysh and of ip(8) on the host, and their answers as data. Standard library only."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
import typing as t

from ..._base.cover import Cover
from ..commands import PATIENCE, CommandError, call, run
from . import parse
from .audit import LETTERS, MAIN_TABLE, canonical
from .former import prefix
from .release import Version

#: Seconds. Whether FRR answers at all shows at once: vtysh waits for every daemon, the hanging one too.
FIRST = 15.0
_PER_LINE = 0.05  # seconds; a prefix-list of 20,000 entries takes FRR a while
_REJECTED = re.compile(r"^([A-Za-z])(?:\[\d+\])?>r\s+(\S+/\d+)")
_NOISE = re.compile(r"\[\d+\|\w+\] (sending configuration|done)|Waiting for children to finish")
_BAD_LINE = re.compile(r"line (\d+): (% .*)")
# What vtysh says where it has a word for it; all else may be a line of the configuration, with a password in it.
_SAID = re.compile(r"(?m)^(?:% |Exiting: |vtysh: ).*")


class Host:
    """vtysh and ip of this host."""

    def __init__(self, vtysh: str = "vtysh") -> None:
        self.vtysh = vtysh

    def show(self, command: str, daemon: str | None = None, timeout: float = PATIENCE) -> str:
        """What FRR prints. CommandError with vtysh's own words, without any of the configuration's."""
        argv = [self.vtysh, *(["-d", daemon] if daemon else []), "-c", command]
        done = call(argv, timeout=timeout)
        if done.code:
            said = " / ".join(_SAID.findall(done.words)) or "without a word of explanation"
            raise CommandError(f"`{' '.join(argv)}` ended with {done.code}: {said}")
        return done.out

    def version(self) -> Version:
        """Asked of zebra itself: without it nothing of ours can be done."""
        try:
            return parse.version(self.show("show version", "zebra", FIRST))
        except ValueError as error:
            raise CommandError(str(error)) from error

    def configure(self, lines: t.Sequence[str]) -> None:
        """Lines in configuration mode, in one call and one after the other, whatever the version."""
        argv = [self.vtysh, "-c", "configure terminal"]
        for line in lines:
            argv += ["-c", line]
        _complain(run(argv, accept=(0, 1)), " / ".join(lines[:4]))

    def load(self, lines: t.Sequence[str]) -> None:
        """Lines as a configuration file, `vtysh -f`. CommandError where FRR did not take all of them.

        vtysh passes over lines it does not understand and applies the rest, and some refusals come with exit status 0,
        so the output is read. A file on disk: FRR 10 opens it once per daemon.
        """
        content = "".join(f"{line}\n" for line in lines).encode()
        with _file(content) as path:
            done = call([self.vtysh, "-f", path], timeout=PATIENCE + _PER_LINE * len(lines))
            words = done.words.replace(path, "FILE")
        _complain(words, "vtysh -f")
        if done.code:
            raise CommandError(f"`vtysh -f` ended with {done.code}: {words[:2000]}")

    def refused_lines(self, content: bytes) -> list[tuple[int, str]]:
        """[(line, from 1, and vtysh's words)] of a configuration file that FRR would pass over. Syntax only."""
        with _file(content) as path:
            done = call([self.vtysh, "-C", "-f", path])
        found = [_BAD_LINE.match(line) for line in done.words.splitlines()]
        bad = [(int(m.group(1)), m.group(2)) for m in found if m]
        if done.code and not bad:
            said = " / ".join(_SAID.findall(done.words)) or "without a word of explanation"
            raise CommandError(f"`{self.vtysh} -C -f` ended with {done.code}: {said}")
        return bad

    def wait_for_maps(self, names: t.Iterable[str], timeout: float = 10.0) -> None:
        """Until zebra itself has these maps with their last sequence; CommandError when it never does."""
        end = time.monotonic() + timeout
        missing = list(names)
        while missing:
            missing = [name for name in missing if "sequence 65535" not in self.show(f"show route-map {name}", "zebra")]
            if missing and time.monotonic() > end:
                raise CommandError(f"zebra does not show the route-map {missing[0]}; it was not bound")
            if missing:
                time.sleep(0.2)

    def ip(self, *words: str) -> t.Any:
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

    def lacking(self, sources: t.Iterable[str]) -> list[str]:
        """The sources that the kernel would refuse, sorted: no address of the host, and no AnyIP (IPv4) either.

        As ``Host.check_source`` of the view of the host, which needs a library that a service does not have.
        """
        missing = sorted(set(sources) - self.addresses())
        if not any(":" not in source for source in missing):
            return missing
        local: Cover[list[str]] = Cover(32, list)
        for route in self.ip("-4", "route", "show", "table", "local", "type", "local"):
            local.at(*prefix(route["dst"], "ipv4"))
        return [text for text in missing if ":" in text or not any(local.over(*prefix(text, "ipv4")))]

    def tables(self) -> dict[str, int]:
        """{vrf: table}, "" for the default one."""
        found = {"": MAIN_TABLE}
        # ip prints an empty object for each link of another type.
        for link in filter(None, self.ip("-d", "link", "show", "type", "vrf")):
            found[link["ifname"]] = int(link["linkinfo"]["info_data"]["table"])
        return found

    def routes(self, family: str, table: int, destination: str | None = None) -> list[dict[str, t.Any]]:
        """The routes of a table; only those of one destination where it is given."""
        only = ["exact", destination] if destination else []
        found: list[dict[str, t.Any]] = self.ip(f"-{family[-1]}", "route", "show", *only, "table", str(table))
        return found

    def rejected(self, family: str, vrf: str, table: int | None) -> list[tuple[str, str]]:
        """[(destination, protocol)] of the routes zebra marks `>r`: chosen, and refused by the kernel."""
        where = f" vrf {vrf}" if vrf else ""
        where += f" table {table}" if table else ""
        text = self.show(f"show {'ip' if family == 'ipv4' else 'ipv6'} route{where}", "zebra")
        found = [_REJECTED.match(line) for line in text.splitlines()]
        return [(m.group(2), LETTERS[m.group(1)]) for m in found if m and m.group(1) in LETTERS]


class _file:
    """A file with this content for as long as the block lasts; readable by its owner only."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._path = ""

    def __enter__(self) -> str:
        try:
            handle, self._path = tempfile.mkstemp(prefix="l3host-source-ip-", suffix=".conf")
            with os.fdopen(handle, "wb") as stream:
                stream.write(self._content)
        except OSError as error:
            self.__exit__()
            raise CommandError(f"{error.filename or tempfile.gettempdir()}: {error.strerror}") from error
        return self._path

    def __exit__(self, *_exception: object) -> None:
        if self._path:
            os.unlink(self._path)
            self._path = ""


def _complain(output: str, what: str) -> None:
    bad = [line for line in output.splitlines() if "% " in line and not _NOISE.search(line)]
    if bad:
        raise CommandError(f"{what}: {' / '.join(bad[:10])}")
