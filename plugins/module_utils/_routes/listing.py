# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes listed for the module ``route_info``. PRIVATE to the collection."""

from __future__ import annotations

import functools
import itertools
import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._base.cover import Cover
from .._base.errors import InvalidInput
from .._base.names import TYPES, default_table, number
from .._base.protocols import PROTOCOLS
from .._base.values import (
    BITS,
    DEFAULTS,
    INET,
    INET6,
    Prefix,
    parse_address,
    parse_prefix,
)
from .._host.host import Host, snapshot
from .._netlink import wire
from .._netlink.kernel import Kernel
from . import line as _decode
from .kinds import chunks_of, is_of
from .parts import from_prefix
from .payload import Payload, source_of
from .scan import Scan

_FAMILIES = {"ipv4": (INET,), "ipv6": (INET6,), "any": (INET, INET6)}


def _destinations(texts: t.Iterable[str], families: tuple[int, ...]) -> list[Prefix]:
    found: list[Prefix] = []
    for at, text in enumerate(texts):
        what = f"destinations[{at}]"
        found += [DEFAULTS[family] for family in families] if text == "default" else [parse_prefix(text, what)]
        if found[-1].family not in families:
            raise InvalidInput(f"{what}: {text} is not of the family asked for")
    return found


def _payloads(chunks: t.Iterable[bytes], family: int, within: bool, wanted: list[Prefix]) -> t.Iterator[bytes]:
    if wanted and not within:
        scan = Scan(family, (), frozenset(prefix.key for prefix in wanted))
        for chunk in chunks:
            scan.feed(chunk)
        yield from dict.fromkeys(scan.others)
        return
    inside: Cover[list[None]] = Cover(BITS[family], list)
    for prefix in wanted:
        inside.at(prefix.start, prefix.length)
    met: set[int] = set()  # hashes: the payloads of a full table would be kept in memory
    for chunk in chunks:
        for kind, _flags, _sequence, payload in wire.messages(chunk):
            if kind != wire.RTM_NEWROUTE:
                continue
            if family == INET6:  # whose dump can repeat itself while routes are added
                if hash(payload) in met:
                    continue
                met.add(hash(payload))
            there = wire.destination_of(payload)
            if not wanted or inside.covers(there.start, there.length):
                yield payload


def unicast_routes(host: Host, destinations: t.Iterable[str], within: bool, limit: int) -> t.Iterator[dict[str, t.Any]]:
    """The first ``limit`` unicast routes of all tables to (``within``: or inside) these destinations, as results."""
    found = _destinations(destinations, (INET, INET6))
    names = host.names  # now: a list that is asked for amid another one takes the end of that away
    for family in (INET, INET6):
        inside = [prefix for prefix in found if prefix.family == family]
        if inside:
            chunks = host.kernel.dump_routes(family, None, 0, None, TYPES["unicast"])
            # Without those that a nexthop object makes blackholes.
            found_here = (one for one in _payloads(chunks, family, within, inside) if is_of(one, TYPES["unicast"]))
            for payload in itertools.islice(found_here, limit):
                yield _decode.route(payload, names).result()


def route_info_task(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    """The module ``route_info``. Table, protocol, device and type are filtered by the kernel, the rest here."""
    options = module.params
    host = snapshot(kernel)
    families = _FAMILIES[options["family"]]
    wanted = _destinations(options["destinations"] or (), families)
    table = host.table_or_all(options["table"], options["vrf"], "route_info", default_table(options["type"]))
    protocol = number(options["protocol"], PROTOCOLS, "protocol", 255) if options["protocol"] else 0
    device = host.device(options["device"], "device").index if options["device"] else None
    kind = TYPES[options["type"]] if options["type"] else 0
    source = parse_address(options["source"], "source")[1] if options["source"] else None
    only_for = from_prefix(options["from"], INET6, "from")
    if only_for is not None:
        families = tuple(family for family in families if family == INET6)
    names, limit = host.names, options["limit"]
    found: list[dict[str, t.Any]] = []
    total = 0
    for family in families:
        inside = [prefix for prefix in wanted if prefix.family == family]
        if wanted and not inside:
            continue
        dump = functools.partial(kernel.dump_routes, family, table, protocol, device)
        for payload in _payloads(chunks_of(dump, kind), family, options["within"], inside):
            if not is_of(payload, kind) or (source is not None and source_of(payload) != source):
                continue
            if only_for is not None and (Payload(payload).from_prefix or DEFAULTS[INET6]) != only_for:
                continue
            total += 1
            if len(found) < limit:
                found.append(_decode.route(payload, names).result())
    return {"changed": False, "routes": found, "total": total, "omitted": total - len(found)}
