# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A piece of the intent in the words of systemd.network(5). Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..._base.protocols import OWN_PROTOCOL
from .._managers.interface import HEADER
from .._managers.pieces import Item, Piece

#: The name of each file that we put beside one of the operator's, and the last one of a device that has none: an own
#: file that sorts late gives way to one that the operator may write later.
DROP_IN = "50-l3host.source_ip.conf"
OWN_FILE = "95-l3host.source_ip-{device}.network"
#: Beside the operator's file, below /run, while networkd reads: when anything in the files of a device has changed, it
#: takes away the addresses that others have put there (252, 257), and before 257 also the device's own IPv4 addresses,
#: to add them again (252 does, 257 does not).
KEEP = "49-l3host.source_ip-keep.conf"
#: Metric of a route -> (its key, is it a switch); what networkd has had since 249 (254 and later have some more).
METRICS = {
    "mtu": ("MTUBytes", False),
    "advmss": ("TCPAdvertisedMaximumSegmentSize", False),
    "initcwnd": ("InitialCongestionWindow", False),
    "initrwnd": ("InitialAdvertisedReceiveWindow", False),
    "quickack": ("QuickAck", True),
}
#: Key of a rule -> its key. As 249 has them; what an action does is `Type=`.
RULES = {
    "from": "From",
    "to": "To",
    "tos": "TypeOfService",
    "fwmark": "FirewallMark",
    "iif": "IncomingInterface",
    "oif": "OutgoingInterface",
    "uidrange": "User",
    "ipproto": "IPProtocol",
    "sport": "SourcePort",
    "dport": "DestinationPort",
    "priority": "Priority",
    "table": "Table",
    "suppress_prefixlength": "SuppressPrefixLength",
    "action": "Type",
}


def drop_in(piece: Piece) -> bytes:
    """What stands beside the .network file of the piece's device."""
    return _text([HEADER.decode(), *_sections(piece)])


def own_file(piece: Piece) -> bytes:
    """A whole .network file, for a device that no other file matches.

    To manage a device is to take away what others gave it, which is not what we are asked for: KeepConfiguration=.
    """
    head = ["", "[Match]", f"Name={piece.device}", "", "[Network]", "KeepConfiguration=yes"]
    return _text([HEADER.decode(), *head, *_sections(piece)])


def keep() -> bytes:
    """What keeps the addresses of a device in their place while networkd reads."""
    return _text([HEADER.decode(), "", "[Network]", "KeepConfiguration=static"])


def _text(lines: t.Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _sections(piece: Piece) -> t.Iterator[str]:
    for address in piece.addresses:
        yield from ("", "[Address]", f"Address={address['address']}")
    for route in piece.routes:
        yield from ("", *_route(route))
    for rule in piece.rules:
        yield from ("", *_rule(rule))


def _rule(rule: Item) -> t.Iterator[str]:
    yield "[RoutingPolicyRule]"
    if not rule["from"] and not rule["to"]:
        yield f"Family={rule['family']}"
    if rule["not"]:
        yield "InvertRule=yes"
    for key, name in RULES.items():
        if rule[key] is not None:
            yield f"{name}={rule[key]}"


def _route(route: Item) -> t.Iterator[str]:
    yield "[Route]"
    yield f"Destination={route['destination']}"
    if route["nexthops"]:
        for hop in route["nexthops"]:
            weight = f" {hop['weight']}" if hop["weight"] else ""
            yield f"MultiPathRoute={hop['gateway']}@{hop['device']}{weight}"
    elif route["gateway"]:
        yield f"Gateway={route['gateway']}"
        if route["onlink"]:
            yield "GatewayOnLink=yes"
    yield f"PreferredSource={route['source']}"
    if route["metric"]:
        yield f"Metric={route['metric']}"
    # Always: in the file of a device that belongs to a VRF, the VRF's own table would be the default.
    yield f"Table={route['table'] or 'main'}"
    # Our own number, so that these are ours in the kernel too.
    yield f"Protocol={OWN_PROTOCOL}"
    for name, value in sorted((route["metrics"] or {}).items()):
        key, switch = METRICS[name]
        yield f"{key}={('yes' if value else 'no') if switch else value}"
