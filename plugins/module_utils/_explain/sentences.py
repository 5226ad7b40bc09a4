# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Explanations in words: pure functions from what was found to one plain sentence. PRIVATE to the collection."""

from __future__ import annotations

import ipaddress
import typing as t

from .._base.names import NAME_OF_TYPE, table_name
from .._base.values import INET, Address, Rule
from .._routes.values import NextHop, Route
from .._rules.line import line
from .._rules.walk import is_default
from .rfc6724 import (
    SCOPES,
    TEMPORARY,
    Decision,
    Destination,
    common_bits,
    label_of,
    preferred,
    scope_of,
)

KERNEL = 2  # RTPROT_KERNEL
LOCAL = 2  # RTN_LOCAL


def way(rule: Rule | None, table: int | None, route: Route | None, hop: NextHop) -> str:
    """``rule 100 (from all fwmark 0x64 lookup 100), table 100, 198.51.100.0/24 via 10.1.0.254 dev v1``."""
    parts = [rule_words(rule)] if rule and not is_default(rule) else []
    if table:
        parts.append(f"table {table_name(table)}")
    if route:
        words = [] if route.type == 1 else [NAME_OF_TYPE.get(route.type, str(route.type))]
        words.append(route.destination.short)
        if hop.gateway:
            words.append(f"via {'inet6 ' if route.family == INET and ':' in hop.gateway else ''}{hop.gateway}")
        if hop.device:
            words.append(f"dev {hop.device}")
        if route.multipath:
            words.append(f"(one of {len(route.hops)} next hops)")
        if route.nexthop_id:
            words.append(f"(nexthop {route.nexthop_id})")
        parts.append(" ".join(words))
    return ", ".join(parts)


def rule_words(rule: Rule) -> str:
    return f"rule {line(rule).replace(': ', ' (', 1)})"


def bound(source: str) -> str:
    return f"the socket is bound to {source}"


def beside(source: str, option: str) -> str:
    return f"the packet is given the source {source} in {option}"


def led(option: str, device: str, aside: str | None = None) -> str:
    """``aside``: the address that the socket is bound to, and the packet does not get."""
    also = f" and, as it names no source, puts {aside} aside, which the socket is bound to" if aside else ""
    return f"{option} leads the look-up to {device}{also}"


def carried(route: Route, source: str) -> str:
    """The route names its source."""
    if route.type == LOCAL:
        return f"the destination is this host's own address, and the kernel's own route for it carries src {source}"
    if route.protocol == KERNEL:
        return f"the kernel's own route, made with the address {source}, carries src {source}"
    return f"the route carries src {source}"


def of_device(
    source: str, device: str, gateway: str | None, own: t.Iterable[Address], routed: bool, option: str | None = None
) -> str:
    """IPv4, no preferred source: an address of the egress device (``inet_select_addr()`` in net/ipv4/devinet.c).

    ``option``: what leads there, where it is not the socket's own device.
    """
    if not routed:
        why = f"because of {option}" if option else f"for a socket bound to {device}"
        return (
            f"no route leads there by {device}, but {why} IPv4 assumes that the destination "
            f"is on the link, and uses {source}, the first address of {device}"
        )
    which = f"the first address of {device}"
    if gateway and ":" not in gateway:
        holds = any(address.address == source and _holds(address, gateway) for address in own)
        which += " whose subnet holds the gateway" if holds else ", whose subnets do not hold the gateway"
    return f"the route carries no preferred source, so the kernel uses {source}, {which}"


def _holds(address: Address, gateway: str) -> bool:
    network = ipaddress.ip_network(f"{address.peer or address.address}/{address.prefix_length}", strict=False)
    return ipaddress.ip_address(gateway) in network


def of_another(source: str, device: str, holder: str | None, vrf: str | None = None) -> str:
    """IPv4, no preferred source, and none that would do on the egress device. A VRF's own device is asked first."""
    where = f" of {holder}" if holder else ""
    first = f"in vrf {vrf}" if vrf else "on the host"
    return (
        f"the route carries no preferred source and {device} has no address that would do, so the kernel borrows "
        f"{source}{where}, the first that it finds {first}"
    )


def of_left_vrf(source: str, vrf: str, device: str) -> str:
    """IPv4, out of a VRF: the route's own source does not count (``fib_select_path()``; docs/kernels.md says where)."""
    return f"the way leads out of vrf {vrf} by {device}, so the kernel uses {source}, an address of {vrf}"


def itself(source: str) -> str:
    return f"the destination {source} is local to this host, so it is the source as well"


def chosen(decision: Decision | None, to: Destination, source: str) -> str:
    """IPv6, no preferred source: RFC 6724. Without a route (``to.index`` 0) the source is chosen first."""
    start = "the route carries no preferred source, and"
    if not to.index:
        start = "no route is found until the source is known, so IPv6 chooses that first, and"
    if decision is None:
        return f"{start} the kernel chose {source} by RFC 6724"
    if decision.runner_up is None:
        return f"{start} {source} of {decision.winner.device} is the only address that comes into question (RFC 6724)"
    winner, other = decision.winner, decision.runner_up
    if decision.rule == "unknown":
        return (
            f"{start} the kernel chose {source} of {winner.device}; by the rules of RFC 6724 that are known here it "
            f"would have been {other.address} of {other.device}, so why it is {source} is not known"
        )
    if decision.rule == "order":
        which = "the one added last" if winner.device == other.device else "the one it lists first"
        return f"{start} RFC 6724 finds {source} and {other.address} equal, so Linux takes {which}, {source}"
    return (
        f"{start} RFC 6724 rule {decision.rule} ({_preference(decision.rule, winner, other, to)}) prefers "
        f"{source} of {winner.device} to {other.address} of {other.device}"
    )


def _preference(rule: str, winner: Address, other: Address, to: Destination) -> str:
    name = preferred(rule, to) or ""
    if (rule == "7" and to.temporary is not None) or (rule == "4" and to.care_of):
        return f"{name}, as the socket prefers (IPV6_ADDR_PREFERENCES)"
    if rule == "2":
        return f"{name}: {SCOPES.get(scope_of(winner.packed), '?')}"
    if rule == "5":
        return f"{name}: {winner.device}"
    if rule == "6":
        other_label = label_of(other.packed, other.index, to.labels)
        return f"{name}: {to.label}, not {other_label}"
    if rule == "7":
        return _privacy(winner, other)
    if rule == "8":
        lengths = [min(common_bits(one.packed, to.packed), one.prefix_length) for one in (winner, other)]
        return f"{name}: {lengths[0]} bits, not {lengths[1]}"
    return name


def _privacy(winner: Address, other: Address) -> str:
    """Rule 7 asks of each address whether it is what ``use_tempaddr`` of its own device prefers."""
    if winner.flags & TEMPORARY:
        return "a temporary address, by use_tempaddr"
    if other.flags & TEMPORARY:
        return "a public address"
    return f"use_tempaddr prefers temporary addresses on {other.device}, and {other.address} is none"


def stale(
    source: str, named: bool, socket_source: str | None, socket_error: str | None, option: str | None = None
) -> str:
    """The source is no address of the host. ``named``: by a route, not by the question. ``option``: by a packet."""
    if option:
        return f"but the host does not have {source}: a look-up answers, but the kernel refuses such a packet"
    if not named:
        return f"but the host does not have {source}: a look-up answers, but no socket can be bound to it"
    effect = "a look-up answers all the same"
    if socket_source == source:
        effect = "sockets get it all the same, and no answer to it comes back"
    elif socket_error:
        effect = f"a look-up answers all the same, but a socket fails: {socket_error.partition(' (')[0]}"
    remedy = "add the address again or give the route another source"
    return f"but the host does not have {source} any more: {effect}; {remedy}"


def foreign(
    source: str,
    home: str,
    here: str,
    named: bool,
    socket_source: str | None,
    socket_error: str | None,
    option: str | None = None,
) -> str:
    """The source is an address of the host, but of another VRF than the socket: ``vrf red``, ``no vrf``."""
    start = f"but {source} belongs to {home}, and the socket to {here}"
    if option:
        return f"{start}: a look-up answers, but the kernel refuses such a packet"
    if not named:
        return f"{start}: a look-up answers, but no such socket can be bound to it"
    if socket_source == source:
        return f"{start}: sockets get it all the same, and no answer reaches them; give the route another source"
    return f"{start}: a socket fails: {(socket_error or '').partition(' (')[0]}; give the route another source"


def out_of_vrf(vrf: str, device: str) -> str:
    return f"the packet leaves vrf {vrf} by {device}, and an answer that comes by {device} reaches no socket of {vrf}"


def elsewhere(way_out: str, source: str) -> str:
    return f"packets from {source} then leave by {way_out}"


def nowhere(source: str) -> str:
    return f"but packets from {source} are refused"


def others(also: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    return "for other flows " + ", ".join(f"{one['source']} by {one['device']}" for one in also)


def receives(source: str) -> str:
    return f"{source} is a broadcast address: a socket bound to it receives by it, and sends as if it were not bound"


def contradicted(source: str, error: str) -> str:
    return f"the look-up says {source}, but a socket fails: {error.partition(' (')[0]}"


def refuted(source: str) -> str:
    return f"the look-up is refused, but a socket got {source}"


def no_route(
    destination: str, tables: t.Iterable[int], device: str | None, thrown: Route | None, chosen: str | None = None
) -> str:
    names = ", ".join(table_name(table) for table in dict.fromkeys(tables)) or "none"
    by = f" by {device}" if device else ""
    if chosen:
        by += f", nor one for {chosen}, which RFC 6724 would choose"
    end = ""
    if thrown:
        end = f"; throw {thrown.destination.short} ends the search in table {table_name(thrown.table)}"
    return f"none of the tables that the rules lead to ({names}) has a route to {destination}{by}{end}"


def not_own(source: str) -> str:
    return f"{source} is not an address of this host, so the kernel refuses it as a source"


def refused(where: str, text: str) -> str:
    return f"{where}: the kernel refuses to send ({text})"


def loopback(source: str, text: str) -> str:
    return f"IPv4 sends nothing from {source} by a device other than lo ({text})"


def off_the_wire(source: str) -> str:
    return f"{source} is no address for the wire: whoever receives such a packet drops it"
