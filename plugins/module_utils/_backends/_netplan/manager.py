# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netplan on the host: what it makes of its files, and how the renderers are told. PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import glob
import os
import tempfile
import typing as t

from ..._base.errors import Refused
from ..._base.protocols import PROTOCOLS
from .._managers.interface import Rendered
from .._managers.pieces import Piece
from .._networkd.manager import Networkd
from .._networkd.place import LOOPBACK
from .._networkd.render import DROP_IN
from .._networkmanager.manager import NetworkManager
from ..commands import call, run
from ..view import Hands
from .generated import NETWORK_MANAGER, NETWORKD, definitions
from .place import Found, lost, place

#: netplan's own generator: `netplan generate --root-dir` is this, and has systemd read its units anew as well.
_GENERATORS = ("/usr/libexec/netplan/generate", "/lib/netplan/generate")
_FOLDERS = ("/lib/netplan", "/etc/netplan", "/run/netplan")
_NETWORKD_FOLDER = "/etc/systemd/network"
_PATIENCE = 30.0


class Netplan:
    """The manager; ``file``: ours, in one of netplan's folders."""

    name = "netplan"
    protocol = PROTOCOLS["static"]
    command = "netplan generate && networkctl reload (NetworkManager: nmcli connection reload)"

    def __init__(self, hands: Hands, file: str) -> None:
        self._file = file
        self._networkd = Networkd(hands, _NETWORKD_FOLDER)
        self._manager = NetworkManager(hands, NETWORK_MANAGER)
        self._where: dict[str, Piece] = {}
        self._paths: list[str] = []
        self._pending: list[str] = []

    def own(self) -> list[str]:
        beside = f"{_NETWORKD_FOLDER}/10-netplan-{LOOPBACK}.network.d/{DROP_IN}"
        return [path for path in (self._file, beside) if os.path.lexists(path)]

    def read(self) -> Found:
        found = Found(self._networkd.read(), self._manager.read(), installed=_generator() is not None)
        if not found.installed:
            return found
        theirs = [path for path in _files() if path != self._file]
        with _root(theirs) as root:
            found.error = _generate(root)
            if not found.error:
                found.generated = _generated(root)
                text = run(["netplan", "get", "--root-dir", root], timeout=_PATIENCE)
                found.definitions = definitions(text)
        if os.path.exists(self._file):
            with _root([*theirs, self._file]) as root:
                _generate(root)
                now = _generated(root)
        else:
            now = dict(found.generated)
        self._pending = _differing(_generated(""), now)
        return found

    def render(self, pieces: t.Sequence[Piece], found: Found, notes: t.Mapping[str, t.Any]) -> Rendered:
        placed = place(pieces, found, notes, self._file, _NETWORKD_FOLDER)
        self._where = placed.where
        return placed.rendered

    def costs(self, devices: t.Sequence[str]) -> list[str]:
        """What the renderers would take of others, and what of netplan's files is not in force yet."""
        warnings = self._networkd.costs(devices)
        if self._pending:
            more = f" and {len(self._pending) - 3} more" if len(self._pending) > 3 else ""
            warnings.append(
                "netplan's files were changed and not brought into force; that is done with ours now: "
                f"{', '.join(self._pending[:3])}{more}"
            )
        return warnings

    def check(self, files: t.Mapping[str, str | None]) -> None:
        """netplan makes of all files what it would, in a folder of its own; all of ours has to be in it."""
        ours = files.get(self._file)
        if not ours:
            return
        with _root([path for path in _files() if path != self._file], {self._file: ours}) as root:
            error = _generate(root)
            if error:
                raise Refused(f"netplan does not take what would be {self._file}:\n{error}\nNothing was written")
            missing = lost(self._where, _generated(root))
        if missing:
            raise Refused("\n".join([*missing, "Nothing was written"]))

    def activate(self, devices: t.Sequence[str]) -> str:
        """netplan writes what its renderers read, and only they are told, each where something of it has changed."""
        before = _generated("")
        run(["netplan", "generate"], timeout=_PATIENCE)
        changed = _differing(before, _generated(""))
        self._paths = [path for path in changed if path.startswith(NETWORK_MANAGER)]
        said = []
        if len(changed) > len(self._paths) or not changed:
            said.append(self._networkd.activate(devices))
        if self._paths:
            self._manager.read()
            self._manager.changed(self._paths)
            said.append(self._manager.activate(devices))
        return "; ".join(filter(None, said))

    def insist(self, devices: t.Sequence[str]) -> None:
        self._networkd.insist(devices)
        if self._paths:
            self._manager.insist(devices)

    def words(self, since: float) -> str:
        return "\n".join(filter(None, (self._networkd.words(since), self._manager.words(since))))


def _generator() -> str | None:
    return next((path for path in _GENERATORS if os.access(path, os.X_OK)), None)


def _files() -> list[str]:
    """netplan's files."""
    return [path for folder in _FOLDERS for path in sorted(glob.glob(f"{folder}/*.yaml"))]


@contextlib.contextmanager
def _root(paths: t.Iterable[str], others: t.Mapping[str, str] | None = None) -> t.Iterator[str]:
    """A folder for root alone, with these files at their places, as links: they may have secrets.

    ``others``: path -> where its content lies.
    """
    with tempfile.TemporaryDirectory(prefix="l3host.source_ip-netplan-") as root:
        for path, real in {**{one: one for one in paths}, **(others or {})}.items():
            os.makedirs(root + os.path.dirname(path), exist_ok=True)
            os.symlink(os.path.realpath(real), root + path)
        yield root


def _generate(root: str) -> str:
    """What netplan says against the files in this folder; empty where it takes them."""
    done = call([t.cast(str, _generator()), "--root-dir", root], timeout=_PATIENCE)
    return done.words.replace(root, "") if done.code else ""


def _generated(root: str) -> dict[str, bytes]:
    """{path: content} of what is generated for networkd and NetworkManager below this folder."""
    found = {}
    patterns = (f"{NETWORKD}/10-netplan-*", f"{NETWORK_MANAGER}/netplan-*")
    for path in (path for pattern in patterns for path in glob.glob(glob.escape(root) + pattern)):
        with contextlib.suppress(OSError), open(path, "rb") as file:
            found[path[len(root) :]] = file.read()
    return found


def _differing(before: t.Mapping[str, bytes], after: t.Mapping[str, bytes]) -> list[str]:
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
