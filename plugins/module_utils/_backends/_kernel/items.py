# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The intent in the words of the modules `address`, `route` and `prefsrc`. Pure. PRIVATE to the collection.

With it goes what an earlier intent left behind, by the record of that run: its pieces with `state: absent`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._base.protocols import OWN_PROTOCOL, numbers_of
from ..._intent.fields import DEFAULT_METRIC
from ..._intent.policy import Policy, Rule
from ..ways import whole

Item = dict[str, Any]

# The routes of our own protocol number get their source from `source_ip_routes`, whatever a policy says.
_OWN = str(OWN_PROTOCOL)
_SELECTION = ("destination", "within", "table", "vrf", "protocol", "except", "except_protocols")


@dataclass
class Items:
    """The options of each module, with what goes; `record`: what will have been made, all addresses included."""

    addresses: list[Item] = field(default_factory=list)
    routes: list[Item] = field(default_factory=list)
    sources: list[Item] = field(default_factory=list)
    stale: list[Item] = field(default_factory=list)
    record: dict[str, list[Item]] = field(default_factory=dict)


def items(intent: Mapping[str, list[Item]], record: Mapping[str, list[Item]]) -> Items:
    """The items of an intent in normal form on a host with this record (record.py); `stale` are addresses to go."""
    addresses = [_set(item, ("address", "device", "preferred_lifetime")) for item in intent["addresses"]]
    places = [_set(item, ("address", "device")) for item in intent["addresses"]]
    routes = [_route(item) for item in intent["routes"]]
    sources = [_source(rule) for rule in Policy(intent["policies"]).rules()]
    noted = [_note(item) for item in intent["routes"]]
    wanted = {"addresses": places, "routes": noted, "sources": sources}
    if all(record[kind] == wanted[kind] for kind in ("routes", "sources")):
        return Items(addresses, routes, sources, _stale(addresses, record), wanted)
    before = {_route_key(item): item for item in record["routes"]}
    for route, note in zip(routes, noted):
        gone = set(before.get(_route_key(note), {}).get("metrics", [])) - set(note["metrics"])
        if gone:
            # The module route keeps what an entry does not name; 0 takes a metric away.
            route["metrics"] = {**route.get("metrics", {}), **dict.fromkeys(sorted(gone), 0)}
    kept = {_route_key(item) for item in noted} if before else set()
    named = {_selection_key(item) for item in sources} if record["sources"] else set()
    return Items(
        addresses,
        routes + [_absent_route(item) for key, item in before.items() if key not in kept],
        sources + [{**item, "state": "absent"} for item in record["sources"] if _selection_key(item) not in named],
        _stale(addresses, record),
        wanted,
    )


def _stale(addresses: list[Item], record: Mapping[str, list[Item]]) -> list[Item]:
    there = {(item["address"], item["device"]) for item in addresses}
    gone = [item for item in record["addresses"] if (item["address"], item["device"]) not in there]
    return [{**item, "state": "absent"} for item in gone]


def _set(item: Mapping[str, Any], keys: tuple[str, ...]) -> Item:
    return {key: item[key] for key in keys if item.get(key) is not None}


def _route(item: Item) -> Item:
    """One route for the module `route`: what is not set is left out, and so left to the kernel."""
    route = _set(item, ("destination", "gateway", "device", "source", "metric", "vrf", "onlink", "metrics"))
    if item["table"] is not None:
        route["table"] = str(item["table"])
    if item["nexthops"]:
        route["nexthops"] = [whole(_set(hop, ("gateway", "device", "weight", "onlink"))) for hop in item["nexthops"]]
        return route
    return whole(route)


def _note(item: Item) -> Item:
    metric = item["metric"] or DEFAULT_METRIC[item["family"]]
    return {
        **{key: item[key] for key in ("destination", "table", "vrf")},
        "metric": metric,
        "metrics": sorted(item["metrics"] or {}),
    }


def _route_key(item: Item) -> tuple[Any, ...]:
    return item["vrf"], item["table"], item["destination"], item["metric"]


def _absent_route(item: Item) -> Item:
    """Only a route with our own protocol number: the same key may be somebody else's by now."""
    route = _set(item, ("destination", "vrf", "metric"))
    if item["table"] is not None:
        route["table"] = str(item["table"])
    return {**route, "protocol": _OWN, "state": "absent"}


def _source(rule: Rule) -> Item:
    """One rule of a policy as an item of `prefsrc`, but for `protocol`: a list, since a word may mean two numbers."""
    policy = rule.policy
    item: Item = {"destination": str(rule.prefix), "source": policy.source, "within": not policy.exact}
    if policy.vrf is not None:
        item["vrf"] = policy.vrf
    if policy.table is not None:
        item["table"] = str(policy.table)
    exempt = rule.exempt
    if exempt:
        item["except"] = [str(prefix) for prefix in exempt]
    if "any" in policy.protocols:
        return {**item, "except_protocols": [_OWN]}
    return {**item, "protocol": list(_numbers(tuple(policy.protocols), policy.family))}


@functools.cache
def _numbers(protocols: tuple[str, ...], family: str) -> tuple[str, ...]:
    numbers = {number for protocol in protocols for number in numbers_of(protocol, family)}
    return tuple(str(number) for number in sorted(numbers))


def _selection_key(item: Item) -> tuple[Any, ...]:
    return tuple(str(item.get(key)) for key in _SELECTION)
