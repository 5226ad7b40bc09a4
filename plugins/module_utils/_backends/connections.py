# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections that are open now, against an intent or what a task expects: the module ``socket_info``. PRIVATE.

Reads only. Connections that differ keep their source until somebody closes them.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._base.errors import InvalidInput
from .._base.values import Query
from .._explain.lookups import Lookups
from .._host.host import Host, snapshot
from .._intent.devices import with_first_names
from .._intent.options import LISTS
from .._intent.policy import prefix_of
from .._netlink.diag import Diagnostics
from .._netlink.kernel import Kernel
from .._routes import line
from .._sockets import listing
from .._sockets.judge import Expected, Judgement, Sources, differing, expectations
from .._sockets.listing import Wanted
from .._sockets.message import Socket
from .expected import IntentSources
from .interface import Intent
from .task import intent_of

#: Up to so many destinations of an intent the kernel picks the connections to them, which is faster than we are.
FEW_DESTINATIONS = 256
_Row = dict[str, t.Any]


class Looked:
    """``expected_source_of`` of an intent: asks the kernel for the route of each destination that the intent is about.

    One look-up for each destination, device, mark and user, and for ports and protocols where policy rules tell them
    apart; some 10 µs each.
    """

    def __init__(self, host: Host, intent: Intent, backend: str | None) -> None:
        self._host = host
        self._lookups = Lookups(host)
        self.intent = IntentSources(intent, backend, host.vrfs)
        self._known: dict[t.Any, Sources] = {}
        self._routes: dict[bytes, _Row] = {}
        self._by_rules: dict[int, bool] = {}

    def __call__(self, socket: Socket) -> Sources:
        flow = (socket.protocol, socket.source_port, socket.destination_port) if self._ports(socket.family) else ()
        key = (socket.destination, socket.device, socket.mark, socket.uid, flow)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._ask(socket, bool(flow))
        return found

    def _ports(self, family: int) -> bool:
        """Whether a rule of this family looks at protocols or ports."""
        if family not in self._by_rules:
            self._by_rules[family] = any(
                rule.ip_protocol or rule.source_ports or rule.destination_ports for rule in self._host.rules(family)
            )
        return self._by_rules[family]

    def _ask(self, socket: Socket, ports: bool) -> Sources:
        if not self.intent.speaks_of(socket.destination):
            return ()
        query = Query(
            socket.family,
            socket.destination,
            device=socket.device or None,
            mark=socket.mark or None,
            uid=socket.uid,
            ip_protocol=socket.protocol if ports else None,
            source_port=socket.source_port if ports else None,
            destination_port=socket.destination_port if ports else None,
        )
        vrf = self._host.domain_of(socket.device)
        return self.intent.sources(socket.destination, vrf.name if vrf else None, self._route(query))

    def _route(self, query: Query) -> _Row | None:
        """The route as `route_info` has it, decoded once for all destinations behind it."""
        payload = self._lookups.matching(query)
        if payload is None:
            return None
        found = self._routes.get(payload)
        if found is None:
            found = self._routes[payload] = line.route(payload, self._host.names).result()
        return found


def judge(
    host: Host,
    diagnostics: Diagnostics,
    expected_source_of: t.Callable[[Socket], Sources],
    which: Wanted,
    incoming: bool = False,
) -> Judgement:
    """Those of the connections that have another source than expected; ``incoming``: also where we are the server."""
    servers = None if incoming else listing.listeners(diagnostics, which.protocols)
    own = {address.packed for address in host.addresses}
    return differing(listing.read(diagnostics, which), expected_source_of, own, servers)


def connections(host: Host, intent: Intent, backend: str | None, limit: int = 200) -> _Row:
    """The open connections against an intent, as the audit has them: ``{checked, incoming, omitted, differing}``.

    ``differing``: up to ``limit`` rows ``{protocol, source, sport, destination, dport, device, vrf, expected, process,
    unit}``.
    """
    looked = Looked(host, intent, backend)
    with Diagnostics() as diagnostics:
        found = judge(host, diagnostics, looked, _narrowed(Wanted(), looked.intent))
    rows = []
    for row in _rows(found, host, limit, None):
        short = {key: row[key] for key in ("protocol", "source", "destination", "device", "vrf", "process", "unit")}
        ports = {"sport": row["source_port"], "dport": row["destination_port"]}
        rows.append({**short, **ports, "expected": row["expected"]})
    omitted = len(found.differing) - len(rows)
    return {"checked": found.checked, "incoming": found.incoming, "omitted": omitted, "differing": rows}


def socket_info(module: AnsibleModule, kernel: Kernel) -> _Row:
    """The module ``socket_info``."""
    options = module.params
    host, which, limit = snapshot(kernel), listing.wanted(options), options["limit"]
    if limit < 0:
        raise InvalidInput(f"limit: {limit} is less than none")
    with Diagnostics() as diagnostics:
        if options["expect"] is None and not _compares(options):
            return _listed(host, diagnostics, which, limit, options["process"])
        if options["expect"] is not None:
            entries = expectations(options["expect"], "expect")
            for number, entry in enumerate(entries):
                if entry.vrf is not None:
                    entries[number] = entry._replace(vrf=host.vrf(entry.vrf, f"expect[{number}].vrf").name)
            expected: t.Callable[[Socket], Sources] = Expected(entries, host.links)
        else:
            intent = with_first_names(intent_of(module, None), host.first_name)
            expected = looked = Looked(host, intent, options["backend"])
            which = _narrowed(which, looked.intent)
        found = judge(host, diagnostics, expected, which, options["incoming"])
    rows = _rows(found, host, limit, options["process"])
    return {
        "changed": False,
        "checked": found.checked,
        "incoming": found.incoming,
        "differing": rows,
        "differing_count": len(found.differing),
        "omitted": len(found.differing) - len(rows),
    }


def _compares(options: t.Mapping[str, t.Any]) -> bool:
    """Whether a task has an intent: it says so, or it names one."""
    if options["intent"] is not None:
        return bool(options["intent"])
    return any(options[name] is not None for name in (*LISTS, "document"))


def _listed(host: Host, diagnostics: Diagnostics, which: Wanted, limit: int, process: bool | None) -> _Row:
    shown: list[Socket] = []
    total = 0
    for one in listing.read(diagnostics, which):
        total += 1
        if total <= limit:
            shown.append(one)
    holders = listing.processes(shown, process)
    rows = [listing.result(one, host, holders.get(one.inode)) for one in shown]
    return {"changed": False, "sockets": rows, "total": total, "omitted": total - len(rows)}


def _rows(found: Judgement, host: Host, limit: int, process: bool | None) -> list[_Row]:
    shown = found.differing[:limit]
    holders = listing.processes([one.socket for one in shown], process)
    return [
        {**listing.result(one.socket, host, holders.get(one.socket.inode)), "expected": one.expected} for one in shown
    ]


def _narrowed(which: Wanted, intent: IntentSources) -> Wanted:
    """The same, where nothing else was asked for only to the destinations of the intent, if these are few."""
    if which.filter.destinations or not 0 < len(intent.destinations) <= FEW_DESTINATIONS:
        return which
    prefixes = tuple(prefix_of(text) for text in sorted(intent.destinations))
    return which._replace(filter=which.filter._replace(destinations=prefixes))
