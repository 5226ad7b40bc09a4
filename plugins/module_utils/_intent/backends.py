# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each back end can hold of an intent, and the refusals for what it cannot. Pure."""

from __future__ import annotations

import functools
from typing import Any, Callable

from .._base.protocols import BIRD_WORDS, FRR_WORDS, WORDS
from .entry import Read
from .fields import is_loopback
from .managers import MANAGERS, holds_rules, policy_words, rules_refused
from .managers import refusals as manager_refusals

# A protocol is what put a route where it is. `any` stands for all; `ospf` is OSPFv2 for IPv4 and OSPFv3 for IPv6,
# `rip` is RIP and RIPng.
PROTOCOLS = ("any", *WORDS)

# FRR: the words of `ip protocol`. `connected` and `kernel` are words there too, but zebra never writes those routes,
# so a source for them would change nothing. BIRD: what its kernel protocol exports. Kernel: owners by rtm_protocol.
BACKEND_PROTOCOLS = {
    "frr": ("any", *FRR_WORDS),
    "bird": ("any", *BIRD_WORDS),
    "kernel": PROTOCOLS,
    **dict.fromkeys(MANAGERS, ()),
}
_HOLDERS = {
    "frr": "FRR writes no route of this protocol into the kernel",
    "bird": "BIRD writes no route of this protocol into the kernel",
    "kernel": "",
    **{manager: policy_words(manager) for manager in MANAGERS},
}


def refusals(backend: str, routes: list[Read], policies: list[Read]) -> list[str]:
    """The reasons why this back end cannot hold the intent; empty when it can."""
    problems = []
    for where, _order, policy in policies:
        for protocol in policy["protocols"]:
            if protocol not in BACKEND_PROTOCOLS[backend]:
                problems.append(f"{where}.protocols: {protocol}: {_HOLDERS[backend]}; use the kernel back end for it")
    return problems + BACKENDS[backend](routes, policies)


def kernel_only(backend: str, addresses: list[Read], rules: list[Read], labels: list[Read]) -> list[str]:
    """The reasons for what is in no routing daemon's configuration; a manager may hold rules."""
    if backend == "kernel":
        return []
    found = [] if holds_rules(backend) else [(where, "policy rules") for where, _order, _entry in rules]
    found += [(where, "labels of the RFC 6724 policy table") for where, _order, _entry in labels]
    found += [
        (f"{where}.preferred_lifetime", "lifetimes of addresses")
        for where, _order, entry in addresses
        if entry["preferred_lifetime"] is not None
    ]
    refused = [
        f"{where}: the back end {backend} does not hold {what}; use the kernel back end for it, or the modules rule, "
        "label and address"
        for where, what in found
    ]
    return refused + (rules_refused(backend, rules) if holds_rules(backend) else [])


def cannot(backend: str, intent: dict[str, list[Any]]) -> list[str]:
    """The same for an intent in normal form, whose entries are named by what they are for, not by their number."""
    named: dict[str, list[Read]] = {"routes": [], "policies": []}
    for kind, read in named.items():
        for entry in intent[kind]:
            name = entry.get("destination") or entry["name"] or entry["destinations"][0]
            read.append(Read(f"source_ip_{kind}[{name}]", (), entry))
    problems = [
        f"{where}.source: {entry['source']} is a loopback address, which only the kernel back end takes"
        for where, _order, entry in [*named["routes"], *named["policies"]]
        if backend != "kernel" and is_loopback(entry["source"])
    ]
    others = [
        [Read(f"source_ip_{kind}[{entry[key]}]", (), entry) for entry in intent[kind]]
        for kind, key in (("addresses", "address"), ("rules", "priority"), ("labels", "prefix"))
    ]
    return [*problems, *refusals(backend, named["routes"], named["policies"]), *kernel_only(backend, *others)]


def _frr(routes: list[Read], policies: list[Read]) -> list[str]:
    problems = []
    for where, _order, policy in policies:
        if policy["table"] is not None:
            problems.append(
                f"{where}.table: {policy['table']}: FRR chooses a source per VRF, not per table "
                "(one `ip protocol` map serves all tables of a VRF); leave table out, or use vrf"
            )
    sources: dict[tuple[Any, ...], tuple[str, str, Any]] = {}
    for where, _order, route in routes:
        problems.extend(_frr_route(where, route))
        key = (route["vrf"], route["destination"])
        before = sources.setdefault(key, (where, route["source"], route["table"]))
        if before[0] == where:
            continue
        if before[1] != route["source"]:
            problems.append(
                f"{where}.source: {route['source']} for {route['destination']}, but {before[0]} says "
                f"{before[1]}: FRR has one map for all tables of a VRF and cannot give one destination two sources"
            )
        elif before[2] == route["table"]:
            problems.append(
                f"{where}.metric: FRR has no metric for static routes: this is the same route as {before[0]}"
            )
    return problems


def _frr_route(where: str, route: dict[str, Any]) -> list[str]:
    problems = []
    if route["metric"] not in (None, 20):
        problems.append(
            f"{where}.metric: {route['metric']}: FRR writes every static route with metric 20; leave it out"
        )
    if route["metrics"]:
        problems.append(f"{where}.metrics: FRR cannot set {', '.join(sorted(route['metrics']))} on a route")
    for hop in route["nexthops"] or [route]:
        gateway = hop["gateway"]
        if hop.get("weight") not in (None, 1):
            problems.append(f"{where}.nexthops: weight {hop['weight']}: FRR has no weights for static routes")
        if gateway and route["family"] == "ipv4" and ":" in gateway:
            problems.append(f"{where}.gateway: {gateway}: FRR has no IPv4 static route through an IPv6 gateway")
        if gateway and gateway.lower().startswith("fe80:") and not hop["device"]:
            problems.append(f"{where}.gateway: {gateway} is link-local: FRR needs the device too")
    return problems


def _none(_routes: list[Read], _policies: list[Read]) -> list[str]:
    return []


BACKENDS: dict[str, Callable[[list[Read], list[Read]], list[str]]] = {
    "frr": _frr,
    "bird": _none,
    "kernel": _none,
    **{manager: functools.partial(manager_refusals, manager) for manager in MANAGERS},
}
