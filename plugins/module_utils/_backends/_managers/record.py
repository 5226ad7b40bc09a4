# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of what a manager was given: so that exactly that can go again. Pure. PRIVATE to the collection.

It lies in a file of its own, changed in one piece with the manager's.
"""

from __future__ import annotations

import json
import typing as t

from ..._base.errors import SourceIPError
from ..._base.protocols import OWN_PROTOCOL
from .pieces import Item, Piece, rule_item

VERSION = 1
_ROUTE = ("destination", "table", "metric", "device", "source")


class Record(t.NamedTuple):
    """``addresses``: {address, device} of those that were not there before; ``routes``: {destination, table, metric,
    device, source}; ``notes``: what a manager has to know of an earlier run beside these, as it wrote them; ``rules``:
    {device, rule: item of the module `rule`} of those that were not there before."""

    addresses: list[Item]
    routes: list[Item]
    notes: dict[str, t.Any]
    rules: t.Sequence[Item] = ()

    @property
    def kinds(self) -> tuple[t.Sequence[Item], ...]:
        """The lists, each of entries with a device."""
        return self.addresses, self.routes, self.rules

    def __bool__(self) -> bool:
        return any(self)


def parse(content: bytes | None, path: str) -> Record:
    """The record of a file's content; empty where there is none. SourceIPError for what is not a record."""
    if not content:
        return Record([], [], {})
    try:
        found = json.loads(content)
        if found["version"] != VERSION:
            raise ValueError(f"version {found['version']}")
        # Records of earlier runs may have no rules.
        rules = list(found.get("rules", ()))
        return Record(list(found["addresses"]), list(found["routes"]), dict(found["notes"]), rules)
    except (ValueError, KeyError, TypeError) as error:
        raise SourceIPError(
            f"the record {path} on the host cannot be read ({error!r}); remove the file to start anew, and by hand "
            "what an earlier intent left"
        ) from error


def text(record: Record) -> bytes | None:
    """The content of the file; None for a record of nothing, which is no file."""
    if not record:
        return None
    return (json.dumps({"version": VERSION, **record._asdict()}, sort_keys=True, indent=1) + "\n").encode()


def made(
    former: Record,
    pieces: t.Iterable[Piece],
    created: t.Collection[tuple[str, str]],
    notes: dict[str, t.Any],
    created_rules: t.Sequence[Item] = (),
) -> Record:
    """The record of these pieces. ``created``: (address, device) of those that the host does not have yet.

    ``created_rules``: items of the rules that it does not have yet.
    """
    ours = {*created, *((one["address"], one["device"]) for one in former.addresses)}
    addresses = [
        {"address": one["address"], "device": one["device"]}
        for piece in pieces
        for one in piece.addresses
        if (one["address"], one["device"]) in ours
    ]
    routes = [{key: route[key] for key in _ROUTE} for piece in pieces for route in piece.routes]
    known = [*created_rules, *(one["rule"] for one in former.rules)]
    rules = [
        {"device": piece.device, "rule": rule_item(one)}
        for piece in pieces
        for one in piece.rules
        if rule_item(one) in known
    ]
    return Record(addresses, routes, notes, rules)


def gone(former: Record, now: Record) -> Record:
    """What the former record names and this one does not: it has to be gone from the kernel.

    A route that has another source now is ``superseded``: only with its former source does it go.
    """
    addresses = [one for one in former.addresses if one not in now.addresses]
    kept = {_key(one): one["source"] for one in now.routes}
    routes = [one for one in former.routes if _key(one) not in kept]
    routes += [{**one, "superseded": True} for one in former.routes if kept.get(_key(one)) not in (None, one["source"])]
    there = [one["rule"] for one in now.rules]
    return Record(addresses, routes, {}, [one for one in former.rules if one["rule"] not in there])


def stale_routes(record: Record, protocol: int) -> list[Item]:
    """Its routes as entries of the module `route` that take away; only those with the manager's protocol number.

    Where others have routes with that number too, or a route of ours has its place now, only those with the source that
    we gave them.
    """
    found = []
    for one in record.routes:
        item = {"destination": one["destination"], "metric": one["metric"]}
        if protocol != OWN_PROTOCOL or one.get("superseded"):
            item["source"] = one["source"]
        if one["table"] is not None:
            item["table"] = str(one["table"])
        found.append({**item, "protocol": str(protocol), "state": "absent"})
    return found


def stale_addresses(record: Record) -> list[Item]:
    """Its addresses as entries of the module `address` that take away."""
    return [{**one, "state": "absent"} for one in record.addresses]


def stale_rules(record: Record, protocol: int) -> list[Item]:
    """Its rules as entries of the module `rule` that take away; only those with the manager's protocol number."""
    return [{**one["rule"], "protocol": str(protocol), "state": "absent"} for one in record.rules]


def _key(route: t.Mapping[str, t.Any]) -> tuple[t.Any, ...]:
    return route["table"], route["destination"], route["metric"]
