# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A piece of the intent in the words of a keyfile. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..._base.values import MAIN
from .._managers.interface import HEADER
from .._managers.pieces import Item, Piece
from .keyfile import SECTIONS, Entry, text

LOOPBACK = "lo"
#: Our own profile for the loopback device, where no other is active there; the uuid is one of its host alone.
OWN_FILE = "l3host.source_ip-lo.nmconnection"
OWN_ID = "l3host.source_ip-lo"
OWN_UUID = "6a0b2f5e-4f0d-5c55-9d1b-133000000133"
#: Metric of a route -> is it a switch; all that NetworkManager's attributes of routes have.
METRICS = {
    "mtu": False,
    "window": False,
    "cwnd": False,
    "advmss": False,
    "initcwnd": False,
    "initrwnd": False,
    "rto_min": False,
    "quickack": True,
}
#: Key of a rule -> its word, in the order in which `nmcli` writes them.
RULES = {
    "priority": "priority",
    "not": "not",
    "from": "from",
    "to": "to",
    "tos": "tos",
    "ipproto": "ipproto",
    "fwmark": "fwmark",
    "sport": "sport",
    "dport": "dport",
    "iif": "iif",
    "oif": "oif",
    "uidrange": "uidrange",
    "suppress_prefixlength": "suppress_prefixlength",
    "table": "table",
    "action": "type",
}
_EVERYTHING = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
#: What the kernel puts on the loopback device, and NetworkManager's own profile for it has.
_OF_LOOPBACK = (Entry("ipv4", "address", "127.0.0.1/8"), Entry("ipv6", "address", "::1/128"))


def entries_of(piece: Piece) -> list[Entry]:
    """The addresses, routes and rules of a piece."""
    addresses = [_address(one["address"]) for one in piece.addresses]
    return addresses + [_route(one) for one in piece.routes] + [_rule(one) for one in piece.rules]


def own_profile(piece: Piece) -> bytes:
    """A whole profile, for the loopback device."""
    ours = [*_OF_LOOPBACK, *entries_of(piece)]
    head = [
        HEADER.decode(),
        "[connection]",
        f"id={OWN_ID}",
        f"uuid={OWN_UUID}",
        "type=loopback",
        f"interface-name={LOOPBACK}",
    ]
    parts = list(text(ours, first=1))
    for section in SECTIONS:
        parts.insert(parts.index(f"[{section}]") + 1, "method=manual")
    return "".join(f"{line}\n" for line in [*head, *parts]).encode("ascii")


def _section(address: str) -> str:
    return "ipv6" if ":" in address else "ipv4"


def _address(address: str) -> Entry:
    return Entry(_section(address), "address", address)


def _route(route: Item) -> Entry:
    section = route["family"]
    none = "::" if section == "ipv6" else "0.0.0.0"
    # The metric always: without one NetworkManager takes that of the profile.
    value = f"{route['destination']},{route['gateway'] or none},{route['metric'] or 0}"
    # So the table: a profile may have one for all of its routes.
    options = {"src": route["source"], "table": str(route["table"] or MAIN)}
    if route["onlink"]:
        options["onlink"] = "true"
    for name, number in (route["metrics"] or {}).items():
        options[name] = ("true" if number else "false") if METRICS[name] else str(number)
    return Entry(section, "route", value, ",".join(f"{key}={options[key]}" for key in sorted(options)))


def _rule(rule: Item) -> Entry:
    family = rule["family"]
    said = {key: rule[key] for key in RULES if rule[key] is not None}
    for key in ("from", "to"):
        if key in said:
            said[key] = _bare(said[key])
    for key in ("sport", "dport"):
        if key in said:
            first, _dash, last = said[key].partition("-")
            said[key] = first if first == last else said[key]
    if "tos" in said:
        said["tos"] = f"0x{said['tos']:02x}"
    if "from" not in said and "to" not in said:
        # Something has to say the family.
        said["from"] = _EVERYTHING[family]
    words = [RULES[key] if key == "not" else f"{RULES[key]} {said[key]}" for key in RULES if key in said]
    return Entry(family, "routing-rule", " ".join(words))


def _bare(prefix: str) -> str:
    """A host without the length of its address."""
    address, _slash, length = prefix.partition("/")
    return address if length == ("128" if ":" in address else "32") else prefix


def key_of(entry: Entry, table: str = "0", metric: str = "-1") -> tuple[t.Any, ...]:
    """What the kernel tells routes apart by. ``table``, ``metric``: of the profile, for a route that names none."""
    place, _gateway, own, *_rest = [*(part.strip() for part in entry.value.split(",")), "", ""]
    options = dict(part.strip().partition("=")[::2] for part in entry.options.split(","))
    chosen = options.get("table", table) or "0"
    return place, str(MAIN) if chosen == "0" else chosen, own or metric
