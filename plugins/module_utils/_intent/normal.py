# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The intent: what a user states once, validated and brought into one form for every back end. Pure.

`normalise()` takes the three lists as the user wrote them and returns a dict with exactly these keys. Every key of
every entry is always there; `None` stands for what was not set. This form is an interface: back ends read it.

addresses  [{address: "192.0.2.2/32", device: "lo", family: "ipv4"}]
           sorted by family, address, device
routes     [{destination, family, gateway, device, nexthops, source, metric, table, vrf, onlink, metrics}]
           nexthops: None or [{gateway, device, weight, onlink}]; table: a number, None = main (or the VRF's own);
           metrics: None or {name: number}, names from ROUTE_METRICS; onlink: True or None
           sorted by vrf, table, family, destination, metric
policies   [{name, family, destinations, match, except, protocols, table, vrf, source}]
           one entry per family: a policy with two sources becomes two entries of the same name.
           destinations, except, protocols: sorted lists, destinations and protocols never empty;
           match: "exact" | "orlonger"; protocols: words of PROTOCOLS, ["any"] when none was named
           sorted by vrf, table, family, first destination, name
warnings   [text]

family is "ipv4" or "ipv6". A default route is "0.0.0.0/0" or "::/0".

What a policy means. A route takes the policy's source when its protocol is one of `protocols`, its destination is
one of `destinations` (`exact`) or lies in one of them (`orlonger`), and it does not lie in any prefix of `except`.
An exemption concerns its own policy only: another policy may still name a source for the exempted route.
Where several policies match one route, the longest destination wins; for the same destination `exact` wins over
`orlonger`. Two policies that give one destination two sources (same match, same VRF and table, a protocol in
common) contradict each other and are refused. A static route of `routes` keeps its own source, whatever a policy
for `static` says. `ordered_rules()` yields the policies in that order of evaluation.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any

from . import fields
from .backends import BACKENDS, PROTOCOLS, refusals
from .entry import Entry

FieldError = fields.FieldError

# The route metrics of ip-route(8) that are plain numbers.
ROUTE_METRICS = (
    "advmss",
    "cwnd",
    "hoplimit",
    "initcwnd",
    "initrwnd",
    "mtu",
    "quickack",
    "reordering",
    "rto_min",
    "rtt",
    "rttvar",
    "ssthresh",
    "window",
)
_PROTOCOL_HINTS = {
    "ospf6": "ospf (it means OSPFv3 for IPv6)",
    "ospfv3": "ospf (it means OSPFv3 for IPv6)",
    "ripng": "rip (it means RIPng for IPv6)",
    "is-is": "isis",
    "direct": "connected",
    "device": "connected",
    "all": "any",
}
_ROUTE_KEYS = ("destination", "gateway", "device", "nexthops", "source", "metric", "table", "vrf", "onlink", "metrics")
_POLICY_KEYS = ("name", "destinations", "match", "except", "protocols", "table", "vrf", "source")
# The kernel's own metric for a route without one (net/ipv6/route.c IP6_RT_PRIO_USER).
_DEFAULT_METRIC = {"ipv4": 0, "ipv6": 1024}


class IntentError(ValueError):
    """The intent cannot be used. `problems` lists every reason found, each beginning with entry and field."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        shown = problems[:50]
        if len(problems) > len(shown):
            shown = [*shown, f"and {len(problems) - len(shown)} more"]
        super().__init__("\n".join(shown))


def normalise(
    addresses: Any = None, routes: Any = None, policies: Any = None, backend: str | None = None
) -> dict[str, list[Any]]:
    """Validate the three lists and return the form described above.

    backend: "frr", "bird" or "kernel" also refuses what that back end cannot express; `None` checks only what is
    wrong everywhere. Raises IntentError with every problem found.
    """
    problems: list[str] = []
    warnings: list[str] = []
    if backend is not None and backend not in BACKENDS:
        raise IntentError([f"backend: {fields.show(backend)} is not one of {', '.join(sorted(BACKENDS))}"])
    loopback_allowed = backend in (None, "kernel")
    result: dict[str, list[Any]] = {
        "addresses": _addresses(_listed("source_ip_addresses", addresses, problems), problems),
        "routes": _routes(_listed("source_ip_routes", routes, problems), loopback_allowed, problems),
        "policies": _policies(_listed("source_ip_policies", policies, problems), loopback_allowed, problems),
        "warnings": warnings,
    }
    for kind in ("routes", "policies"):
        for entry in result[kind]:
            if ipaddress.ip_address(entry["source"]).is_loopback:
                place = f"{entry['where']}.source: {entry['source']}"
                warnings.append(f"{place} is a loopback address; packets with it never leave the host")
    if backend is not None:
        problems.extend(refusals(backend, result))
    if problems:
        raise IntentError(problems)
    for entry in result["routes"] + result["policies"]:
        del entry["where"]
    result["routes"].sort(
        key=lambda r: (r["vrf"] or "", r["table"] or 0, r["family"], _order(r["destination"]), r["metric"] or 0)
    )
    result["policies"].sort(
        key=lambda p: (p["vrf"] or "", p["table"] or 0, p["family"], _order(p["destinations"][0]), p["name"] or "")
    )
    return result


def ordered_rules(policies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The policies of a normalised intent as single rules in order of evaluation: the first that matches counts.

    Returns [{vrf, table, family, destination, match, except, protocols, source, name}], grouped by vrf, table and
    family; in each group longest destination first, `exact` before `orlonger`. `except` holds only the prefixes that
    lie inside this rule's destination.
    """
    keyed = []
    for policy in policies:
        exempt = sorted((ipaddress.ip_network(text) for text in policy["except"]), key=_span)
        starts = [_span(network)[0] for network in exempt]
        for text in policy["destinations"]:
            network = ipaddress.ip_network(text)
            inside = []
            if policy["match"] == "orlonger":
                low = bisect_left(starts, int(network.network_address))
                high = bisect_right(starts, int(network.broadcast_address))
                inside = [str(e) for e in exempt[low:high] if e.prefixlen >= network.prefixlen]
            rule = {key: policy[key] for key in ("vrf", "table", "family", "match", "protocols", "source", "name")}
            rule.update({"destination": text, "except": inside})
            order = (-network.prefixlen, policy["match"] != "exact", int(network.network_address), policy["protocols"])
            keyed.append(((policy["vrf"] or "", policy["table"] or 0, policy["family"], *order), rule))
    keyed.sort(key=lambda pair: pair[0])
    return [rule for _key, rule in keyed]


def _span(network: fields.Network) -> tuple[int, int]:
    return int(network.network_address), network.prefixlen


def _order(text: str) -> tuple[int, int]:
    return _span(ipaddress.ip_network(text))


def _listed(variable: str, value: Any, problems: list[str]) -> list[tuple[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        problems.append(f"{variable}: {fields.show(value)} is not a list")
        return []
    return [(f"{variable}[{index}]", entry) for index, entry in enumerate(value)]


def _addresses(raw: list[tuple[str, Any]], problems: list[str]) -> list[dict[str, Any]]:
    found = []
    seen: dict[tuple[str, str], tuple[str, str]] = {}
    for where, value in raw:
        entry = Entry(where, value, ("address", "device"), problems)
        if not entry.mapping:
            continue
        address = entry.take("address", fields.interface_address, required=True)
        device = entry.take("device", fields.device, required=True)
        if not entry.good:
            continue
        host, length = address.split("/")
        before = seen.setdefault((host, device), (where, length))
        if before[0] != where:
            other = "again" if before[1] == length else f"with another prefix length (/{before[1]})"
            entry.problem("address", f"{address} on {device} is already in {before[0]} {other}")
            continue
        found.append({"address": address, "device": device, "family": "ipv6" if ":" in host else "ipv4"})
    found.sort(key=lambda a: (a["family"], ipaddress.ip_interface(a["address"]).ip.packed, a["device"]))
    return found


def _routes(raw: list[tuple[str, Any]], loopback_allowed: bool, problems: list[str]) -> list[dict[str, Any]]:
    found = []
    seen: dict[tuple[Any, ...], tuple[str, str]] = {}
    for where, value in raw:
        entry = Entry(where, value, _ROUTE_KEYS, problems)
        route = _route(entry, loopback_allowed) if entry.mapping else None
        if route is None:
            continue
        # The kernel reads metric 0 of an IPv6 route as no metric at all.
        metric = route["metric"] or _DEFAULT_METRIC[route["family"]]
        key = (route["vrf"], route["table"], route["destination"], metric)
        before = seen.setdefault(key, (where, route["source"]))
        if before[0] != where:
            name = f"{route['destination']} (same table and metric)"
            if before[1] == route["source"]:
                entry.problem("destination", f"{name} is already in {before[0]}")
            else:
                entry.problem("source", f"{route['source']} for {name} contradicts {before[0]}, which says {before[1]}")
            continue
        found.append({**route, "where": where})
    return found


def _route(entry: Entry, loopback_allowed: bool) -> dict[str, Any] | None:
    source = entry.take("source", fields.source, loopback_allowed, required=True)
    gateway = entry.take("gateway", fields.address)
    if entry.raw.get("destination") == "default":
        known = source or gateway
        destination = fields.destination(fields.DEFAULT_ROUTE[fields.family_of(known)]) if known else None
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
    if destination and source and destination.version != source.version:
        entry.problem("source", f"{source} is not of the family of the destination {destination}")
    for hop in [gateway] if gateway else [h["gateway"] for h in nexthops or []]:
        # RFC 8950: an IPv4 route may go through an IPv6 gateway; the kernel knows no way for the reverse.
        if destination and hop and destination.version == 6 and ":" not in str(hop):
            entry.problem("gateway", f"{hop} is an IPv4 gateway for the IPv6 destination {destination}")
    if not entry.good or destination is None or source is None:
        return None
    return {
        "destination": str(destination),
        "family": fields.family_of(destination),
        "gateway": str(gateway) if gateway else None,
        "device": device,
        "nexthops": nexthops,
        "source": str(source),
        "metric": metric,
        "table": table,
        "vrf": vrf,
        "onlink": onlink or None,
        "metrics": metrics,
    }


def _nexthops(entry: Entry) -> list[dict[str, Any]] | None:
    if entry.raw.get("nexthops") is None:
        return None
    found: list[dict[str, Any]] = []
    for index, value in enumerate(entry.take_list("nexthops")):
        keys = ("gateway", "device", "weight", "onlink")
        hop = Entry(f"{entry.where}.nexthops[{index}]", value, keys, entry.problems)
        gateway = hop.take("gateway", fields.address)
        parsed = {
            "gateway": str(gateway) if gateway else None,
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
    found = {name: metrics.take(name, fields.number, 0, fields.MAX_U32) for name in ROUTE_METRICS}
    entry.good = entry.good and metrics.good
    return {name: number for name, number in found.items() if number is not None} or None


def _policies(raw: list[tuple[str, Any]], loopback_allowed: bool, problems: list[str]) -> list[dict[str, Any]]:
    found = []
    names: dict[str, str] = {}
    claims: dict[tuple[Any, ...], list[tuple[list[str], str, str]]] = {}
    for where, value in raw:
        entry = Entry(where, value, _POLICY_KEYS, problems)
        for policy in _policy(entry, loopback_allowed) if entry.mapping else []:
            label = policy["name"]
            if label and names.setdefault(label, where) != where:
                entry.problem("name", f"{fields.show(label)} is already the name of {names[label]}")
            _claim(entry, policy, claims)
            if entry.good:
                found.append({**policy, "where": where})
    return found


def _claim(
    entry: Entry, policy: dict[str, Any], claims: dict[tuple[Any, ...], list[tuple[list[str], str, str]]]
) -> None:
    for destination in policy["destinations"]:
        key = (policy["vrf"], policy["table"], destination, policy["match"])
        for protocols, source, where in claims.get(key, ()):
            shared = [p for p in policy["protocols"] if p in protocols]
            if "any" in protocols or "any" in policy["protocols"]:
                shared = ["any"]
            if not shared:
                continue
            name = f"{destination} {policy['match']}, protocol {shared[0]}"
            if source == policy["source"]:
                entry.problem("destinations", f"{name} is already in {where}")
            else:
                entry.problem("source", f"{policy['source']} for {name} contradicts {where}, which says {source}")
        claims.setdefault(key, []).append((policy["protocols"], policy["source"], entry.where))


def _policy(entry: Entry, loopback_allowed: bool) -> list[dict[str, Any]]:
    sources = _sources(entry, loopback_allowed)
    match = entry.take("match", _match) or "exact"
    protocols = sorted({p for p in (entry.parse("protocols", v, _protocol) for v in entry.take_list("protocols")) if p})
    if len(protocols) > 1 and "any" in protocols:
        entry.problem("protocols", "any stands alone: it already means every protocol")
    vrf = entry.take("vrf", fields.device)
    table = entry.take("table", fields.table)
    name = entry.take("name", fields.name)
    if vrf and table:
        entry.problem("table", "cannot be set together with vrf: a VRF has its own table")
    destinations = _prefixes(entry, "destinations", sources)
    exempt = _prefixes(entry, "except", sources)
    if entry.raw.get("protocols") is not None and not protocols and entry.good:
        entry.problem("protocols", "is empty; leave it out to mean any protocol")
    if not entry.raw.get("destinations"):
        entry.problem("destinations", "is empty; write 0.0.0.0/0 or ::/0 with match: orlonger to mean everything")
    for network in destinations:
        if sources and fields.family_of(network) not in sources:
            entry.problem("destinations", f"{network} has no source of its family in this policy")
    for family, source in sources.items():
        if destinations and all(fields.family_of(n) != family for n in destinations):
            entry.problem("source", f"{source} has no destination of its family in this policy")
    _exemptions(entry, destinations, exempt)
    if not entry.good:
        return []
    return [
        {
            "name": name,
            "family": family,
            "destinations": [str(n) for n in destinations if fields.family_of(n) == family],
            "match": match,
            "except": [str(n) for n in exempt if fields.family_of(n) == family],
            "protocols": protocols or ["any"],
            "table": table,
            "vrf": vrf,
            "source": str(sources[family]),
        }
        for family in fields.FAMILIES
        if family in sources
    ]


def _exemptions(entry: Entry, destinations: list[fields.Network], exempt: list[fields.Network]) -> None:
    """An exemption that covers a destination of its own policy leaves that destination without meaning."""
    covering = {(n.version, n.prefixlen, int(n.network_address)) for n in exempt}
    lengths = {(n.version, n.prefixlen) for n in exempt}
    for network in destinations:
        for version, length in lengths:
            if version == network.version and length <= network.prefixlen:
                shift = network.max_prefixlen - length
                start = int(network.network_address) >> shift << shift
                if (version, length, start) in covering:
                    entry.problem("except", f"covers the destination {network} of the same policy")


def _sources(entry: Entry, loopback_allowed: bool) -> dict[str, fields.Address]:
    value = entry.raw.get("source")
    found: dict[str, fields.Address] = {}
    if value is None:
        entry.problem("source", "is required")
    elif isinstance(value, Mapping):
        pair = Entry(f"{entry.where}.source", value, fields.FAMILIES, entry.problems)
        for family in fields.FAMILIES:
            source = pair.take(family, fields.source, loopback_allowed)
            if source and fields.family_of(source) != family:
                pair.problem(family, f"{source} is of the other family")
            elif source:
                found[family] = source
        if pair.good and not found:
            pair.problem(None, "is empty; set ipv4, ipv6 or both")
        entry.good = entry.good and pair.good
    else:
        for item in value if isinstance(value, (list, tuple)) else [value]:
            source = entry.parse("source", item, fields.source, loopback_allowed)
            if source and fields.family_of(source) in found:
                entry.problem("source", f"{source} is a second address of its family")
            elif source:
                found[fields.family_of(source)] = source
        if entry.good and not found:
            entry.problem("source", "is empty")
    return found


def _prefixes(entry: Entry, field: str, sources: Mapping[str, Any]) -> list[fields.Network]:
    seen: dict[fields.Network, int] = {}
    for index, value in enumerate(entry.take_list(field)):
        if value == "default":
            networks = [fields.destination(fields.DEFAULT_ROUTE[family]) for family in sources]
        else:
            network = entry.parse(f"{field}[{index}]", value, fields.destination)
            networks = [network] if network is not None else []
        for network in networks:
            if seen.setdefault(network, index) != index:
                entry.problem(f"{field}[{index}]", f"{network} is already in {field}[{seen[network]}]")
    return sorted(seen, key=lambda n: (n.version, int(n.network_address), n.prefixlen))


def _match(value: Any) -> str:
    if value not in ("exact", "orlonger"):
        raise FieldError(f"{fields.show(value)} is not exact or orlonger")
    return str(value)


def _protocol(value: Any) -> str:
    if isinstance(value, str) and value in PROTOCOLS:
        return str.__str__(value)
    hint = _PROTOCOL_HINTS.get(value) if isinstance(value, str) else None
    raise FieldError(
        f"{fields.show(value)} is not a protocol; write {hint}"
        if hint
        else f"{fields.show(value)} is not a protocol; known: {', '.join(PROTOCOLS)}"
    )
