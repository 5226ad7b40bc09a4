# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``birdc`` prints. PRIVATE to the collection. Pure."""

from __future__ import annotations

import re
import typing as t

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
# The first line of a route; those below it begin with a tab.
_ROUTE = re.compile(r"^(\S*)[ \t]+([a-z]+) \[(\S+) [^\]\n]*\]", re.M)
# `Kernel.prefsrc:` of BIRD 2, `krt_prefsrc:` of BIRD 3.
_SOURCE = re.compile(r"\n\t(?:Kernel\.|krt_)prefsrc: (\S+)")
_PROTOCOL = re.compile(r"\n\t(?:Type|source): (\S+)")


class Exported(t.NamedTuple):
    """A route as BIRD gives it to the kernel: ``kind`` is ``unicast`` or what stands in its place."""

    destination: str
    instance: str
    protocol: str
    kind: str
    source: str | None


def version_of(status: str) -> str:
    """The version in the answer to ``show status`` or ``bird --version``; empty where there is none."""
    match = re.search(r"^BIRD (?:version )?(\d+\.\d+(?:\.\d+)?)", status, re.M)
    return match.group(1) if match else ""


def kernel_protocols(protocols: str) -> dict[str, str]:
    """``{BIRD table: kernel protocol}`` from the answer to ``show protocols``."""
    rows = [line.split() for line in protocols.splitlines()]
    return {row[2]: row[0] for row in rows if len(row) >= 4 and row[1] == "Kernel"}


def symbols(answer: str) -> list[str]:
    """Names from the answer to ``show symbols function``."""
    return [line.split("\t")[0] for line in answer.splitlines() if "\t" in line]


def exported_routes(answer: str) -> list[Exported]:
    """The routes in the answer to ``show route export PROTOCOL all``."""
    found: list[Exported] = []
    net = ""
    heads = list(_ROUTE.finditer(answer))
    ends = [head.start() for head in heads[1:]] + [len(answer)]
    for head, end in zip(heads, ends):
        net = head.group(1) or net  # a second route for the same destination leaves it out
        start = head.end()
        protocol, source = _PROTOCOL.search(answer, start, end), _SOURCE.search(answer, start, end)
        word = _PROTOCOLS.get(protocol.group(1).lower(), "other") if protocol else "other"
        found.append(Exported(net, head.group(3), word, head.group(2), source.group(1) if source else None))
    return found
