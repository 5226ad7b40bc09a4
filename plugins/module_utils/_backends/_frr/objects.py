# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The intent as FRR objects, and what this FRR cannot do with it. Pure.

FRR gives a route its source where zebra hands it to the kernel: `ip protocol PROTOCOL route-map MAP`, one map for
each VRF, family and protocol. Ours are named PREFIX PROTOCOL FAMILY [-VRF-NAME] (`SIP-BGP4`, `SIP-OSPF6-VRF-red`); a
prefix-list has the name of its map and the number of the sequence that uses it (`SIP-BGP4-10`).

Every map ends with `permit 65535`: a map without a final permit removes each route it does not match from the
kernel. Where the operator has a map bound already, ours calls it in every sequence, so that its denials still hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..._base.protocols import FRR_WORDS, frr_binding
from ..._base.values import Prefix
from ..._intent.policy import Policy, Rule
from .former import Place
from .parse import BindingKey, Config, Objects, static_text
from .release import Version, first_bits, narrow, version_text

TAIL = 65535
FAMILY_WORD = {"ipv4": "ip", "ipv6": "ipv6"}
_LONGEST = {"ipv4": 32, "ipv6": 128}
_INTENT_WORDS = {frr_binding(word, "ipv6"): word for word in FRR_WORDS}
Groups = list[tuple[str, list[str], list[str]]]  # [(source, exempted, permitted)]


def build(intent: dict[str, list[Any]], running: Config, prefix: str, tag: int) -> Objects:
    """The objects that carry a normalised intent beside the operator's configuration."""
    objects = Objects()
    rules: dict[tuple[str, str], list[Rule]] = {}
    for rule in Policy(intent["policies"]).rules():
        rules.setdefault((rule.policy.vrf or "", rule.policy.family), []).append(rule)
    own: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for route in intent["routes"]:
        own.setdefault((route["vrf"] or "", route["family"]), []).append(route)
    operators: dict[tuple[str, str], dict[str, str]] = {}
    for (vrf, word, protocol), name in operator_maps(running, prefix).items():
        operators.setdefault((vrf, word), {})[protocol] = name
    for vrf, family in sorted(rules.keys() | own.keys()):
        here, routes = rules.get((vrf, family), []), own.get((vrf, family), [])
        word = FAMILY_WORD[family]
        operator = operators.get((vrf, word), {})
        for protocol in _protocols(here, routes, family, operator):
            matching = [rule for rule in here if {protocol, "any"}.intersection(_words(rule.policy.protocols, family))]
            groups = (_route_groups(routes) if protocol == "static" else []) + group_rules(matching, family)
            wrapped = operator.get(protocol) or operator.get("any")
            name = map_name(prefix, protocol, family, vrf)
            _map(objects, name, family, groups, wrapped)
            objects.bindings[(vrf, word, protocol)] = name
    for route in intent["routes"]:
        for hop in route["nexthops"] or [route]:
            hops = [h for h in (hop["gateway"], hop["device"]) if h]
            options = {"tag": str(tag)}
            if route["table"] is not None:
                options["table"] = str(route["table"])
            if route["onlink"] or hop["onlink"]:
                options["onlink"] = ""
            line = static_text(FAMILY_WORD[route["family"]], route["destination"], hops, options)
            objects.routes.add((route["vrf"] or "", line))
    return objects


def map_name(prefix: str, protocol: str, family: str, vrf: str) -> str:
    return f"{prefix}{intent_word(protocol).upper()}{family[-1]}{'-VRF-' + vrf if vrf else ''}"


def intent_word(protocol: str) -> str:
    """The word of the intent for one of FRR's."""
    return _INTENT_WORDS.get(protocol, protocol)


def operator_maps(running: Config, prefix: str) -> dict[BindingKey, str]:
    """What the operator has bound, also where we have wrapped it since."""
    found = dict(running.theirs.bindings)
    for key, name in running.ours.bindings.items():
        wrapped = called(running.ours, name)
        if wrapped and not wrapped.startswith(prefix) and wrapped != running.theirs.bindings.get((*key[:2], "any")):
            found[key] = wrapped
    return found


def called(objects: Objects, name: str) -> str | None:
    """The operator's map that our map calls, read from its last sequence."""
    _action, body = objects.maps.get(name, {}).get(TAIL, ("", ()))
    return next((line.split()[1] for line in body if line.startswith("call ")), None)


def former_places(running: Config) -> list[Place]:
    """What our maps in a configuration give to which routes."""
    families = {word: family for family, word in FAMILY_WORD.items()}
    found = [
        Place(vrf, families[word], intent_word(protocol), _given(running.ours, name, word))
        for (vrf, word, protocol), name in sorted(running.ours.bindings.items())
    ]
    for vrf, word, protocol in sorted(running.theirs.bindings):
        if (vrf, word, "any") in running.ours.bindings:
            found.append(Place(vrf, families[word], intent_word(protocol), []))
    return found


def _given(ours: Objects, name: str, word: str) -> list[tuple[str, list[str]]]:
    """[(source, entries)] of a map's sequences."""
    found = []
    for _number, (_action, body) in sorted(ours.maps.get(name, {}).items()):
        listed = next((line.split()[-1] for line in body if line.startswith("match ")), None)
        source = next((line.split()[-1] for line in body if line.startswith("set src ")), None)
        if listed is not None and source is not None:
            entries = sorted(ours.lists.get((word, listed), {}).items())
            found.append((source, [text for _sequence, text in entries]))
    return found


def group_rules(rules: list[Rule], family: str) -> Groups:
    """Rules in order of evaluation, joined into as few groups as their order allows.

    Rules of one prefix length and one kind of match cannot match the same route, so their order is free. A group takes
    in further rules of its source as long as no rule of another source and no exemption lies between.
    """
    groups: Groups = []
    levels: dict[tuple[int, bool], list[Rule]] = {}
    for rule in rules:
        levels.setdefault((rule.prefix.length, rule.policy.exact), []).append(rule)
    for level in levels.values():
        by_source: dict[str, tuple[list[str], list[str]]] = {}
        for rule in level:
            exempted, permitted = by_source.setdefault(rule.source, ([], []))
            exempted += [_entry("deny", prefix, False, family) for prefix in rule.exempt]
            permitted.append(_entry("permit", rule.prefix, rule.policy.exact, family))
        last = groups[-1][0] if groups else None
        for source in sorted(by_source, key=lambda s: (s != last, s)):
            exempted, permitted = by_source[source]
            if groups and groups[-1][0] == source and not groups[-1][1] and not exempted:
                groups[-1][2].extend(permitted)
            else:
                groups.append((source, exempted, permitted))
    return groups


def _route_groups(routes: list[dict[str, Any]]) -> Groups:
    # One destination may stand in several tables.
    by_source: dict[str, dict[str, None]] = {}
    for route in routes:
        by_source.setdefault(route["source"], {})[f"permit {route['destination']}"] = None
    return [(source, [], list(entries)) for source, entries in sorted(by_source.items())]


def _entry(action: str, destination: Prefix, exact: bool, family: str) -> str:
    longest = _LONGEST[family]
    if exact or destination.length == longest:
        return f"{action} {destination}"
    return f"{action} {destination} le {longest}"


def _words(protocols: Iterable[str], family: str) -> list[str]:
    return [frr_binding(p, family) for p in protocols]


def _protocols(rules: list[Rule], routes: list[dict[str, Any]], family: str, operator: dict[str, str]) -> list[str]:
    """The protocols to bind. One with a map of its own never sees the map of `any`."""
    found = {word for rule in rules for word in _words(rule.policy.protocols, family)}
    if "any" in found:
        found |= set(operator)
    if routes:
        found.add("static")
    return sorted(found)


def _map(objects: Objects, name: str, family: str, groups: Groups, wrapped: str | None) -> None:
    word = FAMILY_WORD[family]
    tail = (f"call {wrapped}",) if wrapped else ()
    sequences: dict[int, tuple[str, tuple[str, ...]]] = {}
    # Ten apart as long as the numbers last: 65534 is the last before the tail.
    step = 10 if len(groups) < 6500 else 1
    for number, (source, exempted, permitted) in enumerate(groups, start=1):
        sequence = number * step
        list_name = f"{name}-{sequence}"
        objects.lists[(word, list_name)] = {5 * n: text for n, text in enumerate([*exempted, *permitted], start=1)}
        body = (f"match {word} address prefix-list {list_name}", f"set src {source}", *tail)
        sequences[sequence] = ("permit", tuple(sorted(body)))
    sequences[TAIL] = ("permit", tail)
    objects.maps[name] = sequences


def refusals(intent: dict[str, list[Any]], wanted: Objects, running: Config, version: Version) -> list[str]:
    """Why this FRR with this configuration cannot carry the intent; empty when it can."""
    problems = _same_first_bits(intent, version)
    for (vrf, word, protocol), name in sorted(wanted.bindings.items()):
        place = f"{word} protocol {protocol}{' in vrf ' + vrf if vrf else ''}"
        if protocol == "eigrp" and word == "ipv6":
            problems.append(f"{place}: EIGRP in FRR is IPv4 only")
        operator = called(wanted, name)
        if operator is None:
            continue
        if operator not in running.theirs.maps:
            problems.append(f"{place}: your route-map {operator} does not exist; define it or remove that line")
        elif any(line.startswith("set src ") for _a, body in running.theirs.maps[operator].values() for line in body):
            problems.append(
                f"{place}: your route-map {operator} sets a source itself and would override the intent; "
                f"remove `set src` from {operator}, or leave {protocol} out of the intent"
            )
        if len(wanted.maps[name]) > TAIL - 1:
            problems.append(f"{place}: more than {TAIL - 1} sequences")
    own = {(r["vrf"] or "", r["destination"], r["table"]): r for r in intent["routes"]}
    for static in running.statics:
        table = int(static.options["table"]) if static.options.get("table", "").isdigit() else None
        if (static.vrf, static.destination, table) in own:
            problems.append(
                f"source_ip_routes: {static.destination}: your configuration has `{static.text}` already; "
                "remove one of the two, or name its source with a policy for protocol static"
            )
    return problems


def _same_first_bits(intent: dict[str, list[Any]], version: Version) -> list[str]:
    if not narrow(version):
        return []
    problems = []
    seen: dict[tuple[str, bytes], str] = {}
    for entry in [*intent["policies"], *intent["routes"]]:
        if entry["family"] != "ipv6":
            continue
        key = (entry["vrf"] or "", first_bits(entry["source"]))
        other = seen.setdefault(key, entry["source"])
        if other != entry["source"]:
            problems.append(
                f"{other} and {entry['source']} share their first 32 bits: FRR {version_text(version)} gives "
                "both routes the first one (fixed in 10.1.3 and 10.2.2); use one source, or sources from different /32"
            )
    return sorted(set(problems))
