# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An intent split by device, as the managers of devices hold it. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..._base.values import MAIN
from ..._intent.fields import DEFAULT_METRIC
from ..ways import whole

Item = dict[str, t.Any]


class Way(t.NamedTuple):
    """How the kernel would reach a gateway: the device, or why there is none."""

    device: str = ""
    problem: str = ""


#: (gateway, vrf) -> the way to it.
Egress = t.Callable[[str, "str | None"], Way]


class Piece(t.NamedTuple):
    """What one device is to have: entries of the normal form, but for routes:

    ``device`` is always set (of a route with several next hops it is the first one's, and each hop has its own),
    ``metric`` too, ``table`` is the number of the table, also of a VRF's, and None for main.
    """

    device: str
    addresses: tuple[Item, ...] = ()
    routes: tuple[Item, ...] = ()


class Split(t.NamedTuple):
    """``problems``: why an entry has no device, each beginning with the entry."""

    pieces: list[Piece]
    problems: list[str]


def name_of(route: t.Mapping[str, t.Any]) -> str:
    """How messages call a route of an intent."""
    return f"source_ip_routes[{route['destination']}]"


def names_in(piece: Piece) -> list[str]:
    """How messages call the entries of a piece: addresses, then routes."""
    addresses = [f"source_ip_addresses[{one['address']}]" for one in piece.addresses]
    return addresses + [name_of(route) for route in piece.routes]


def split(intent: t.Mapping[str, list[Item]], tables: t.Mapping[str, int], egress: Egress) -> Split:
    """The pieces of an intent in normal form, by name of device. ``tables``: of the host's VRFs by their name.

    A route belongs to the device that it names, else to the one its gateway is reached by.
    """
    addresses: dict[str, list[Item]] = {}
    routes: dict[str, list[Item]] = {}
    problems: list[str] = []
    for entry in intent["addresses"]:
        addresses.setdefault(entry["device"], []).append(entry)
    for entry in intent["routes"]:
        route = _route(entry, tables, egress, problems)
        if route is not None:
            routes.setdefault(route["device"], []).append(route)
    names = sorted({*addresses, *routes})
    return Split([Piece(name, tuple(addresses.get(name, ())), tuple(routes.get(name, ()))) for name in names], problems)


def _route(entry: Item, tables: t.Mapping[str, int], egress: Egress, problems: list[str]) -> Item | None:
    vrf, table = entry["vrf"], entry["table"]
    if vrf is not None:
        table = tables.get(vrf)
        if table is None:
            there = ", ".join(sorted(tables)) or "none"
            problems.append(f"{name_of(entry)}.vrf: this host has no VRF {vrf}; there are: {there}")
            return None
    hops = [_hop(hop, vrf, egress, entry, problems) for hop in entry["nexthops"] or [entry]]
    if not all(hop["device"] for hop in hops):
        return None
    metric = DEFAULT_METRIC[entry["family"]] if not entry["metric"] else entry["metric"]
    found = {**entry, "table": None if table == MAIN else table, "metric": metric, "device": hops[0]["device"]}
    if entry["nexthops"]:
        found["nexthops"] = hops
    return found


def _hop(hop: Item, vrf: str | None, egress: Egress, entry: Item, problems: list[str]) -> Item:
    device = hop["device"]
    if not device:
        way = egress(hop["gateway"], vrf)
        device = way.device
        if not device:
            problems.append(f"{name_of(entry)}.gateway: {hop['gateway']}: {way.problem}; name the device of the route")
    return {"gateway": hop["gateway"], "device": device, "weight": hop.get("weight"), "onlink": hop["onlink"]}


def route_items(pieces: t.Iterable[Piece]) -> list[Item]:
    """The routes of the pieces as the module `route` takes them: what is not set is left out."""
    return [_item(route) for piece in pieces for route in piece.routes]


def address_items(pieces: t.Iterable[Piece]) -> list[Item]:
    """The addresses of the pieces as the module `address` takes them."""
    return [{"address": one["address"], "device": one["device"]} for piece in pieces for one in piece.addresses]


def _item(route: Item) -> Item:
    found = {key: route[key] for key in ("destination", "source", "metric", "metrics") if route[key] is not None}
    if route["table"] is not None:
        found["table"] = str(route["table"])
    if route["nexthops"]:
        found["nexthops"] = [whole({key: value for key, value in hop.items() if value}) for hop in route["nexthops"]]
        return found
    return whole({**found, **{key: route[key] for key in ("gateway", "device", "onlink") if route[key] is not None}})
