# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a piece goes: beside the file that networkd uses for the device. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._managers.interface import File, Rendered
from .._managers.pieces import Item, Piece, name_of, name_of_rule, names_in
from .render import DROP_IN, KEEP, OWN_FILE, drop_in, keep, own_file

LOOPBACK = "lo"
_MANAGED = ("configuring", "configured")


class Link(t.NamedTuple):
    """A device as networkd has it: its .network file (empty: no file matches) and its state there.

    ``ours``: a drop-in of ours is there; ``keeps``: the operator's files say themselves what to keep.
    """

    file: str
    state: str
    ours: bool = False
    keeps: bool = False


class Found(t.NamedTuple):
    """``runs``: systemd-networkd does; ``links``: by name of device; ``holders``: the devices that have an address."""

    runs: bool
    links: t.Mapping[str, Link]
    holders: t.Mapping[str, t.Sequence[str]]


def place(pieces: t.Sequence[Piece], found: Found, folder: str, passing: str) -> Rendered:
    """The files for these pieces in networkd's folder, and those that pass (/etc and /run/systemd/network)."""
    rendered = Rendered()
    if pieces and not found.runs:
        rendered.refusals.append(
            "systemd-networkd does not run on this host, so it manages no device; name the back end that does"
        )
        return rendered
    devices = [piece.device for piece in pieces]
    for piece in pieces:
        path, problem = _path(piece.device, found, folder)
        if problem:
            rendered.refusals += [f"{name}: {problem}" for name in names_in(piece)]
        else:
            whole = path.endswith(".network")
            rendered.files[path] = File(own_file(piece) if whole else drop_in(piece))
    rendered.transient = keeping([link for name, link in found.links.items() if name in devices or link.ours], passing)
    for piece in pieces:
        for route in piece.routes:
            rendered.refusals += withheld(route, pieces, found)
        for rule in piece.rules:
            rendered.refusals += _held_back(rule, found)
    return rendered


def keeping(links: t.Iterable[Link], passing: str) -> dict[str, File]:
    """What lies in networkd's folder for files that pass, /run/systemd/network, while it reads files of these devices.

    Every release removes the addresses that others have put on a device when anything in its files has changed.
    """
    names = sorted({link.file.rpartition("/")[2] for link in links if link.file and not link.keeps})
    return {f"{passing}/{name}.d/{KEEP}": File(keep()) for name in names}


def _held_back(rule: Item, found: Found) -> t.Iterator[str]:
    """networkd 257 waits, and says nothing, for the device of a rule; the kernel and 252 do not."""
    for key in ("iif", "oif"):
        if rule[key] and rule[key] not in found.links:
            yield (
                f"{name_of_rule(rule)}.{key}: there is no device {rule[key]}, and systemd-networkd would hold the rule "
                "back until there is; use the kernel back end for it"
            )


def _path(device: str, found: Found, folder: str) -> tuple[str, str]:
    """(path, why there is none)."""
    link = found.links.get(device, Link("", "unmanaged"))
    own = f"{folder}/{OWN_FILE.format(device=device)}"
    if link.file == own:
        return own, ""
    if not link.file:
        if device == LOOPBACK:
            return own, ""
        return "", (
            f"systemd-networkd does not manage {device}: no .network file matches it. Use the back end of who manages "
            "it, or the kernel back end"
        )
    if not managed(link) and device != LOOPBACK:
        return "", f"systemd-networkd has {device} as {link.state}, and configures nothing on it ({link.file})"
    others = sorted(name for name, other in found.links.items() if other.file == link.file and name != device)
    if others:
        return "", (
            f"{link.file} is in use for {device} and for {', '.join(others)}, and what is put beside it would be for "
            f"all of them; give {device} a .network file of its own"
        )
    return f"{folder}/{link.file.rpartition('/')[2]}.d/{DROP_IN}", ""


def managed(link: Link) -> bool:
    """Whether networkd configures this device."""
    return link.state in _MANAGED


def withheld(route: Item, pieces: t.Sequence[Piece], found: Found) -> t.Iterator[str]:
    """networkd waits, and says nothing, for a source on a device that it does not manage; so for a hop."""
    source = route["source"]
    devices = [piece.device for piece in pieces]
    planned = any(one["address"].partition("/")[0] == source for piece in pieces for one in piece.addresses)
    there = found.holders.get(source, ())

    def held(device: str) -> bool:
        return device in devices or managed(found.links.get(device, Link("", "")))

    if there and not planned and not any(map(held, there)):
        yield (
            f"{name_of(route)}.source: {source} is on {there[0]}, which systemd-networkd does not manage; it would "
            f"withhold the route and not say so. Add {{address: {source}, device: {there[0]}}} to source_ip_addresses"
        )
    for hop in route["nexthops"] or ():
        if not held(hop["device"]):
            yield (
                f"{name_of(route)}.nexthops: systemd-networkd does not manage {hop['device']}, and would withhold the "
                "route"
            )
