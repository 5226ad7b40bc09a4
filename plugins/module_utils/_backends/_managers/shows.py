# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the managers of this host show of its devices. Reads only. PRIVATE to the collection."""

from __future__ import annotations

import glob
import os
import typing as t

from ..._base.errors import SourceIPError
from ..commands import call
from ..systemd import same_network
from ..view import Hands
from .kernel import egress
from .manages import Manages, Shows, devices_of, manages, of_ifstate, of_interfaces, of_link_file, of_nmcli

NETIF = "/run/systemd/netif"
_IFSTATE = "/run/network/ifstate"
#: ifupdown2 makes it in each boot; its own list of devices is a pickle, below /var.
_IFUPDOWN2 = "/run/network/ifstatelock"
_INTERFACES = ("/etc/network/interfaces", "/etc/network/interfaces.d/*")
_NM = "/run/NetworkManager"
#: Seconds for a question to a manager.
_PATIENCE = 10.0


def managing(hands: Hands, intent: t.Mapping[str, list[dict[str, t.Any]]]) -> list[Manages]:
    """Who manages the devices of an intent. The loopback device counts only where the intent is about nothing else."""
    named, gateways = devices_of(intent)
    named += [way.device for way in (egress(hands, *gateway) for gateway in gateways) if way.device]
    devices = [name for name in dict.fromkeys(named) if name != "lo"] or named[:1]
    found = []
    for name in devices:
        link = hands.host.find(name)
        if link is not None:
            found += manages(link.name, shows(link.name, link.index))
    return found


def shows(device: str, index: int) -> Shows:
    """What the managers that run show of this device."""
    file, state = networkd_link(index) if networkd_runs() else ("", "")
    nm_state, profile, profile_file = _network_manager(device)
    stanza, method = _stanza(device)
    return Shows(
        networkd_file=file,
        networkd_state=state,
        profile=profile,
        profile_file=profile_file,
        nm_state=nm_state,
        # It is no daemon: it acts where the host's first process is.
        ifstate=bool(same_network("1"))
        and (device in of_ifstate(text_of(_IFSTATE)) or (bool(stanza) and os.path.exists(_IFUPDOWN2))),
        stanza=stanza,
        method=method,
    )


def networkd_runs() -> bool:
    """Whether systemd-networkd runs: its files stay when it has ended."""
    return os.path.isdir(f"{NETIF}/links") and runs_here("systemd-networkd.service")


def runs_here(unit: str) -> bool:
    """Whether this unit of systemd runs, in our network namespace; False where there is no systemd."""
    try:
        done = call(["systemctl", "show", "--property=MainPID", "--value", unit], timeout=_PATIENCE)
    except SourceIPError:
        return False
    process = done.out.strip()
    return process.isdecimal() and process != "0" and bool(same_network(process))


def journal(unit: str, since: float) -> str:
    """The last lines that a unit has written to the journal since then (seconds of the epoch); empty without one."""
    argv = ["journalctl", f"--unit={unit}", f"--since=@{since:.0f}", "--output=cat", "--lines=20", "--no-pager"]
    try:
        done = call(argv, timeout=_PATIENCE)
    except SourceIPError:
        return ""
    return done.out.strip() if done.code == 0 else ""


def networkd_link(index: int) -> tuple[str, str]:
    """(.network file, state) of a link, as networkd has written them down."""
    return of_link_file(text_of(f"{NETIF}/links/{index}"))


def _network_manager(device: str) -> tuple[str, str, str]:
    if not os.path.isdir(_NM) or not runs_here("NetworkManager.service"):
        return "", "", ""
    fields = "GENERAL.STATE,GENERAL.CONNECTION,GENERAL.CON-PATH"
    try:
        done = call(["nmcli", "-g", fields, "device", "show", device], timeout=_PATIENCE)
        state, profile, _path = of_nmcli(done.out if done.code == 0 else "")
        if not profile:
            return state, "", ""
        listed = call(["nmcli", "-t", "-f", "DEVICE,FILENAME", "connection", "show", "--active"], timeout=_PATIENCE).out
    except SourceIPError:
        return "", "", ""
    files = dict(line.partition(":")[::2] for line in listed.splitlines())
    return state, profile, files.get(device, "").replace("\\:", ":")


def _stanza(device: str) -> tuple[str, str]:
    for pattern in _INTERFACES:
        for path in sorted(glob.glob(pattern)):
            method = of_interfaces(text_of(path), device)
            if method:
                return path, method
    return "", ""


def text_of(path: str) -> str:
    """The text of a file; empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
