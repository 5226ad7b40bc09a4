# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A piece of the intent in the words of netplan(5). Pure. PRIVATE to the collection."""

from __future__ import annotations

import json
import typing as t

from ..._base.values import MAIN
from .._managers.interface import HEADER
from .._managers.pieces import Item, Piece

#: Metric of a route -> its key; what netplan has had since 0.106 (later releases have some more).
METRICS = {"mtu": "mtu", "initcwnd": "congestion-window", "initrwnd": "advertised-receive-window"}
#: JSON is YAML too, and the host's Python need not have a library for more.
_WHY = b"# JSON, which is YAML: netplan merges it with the other files, and appends its lists to theirs.\n"


class Entry(t.NamedTuple):
    """A definition of netplan: `ethernets`, its name, and what we add to it."""

    kind: str
    name: str
    adds: t.Mapping[str, t.Any]


def file(entries: t.Iterable[Entry]) -> bytes:
    """The whole file."""
    network: dict[str, t.Any] = {"version": 2}
    for entry in entries:
        network.setdefault(entry.kind, {})[entry.name] = dict(entry.adds)
    text = json.dumps({"network": network}, indent=1, sort_keys=True)
    return HEADER + b"\n" + _WHY + text.encode("ascii") + b"\n"


def adds(piece: Piece, without: t.Container[str] = ()) -> dict[str, t.Any]:
    """What a definition gets of a piece. ``without``: the addresses that are the operator's there."""
    addresses = [one["address"] for one in piece.addresses if one["address"] not in without]
    routes = [_route(route) for route in piece.routes]
    return {key: value for key, value in (("addresses", addresses), ("routes", routes)) if value}


def _route(route: Item) -> dict[str, t.Any]:
    # Table and metric always: a VRF or a renderer may have a default of its own.
    found = {
        "to": route["destination"],
        "from": route["source"],
        "table": route["table"] or MAIN,
        "metric": route["metric"] or 0,
    }
    if route["gateway"]:
        found["via"] = route["gateway"]
        if route["onlink"]:
            found["on-link"] = True
    else:
        found["scope"] = "link"
    found.update({METRICS[name]: value for name, value in (route["metrics"] or {}).items()})
    return found
