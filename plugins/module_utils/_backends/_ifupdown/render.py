# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pieces of an intent as a hook of ifupdown: a script with commands of ip(8). Pure. PRIVATE to the collection."""

from __future__ import annotations

import shlex
import typing as t

from ..._base.protocols import OWN_PROTOCOL
from .._managers.interface import HEADER
from .._managers.pieces import Item, Piece

#: Metrics of a route that ip(8) takes as a time, which is in milliseconds here as there.
_TIMES = ("rtt", "rttvar", "rto_min")
#: ifupdown passes the name of a class of devices for the last run of all, when all of them are up: `--all`.
_HEAD = """\
# ifupdown and ifupdown2 run it when a device is up. It fails for nobody: what it cannot do, ip(8) says on the way.
[ "$MODE" = start ] || exit 0
"""
#: Duplicate detection takes a second or two, and until then an IPv6 address is no source.
_SETTLE = """\
settle() {
  for _ in $(seq 50); do
    ip -6 -o address show dev "$1" tentative 2>/dev/null | grep -q . || return 0
    sleep 0.1
  done
}
"""


def hook(pieces: t.Sequence[Piece]) -> bytes:
    """The script. Whichever of the devices comes up: all of ours is done that can be, since a route may have its source
    on another one than its own."""
    names = [piece.device for piece in pieces]
    lines = ["#!/bin/sh", HEADER.decode(), *_HEAD.splitlines()]
    lines += [f'case "$IFACE" in {"|".join(map(shlex.quote, [*names, "--all"]))}) ;; *) exit 0 ;; esac']
    waits = [piece.device for piece in pieces if piece.device != "lo" and any(":" in one for one in _places(piece))]
    if waits:
        lines += _SETTLE.splitlines()
    lines += [_address(one["address"], piece.device) for piece in pieces for one in piece.addresses]
    lines += [f"settle {shlex.quote(name)}" for name in waits]
    lines += [_route(route) for piece in pieces for route in piece.routes]
    return "".join(f"{line}\n" for line in [*lines, "exit 0"]).encode()


def _places(piece: Piece) -> list[str]:
    return [one["address"] for one in piece.addresses]


def _address(address: str, device: str) -> str:
    return f"{_ip(address)} address replace {address} dev {shlex.quote(device)}"


def _ip(place: str) -> str:
    return "ip -6" if ":" in place else "ip -4"


def _route(route: Item) -> str:
    words = [_ip(route["destination"]), "route replace", route["destination"], f"proto {OWN_PROTOCOL}"]
    if route["table"]:
        words.append(f"table {route['table']}")
    if route["metric"]:
        words.append(f"metric {route['metric']}")
    words.append(f"src {route['source']}")
    for name, value in sorted((route["metrics"] or {}).items()):
        words.append(f"{name} {value}{'ms' if name in _TIMES else ''}")
    if route["nexthops"]:
        for hop in route["nexthops"]:
            words += ["nexthop", *_way(route, hop), *([f"weight {hop['weight']}"] if hop["weight"] else [])]
    else:
        words += _way(route, route)
    return " ".join(words)


def _way(route: Item, way: Item) -> list[str]:
    found = []
    if way["gateway"]:
        crossing = ":" in way["gateway"] and route["family"] == "ipv4"
        found.append(f"via {'inet6 ' if crossing else ''}{way['gateway']}")
    found.append(f"dev {shlex.quote(way['device'])}")
    return [*found, *(["onlink"] if way["onlink"] else [])]
