# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role `kernel` passes to the modules: the intent, and what an earlier intent left behind. Pure.

The record is what the role wrote down on the host after its last run: only what it made itself, so that exactly this
goes when the intent no longer says it.

record  {addresses: [{address, device}], routes: [{destination, table, vrf, metric, metrics}], sources: [entry]}
        an entry of `sources` is an item of the module prefsrc as it was passed
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from ..._intent.normal import ordered_rules

Item = dict[str, Any]

# The routes of our own protocol number get their source from `source_ip_routes`, whatever a policy says.
OWN_PROTOCOL = "133"
# The words of the intent in numbers of rtm_protocol: include/uapi/linux/rtnetlink.h and zebra/rt_netlink.h of FRR.
# OSPFv2 and OSPFv3 share one number, as RIP and RIPng do; a static route of FRR has a number of its own.
_PROTOCOLS = {
    "babel": (42,),
    "bgp": (186,),
    "boot": (3,),
    "connected": (2,),
    "dhcp": (16,),
    "eigrp": (192,),
    "isis": (187,),
    "kernel": (2,),
    "nhrp": (191,),
    "openfabric": (197,),
    "ospf": (188,),
    "ra": (9,),
    "rip": (189,),
    "static": (4, 196),
}
# The metric that a route without one has (net/ipv6/route.c IP6_RT_PRIO_USER).
_DEFAULT_METRIC = {"ipv4": 0, "ipv6": 1024}
_SELECTION = ("destination", "within", "table", "vrf", "protocol", "except", "except_protocols")


class RecordError(ValueError):
    """The record on the host cannot be read."""


def read_record(content: str | None) -> dict[str, list[Item]]:
    """The record from the base64 text of its file; empty where there is no file.

    A file that does not hold a record is an error: to take it for empty would leave our pieces behind for ever.
    """
    if not content:
        return {}
    try:
        record = json.loads(base64.b64decode(content))
        return {kind: list(record[kind]) for kind in ("addresses", "routes", "sources")}
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise RecordError(
            f"the record of the role kernel on the host cannot be read ({error!r}); remove the file to start anew, "
            "and by hand what an earlier intent left"
        ) from error


def record_text(record: Mapping[str, list[Item]]) -> str:
    """The record as the text of its file: the same record is always the same text."""
    return json.dumps(record, indent=1, sort_keys=True) + "\n"


def plan(intent: Mapping[str, list[Item]], record: Mapping[str, list[Item]]) -> dict[str, Any]:
    """The items of each of the role's tasks, in the words of the modules' options.

    intent: the form of `_intent.normalise()`. record: see above; empty where there is none.
    Returns addresses (to be there), routes, sources (both with what goes, `state: absent`), stale_addresses (to go),
    planned_addresses, and wanted: the record of this intent before it is known which addresses were there already.
    """
    addresses = [{"address": item["address"], "device": item["device"]} for item in intent["addresses"]]
    routes = [_route(item) for item in intent["routes"]]
    sources = [entry for rule in ordered_rules(intent["policies"]) for entry in _sources(rule)]
    noted = [_note(item) for item in intent["routes"]]
    before = {_route_key(item): item for item in record.get("routes", [])}
    for route, note in zip(routes, noted):
        gone = set(before.get(_route_key(note), {}).get("metrics", [])) - set(note["metrics"])
        if gone:
            # The module route keeps what an entry does not name; 0 takes a metric away.
            route["metrics"] = {**route.get("metrics", {}), **dict.fromkeys(sorted(gone), 0)}
    kept = {_route_key(item) for item in noted}
    named = {_selection_key(item) for item in sources}
    there = {(item["address"], item["device"]) for item in addresses}
    return {
        "addresses": addresses,
        "planned_addresses": [item["address"] for item in addresses],
        "routes": routes + [_absent_route(item) for key, item in before.items() if key not in kept],
        "sources": sources
        + [{**item, "state": "absent"} for item in record.get("sources", []) if _selection_key(item) not in named],
        "stale_addresses": [
            {**item, "state": "absent"}
            for item in record.get("addresses", [])
            if (item["address"], item["device"]) not in there
        ],
        "wanted": {"addresses": addresses, "routes": noted, "sources": sources},
    }


def record_after(
    before: Mapping[str, list[Item]], wanted: Mapping[str, list[Item]], created: list[tuple[str, str]], complete: bool
) -> dict[str, list[Item]]:
    """The record to write after a run.

    created: (address, device) of those that the run added (not those it found). complete: the run went through; else
    what an earlier run made may still be there, and stays in the record.
    """
    ours = {*created, *((item["address"], item["device"]) for item in before.get("addresses", []))}
    addresses = [item for item in wanted["addresses"] if (item["address"], item["device"]) in ours]
    record = {"addresses": addresses, "routes": wanted["routes"], "sources": wanted["sources"]}
    if complete:
        return record
    return {
        kind: items + [item for item in before.get(kind, []) if item not in items] for kind, items in record.items()
    }


def _set(item: Mapping[str, Any], keys: tuple[str, ...]) -> Item:
    return {key: item[key] for key in keys if item.get(key) is not None}


def _route(item: Item) -> Item:
    """One route for the module `route`: what is not set is left out, and so left to the kernel."""
    route = _set(item, ("destination", "gateway", "device", "source", "metric", "vrf", "onlink", "metrics"))
    if item["table"] is not None:
        route["table"] = str(item["table"])
    if item["nexthops"]:
        route["nexthops"] = [_set(hop, ("gateway", "device", "weight", "onlink")) for hop in item["nexthops"]]
    return route


def _note(item: Item) -> Item:
    metric = item["metric"] or _DEFAULT_METRIC[item["family"]]
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
    return {**route, "protocol": OWN_PROTOCOL, "state": "absent"}


def _sources(rule: Item) -> list[Item]:
    """One rule of a policy as items of the module `prefsrc`: one for each protocol number."""
    item: Item = {"destination": rule["destination"], "source": rule["source"], "within": rule["match"] == "orlonger"}
    item.update(_set(rule, ("vrf",)))
    if rule["table"] is not None:
        item["table"] = str(rule["table"])
    if rule["except"]:
        item["except"] = rule["except"]
    if "any" in rule["protocols"]:
        return [{**item, "except_protocols": [OWN_PROTOCOL]}]
    numbers = sorted({number for protocol in rule["protocols"] for number in _PROTOCOLS[protocol]})
    return [{**item, "protocol": str(number)} for number in numbers]


def _selection_key(item: Item) -> tuple[Any, ...]:
    return tuple(str(item.get(key)) for key in _SELECTION)
