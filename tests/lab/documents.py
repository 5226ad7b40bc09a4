# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of fleets that never were, of any size, for what is made of such documents. The same each time."""

from __future__ import annotations

import random
from typing import Any

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.document import document, host_row

MADE = "2026-11-25T08:00:00Z"
_SITES = ("ams", "fra", "sin", "nyc")
_ROLES = ("dns", "proxy", "vpn")
_KERNELS = ("6.1.0-41-amd64", "6.12.43+deb13-amd64")
_BACKENDS = ("kernel", "frr", "bird")
_OWNERS = {"kernel": "ours", "frr": "bgp", "bird": "bird"}


def made_up(hosts: int, destinations: int, seed: int = 1, bad: float = 0.1) -> dict[str, Any]:
    """``hosts`` hosts, each asked for ``destinations``, every third of IPv6; about ``bad`` of them not as intended."""
    chance = random.Random(seed)
    return document("edge", MADE, [_host(number, destinations, chance, bad) for number in range(1, hosts + 1)])


def hostile(text: str) -> dict[str, Any]:
    """A fleet in which every text that comes from a host or an inventory is ``text``."""
    source = made_up(2, 2, bad=1.0)

    def spoilt(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: value[key] if key in ("status", "problem", "asked") else spoilt(value[key]) for key in value}
        if isinstance(value, list):
            return [spoilt(one) for one in value]
        return text if isinstance(value, str) else value

    found = {**spoilt(source), "made": MADE}
    found["hosts"][0].update(status="answered", error=None)
    found["hosts"][1].update(status="failed", error=text)
    return found


def _host(number: int, destinations: int, chance: random.Random, bad: float) -> dict[str, Any]:
    site, role = _SITES[number % 4], _ROLES[number % 3]
    name, groups = f"{role}{number}.{site}.example.net", [role, site]
    wrong = chance.random() < bad
    kind = chance.choice(("unreachable", "failed", "stale", "unset", "borrowed", "connection", "absent"))
    if wrong and kind == "unreachable":
        return host_row(name, groups, {"unreachable": True, "msg": f"Connection to {name} port 22 timed out"})
    if wrong and kind == "failed":
        return host_row(name, groups, {"failed": True, "msg": "pyroute2 0.7.2 or newer is needed, and was not found"})
    backend = _BACKENDS[number % 3]
    # IPv6 borrows nothing: it chooses by rules.
    could = [at for at in range(destinations) if kind != "borrowed" or _family(at) == 4]
    damaged = chance.choice(could) if wrong and kind != "connection" else None
    rows = [_answer(number, at, backend, kind if at == damaged else None) for at in range(destinations)]
    result: dict[str, Any] = {
        "asked": f"2026-11-25T07:{50 + number % 10}:{number % 60:02}Z",
        "kernel": _KERNELS[number % 2],
        "backend": backend,
        "backend_why": "the task names it",
        "answers": rows,
        "findings": [_finding(row, kind) for row in rows if not row["good"]],
        "checked": destinations,
        "omitted": 0,
        "connections": {"checked": 40, "differing": [_connection(number)] if wrong and kind == "connection" else []},
        "notes": ["the route to 203.0.113.0/24 is also in table 100"] if number % 50 == 0 else [],
    }
    return host_row(name, groups, result)


def _family(at: int) -> int:
    return 6 if at % 3 == 2 else 4


def _source(number: int, family: int) -> str:
    return f"192.0.{2 + number // 250}.{1 + number % 250}" if family == 4 else f"2001:db8:ff::{number:x}"


def _answer(number: int, at: int, backend: str, kind: str | None) -> dict[str, Any]:
    family = _family(at)
    source, device = _source(number, family), f"eth{at % 2}"
    own = f"10.{number // 250}.{number % 250}.2" if family == 4 else f"2001:db8:{number:x}::2"
    gateway = f"{own[:-1]}1"
    prefix = f"198.51.{100 + at}.0/24" if family == 4 else f"2001:db8:{0xA00 + at:x}::/48"
    address = prefix.replace(".0/24", ".1").replace("::/48", "::1")
    actual = {"stale": source, "unset": own, "borrowed": "172.17.0.1", "absent": None, None: source}[kind]
    carried = f" src {source}" if kind in (None, "stale") else ""
    route = f"{prefix} via {gateway} dev {device} proto static{carried} metric 50"
    told = {
        "stale": f"the route carries src {source}; but the host does not have {source} any more",
        "unset": f"the route carries no preferred source, so the kernel uses {own}, the first address of {device}",
        "borrowed": "the route carries no preferred source, so the kernel takes 172.17.0.1 of docker0",
        None: f"the route carries src {source}",
    }
    absent = kind == "absent"
    return {
        "destination": address,
        "prefix": prefix,
        "vrf": None,
        "expected": source,
        "kernel": actual,
        "device": None if absent else device,
        "gateway": None if absent else gateway,
        "table": None if absent else 254,
        "reason": {"unset": "interface", "borrowed": "borrowed", "absent": "no_route"}.get(kind or "", "prefsrc"),
        "explanation": "no table has a route" if absent else f"table main, {route}: {told[kind]}.",
        "owner": None if absent else _OWNERS[backend],
        "route": None if absent else route,
        "socket": "ENETUNREACH: Network is unreachable" if kind in ("stale", "absent") else actual,
        "wire": None if kind in ("stale", "absent") else actual,
        "good": kind is None,
    }


def _finding(row: dict[str, Any], kind: str) -> dict[str, Any]:
    repair = f"ip route change {row['prefix']} src {row['expected']}" if kind == "unset" else None
    return {
        "destination": row["prefix"],
        "expected": row["expected"],
        "actual": row["kernel"],
        "problem": kind,
        "why": row["explanation"],
        "vrf": None,
        "table": None,
        "protocol": "static",
        "repair": repair,
    }


def _connection(number: int) -> dict[str, Any]:
    return {
        "protocol": "tcp",
        "source": f"10.{number // 250}.{number % 250}.2",
        "sport": 40422,
        "destination": "198.51.100.1",
        "dport": 443,
        "device": None,
        "vrf": None,
        "expected": _source(number, 4),
        "process": "curl",
        "unit": "backup.service",
    }
