# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The uplinks of a host: the short form of the addresses, routes and rules that several of them need. Pure.

Of each uplink and family:

- a table of its own with a default route by its gateway and the subnets of its addresses, and a rule that sends there
  what has one of its addresses as source. So an answer leaves by the uplink that its question came in by.
- a default route in main, whose metric is by rank: what has no source yet leaves by the first uplink that is up, with
  that one's address.

An uplink in a VRF has its default route there instead, and neither rules nor a route in main.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._base.names import TABLES
from .._base.values import BITS, Prefix, read_interface
from . import fields
from .entry import Entry

KEYS = ("name", "device", "gateway", "addresses", "weight", "table", "vrf", "onlink")
#: The priority of the rules, the table of the first uplink, and the metric in main of the one of the first rank.
PRIORITY, FIRST_TABLE, FIRST_METRIC = 1000, 101, 10
_DYNAMIC = ("auto", "dhcp", "dhcp4", "dhcp6", "ra", "slaac")
_MAX_WEIGHT = 256

Written = list[tuple[str, Any]]


@dataclass
class Expanded:
    """Entries as a user could have written them, each with the name of the uplink that it is of."""

    addresses: Written = field(default_factory=list)
    routes: Written = field(default_factory=list)
    rules: Written = field(default_factory=list)

    def variables(self) -> dict[str, list[Any]]:
        """The same as the variables of a host."""
        kinds = (("addresses", self.addresses), ("routes", self.routes), ("rules", self.rules))
        return {f"source_ip_{kind}": [entry for _where, entry in entries] for kind, entries in kinds}


@dataclass
class _Uplink:
    where: str
    name: str
    device: str
    gateways: dict[str, str]
    addresses: list[tuple[fields.Ip, int]]
    weight: int
    table: int
    vrf: str | None
    onlink: bool | None

    def of(self, family: str) -> list[tuple[fields.Ip, int]]:
        return [one for one in self.addresses if one[0].family == family]


def expand(raw: Written, problems: list[str]) -> Expanded:
    """The entries of uplinks, of those that are good; ``raw``: [(name of the entry, what the user wrote)]."""
    uplinks = []
    for number, (where, value) in enumerate(raw):
        entry = Entry(where, value, KEYS, problems)
        if entry.mapping:
            uplinks.append(_uplink(entry, FIRST_TABLE + number))
    good = [one for one in uplinks if one is not None]
    problems.extend(_twice(good))
    found = Expanded()
    for uplink in good:
        _own(uplink, found)
    for family in fields.FAMILIES:
        # The greatest weight first, of equal ones in the order of writing.
        ranked = sorted((one for one in good if one.weight and not one.vrf), key=lambda one: -one.weight)
        for rank, uplink in enumerate(one for one in ranked if family in one.gateways):
            route = _default(uplink, family)
            found.routes.append((uplink.where, {**route, "metric": FIRST_METRIC * (rank + 1)}))
    return found


def _own(uplink: _Uplink, found: Expanded) -> None:
    """What is the uplink's alone."""
    where = uplink.where
    for address, length in uplink.addresses:
        found.addresses.append((where, {"address": f"{address.text}/{length}", "device": uplink.device}))
    if uplink.vrf:
        found.routes += [(where, {**_default(uplink, family), "vrf": uplink.vrf}) for family in uplink.gateways]
        return
    for family in uplink.gateways:
        found.routes.append((where, {**_default(uplink, family), "table": uplink.table}))
    subnets: dict[Prefix, str] = {}
    for address, length in uplink.addresses:
        subnet = _subnet(address, length)
        if subnet.length < BITS[subnet.family]:
            subnets.setdefault(subnet, address.text)
    for subnet, source in subnets.items():
        route = {"destination": str(subnet), "device": uplink.device, "source": source, "table": uplink.table}
        found.routes.append((where, route))
    for address, _length in uplink.addresses:
        found.rules.append((where, {"from": address.text, "table": uplink.table, "priority": PRIORITY}))


def _default(uplink: _Uplink, family: str) -> dict[str, Any]:
    route = {
        "destination": str(fields.DEFAULT_ROUTE[family]),
        "gateway": uplink.gateways[family],
        "device": uplink.device,
        "source": uplink.of(family)[0][0].text,
    }
    return {**route, "onlink": True} if uplink.onlink else route


def _subnet(address: fields.Ip, length: int) -> Prefix:
    family, packed, _length = read_interface(address.text)
    host = BITS[family] - length
    network = int.from_bytes(packed, "big") >> host << host
    return Prefix(family, network.to_bytes(len(packed), "big"), length)


def _uplink(entry: Entry, table: int) -> _Uplink | None:
    name = entry.take("name", fields.name, required=True)
    if name:
        entry.where = f"{entry.where} ({name})"
    device = entry.take("device", fields.device, required=True)
    gateways = _gateways(entry)
    addresses = [entry.parse("addresses", value, fields.interface_address) for value in entry.take_list("addresses")]
    weight = entry.take("weight", fields.number, 0, _MAX_WEIGHT)
    vrf = entry.take("vrf", fields.device)
    named = entry.take("table", _table)
    onlink = entry.take("onlink", fields.boolean)
    if vrf and named:
        entry.problem("table", "cannot be set together with vrf: a VRF has its own table")
    if not addresses and entry.good:
        entry.problem("addresses", "is required: an uplink without an address of its own cannot be told from another")
    if not entry.good:
        return None
    weight = 1 if weight is None else weight
    uplink = _Uplink(entry.where, name, device, gateways, addresses, weight, named or table, vrf, onlink)
    for family in fields.FAMILIES:
        _check(entry, uplink, family)
    return uplink if entry.good else None


def _check(entry: Entry, uplink: _Uplink, family: str) -> None:
    addresses, gateway = uplink.of(family), uplink.gateways.get(family)
    if addresses and not gateway:
        entry.problem("gateway", f"there is none for {addresses[0][0].text}; name it as gateway.{family}")
    if gateway and not addresses:
        entry.problem("addresses", f"there is none of the family of the gateway {gateway}")
    if not (gateway and addresses) or uplink.onlink or gateway.startswith("fe80:"):
        return
    host = _subnet(fields.address(gateway), BITS[read_interface(gateway)[0]])
    if not any(_subnet(*one).covers(host) for one in addresses):
        entry.problem(
            "gateway",
            f"{gateway} is in no subnet of {', '.join(f'{one.text}/{length}' for one, length in addresses)}: write the "
            "addresses with the length of their subnet, or set onlink: true for a gateway outside of it",
        )


def _gateways(entry: Entry) -> dict[str, str]:
    given = entry.raw.get("gateway")
    if given is None:
        entry.problem("gateway", "is required: one address, or a mapping with ipv4 and ipv6")
        return {}
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else {"": given}
    found: dict[str, str] = {}
    for family, value in said.items():
        name = f"gateway.{family}" if family else "gateway"
        if family and family not in fields.FAMILIES:
            entry.problem(name, "is not a known key; known keys: ipv4, ipv6")
        elif str(value).lower() in _DYNAMIC:
            entry.problem(
                name,
                f"{fields.show(value)}: a gateway that DHCP or router advertisements bring is not followed; write its "
                "address",
            )
        elif value is not None:
            gateway = entry.parse(name, value, fields.gateway)
            if gateway and family not in ("", gateway.family):
                entry.problem(name, f"{gateway.text} is not of this family")
            elif gateway:
                found[gateway.family] = gateway.text
    return found


def _table(value: Any) -> int:
    found = fields.number(value, 1, fields.MAX_U32)
    if found in TABLES.values():
        raise fields.FieldError(f"{found} is a table of the kernel's own; an uplink has one to itself")
    return found


def _twice(uplinks: list[_Uplink]) -> list[str]:
    seen: dict[tuple[str, Any], str] = {}
    problems = []
    for uplink in uplinks:
        keys: list[tuple[str, Any]] = [("name", uplink.name)]
        keys += [("addresses", address.text) for address, _length in uplink.addresses]
        if not uplink.vrf:
            keys.append(("table", uplink.table))
        for key in keys:
            before = seen.setdefault(key, uplink.where)
            if before != uplink.where:
                problems.append(f"{uplink.where}.{key[0]}: {key[1]} is that of {before} already")
    return problems
