# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of the intent as BIRD's static routes. PRIVATE to the collection. Pure."""

from __future__ import annotations

import re
import typing as t

from ..._base.errors import Refused
from .conf import DEFAULT_METRIC

# conf/cf-lex.l of BIRD: what may stand between apostrophes.
_SYMBOL = re.compile(r"[A-Za-z0-9_.:-]+\Z")

Scope = tuple[int, str]
Entry = dict[str, t.Any]


def static_name(table: int, family: str) -> str:
    """BIRD's protocol that holds our routes of a kernel table and family."""
    return f"source_ip_{table}_static_{family}"


def static(
    scope: Scope, routes: t.Sequence[Entry], bird_table: str, metrics: dict[Scope, int | None], version: str
) -> Entry:
    """Our static protocol of one scope. Refused for what BIRD cannot hold."""
    metric = metrics.get(scope, DEFAULT_METRIC)
    vrfs = {route["vrf"] for route in routes}
    if len(vrfs) > 1:
        raise Refused(
            f"kernel table {scope[0]}: routes with and without a vrf in one table; name them all the same way"
        )
    return {
        "name": static_name(*scope),
        "family": scope[1],
        "table": bird_table,
        "vrf": next(iter(vrfs), None),
        "routes": [_route(route, metric, version) for route in routes],
    }


def _route(route: Entry, metric: int | None, version: str) -> Entry:
    """A static route: ``head`` (``198.51.100.0/24 via 10.0.0.1``), ``attributes`` (``krt_prefsrc = 192.0.2.1``)."""
    if route["metric"] not in (None, metric):
        here = "one that could not be read" if metric is None else metric
        raise Refused(
            f"source_ip_routes: {route['destination']}: metric {route['metric']}: BIRD writes every route of a kernel "
            f"protocol with that protocol's metric, here {here}. Leave metric out, or use the kernel back end."
        )
    hops = " ".join(_hop(route, hop) for hop in route["nexthops"] or [route])
    attributes = [f"krt_prefsrc = {route['source']}"]
    for name, value in sorted((route["metrics"] or {}).items()):
        if name == "ssthresh" and version.startswith("2.0."):
            name = "sstresh"  # the spelling of krt.Y before BIRD 2.13
        attributes.append(f"krt_{name} = {value}")
    return {"head": f"{route['destination']} {hops}", "attributes": attributes}


def _hop(route: Entry, hop: Entry) -> str:
    gateway, device = hop["gateway"], hop["device"]
    if not gateway:
        words = [f'via "{device}"']
    elif not device:
        words = [f"via {gateway}"]
    elif _SYMBOL.match(device):
        # `dev "…"` is an error in BIRD 2.0.12; an apostrophed symbol after % is understood by all.
        words = [f"via {gateway}%'{device}'"]
    else:
        raise Refused(
            f"source_ip_routes: {route['destination']}: BIRD cannot name the device {device} beside a gateway. Leave "
            "device out, or use the kernel back end."
        )
    if hop["onlink"]:
        words.append("onlink")
    if hop.get("weight"):
        words.append(f"weight {hop['weight']}")
    return " ".join(words)
