# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests that make and remove a rule. Pure. PRIVATE to the collection.

A rule that is there is removed and made again by the payload it was dumped as, so that nothing of it is lost, whether
this release has a name for it or not. ``fib_nl2rule()`` in net/core/fib_rules.c.
"""

from __future__ import annotations

from .._base.values import Rule
from .._netlink.rules import (
    ACTIONS,
    BE64,
    FIB_RULE_HDR,
    FIB_RULE_INVERT,
    FRA_DPORT_RANGE,
    FRA_DSCP,
    FRA_DST,
    FRA_FLOW,
    FRA_FWMARK,
    FRA_FWMASK,
    FRA_GOTO,
    FRA_IIFNAME,
    FRA_IP_PROTO,
    FRA_L3MDEV,
    FRA_OIFNAME,
    FRA_PAD,
    FRA_PRIORITY,
    FRA_PROTOCOL,
    FRA_SPORT_RANGE,
    FRA_SRC,
    FRA_SUPPRESS_IFGROUP,
    FRA_SUPPRESS_PREFIXLEN,
    FRA_TABLE,
    FRA_TUN_ID,
    FRA_UID_RANGE,
    U16_RANGE,
    U32_RANGE,
)
from .._netlink.wire import (
    NLM_F_CREATE,
    RTM_DELRULE,
    RTM_NEWRULE,
    U32,
    Message,
    attribute,
    attribute_dict,
)


def new_payload(rule: Rule) -> bytes:
    """The request that makes this rule."""
    attrs: dict[int, bytes] = {FRA_PRIORITY: U32.pack(rule.priority), FRA_PROTOCOL: bytes((rule.protocol,))}
    lengths = []
    for kind, prefix in ((FRA_DST, rule.destination), (FRA_SRC, rule.source)):
        lengths.append(prefix.length if prefix else 0)
        if prefix and prefix.length:
            attrs[kind] = prefix.packed
    for kind, name in ((FRA_IIFNAME, rule.iif), (FRA_OIFNAME, rule.oif)):
        if name:
            attrs[kind] = name.encode("utf-8", "surrogateescape") + b"\0"
    if rule.mark is not None:
        attrs[FRA_FWMARK], attrs[FRA_FWMASK] = U32.pack(rule.mark), U32.pack(rule.mask)
    numbers = (
        (FRA_GOTO, rule.goto),
        (FRA_FLOW, rule.realms or None),
        (FRA_SUPPRESS_IFGROUP, rule.suppress_ifgroup),
        (FRA_SUPPRESS_PREFIXLEN, rule.suppress_prefixlength),
        (FRA_TABLE, rule.table),
    )
    attrs.update({kind: U32.pack(value) for kind, value in numbers if value is not None})
    if rule.uids:
        attrs[FRA_UID_RANGE] = U32_RANGE.pack(*rule.uids)
    for kind, ports in ((FRA_SPORT_RANGE, rule.source_ports), (FRA_DPORT_RANGE, rule.destination_ports)):
        if ports:
            attrs[kind] = U16_RANGE.pack(*ports)
    if rule.tun_id:
        attrs[FRA_TUN_ID] = BE64.pack(rule.tun_id)
    bytes_of = ((FRA_L3MDEV, rule.l3mdev or None), (FRA_IP_PROTO, rule.ip_protocol), (FRA_DSCP, rule.dscp))
    attrs.update({kind: bytes((value,)) for kind, value in bytes_of if value is not None})
    table = rule.table if rule.table and rule.table < 256 else 0
    flags = FIB_RULE_INVERT if rule.invert else 0
    header = (rule.family, *lengths, rule.tos, table, 0, 0, ACTIONS[rule.action], flags)
    return _pack(header, attrs)


def restoring_payload(payload: bytes, protocol: int | None = None) -> bytes:
    """The request that makes this dumped rule again, byte for byte but for its state; ``protocol``: with this one."""
    header = list(FIB_RULE_HDR.unpack_from(payload))
    header[8] &= FIB_RULE_INVERT
    attrs = attribute_dict(payload, FIB_RULE_HDR.size)
    attrs.pop(FRA_PAD, None)
    # A dump leaves the priority 0 out; a request without one gets another.
    attrs.setdefault(FRA_PRIORITY, bytes(4))
    if protocol is not None:
        attrs[FRA_PROTOCOL] = bytes((protocol,))
    return _pack(tuple(header), attrs)


def _pack(header: tuple[int, ...], attrs: dict[int, bytes]) -> bytes:
    return FIB_RULE_HDR.pack(*header) + b"".join([attribute(kind, attrs[kind]) for kind in sorted(attrs)])


def addition(payload: bytes) -> Message:
    """Make a rule. With NLM_F_EXCL the kernel would take some rules for twins that are none (``rule_exists()``)."""
    return Message(RTM_NEWRULE, NLM_F_CREATE, payload)


def removal(payload: bytes) -> Message:
    """Remove the first rule that has everything which this one has (``rule_find()``)."""
    return Message(RTM_DELRULE, 0, payload)
