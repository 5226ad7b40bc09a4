# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies of an intent: reading the list a user wrote. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._base.cover import Cover
from .._base.values import BITS, Prefix
from . import fields
from .backends import PROTOCOLS
from .entry import Entry, Read

_PROTOCOL_HINTS = {
    "ospf6": "ospf (it means OSPFv3 for IPv6)",
    "ospfv3": "ospf (it means OSPFv3 for IPv6)",
    "ripng": "rip (it means RIPng for IPv6)",
    "is-is": "isis",
    "direct": "connected",
    "device": "connected",
    "all": "any",
}
_KEYS = dict.fromkeys(("name", "destinations", "match", "except", "protocols", "table", "vrf", "source"))
# (vrf, table, destination, match) -> [(protocols, source, name of the entry)]
Claims = dict[tuple[Any, ...], list[tuple[list[str], str, str]]]


def read_policies(raw: list[tuple[str, Any]], loopback_allowed: bool, problems: list[str]) -> list[Read]:
    """The policies that are good, one for each family; `raw`: [(name of the entry, what the user wrote)]."""
    found = []
    names: dict[str, str] = {}
    claims: Claims = {}
    for where, value in raw:
        entry = Entry(where, value, _KEYS, problems)
        for policy, destinations in _policy(entry, loopback_allowed) if entry.mapping else []:
            label = policy["name"]
            if label and names.setdefault(label, where) != where:
                entry.problem("name", f"{fields.show(label)} is already the name of {names[label]}")
            _claim(entry, policy, claims)
            if entry.good:
                order = (policy["vrf"] or "", policy["table"] or 0, *destinations[0], label or "")
                found.append(Read(where, order, policy))
    return found


def _claim(entry: Entry, policy: dict[str, Any], claims: Claims) -> None:
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


def _policy(entry: Entry, loopback_allowed: bool) -> list[tuple[dict[str, Any], list[Prefix]]]:
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
    by_family = {family: _of(destinations, family) for family in fields.FAMILIES}
    for family, prefixes in by_family.items():
        if sources and family not in sources:
            for prefix in prefixes:
                entry.problem("destinations", f"{prefix} has no source of its family in this policy")
    for family, source in sources.items():
        if destinations and not by_family[family]:
            entry.problem("source", f"{source.text} has no destination of its family in this policy")
    _exemptions(entry, destinations, exempt)
    if not entry.good:
        return []
    return [
        (
            {
                "name": name,
                "family": family,
                "destinations": [str(prefix) for prefix in by_family[family]],
                "match": match,
                "except": [str(prefix) for prefix in _of(exempt, family)],
                "protocols": protocols or ["any"],
                "table": table,
                "vrf": vrf,
                "source": sources[family].text,
            },
            by_family[family],
        )
        for family in fields.FAMILIES
        if family in sources
    ]


def _of(prefixes: list[Prefix], family: str) -> list[Prefix]:
    return [prefix for prefix in prefixes if fields.NAME_OF_FAMILY[prefix.family] == family]


def _exemptions(entry: Entry, destinations: list[Prefix], exempt: list[Prefix]) -> None:
    """An exemption that covers a destination of its own policy leaves that destination without meaning."""
    if not exempt:
        return
    covers: dict[int, Cover[list[Prefix]]] = {family: Cover(bits, list) for family, bits in BITS.items()}
    for prefix in exempt:
        covers[prefix.family].at(prefix.start, prefix.length).append(prefix)
    for prefix in destinations:
        for _exemption in covers[prefix.family].over(prefix.start, prefix.length):
            entry.problem("except", f"covers the destination {prefix} of the same policy")


def _sources(entry: Entry, loopback_allowed: bool) -> dict[str, fields.Ip]:
    value = entry.raw.get("source")
    found: dict[str, fields.Ip] = {}
    if value is None:
        entry.problem("source", "is required")
    elif isinstance(value, Mapping):
        pair = Entry(f"{entry.where}.source", value, fields.FAMILIES, entry.problems)
        for family in fields.FAMILIES:
            source = pair.take(family, fields.source, loopback_allowed)
            if source and source.family != family:
                pair.problem(family, f"{source.text} is of the other family")
            elif source:
                found[family] = source
        if pair.good and not found:
            pair.problem(None, "is empty; set ipv4, ipv6 or both")
        entry.good = entry.good and pair.good
    else:
        for item in value if isinstance(value, (list, tuple)) else [value]:
            source = entry.parse("source", item, fields.source, loopback_allowed)
            if source and source.family in found:
                entry.problem("source", f"{source.text} is a second address of its family")
            elif source:
                found[source.family] = source
        if entry.good and not found:
            entry.problem("source", "is empty")
    return found


def _prefixes(entry: Entry, field: str, sources: Mapping[str, Any]) -> list[Prefix]:
    """Sorted by family, address and length."""
    seen: dict[Prefix, int] = {}
    for index, value in enumerate(entry.take_list(field)):
        if value == "default":
            prefixes = [fields.DEFAULT_ROUTE[family] for family in sources]
        else:
            prefix = entry.parse(f"{field}[{index}]", value, fields.destination)
            prefixes = [prefix] if prefix is not None else []
        for prefix in prefixes:
            if seen.setdefault(prefix, index) != index:
                entry.problem(f"{field}[{index}]", f"{prefix} is already in {field}[{seen[prefix]}]")
    return sorted(seen)


def _match(value: Any) -> str:
    if value not in ("exact", "orlonger"):
        raise fields.FieldError(f"{fields.show(value)} is not exact or orlonger")
    return str(value)


def _protocol(value: Any) -> str:
    if isinstance(value, str) and value in PROTOCOLS:
        return str.__str__(value)
    hint = _PROTOCOL_HINTS.get(value) if isinstance(value, str) else None
    raise fields.FieldError(
        f"{fields.show(value)} is not a protocol; write {hint}"
        if hint
        else f"{fields.show(value)} is not a protocol; known: {', '.join(PROTOCOLS)}"
    )
