# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a piece goes: into the definition of which the file was generated that holds the device now. Pure. PRIVATE."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ..._base.values import MAIN
from .._managers.interface import HEADER, File, Rendered
from .._managers.pieces import Item, Piece, name_of, names_in
from .._networkd.place import LOOPBACK, Link, keeping, managed, withheld
from .._networkd.place import Found as Networkd
from .._networkd.render import DROP_IN
from .._networkmanager.place import Device, at_boot
from .._networkmanager.place import Found as NetworkManager
from .generated import NETWORKD, Key, definition_of, holds, is_generated
from .render import Entry, adds, file

#: Where netplan puts what it makes of a definition of the loopback device, and what we put beside that.
_LOOPBACK_FILE = f"{NETWORKD}/10-netplan-{LOOPBACK}.network"
_BESIDE = f"10-netplan-{LOOPBACK}.network.d/{DROP_IN}"
#: To manage a device is to take away what others gave it, which is not what we are asked for.
_KEEPS = HEADER + b"\n\n[Network]\nKeepConfiguration=yes\n"


@dataclass
class Found:
    """``installed``: netplan is; ``error``: what it says against the files that are there beside ours, empty for
    nothing; ``definitions``: {name: kind} of these files; ``generated``: {path: content} of what it makes of them for
    networkd and NetworkManager; and what these two have."""

    networkd: Networkd
    manager: NetworkManager
    installed: bool = True
    error: str = ""
    definitions: t.Mapping[str, str] = field(default_factory=dict)
    generated: t.Mapping[str, bytes] = field(default_factory=dict)


class Placed(t.NamedTuple):
    """``rendered``, and ``where``: the generated file that has to hold each piece."""

    rendered: Rendered
    where: dict[str, Piece]


class Place(t.NamedTuple):
    """``entry``: kind and name of a definition; ``path``: its generated file; or the ``problem``."""

    kind: str = ""
    name: str = ""
    path: str = ""
    problem: str = ""


def place(pieces: t.Sequence[Piece], found: Found, notes: t.Mapping[str, t.Any], path: str, folder: str) -> Placed:
    """Our file at ``path``. ``folder``: where networkd's own files are, /etc/systemd/network."""
    placed = Placed(Rendered(), {})
    rendered = placed.rendered
    if pieces and not found.installed:
        rendered.refusals.append("netplan is not installed on this host; name the back end that manages the devices")
    if pieces and found.error:
        rendered.refusals.append(f"netplan does not take the files that are there beside ours:\n{found.error}")
    if rendered.refusals:
        return placed
    entries = []
    for piece in pieces:
        there = _place(piece.device, found)
        if there.problem:
            rendered.refusals += [f"{name}: {there.problem}" for name in names_in(piece)]
            continue
        entries.append(_entry(piece, there, found, rendered))
        placed.where[there.path] = piece
        if _is_own(there, found):
            rendered.files[f"{folder}/{_BESIDE}"] = File(_KEEPS)
    if entries:
        rendered.files[path] = File(file(entries), mode=0o600)
    by_networkd = [piece for where, piece in placed.where.items() if where.startswith(NETWORKD)]
    for piece in by_networkd:
        for route in piece.routes:
            rendered.refusals += withheld(route, by_networkd, found.networkd)
    rendered.warnings += at_boot([piece for piece in pieces if piece not in by_networkd], found.manager)
    devices = {piece.device for piece in pieces}
    links = [link for name, link in found.networkd.links.items() if name in {*devices, *notes.get("devices", ())}]
    rendered.transient = keeping([link for link in links if is_generated(link.file)], NETWORKD)
    rendered.notes = {"devices": sorted(devices)} if devices else {}
    return placed


def _is_own(there: Place, found: Found) -> bool:
    """Whether nobody but us defines the loopback device."""
    return there.path == _LOOPBACK_FILE and there.name not in found.definitions


def _place(device: str, found: Found) -> Place:
    link = found.networkd.links.get(device, Link("", "unmanaged"))
    profile = found.manager.devices.get(device, Device("10 (unmanaged)"))
    if device == LOOPBACK and link.file in ("", _LOOPBACK_FILE) and LOOPBACK not in found.definitions:
        if found.networkd.runs:
            return Place("ethernets", LOOPBACK, _LOOPBACK_FILE)
        return Place(
            problem="netplan has no loopback device for NetworkManager, and systemd-networkd does not run; give the "
            "address to the device of the route, which answers for it as well"
        )
    if link.file and (managed(link) or device == LOOPBACK):
        path, others = link.file, [name for name, one in found.networkd.links.items() if one.file == link.file]
        holder = "systemd-networkd"
    elif profile.managed:
        path, others = profile.path, [name for name, one in found.manager.devices.items() if one.uuid == profile.uuid]
        holder = "NetworkManager"
    else:
        return Place(
            problem=f"neither systemd-networkd nor NetworkManager manages {device} for netplan (networkd: "
            f"{link.state}; NetworkManager: {profile.state}); use the back end of who does, or the kernel's"
        )
    if not is_generated(path):
        return Place(
            problem=f"{holder} has {device} by {path or 'no file'}, which is not netplan's; use the back end "
            f"{'networkd' if holder == 'systemd-networkd' else 'networkmanager'}"
        )
    name = definition_of(path, found.definitions)
    if not name:
        return Place(
            problem=f"{holder} has {device} by {path}, and netplan's files do not define it any more; bring "
            "them into force first (`netplan apply`)"
        )
    if len(others) > 1:
        rest = ", ".join(sorted(one for one in others if one != device))
        return Place(
            problem=f"the definition {name} of netplan is in use for {device} and for {rest}, and what is "
            f"added to it would be for all of them; give {device} a definition of its own"
        )
    return Place(found.definitions[name], name, path)


def _entry(piece: Piece, there: Place, found: Found, rendered: Rendered) -> Entry:
    """What the definition gets of the piece: an address that the operator has there is not written again."""
    theirs = holds(there.path, found.generated.get(there.path, b""))
    for route in piece.routes:
        where = f"the definition {there.name} of netplan"
        if key_of(route) in theirs.routes:
            rendered.refusals.append(
                f"{name_of(route)}: {where} has a route of its own with this destination, table and metric; give ours "
                "another metric, or remove that one"
            )
        if not route["gateway"] and not there.path.startswith(NETWORKD):
            rendered.refusals.append(
                f"{name_of(route)}: netplan has no routes without a gateway for NetworkManager, which has "
                f"{piece.device}; name a gateway, or use the kernel back end"
            )
    added = adds(piece, without=theirs.addresses)
    if _is_own(there, found):
        added = {"renderer": "networkd", **added}
    return Entry(there.kind, there.name, added)


def key_of(route: Item) -> Key:
    """A route of a piece as generated files are read."""
    return route["destination"], str(route["table"] or MAIN), str(route["metric"] or 0)


def lost(where: t.Mapping[str, Piece], generated: t.Mapping[str, bytes]) -> list[str]:
    """What netplan has taken and not passed on, each beginning with the entry. ``generated``: with ours."""
    found = []
    for path, piece in sorted(where.items()):
        there = holds(path, generated.get(path, b""))
        kept = [one["address"] in there.addresses for one in piece.addresses]
        kept += [there.routes.get(key_of(route)) == (route["gateway"] or "", route["source"]) for route in piece.routes]
        found += [
            f"{called}: netplan takes it and passes it over; it is not in {path}, as generated"
            for called, is_there in zip(names_in(piece), kept)
            if not is_there
        ]
    return found
