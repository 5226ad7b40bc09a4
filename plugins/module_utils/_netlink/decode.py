# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of devices, addresses, rules and labels to values. PRIVATE to the collection."""

from __future__ import annotations

import socket
import struct
import typing as t

from .._base.values import INET6, Address, Label, Link, Prefix, Rule
from .library import device_message, rule_message
from .wire import U32, attributes

IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags (the low 8 bits), scope, device index
CACHEINFO = struct.Struct("=IIII")  # struct ifa_cacheinfo: preferred, valid, created, updated
IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_CACHEINFO, IFA_FLAGS, IFA_PROTO = 1, 2, 3, 6, 8, 11
FOREVER = 0xFFFFFFFF
_ALL_BITS = 0xFFFFFFFF
_IFAL_ADDRESS, _IFAL_LABEL = 1, 2
_RULE_ACTIONS = {1: "lookup", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}


class Entry(t.NamedTuple):
    """An address of the host: decoded, and as the kernel dumped it."""

    address: Address
    payload: bytes


def link(message: bytes) -> Link:
    """The device of an RTM_NEWLINK."""
    found = device_message(message)
    info = found.get_attr("IFLA_LINKINFO")
    table = None
    if info is not None and info.get_attr("IFLA_INFO_KIND") == "vrf":
        data = info.get_attr("IFLA_INFO_DATA")
        table = data.get_attr("IFLA_VRF_TABLE") if data is not None else None
    properties = found.get_attr("IFLA_PROP_LIST")
    return Link(
        index=found["index"],
        name=found.get_attr("IFLA_IFNAME"),
        master=found.get_attr("IFLA_MASTER") or 0,
        table=table,
        running=bool(found["flags"] & 0x40),
        altnames=tuple(properties.get_attrs("IFLA_ALT_IFNAME")) if properties is not None else (),
    )


def address(payload: bytes, names: t.Mapping[int, str]) -> Address:
    """The address of an RTM_NEWADDR payload; ``names`` maps device indexes to names."""
    family, length, low_flags, scope, index = IFADDRMSG.unpack_from(payload)
    attrs = dict(attributes(payload, IFADDRMSG.size))
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
        label=attrs[IFA_LABEL].rstrip(b"\0").decode() if IFA_LABEL in attrs else None,
        peer=socket.inet_ntop(family, far) if far != own else None,
        preferred_lifetime=None if preferred == FOREVER else preferred,
        valid_lifetime=None if valid == FOREVER else valid,
        protocol=attrs[IFA_PROTO][0] if IFA_PROTO in attrs else None,
    )


def lifetimes(attrs: t.Mapping[int, bytes], flags: int) -> tuple[int, int]:
    """``(preferred, valid)`` of the attributes of an address; FOREVER where they do not end."""
    preferred, valid, _created, _updated = CACHEINFO.unpack(attrs.get(IFA_CACHEINFO, b"\xff" * 16))
    # Of an IPv4 address that is valid for ever the kernel tells only by the flag that it is deprecated.
    return (0 if flags & Address.DEPRECATED else preferred), valid


def label(payload: bytes) -> Label:
    """The entry of an RTM_NEWADDRLABEL payload, for whose ``struct ifaddrlblmsg`` pyroute2 has no decoder."""
    attrs = dict(attributes(payload, 12))
    prefix = Prefix(INET6, attrs.get(_IFAL_ADDRESS, bytes(16)), payload[2])
    return Label(prefix, U32.unpack(attrs[_IFAL_LABEL])[0], U32.unpack_from(payload, 4)[0])


def _range(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, _colon, last = text.partition(":")
    return int(first), int(last)


def rule(message: bytes) -> Rule:
    """The policy rule of an RTM_NEWRULE."""
    found = rule_message(message)
    family = found["family"]

    def prefix(name: str, length: str) -> Prefix | None:
        text = found.get_attr(name)
        return Prefix(family, socket.inet_pton(family, text), found[length]) if text else None

    mark = found.get_attr("FRA_FWMARK")
    mask = found.get_attr("FRA_FWMASK")
    suppress = found.get_attr("FRA_SUPPRESS_PREFIXLEN")
    return Rule(
        family=family,
        priority=found.get_attr("FRA_PRIORITY") or 0,
        action=_RULE_ACTIONS.get(found["action"], str(found["action"])),
        table=found.get_attr("FRA_TABLE") or found["table"] or None,
        source=prefix("FRA_SRC", "src_len"),
        destination=prefix("FRA_DST", "dst_len"),
        iif=found.get_attr("FRA_IIFNAME"),
        oif=found.get_attr("FRA_OIFNAME"),
        mark=mark,
        mask=_ALL_BITS if mask is None else mask,
        tos=found["tos"],
        ip_protocol=found.get_attr("FRA_IP_PROTO") or None,
        source_ports=_range(found.get_attr("FRA_SPORT_RANGE")),
        destination_ports=_range(found.get_attr("FRA_DPORT_RANGE")),
        uids=_range(found.get_attr("FRA_UID_RANGE")),
        goto=found.get_attr("FRA_GOTO"),
        invert=bool(found["flags"] & 2),
        l3mdev=bool(found.get_attr("FRA_L3MDEV")),
        suppress_prefixlength=None if suppress in (None, _ALL_BITS) else suppress,
        protocol=found.get_attr("FRA_PROTOCOL") or 0,
    )
