# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-networkd on the host: what it uses for which device, and how it is told to read. PRIVATE."""

from __future__ import annotations

import glob
import itertools
import os
import re
import typing as t

from ..._base.protocols import OWN_PROTOCOL, PROTOCOLS
from ..._base.values import INET, INET6, address_text
from ..._netlink import wire
from ..._routes.line import Lines
from .._managers.interface import Rendered
from .._managers.pieces import Piece
from .._managers.shows import journal, networkd_link, networkd_runs, text_of
from ..commands import run
from ..view import Hands
from .place import Found, Link, place
from .render import DROP_IN, KEEP, OWN_FILE
from .settings import order, settings, warnings

#: Seconds for networkctl, which waits for the daemon, and for what it knows itself.
_PATIENCE, _AT_ONCE = 30.0, 10.0
_FOLDERS = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd")
#: Routes of these protocols networkd leaves alone, or has made itself.
_NOT_FOREIGN = {PROTOCOLS[name] for name in ("kernel", "ra", "dhcp", "static")} | {OWN_PROTOCOL}
#: So for policy rules.
_NOT_FOREIGN_RULES = {PROTOCOLS["kernel"], PROTOCOLS["static"]}
_SHOWN = 100
#: Where the files of a device lie, and those that only pass.
_NETWORK = [f"{folder}/network" for folder in _FOLDERS]
_PASSING = "/run/systemd/network"
#: The first release of which it was seen that it keeps the lease of a device whose files have changed; 252 does not.
_GENTLE = 257
_VERSION = re.compile(r"systemd (\d+)")
_KEEPS = re.compile(r"^\s*KeepConfiguration\s*=", re.MULTILINE)


class Networkd:
    """The manager; ``folder``: where its files are written."""

    name = "systemd-networkd"
    protocol = OWN_PROTOCOL
    command = "networkctl reconfigure DEVICE"

    def __init__(self, hands: Hands, folder: str) -> None:
        self._hands = hands
        self._folder = folder

    def own(self) -> list[str]:
        here = glob.escape(self._folder)
        return sorted(
            [*glob.glob(f"{here}/*.network.d/{DROP_IN}"), *glob.glob(f"{here}/{OWN_FILE.format(device='*')}")]
        )

    def read(self) -> Found:
        host = self._hands.host
        holders: dict[str, list[str]] = {}
        for address in host.addresses:
            holders.setdefault(str(address_text(address.packed)), []).append(address.device)
        if not networkd_runs():
            return Found(False, {}, holders)
        links = {name: self._link(index) for index, name in host.names.items()}
        return Found(True, links, holders)

    def _link(self, index: int) -> Link:
        file, state = networkd_link(index)
        if not file:
            return Link(file, state)
        beside = [f"{folder}/{os.path.basename(file)}.d" for folder in _NETWORK]
        pieces = [path for folder in beside for path in glob.glob(f"{glob.escape(folder)}/*.conf")]
        theirs = [path for path in pieces if os.path.basename(path) not in (DROP_IN, KEEP)]
        keeps = any(_KEEPS.search(text_of(path)) for path in (file, *theirs))
        ours = os.path.exists(f"{self._folder}/{os.path.basename(file)}.d/{DROP_IN}")
        return Link(file, state, ours, keeps)

    def _gentle(self) -> bool:
        found = _VERSION.match(run(["networkctl", "--version"], timeout=_AT_ONCE))
        return found is not None and int(found.group(1)) >= _GENTLE

    def render(self, pieces: t.Sequence[Piece], found: Found, notes: t.Mapping[str, t.Any]) -> Rendered:
        return place(pieces, found, self._folder, _PASSING)

    def costs(self, devices: t.Sequence[str]) -> list[str]:
        """What the settings of networkd.conf would take from others."""
        paths = [path for folder in _FOLDERS for path in glob.glob(f"{folder}/networkd.conf.d/*.conf")]
        paths += [path for path in (f"{folder}/networkd.conf" for folder in _FOLDERS) if os.path.exists(path)]
        files = [(path, text_of(path)) for path in order(paths)]
        foreign = {
            "ManageForeignRoutes": list(itertools.islice(self._foreign_routes(devices), _SHOWN)),
            "ManageForeignRoutingPolicyRules": list(self._foreign_rules()),
        }
        return warnings(settings(files), foreign)

    def _foreign_routes(self, devices: t.Sequence[str]) -> t.Iterator[str]:
        lines = Lines(self._hands.host.names)
        for device in devices:
            link = self._hands.host.find(device)
            if link is None or device == "lo":
                continue
            for family in (INET, INET6):
                for chunk in self._hands.kernel.dump_routes(family, device=link.index):
                    for kind, _flags, _sequence, payload in wire.messages(chunk):
                        if kind == wire.RTM_NEWROUTE and payload[5] not in _NOT_FOREIGN:
                            yield str(lines(payload))

    def _foreign_rules(self) -> t.Iterator[str]:
        for family in (INET, INET6):
            for rule in self._hands.host.rules(family):
                if rule.protocol not in _NOT_FOREIGN_RULES:
                    yield f"{rule.priority}: {rule.action}" + (f" {rule.table}" if rule.table else "")

    def check(self, files: t.Mapping[str, str | None]) -> None:
        """networkd has no judge of its files beside itself, and passes over what it does not understand."""

    def activate(self, devices: t.Sequence[str]) -> str:
        if not networkd_runs():
            return ""
        leased = self._leased(devices)
        if leased and not self._gentle():
            return (
                f"systemd-networkd before {_GENTLE} gives up the lease of a device whose files have changed, and "
                f"with it the connections of {', '.join(leased)}. So it was not told to read them: what they say is in "
                "the kernel now, and networkd reads them when it starts, at the next boot or by "
                "`systemctl restart systemd-networkd`. Until then it brings nothing of it back that a link loses"
            )
        run(["networkctl", "reload"], timeout=_PATIENCE)
        return ""

    def _leased(self, devices: t.Sequence[str]) -> list[str]:
        """Those of the devices that have an address for a time: by DHCP or a router's advertisement."""
        self._hands.forget()
        addresses = self._hands.host.addresses
        leased = {one.device for one in addresses if one.valid_lifetime is not None}
        return [name for name in devices if name in leased]

    def insist(self, devices: t.Sequence[str]) -> None:
        there = [name for name in devices if self._hands.host.find(name)]
        if there and networkd_runs():
            run(["networkctl", "reconfigure", *there], timeout=_PATIENCE)

    def words(self, since: float) -> str:
        return journal("systemd-networkd", since)
