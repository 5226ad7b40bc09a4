# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests that make, change, restore and remove an address. Pure. PRIVATE to the collection.

Over the payload of RTM_NEWADDR: ``struct ifaddrmsg`` (8 bytes) and its attributes, as in
``include/uapi/linux/if_addr.h``. A change starts from the dumped payload, because whatever a request leaves out
(metric, protocol, lifetimes) the kernel resets.
"""

from __future__ import annotations

import typing as t

from .._base.values import INET, INET6, Address
from .._netlink.decode import (
    CACHEINFO,
    IFA_ADDRESS,
    IFA_CACHEINFO,
    IFA_FLAGS,
    IFA_LABEL,
    IFA_LOCAL,
    IFA_PROTO,
    IFA_RT_PRIORITY,
    IFADDRMSG,
    Entry,
    lifetimes,
)
from .._netlink.wire import (
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    RTM_DELADDR,
    RTM_NEWADDR,
    U32,
    Message,
    attribute,
    attribute_dict,
    attributes,
)
from .items import DEFAULT_METRIC, Item, default_scope, wanted_lifetimes

_IFA_BROADCAST = 4
_MANAGETEMPADDR, _MCAUTOJOIN = 0x100, 0x400
#: Of the flags that a dump shows, those that a request decides; the others are state.
_REQUEST_FLAGS = {
    INET: Address.NOPREFIXROUTE | _MCAUTOJOIN,
    INET6: Address.NODAD | Address.HOMEADDRESS | _MANAGETEMPADDR | Address.NOPREFIXROUTE | _MCAUTOJOIN,
}
_REQUEST_ATTRIBUTES = (
    *(IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, _IFA_BROADCAST, IFA_CACHEINFO),
    *(IFA_FLAGS, IFA_RT_PRIORITY, IFA_PROTO),
)


def _pack(header: t.Sequence[int], attrs: t.Mapping[int, bytes]) -> bytes:
    return IFADDRMSG.pack(*header) + b"".join([attribute(kind, attrs[kind]) for kind in sorted(attrs)])


def new_payload(item: Item) -> bytes:
    """The request that makes this address."""
    flags = Address.NOPREFIXROUTE if item.noprefixroute else 0
    if item.nodad and item.family == INET6:
        flags |= Address.NODAD
    scope = default_scope(item.family, item.packed) if item.scope is None else item.scope
    attrs = {
        IFA_ADDRESS: item.far,
        IFA_LOCAL: item.packed,
        IFA_FLAGS: U32.pack(flags),
        IFA_CACHEINFO: CACHEINFO.pack(*wanted_lifetimes(item, None), 0, 0),
    }
    if item.label:
        attrs[IFA_LABEL] = item.label.encode() + b"\0"
    _set_numbers(attrs, item)
    return _pack((item.family, item.prefix_length, flags & 0xFF, scope, item.index), attrs)


def restoring_payload(payload: bytes, extra_flags: int = 0) -> bytes:
    """The request that makes this dumped address again; lifetimes go on from what was left."""
    header = list(IFADDRMSG.unpack_from(payload))
    attrs = {k: value for k, value in attributes(payload, IFADDRMSG.size) if k in _REQUEST_ATTRIBUTES}
    shown = U32.unpack(attrs[IFA_FLAGS])[0] if IFA_FLAGS in attrs else header[2]
    _set_flags(header, attrs, shown & _REQUEST_FLAGS[header[0]] | extra_flags)
    attrs[IFA_CACHEINFO] = CACHEINFO.pack(*lifetimes(attrs, shown), 0, 0)
    return _pack(header, attrs)


def changed_payload(item: Item, entry: Entry) -> bytes:
    """The request that keeps everything about this entry but what the item names."""
    payload = restoring_payload(entry.payload)
    header = list(IFADDRMSG.unpack_from(payload))
    attrs = attribute_dict(payload, IFADDRMSG.size)
    if item.noprefixroute is not None and item.family == INET6:
        flags = U32.unpack(attrs[IFA_FLAGS])[0] & ~Address.NOPREFIXROUTE
        _set_flags(header, attrs, flags | (Address.NOPREFIXROUTE if item.noprefixroute else 0))
    attrs[IFA_CACHEINFO] = CACHEINFO.pack(*wanted_lifetimes(item, entry.address), 0, 0)
    _set_numbers(attrs, item)
    if item.peer:
        attrs.update({IFA_ADDRESS: item.far, IFA_LOCAL: item.packed})
    return _pack(header, attrs)


def undoing_payload(item: Item, entry: Entry) -> bytes:
    """The request that takes back what ``changed_payload`` does."""
    payload = restoring_payload(entry.payload)
    if item.metric is not None and entry.address.metric is None:
        payload += attribute(IFA_RT_PRIORITY, U32.pack(DEFAULT_METRIC[item.family]))
    return payload


def _set_numbers(attrs: dict[int, bytes], item: Item) -> None:
    """Metric and protocol where they are named; 0 is the kernel's own, which IPv6 has to be told (``rt_priority``)."""
    if item.metric is not None:
        attrs[IFA_RT_PRIORITY] = U32.pack(item.metric or DEFAULT_METRIC[item.family])
    if item.protocol is not None:
        attrs[IFA_PROTO] = bytes((item.protocol,))


def _set_flags(header: list[int], attrs: dict[int, bytes], flags: int) -> None:
    header[2] = flags & 0xFF
    attrs[IFA_FLAGS] = U32.pack(flags)


def addition(payload: bytes) -> Message:
    """Make an address that is not there; EEXIST where it is."""
    return Message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, payload)


def replacement(payload: bytes) -> Message:
    """Change an address that is there."""
    return Message(RTM_NEWADDR, NLM_F_REPLACE, payload)


def removal(payload: bytes) -> Message:
    """Remove the address that a request or a dump describes, told from its twins by prefix length and peer."""
    header = IFADDRMSG.unpack_from(payload)
    attrs = attribute_dict(payload, IFADDRMSG.size)
    return Message(RTM_DELADDR, 0, _pack(header, {k: attrs[k] for k in (IFA_ADDRESS, IFA_LOCAL) if k in attrs}))
