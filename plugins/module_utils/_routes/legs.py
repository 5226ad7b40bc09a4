# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The legs of a multipath route, one by one. Pure. PRIVATE to the collection.

The legs of an IPv6 multipath route are routes of their own that the kernel holds together (``fib6_siblings``). Those
that were appended may differ in everything but destination and metric: source, protocol, metrics, lifetime, preference.
A dump shows the first leg's only (``rt6_fill_node()`` in net/ipv6/route.c), and one message that writes all legs gives
them one and the same. A look-up that ends at a leg shows that one first, with what it has.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._base.values import INET6
from .._netlink import wire
from .._netlink.wire import Message
from .edit import agrees, echo, edited, requestable
from .payload import HOP_ATTRIBUTES, Attributes, Header, Payload, join, pack_hop, unpack_hops
from .values import Hop, Shape

#: Gateway and device, by which a leg is told from the others.
Way = tuple[t.Any, ...]


def way(hop: Hop) -> Way:
    return hop.gateway, hop.device


def has_legs(payload: Payload) -> bool:
    """Whether it is an IPv6 route whose legs may differ."""
    attrs = payload.attrs
    return payload.header.family == INET6 and wire.RTA_MULTIPATH in attrs and wire.RTA_NH_ID not in attrs


def legs(payload: Payload, seen: t.Mapping[Way, Payload]) -> list[Payload]:
    """The legs in their order, each as a dump would show it alone; empty where they do not differ.

    ``seen``: answers of look-ups, by the way of the leg that they ended at. A leg that no look-up ended at is taken to
    be as the dump says.
    """
    found = []
    for hop, (flags, weight, device, rest) in zip(payload.hops, unpack_hops(payload.attrs[wire.RTA_MULTIPATH])):
        own = seen.get(way(hop), payload)
        attrs = {kind: value for kind, value in own.attrs.items() if kind not in HOP_ATTRIBUTES}
        attrs[wire.RTA_MULTIPATH] = pack_hop(flags, weight, device, rest)
        found.append(Payload(join(own.header._replace(flags=payload.header.flags), attrs)))
    return found if _differ(found) else []


def _differ(found: t.Sequence[Payload]) -> bool:
    return any(_rest(leg) != _rest(found[0]) for leg in found)


def _rest(leg: Payload) -> tuple[Header, Attributes]:
    header, attrs = requestable(leg)
    return header, {kind: value for kind, value in attrs.items() if kind != wire.RTA_MULTIPATH}


def written(requests: t.Sequence[bytes]) -> tuple[Message, ...]:
    """What makes these legs a route, or take the place of one: the first replaces all there are, the rest join it.

    Empty where one message with all of them says the same.
    """
    if not requests or not _differ([Payload(request) for request in requests]):
        return ()
    return tuple(
        Message(wire.RTM_NEWROUTE, wire.NLM_F_CREATE | (wire.NLM_F_APPEND if at else wire.NLM_F_REPLACE), request)
        for at, request in enumerate(requests)
    )


def removed(requests: t.Iterable[bytes]) -> tuple[Message, ...]:
    """What removes these legs: of each the protocol must be the right one."""
    return tuple(Message(wire.RTM_DELROUTE, 0, request) for request in requests)


class Parted(t.NamedTuple):
    """A multipath route from which legs go: the request that makes the rest, and one for each leg that goes."""

    rest: bytes
    gone: list[bytes]


def without(payload: Payload, found: t.Sequence[Payload], shape: Shape) -> Parted | None:
    """The route without the legs that agree with all that the shape names; None where none does, or all do.

    ``found``: its ``legs``. Which legs are meant is told by gateway and device, whatever their weights; where one of
    the shape's next hops is none of them, nothing agrees.
    """
    attrs = payload.attrs
    if wire.RTA_MULTIPATH not in attrs or wire.RTA_NH_ID in attrs:
        return None
    apart = replace(shape, hops=None)
    wanted = shape.hops
    met: set[Hop] = set()
    named = []
    for at, there in enumerate(payload.hops):
        here = [hop for hop in wanted or () if agrees(replace(hop, weight=there.weight), there)]
        met.update(here)
        agreed = wanted is None or bool(here)
        named.append(agreed and not edited(found[at] if found else payload, apart)[1])
    if all(named) or not any(named) or len(met) < len(wanted or ()):
        return None
    header, sent = requestable(payload)
    packed = [pack_hop(*leg) for leg in unpack_hops(sent[wire.RTA_MULTIPATH])]
    alone = [echo(leg) for leg in found] or [join(header, {**sent, wire.RTA_MULTIPATH: leg}) for leg in packed]
    left = b"".join(leg for leg, goes in zip(packed, named) if not goes)
    return Parted(join(header, {**sent, wire.RTA_MULTIPATH: left}), [leg for leg, goes in zip(alone, named) if goes])
