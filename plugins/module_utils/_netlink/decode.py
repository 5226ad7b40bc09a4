# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Payloads of addresses and labels to values; rules are in ``rules``, devices in ``library``. PRIVATE."""

from __future__ import annotations

import socket
import struct
import typing as t

from .._base.values import INET6, Address, Label, Prefix
from .wire import U32, attribute_dict

IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags (the low 8 bits), scope, device index
CACHEINFO = struct.Struct("=IIII")  # struct ifa_cacheinfo: preferred, valid, created, updated
IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_CACHEINFO, IFA_FLAGS, IFA_PROTO = 1, 2, 3, 6, 8, 11
IFA_RT_PRIORITY = 9
FOREVER = 0xFFFFFFFF
_IFAL_ADDRESS, _IFAL_LABEL = 1, 2


class Entry(t.NamedTuple):
    """An address of the host: decoded, and as the kernel dumped it."""

    address: Address
    payload: bytes


def address(payload: bytes, names: t.Mapping[int, str]) -> Address:
    """The address of an RTM_NEWADDR payload; ``names`` maps device indexes to names."""
    family, length, low_flags, scope, index = IFADDRMSG.unpack_from(payload)
    attrs = attribute_dict(payload, IFADDRMSG.size)
    far = attrs[IFA_ADDRESS]
    own = attrs.get(IFA_LOCAL, far)
    flags = U32.unpack(attrs[IFA_FLAGS])[0] if IFA_FLAGS in attrs else low_flags
    preferred, valid = lifetimes(attrs, flags)
    return Address(
        address=socket.inet_ntop(family, own),
        prefix_length=length,
        family=family,
        index=index,
        device=names.get(index, f"if{index}"),
        scope=scope,
        flags=flags if preferred else flags | Address.DEPRECATED,
        label=attrs[IFA_LABEL].rstrip(b"\0").decode(errors="replace") if IFA_LABEL in attrs else None,
        peer=socket.inet_ntop(family, far) if far != own else None,
        preferred_lifetime=None if preferred == FOREVER else preferred,
        valid_lifetime=None if valid == FOREVER else valid,
        protocol=attrs[IFA_PROTO][0] if IFA_PROTO in attrs else None,
        metric=U32.unpack(attrs[IFA_RT_PRIORITY])[0] if IFA_RT_PRIORITY in attrs else None,
    )


def lifetimes(attrs: t.Mapping[int, bytes], flags: int) -> tuple[int, int]:
    """``(preferred, valid)`` of the attributes of an address; FOREVER where they do not end."""
    preferred, valid, _created, _updated = CACHEINFO.unpack(attrs.get(IFA_CACHEINFO, b"\xff" * 16))
    # Of an IPv4 address that is valid for ever the kernel tells only by the flag that it is deprecated.
    return (0 if flags & Address.DEPRECATED else preferred), valid


def label(payload: bytes) -> Label:
    """The entry of an RTM_NEWADDRLABEL payload, for whose ``struct ifaddrlblmsg`` pyroute2 has no decoder."""
    attrs = attribute_dict(payload, 12)
    prefix = Prefix(INET6, attrs.get(_IFAL_ADDRESS, bytes(16)), payload[2])
    return Label(prefix, U32.unpack(attrs[_IFAL_LABEL])[0], U32.unpack_from(payload, 4)[0])
