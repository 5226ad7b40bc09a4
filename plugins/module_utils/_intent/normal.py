# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The intent: what a user states once, validated and brought into one form for every back end. Pure.

`normalise()` takes the lists as the user wrote them and returns a dict with exactly these keys. Every key of
every entry is always there; `None` stands for what was not set. This form is an interface: back ends read it.

addresses  [{address: "192.0.2.2/32", device: "lo", family: "ipv4", preferred_lifetime: None or 0}]
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
rules      [{family, priority, from, to, table, …}], the keys of RULE_KEYS in rules.py, values as text or number
           one entry per family: an entry for both becomes two. table: a number, never None where one is looked up
           sorted by priority and family, in the order of writing where both are the same
labels     [{prefix, label, device}], sorted by prefix, device
           of `uplinks`, which are short for all of these, nothing is left but what they stand for (uplinks.py)
warnings   [text]

family is "ipv4" or "ipv6". A default route is "0.0.0.0/0" or "::/0".

What a policy means. A route takes the policy's source when its protocol is one of `protocols`, its destination is
one of `destinations` (`exact`) or lies in one of them (`orlonger`), and it does not lie in any prefix of `except`.
An exemption concerns its own policy only: another policy may still name a source for the exempted route.
Where several policies match one route, the longest destination wins; for the same destination `exact` wins over
`orlonger`. Two policies that give one destination two sources (same match, same VRF and table, a protocol in
common) contradict each other and are refused. A static route of `routes` keeps its own source, whatever a policy
for `static` says. `policy` holds that order, and answers which source a route gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._base.errors import IntentError
from . import fields
from .backends import BACKENDS, kernel_only, refusals
from .entry import Entry, Read
from .policies import read_policies
from .routes import read_routes
from .rules import read_labels, read_rules
from .uplinks import expand

#: The lists, in the order in which they are read.
KINDS = ("addresses", "routes", "policies", "rules", "labels")
_ADDRESS_KEYS = ("address", "device", "preferred_lifetime")


def normalise(
    addresses: Any = None,
    routes: Any = None,
    policies: Any = None,
    backend: str | None = None,
    rules: Any = None,
    labels: Any = None,
    uplinks: Any = None,
) -> dict[str, list[Any]]:
    """Validate the lists and return the form described above.

    backend: "frr", "bird" or "kernel" also refuses what that back end cannot express; `None` checks only what is
    wrong everywhere. Raises IntentError with every problem found.
    """
    problems: list[str] = []
    if backend is not None and backend not in BACKENDS:
        raise IntentError([f"backend: {fields.show(backend)} is not one of {', '.join(sorted(BACKENDS))}"])
    short = expand(_listed("source_ip_uplinks", uplinks, problems), problems)
    loopback_allowed = backend in (None, "kernel")
    read = (
        _addresses([*_listed("source_ip_addresses", addresses, problems), *short.addresses], problems),
        read_routes([*_listed("source_ip_routes", routes, problems), *short.routes], loopback_allowed, problems),
        read_policies(_listed("source_ip_policies", policies, problems), loopback_allowed, problems),
        read_rules([*_listed("source_ip_rules", rules, problems), *short.rules], problems),
        read_labels(_listed("source_ip_labels", labels, problems), problems),
    )
    if backend is not None:
        problems.extend(refusals(backend, read[1], read[2]))
        problems.extend(kernel_only(backend, read[0], read[3], read[4]))
    if problems:
        raise IntentError(problems)
    result: dict[str, list[Any]] = {
        kind: [item.entry for item in sorted(items, key=lambda item: item.order)] for kind, items in zip(KINDS, read)
    }
    result["warnings"] = [*_warnings(read[1]), *_warnings(read[2])]
    return result


def _warnings(read: list[Read]) -> Iterator[str]:
    for where, _order, entry in read:
        source = entry["source"]
        if fields.is_loopback(source):
            yield f"{where}.source: {source} is a loopback address; packets with it never leave the host"
        elif block := fields.reserved_block(source):
            yield f"{where}.source: {source} is in {block}: many hosts and routers drop packets from it"


def _listed(variable: str, value: Any, problems: list[str]) -> list[tuple[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        problems.append(f"{variable}: {fields.show(value)} is not a list")
        return []
    return [(f"{variable}[{index}]", entry) for index, entry in enumerate(value)]


def _lifetime(value: Any) -> int:
    """An intent holds for ever: what it can say of a lifetime is that there is none."""
    if str(value) != "0":
        raise fields.FieldError(
            f"{fields.show(value)} is not 0, which keeps an address from being chosen; for lifetimes that run out use "
            "the module l3host.source_ip.address"
        )
    return 0


def _addresses(raw: list[tuple[str, Any]], problems: list[str]) -> list[Read]:
    found = []
    seen: dict[tuple[str, str], tuple[str, int]] = {}
    for where, value in raw:
        entry = Entry(where, value, _ADDRESS_KEYS, problems)
        if not entry.mapping:
            continue
        address = entry.take("address", fields.interface_address, required=True)
        device = entry.take("device", fields.device, required=True)
        lifetime = entry.take("preferred_lifetime", _lifetime)
        if not entry.good:
            continue
        host, length = address
        text = f"{host.text}/{length}"
        before = seen.setdefault((host.text, device), (where, length))
        if before[0] != where:
            other = "again" if before[1] == length else f"with another prefix length (/{before[1]})"
            entry.problem("address", f"{text} on {device} is already in {before[0]} {other}")
            continue
        normal = {"address": text, "device": device, "family": host.family, "preferred_lifetime": lifetime}
        found.append(Read(where, (host.family, host.packed, device), normal))
    return found
