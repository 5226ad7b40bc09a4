# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``birdc`` prints, and its comparison with the intent and with the kernel. PRIVATE to the collection. Pure."""

from __future__ import annotations

import re
import socket
import typing as t

from ..._intent.policy import Place

# How birdc names the protocol of a route: `Type: OSPF-E2 univ` (2.x), `source: OSPF-E2` (3.x); nest/route.h of BIRD.
_PROTOCOLS = {
    "babel": "babel",
    "bgp": "bgp",
    "device": "connected",
    "ospf": "ospf",
    "ospf-e1": "ospf",
    "ospf-e2": "ospf",
    "ospf-ia": "ospf",
    "rip": "rip",
    "static": "static",
}
_ROUTE = re.compile(r"(?P<net>\S*)\s+(?P<kind>[a-z]+) \[(?P<protocol>\S+) [^\]]*\](?P<rest>.*)")
_BITS = {"ipv4": 32, "ipv6": 128}
#: An address as a number, and the length of the prefix.
_Prefix = tuple[int, int]
#: The number BIRD writes its routes with (RTPROT_BIRD, linux/rtnetlink.h).
KERNEL_PROTOCOL = "bird"


class Exported(t.NamedTuple):
    """A route as BIRD gives it to the kernel: ``kind`` is ``unicast`` or what stands in its place."""

    destination: str
    instance: str
    protocol: str
    kind: str
    source: str | None


class Difference(t.NamedTuple):
    """One route on which intent, BIRD and kernel do not agree; ``problem`` is one of ``PROBLEMS``."""

    destination: str
    protocol: str
    intent: str | None
    bird: str | None
    kernel: str | None
    problem: str


#: In the order in which they must be looked at: a filter that does not call us explains everything below it.
PROBLEMS = {
    "filter": "BIRD exports it with another source than the intent: a filter does not call us, or overrides us",
    "not_exported": "BIRD does not export it: its gateway is unreachable, or a filter rejects it",
    "absent": "BIRD exports it, but the kernel does not have it: mostly it refused a source that is not local",
    "differs": "the kernel's route has another source than BIRD exports",
}


def version_of(status: str) -> str:
    """The version in the answer to ``show status`` or ``bird --version``; empty where there is none."""
    match = re.search(r"^BIRD (?:version )?(\d+\.\d+(?:\.\d+)?)", status, re.M)
    return match.group(1) if match else ""


def kernel_protocols(protocols: str) -> list[dict[str, str]]:
    """``[{name, bird_table, state}]`` from the answer to ``show protocols``."""
    rows = [line.split() for line in protocols.splitlines()]
    return [
        {"name": row[0], "bird_table": row[2], "state": row[3]} for row in rows if len(row) >= 4 and row[1] == "Kernel"
    ]


def symbols(answer: str) -> list[str]:
    """Names from the answer to ``show symbols function``."""
    return [line.split("\t")[0] for line in answer.splitlines() if "\t" in line]


def exported_routes(answer: str) -> list[Exported]:
    """The routes in the answer to ``show route export PROTOCOL all``."""
    found: list[Exported] = []
    current: dict[str, t.Any] | None = None
    net = ""
    for line in answer.splitlines():
        if line[:1] != "\t":
            _finish(current, found)
            match = _ROUTE.match(line)
            current = None
            if match:
                net = match.group("net") or net  # a second route for the same destination leaves it out
                current = {"destination": net, "instance": match.group("protocol"), "kind": match.group("kind")}
                current.update({"protocol": "other", "source": None})
        elif current is not None:
            key, _colon, value = line.strip().partition(": ")
            if key in ("Type", "source"):
                current["protocol"] = _PROTOCOLS.get(value.split()[0].lower(), "other")
            elif key in ("Kernel.prefsrc", "krt_prefsrc"):
                current["source"] = value
    _finish(current, found)
    return found


def _finish(current: dict[str, t.Any] | None, found: list[Exported]) -> None:
    if current is not None:
        found.append(Exported(**current))


def _prefix(text: str) -> _Prefix:
    # Once for each of ten thousand routes: ipaddress takes ten times as long to check what BIRD and our filter checked.
    address, _slash, length = text.partition("/")
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    return int.from_bytes(packed, "big"), int(length) if length else 8 * len(packed)


def kernel_sources(routes: t.Iterable[dict[str, t.Any]], family: str) -> dict[str, tuple[str, str | None]]:
    """``{destination: (type, source)}`` from the routes of ``ip -j route show``."""
    found = {}
    for route in routes:
        destination = route["dst"]
        if destination == "default":
            destination = "0.0.0.0/0" if family == "ipv4" else "::/0"
        elif "/" not in destination:
            destination = f"{destination}/{_BITS[family]}"
        found[destination] = (route.get("type", "unicast"), route.get("prefsrc"))
    return found


def compare(
    exported: t.Iterable[Exported],
    kernel: t.Mapping[str, tuple[str, str | None]],
    policy: Place,
    own: dict[str, str],
) -> list[Difference]:
    """Every route on which intent, BIRD and kernel disagree about the source.

    A route without a source that the kernel does not have is not our concern. What the operator sets where the intent
    names no source is what he wants.

    ``own``: the source of each of our own static routes, by destination; ``kernel``: as ``kernel_sources`` returns it.
    """
    differences = []
    seen = set()
    for route in exported:
        static = route.instance.startswith("source_ip_")
        if static:
            seen.add(route.destination)
        if static:
            wanted = own.get(route.destination)
        else:
            rule = policy.rule(*_prefix(route.destination), route.protocol)
            wanted = rule.source if rule else None
        kind, actual = kernel.get(route.destination, ("", None))
        problem = None
        if wanted is not None and not _same(wanted, route.source):
            problem = "filter"
        elif not kind and route.source:
            problem = "absent"
        elif kind == "unicast" and not _same(route.source, actual):
            problem = "differs"
        if problem:
            differences.append(Difference(route.destination, route.protocol, wanted, route.source, actual, problem))
    for destination in sorted(set(own) - seen):
        actual = kernel.get(destination, ("", None))[1]
        differences.append(Difference(destination, "static", own[destination], None, actual, "not_exported"))
    return differences


def _same(one: str | None, other: str | None) -> bool:
    if one == other or one is None or other is None:
        return one == other
    # BIRD and the kernel do not always write an address the same way.
    return _prefix(one) == _prefix(other)
