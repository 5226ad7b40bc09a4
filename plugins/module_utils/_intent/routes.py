# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of an intent: reading the list a user wrote. Pure."""

from __future__ import annotations

from typing import Any

from .._base.kinds import kind_of_prefix
from .._base.names import METRIC_LIMITS, METRICS
from . import fields
from .entry import Entry, Read

# The route metrics of ip-route(8) that are plain numbers and that every back end with metrics has.
ROUTE_METRICS = tuple(sorted(METRICS.keys() - {"fastopen_no_cookie"}))
_KEYS = dict.fromkeys(
    ("destination", "gateway", "device", "nexthops", "source", "metric", "table", "vrf", "onlink", "metrics")
)
_HOP_KEYS = dict.fromkeys(("gateway", "device", "weight", "onlink"))


def read_routes(raw: list[tuple[str, Any]], loopback_allowed: bool, problems: list[str]) -> list[Read]:
    """The routes that are good, in the order of writing; `raw`: [(name of the entry, what the user wrote)]."""
    found = []
    seen: dict[tuple[Any, ...], tuple[str, str]] = {}
    for where, value in raw:
        entry = Entry(where, value, _KEYS, problems)
        read = _route(entry, loopback_allowed) if entry.mapping else None
        if read is None:
            continue
        route = read.entry
        # The kernel reads metric 0 of an IPv6 route as no metric at all.
        metric = route["metric"] or fields.DEFAULT_METRIC[route["family"]]
        key = (route["vrf"], route["table"], route["destination"], metric)
        before = seen.setdefault(key, (where, route["source"]))
        if before[0] != where:
            name = f"{route['destination']} (same table and metric)"
            if before[1] == route["source"]:
                entry.problem("destination", f"{name} is already in {before[0]}")
            else:
                entry.problem("source", f"{route['source']} for {name} contradicts {before[0]}, which says {before[1]}")
            continue
        found.append(read)
    return found


def _route(entry: Entry, loopback_allowed: bool) -> Read | None:
    source = entry.take("source", fields.source, loopback_allowed, required=True)
    gateway = entry.take("gateway", fields.gateway)
    if entry.raw.get("destination") == "default":
        known = source or gateway
        destination = fields.DEFAULT_ROUTE[known.family] if known else None
    else:
        destination = entry.take("destination", fields.destination, required=True)
    device = entry.take("device", fields.device)
    nexthops = _nexthops(entry)
    metrics = _metrics(entry)
    vrf = entry.take("vrf", fields.device)
    table = entry.take("table", fields.table)
    metric = entry.take("metric", fields.number, 0, fields.MAX_U32)
    onlink = entry.take("onlink", fields.boolean)
    if vrf and table:
        entry.problem("table", "cannot be set together with vrf: a VRF has its own table")
    if nexthops and (entry.raw.get("gateway") is not None or entry.raw.get("device") is not None):
        entry.problem("nexthops", "cannot be set together with gateway or device")
    if all(entry.raw.get(key) is None for key in ("gateway", "device", "nexthops")):
        entry.problem(None, "has no way out: set gateway, device or nexthops")
    if onlink and not (nexthops or (gateway and device)):
        entry.problem("onlink", "needs gateway and device")
    family = fields.NAME_OF_FAMILY[destination.family] if destination else None
    if family and source and family != source.family:
        entry.problem("source", f"{source.text} is not of the family of the destination {destination}")
    if destination and kind_of_prefix(destination.packed, destination.length) == "loopback":
        entry.problem("destination", f"{destination} is loopback: no other host takes packets to it")
    for hop in [gateway.text] if gateway else [h["gateway"] for h in nexthops or []]:
        if hop and source and hop == source.text:
            entry.problem("gateway", f"{hop} is the route's own source; name the address of another host")
        # RFC 8950: an IPv4 route may go through an IPv6 gateway; the kernel knows no way for the reverse.
        if family == "ipv6" and hop and ":" not in hop:
            entry.problem("gateway", f"{hop} is an IPv4 gateway for the IPv6 destination {destination}")
    if not entry.good or destination is None or source is None:
        return None
    route = {
        "destination": str(destination),
        "family": family,
        "gateway": gateway.text if gateway else None,
        "device": device,
        "nexthops": nexthops,
        "source": source.text,
        "metric": metric,
        "table": table,
        "vrf": vrf,
        "onlink": onlink or None,
        "metrics": metrics,
    }
    return Read(entry.where, (vrf or "", table or 0, *destination, metric or 0), route)


def _nexthops(entry: Entry) -> list[dict[str, Any]] | None:
    if entry.raw.get("nexthops") is None:
        return None
    found: list[dict[str, Any]] = []
    for index, value in enumerate(entry.take_list("nexthops")):
        hop = Entry(f"{entry.where}.nexthops[{index}]", value, _HOP_KEYS, entry.problems)
        gateway = hop.take("gateway", fields.gateway)
        parsed = {
            "gateway": gateway.text if gateway else None,
            "device": hop.take("device", fields.device),
            "weight": hop.take("weight", fields.number, 1, 256),
            "onlink": hop.take("onlink", fields.boolean) or None,
        }
        if hop.good and not (parsed["gateway"] or parsed["device"]):
            hop.problem(None, "has no way out: set gateway or device")
        if hop.good and any((p["gateway"], p["device"]) == (parsed["gateway"], parsed["device"]) for p in found):
            hop.problem(None, "names the same gateway and device as another of this route")
        entry.good = entry.good and hop.good
        found.append(parsed)
    if not found and entry.good:
        entry.problem("nexthops", "is empty")
    found.sort(key=lambda h: (h["gateway"] or "", h["device"] or ""))
    return found


def _metrics(entry: Entry) -> dict[str, int] | None:
    value = entry.raw.get("metrics")
    if not value:
        return None
    metrics = Entry(f"{entry.where}.metrics", value, ROUTE_METRICS, entry.problems)
    limits = {name: METRIC_LIMITS.get(name, fields.MAX_U32) for name in ROUTE_METRICS}
    found = {name: metrics.take(name, fields.number, 0, limits[name]) for name in ROUTE_METRICS}
    entry.good = entry.good and metrics.good
    return {name: number for name, number in found.items() if number is not None} or None
