# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An intent split by device, as the managers of devices hold it. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..._base.values import MAIN
from ..._intent.fields import DEFAULT_METRIC
from ..._intent.policy import prefix_of
from ..ways import whole

Item = dict[str, t.Any]

_NO_DEVICE = (
    "a manager of devices writes rules with a device, and this intent has neither addresses nor routes; use the kernel "
    "back end, or add the address that the rule is for to source_ip_addresses"
)


class Way(t.NamedTuple):
    """How the kernel would reach a gateway: the device, or why there is none."""

    device: str = ""
    problem: str = ""


#: (gateway, vrf) -> the way to it.
Egress = t.Callable[[str, "str | None"], Way]


class Piece(t.NamedTuple):
    """What one device is to have: entries of the normal form, but for routes:

    ``device`` is always set (of a route with several next hops it is the first one's, and each hop has its own),
    ``metric`` too, ``table`` is the number of the table, also of a VRF's, and None for main. And for rules, of which
    the ``table`` is a number, also of a VRF's; they hold for the whole host, and one device has each of them written.
    """

    device: str
    addresses: tuple[Item, ...] = ()
    routes: tuple[Item, ...] = ()
    rules: tuple[Item, ...] = ()


class Split(t.NamedTuple):
    """``problems``: why an entry has no device, each beginning with the entry."""

    pieces: list[Piece]
    problems: list[str]


def name_of(route: t.Mapping[str, t.Any]) -> str:
    """How messages call a route of an intent."""
    return f"source_ip_routes[{route['destination']}]"


def name_of_rule(rule: t.Mapping[str, t.Any]) -> str:
    """How messages call a policy rule of an intent."""
    return f"source_ip_rules[{rule['priority']}]"


def names_in(piece: Piece) -> list[str]:
    """How messages call the entries of a piece: addresses, then routes, then rules."""
    addresses = [f"source_ip_addresses[{one['address']}]" for one in piece.addresses]
    return addresses + [name_of(route) for route in piece.routes] + [name_of_rule(rule) for rule in piece.rules]


def split(intent: t.Mapping[str, list[Item]], tables: t.Mapping[str, int], egress: Egress) -> Split:
    """The pieces of an intent in normal form, by name of device. ``tables``: of the host's VRFs by their name.

    A route belongs to the device that it names, else to the one its gateway is reached by. A rule goes with the routes
    of its table, else with the address that it is for, else with any of the intent.
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
    rules: dict[str, list[Item]] = {}
    for entry in intent.get("rules", ()):
        rule = _rule(entry, tables, problems)
        if rule is not None:
            device = _device_of(rule, addresses, routes)
            if device is None:
                problems.append(f"{name_of_rule(rule)}: {_NO_DEVICE}")
            else:
                rules.setdefault(device, []).append(rule)
    names = sorted({*addresses, *routes})
    kinds = (addresses, routes, rules)
    return Split([Piece(name, *(tuple(kind.get(name, ())) for kind in kinds)) for name in names], problems)


def _rule(entry: Item, tables: t.Mapping[str, int], problems: list[str]) -> Item | None:
    vrf = entry["vrf"]
    if vrf is None:
        return entry
    if vrf not in tables:
        problems.append(f"{name_of_rule(entry)}.vrf: {_no_vrf(vrf, tables)}")
        return None
    return {**entry, "vrf": None, "table": tables[vrf]}


def _no_vrf(vrf: str, tables: t.Mapping[str, int]) -> str:
    return f"this host has no VRF {vrf}; there are: {', '.join(sorted(tables)) or 'none'}"


def _device_of(
    rule: Item, addresses: t.Mapping[str, t.Sequence[Item]], routes: t.Mapping[str, t.Sequence[Item]]
) -> str | None:
    """The device that a rule is written with: with what it is about it comes and goes."""
    for device, items in sorted(routes.items()):
        if any((one["table"] or MAIN, one["family"]) == (rule["table"], rule["family"]) for one in items):
            return device
    if rule["from"]:
        chosen = prefix_of(rule["from"])
        for device, items in sorted(addresses.items()):
            if any(chosen.covers(prefix_of(one["address"].partition("/")[0])) for one in items):
                return device
    # The loopback device last: others manage it more often.
    return next(iter(sorted({*addresses, *routes}, key=lambda name: (name == "lo", name))), None)


def _route(entry: Item, tables: t.Mapping[str, int], egress: Egress, problems: list[str]) -> Item | None:
    vrf, table = entry["vrf"], entry["table"]
    if vrf is not None:
        table = tables.get(vrf)
        if table is None:
            problems.append(f"{name_of(entry)}.vrf: {_no_vrf(vrf, tables)}")
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


def rule_items(pieces: t.Iterable[Piece]) -> list[Item]:
    """The rules of the pieces as the module `rule` takes them."""
    return [rule_item(rule) for piece in pieces for rule in piece.rules]


def rule_item(rule: Item) -> Item:
    """One of them."""
    return {key: value for key, value in rule.items() if value is not None}


def _item(route: Item) -> Item:
    found = {key: route[key] for key in ("destination", "source", "metric", "metrics") if route[key] is not None}
    if route["table"] is not None:
        found["table"] = str(route["table"])
    if route["nexthops"]:
        found["nexthops"] = [whole({key: value for key, value in hop.items() if value}) for hop in route["nexthops"]]
        return found
    return whole({**found, **{key: route[key] for key in ("gateway", "device", "onlink") if route[key] is not None}})
