# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role `verify` asks a host about an intent, and its judgement of the answers. Pure.

A question is one address inside a destination. Routes of the intent are asked for by name. A policy speaks of routes
that come and go, so those that the host has now are asked for, and judged by the route that really answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._base.cover import Cover
from .._base.protocols import BIRD_WORDS, FRR_NUMBERS, OWN_PROTOCOL, PROTOCOLS, owner, word_of
from .._base.values import BITS, INET, Prefix, address_text
from .._intent.fields import DEFAULT_METRIC
from .._intent.policy import Policy, Rule, prefix_of
from .finding import aligned

Item = dict[str, Any]

MAIN_TABLE = 254
#: Inside a default route, and no addresses to ask it for: the kernel answers by itself.
_HOST_ITSELF = ("127.0.0.0/8", "::1/128")
#: What a row says of one destination, None where it is not known: `destination` is the address asked for, `prefix` what
#: it stands for; `kernel` the source of the look-up, with its `device`, `gateway` and `table`; `reason` a word of
#: source_info, and `explanation` its sentence; `owner` and `route` of the route that answers, as a word and a line;
#: `socket` what a real socket got, or its error; `wire` the source of the packet, or `not seen`.
ROW = (
    "destination prefix vrf expected kernel device gateway table reason explanation owner route socket wire good"
).split()


class _Host:
    """The prefixes of a host: is an address inside one that is longer than the one it was chosen for?"""

    def __init__(self, prefixes: Iterable[str]) -> None:
        self._known: dict[int, Cover[list[str]]] = {family: Cover(bits, list) for family, bits in BITS.items()}
        for text in prefixes:
            prefix = prefix_of(text)
            self._known[prefix.family].at(prefix.start, prefix.length)

    def address(self, text: str) -> str:
        """An address of the prefix, if possible one that belongs to no longer prefix."""
        prefix = prefix_of(text)
        first, size = prefix.start, 1 << (BITS[prefix.family] - prefix.length)
        if size == 1:
            return str(address_text(prefix.packed))
        last = first + size - 1
        tries = [first + 1, first + 2, last - 1, (first + last) // 2, (first + last) // 2 + 1]
        found = next((one for one in tries if not self._inside_longer(prefix, one)), tries[0])
        return str(address_text(found.to_bytes(len(prefix.packed), "big")))

    def _inside_longer(self, prefix: Prefix, address: int) -> bool:
        longest = next(self._known[prefix.family].over(address, BITS[prefix.family]), (0, []))[0]
        return longest > prefix.length


def questions(
    intent: Mapping[str, list[Item]], listed: list[Item], backend: str | None = None, limit: int = 200
) -> dict[str, Any]:
    """What to ask: `queries` for source_info and `probes` for probe, in one order, and the `subjects` they are about.

    listed: the unicast routes of the host in all tables that lie inside the intent's destinations.
    A subject is {destination, vrf, source}: of a route of the intent, or with source None of a route a policy is for.
    """
    wanted = _first(intent)
    named = {(item["vrf"], item["destination"]) for item in wanted}
    subjects = [{key: item[key] for key in ("destination", "vrf", "source")} for item in wanted]
    vrfs = sorted({policy["vrf"] for policy in intent["policies"] if policy["vrf"] and not policy["table"]})
    policy = Policy(intent["policies"])
    for route in listed:
        for vrf in [None] if route["table"] == MAIN_TABLE else vrfs:
            if (vrf, route["destination"]) not in named and candidates(policy, vrf, route, backend):
                named.add((vrf, route["destination"]))
                subjects.append({"destination": route["destination"], "vrf": vrf, "source": None})
    omitted = len(subjects) - limit
    del subjects[max(limit, 0) :]
    host = _Host([*_HOST_ITSELF, *(item["destination"] for item in [*listed, *intent["routes"]])])
    queries, probes = [], []
    for subject in subjects:
        address = host.address(subject["destination"])
        queries.append({"destination": address, **({"vrf": subject["vrf"]} if subject["vrf"] else {})})
        probes.append({"destination": address, **({"bind_device": subject["vrf"]} if subject["vrf"] else {})})
    return {"queries": queries, "probes": probes, "subjects": subjects, "omitted": max(omitted, 0)}


def judge(
    intent: Mapping[str, list[Item]],
    listed: list[Item],
    subjects: list[Item],
    sources: list[Item],
    probes: list[Item],
    wire: str = "reachable",
    missing: str = "ignore",
    backend: str | None = None,
) -> list[Item]:
    """One row for each thing asked, with the keys of ROW.

    wire: `never` looks at no packet, `reachable` accepts that none was seen, `always` does not.
    missing: `fail` makes a policy for which the host has no route a bad row.
    """
    policy = Policy(intent["policies"])
    present = {(route["table"], route["destination"], route["source"]) for route in listed}
    rows = []
    seen: set[Rule | None] = set()
    for index, (subject, answer) in enumerate(zip(subjects, sources)):
        route = answer.get("route") or {}
        probe = probes[index] if index < len(probes) else None
        if subject["source"] is None or route.get("destination") == subject["destination"]:
            expected = [subject["source"]] if subject["source"] else []
            for rule in [] if expected else candidates(policy, subject["vrf"], route, backend):
                seen.add(rule)
                expected.append(rule.source if rule else None)
            if expected:
                rows.append(_judged(subject, answer, expected, probe, wire))
        elif subject["vrf"] is None and (MAIN_TABLE, subject["destination"], subject["source"]) in present:
            longer = f"a longer route answers for {answer['destination']}: {route.get('line')}"
            told = _row(subject["destination"], subject["source"], longer, True, kernel=subject["source"])
            rows.append({**told, "destination": answer["destination"], "vrf": None})
        else:
            none = f"the host has no such route; {answer['explanation']}"
            said = {**_said(answer), "reason": "no_route", "explanation": none}
            rows.append({**_row(subject["destination"], subject["source"], none, False, vrf=subject["vrf"]), **said})
    there: dict[tuple[int, str], list[Item]] = {}
    for route in listed:
        there.setdefault((route["table"], route["destination"]), []).append(route)
    tables = {(subject["vrf"], subject["destination"]): answer["table"] for subject, answer in zip(subjects, sources)}
    rows += [
        _table_row(item, there.get((item["table"], item["destination"]), [])) for item in _not_asked(intent, tables)
    ]
    if missing == "fail":
        rows += [
            _row(
                str(rule.prefix),
                rule.source,
                f"no route for the policy {rule.policy.name or ''}".rstrip(),
                False,
                vrf=rule.policy.vrf,
                reason="no_route",
            )
            for rule in policy.rules()
            if rule not in seen and rule.policy.table is None
        ]
    return rows


def _first(intent: Mapping[str, list[Item]]) -> list[Item]:
    """The routes that a look-up finds: of those to one destination the one with the least metric."""
    found: dict[tuple[str | None, str], Item] = {}
    for item in intent["routes"]:
        if item["table"] is None:
            place = item["vrf"], item["destination"]
            found[place] = min(found.get(place, item), item, key=_metric)
    return list(found.values())


def _not_asked(intent: Mapping[str, list[Item]], tables: Mapping[tuple[str | None, str], int | None]) -> Iterable[Item]:
    """The routes that no look-up in a VRF finds, each with its table: of others, and behind one of less metric."""
    first = {id(item) for item in _first(intent)}
    for item in intent["routes"]:
        if item["table"] is not None:
            yield item
        elif id(item) not in first:
            table = MAIN_TABLE if item["vrf"] is None else tables.get((item["vrf"], item["destination"]))
            yield {**item, "table": table, "metric": _metric(item)}


def _metric(item: Item) -> int:
    return item["metric"] or DEFAULT_METRIC[item["family"]]


def candidates(
    policy: Policy, vrf: str | None, route: Mapping[str, Any], backend: str | None, table: int | None = None
) -> list[Rule | None]:
    """The rules that may be for a route of this VRF and table (as `Policy.rule` takes them); empty where none is.

    More than one, or None among them, only for routes of BIRD: the kernel does not know by which protocol BIRD came to
    a route, and each may have a policy of its own, or none.
    """
    number = _number(route.get("protocol"))
    if number is None or number == OWN_PROTOCOL or not _holds(backend, number):
        return []
    prefix = prefix_of(route["destination"])
    family = "ipv4" if prefix.family == INET else "ipv6"
    found: list[Rule | None] = []
    for word in BIRD_WORDS if number == PROTOCOLS["bird"] else (word_of(number, family),):
        rule = policy.rule(vrf, table, family, prefix.start, prefix.length, word)
        if rule not in found:
            found.append(rule)
    return found if any(found) else []


def owner_of(route: Mapping[str, Any] | None) -> str | None:
    """Who installed a route of route_info: `ours`, the program, or else the protocol; None without a route."""
    name = route.get("protocol") if route else None
    number = _number(name)
    return "ours" if number == OWN_PROTOCOL else owner(number or 0) or name


def table(rows: list[Item]) -> str:
    """The rows as aligned text."""
    head = ("destination", "expected", "kernel", "socket", "wire", "explanation")
    return aligned(head, ([str(row[key] or "-") for key in head] for row in rows))


def _number(name: str | None) -> int | None:
    """The number of a protocol as route_info names it."""
    return PROTOCOLS[name] if name in PROTOCOLS else int(name) if name else None


def _holds(backend: str | None, number: int) -> bool:
    if backend == "bird":
        return number == PROTOCOLS["bird"]
    return number in FRR_NUMBERS if backend == "frr" else True


def _row(prefix: str, expected: str | None, explanation: str, good: bool, **known: Any) -> Item:
    """A row of which nothing but this is known; a prefix of which no address was asked stands for itself."""
    row: Item = dict.fromkeys(ROW)
    row.update(destination=prefix, prefix=prefix, expected=expected, explanation=explanation, good=good)
    return {**row, **known}


def _said(answer: Item) -> Item:
    """What source_info said of an address, under the names of a row."""
    route = answer.get("route") or {}
    socket = answer["socket"] or {}
    return {
        "destination": answer["destination"],
        "kernel": answer["source"],
        **{key: answer[key] for key in ("device", "gateway", "table", "reason", "explanation")},
        "owner": owner_of(route),
        "route": route.get("line"),
        "socket": socket.get("source") or socket.get("error"),
    }


def _judged(subject: Item, answer: Item, expected: list[str | None], probe: Item | None, wire: str) -> Item:
    """The row of a destination that the right kind of route answered for."""
    said = _said(answer)
    sources = {answer["source"], said["socket"], *(other["source"] for other in answer.get("also") or [])}
    packet = None
    if probe is not None and wire != "never":
        packet = probe["wire"]["source"] if probe.get("wire") else None
        if packet or wire == "always":
            sources.add(packet)
    strict = None not in expected
    good = len(sources) == 1 and (not strict or sources <= set(expected)) and not answer["stale"]
    wanted = " or ".join(str(source) for source in expected if source)
    return {
        **_row(subject["destination"], wanted, answer["explanation"], good, vrf=subject["vrf"]),
        **said,
        "wire": packet or ("not seen" if probe is not None and wire != "never" else None),
    }


def _table_row(item: Item, there: list[Item]) -> Item:
    """A route that no look-up leads to now: what its table says, no more."""
    found = next((route for route in there if item["metric"] is None or route["metric"] == item["metric"]), None)
    prefix, source, where = item["destination"], item["source"], item["table"]
    if found is None:
        return _row(prefix, source, f"table {where} has no such route", False, table=where, reason="no_route")
    told = {key: found.get(key) for key in ("device", "gateway", "table")}
    reason = "prefsrc" if found["source"] else None
    row = _row(prefix, source, found["line"], found["source"] == source, **told, kernel=found["source"], reason=reason)
    return {**row, "owner": owner_of(found), "route": found["line"]}
