# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A nexthop object as bytes, and what they say. Pure. PRIVATE to the collection.

The payload of RTM_NEWNEXTHOP: ``struct nhmsg`` (8 bytes) and its attributes, as in ``include/uapi/linux/nexthop.h``.
"""

from __future__ import annotations

import functools
import struct
import typing as t

from .._base.names import SCOPES
from .._base.values import INET, INET6
from .._netlink.wire import U32, attribute, attribute_dict
from .._routes.payload import RTNH_F_ONLINK
from .._routes.values import Hop

NHMSG = struct.Struct("=BBBBI")  # family, scope, protocol, reserved, flags
NHA_ID, NHA_GROUP, NHA_GROUP_TYPE, NHA_BLACKHOLE, NHA_OIF, NHA_GATEWAY, NHA_ENCAP_TYPE, NHA_ENCAP = range(1, 9)
_NHA_FDB, _NHA_RES_GROUP = 11, 12
# Of a resilient group: buckets and two timers. A dump has more, among it padding where the machine wants it aligned.
_RES_REQUESTED = (1, 2, 3)
_NESTED = 0x8000  # NLA_F_NESTED
_GROUP = struct.Struct("=IBBH")  # struct nexthop_grp: id, the low and the high byte of weight - 1, reserved
_REQUESTED = (
    *(NHA_ID, NHA_GROUP, NHA_GROUP_TYPE, NHA_BLACKHOLE, NHA_OIF, NHA_GATEWAY, NHA_ENCAP_TYPE, NHA_ENCAP),
    *(_NHA_FDB, _NHA_RES_GROUP),
)

Attributes = dict[int, bytes]


class Nexthop:
    """An object as dumped, or as a request that makes it; taken apart once."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.family, self.scope, self.protocol, _reserved, self.flags = NHMSG.unpack_from(raw)
        self.attrs: Attributes = attribute_dict(raw, NHMSG.size)

    @property
    def id(self) -> int:
        return t.cast(int, U32.unpack(self.attrs[NHA_ID])[0])

    @property
    def blackhole(self) -> bool:
        return NHA_BLACKHOLE in self.attrs

    @functools.cached_property
    def group(self) -> dict[int, int] | None:
        """Weights by the numbers of its members; None of an object that is no group."""
        if NHA_GROUP not in self.attrs:
            return None
        members = _GROUP.iter_unpack(self.attrs[NHA_GROUP])
        return {number: (high << 8 | low) + 1 for number, low, high, _reserved in members}

    @functools.cached_property
    def hop(self) -> Hop:
        attrs = self.attrs
        gateway = attrs.get(NHA_GATEWAY)
        kind = struct.unpack("=H", attrs[NHA_ENCAP_TYPE])[0] if NHA_ENCAP_TYPE in attrs else 0
        return Hop(
            gateway=(INET if len(gateway) == 4 else INET6, gateway) if gateway else None,
            device=U32.unpack(attrs[NHA_OIF])[0] if NHA_OIF in attrs else None,
            onlink=bool(self.flags & RTNH_F_ONLINK),
            encap=(kind, attrs.get(NHA_ENCAP, b"")) if kind else None,
        )

    @property
    def own_scope(self) -> int:
        """The scope that the kernel gives to it (``nh_create_ipv4()`` in net/ipv4/nexthop.c)."""
        if NHA_OIF not in self.attrs:
            return SCOPES["global"]
        return SCOPES["host"] if self.family == INET and NHA_GATEWAY not in self.attrs else SCOPES["link"]

    @property
    def requested(self) -> Attributes:
        """The attributes of a request that makes it again."""
        attrs = {kind: value for kind, value in self.attrs.items() if kind in _REQUESTED}
        if _NHA_RES_GROUP in attrs:
            kept = [one for one in attribute_dict(attrs[_NHA_RES_GROUP]).items() if one[0] in _RES_REQUESTED]
            attrs[_NHA_RES_GROUP] = b"".join([attribute(kind, value) for kind, value in kept])
        return attrs

    def request(self) -> bytes:
        """What makes it again: a dump says its scope, and states of its link, which a request may not."""
        return join(self.family, self.protocol, self.flags & RTNH_F_ONLINK, self.requested)


def join(family: int, protocol: int, flags: int, attrs: Attributes) -> bytes:
    """A request; the kernel wants to be told of these attributes which are nested."""
    packed = [attribute(kind | _NESTED if kind in (NHA_ENCAP, _NHA_RES_GROUP) else kind, attrs[kind]) for kind in attrs]
    return NHMSG.pack(family, 0, protocol, 0, flags) + b"".join(packed)


def pack_group(weights: t.Mapping[int, int]) -> bytes:
    return b"".join(
        [_GROUP.pack(number, (weight - 1) & 0xFF, (weight - 1) >> 8, 0) for number, weight in weights.items()]
    )


def pack_hop(hop: Hop) -> tuple[int, Attributes]:
    """``(flags, attributes)`` of a single way out."""
    attrs: Attributes = {}
    if hop.device:
        attrs[NHA_OIF] = U32.pack(hop.device)
    if hop.gateway:
        attrs[NHA_GATEWAY] = hop.gateway[1]
    if hop.encap and hop.encap[0]:
        attrs[NHA_ENCAP] = hop.encap[1]
        attrs[NHA_ENCAP_TYPE] = struct.pack("=H", hop.encap[0])
    return RTNH_F_ONLINK if hop.onlink else 0, attrs
