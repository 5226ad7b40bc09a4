# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Payloads of rules to values. Pure. PRIVATE to the collection.

``include/uapi/linux/fib_rules.h``; ``fib_nl_fill_rule()`` in net/core/fib_rules.c says what a dump has. pyroute2 knows
the attributes of its day only, and a rule that is to be made again needs all of them.
"""

from __future__ import annotations

import struct
import typing as t

from .._base.values import ALL_BITS, Prefix, Rule
from .wire import U32, attribute_dict

#: struct fib_rule_hdr: family, dst_len, src_len, tos, table, two reserved bytes, action, flags.
FIB_RULE_HDR = struct.Struct("=BBBBBBBBI")
FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_GOTO, FRA_PRIORITY, FRA_FWMARK, FRA_FLOW = 1, 2, 3, 4, 6, 10, 11
FRA_TUN_ID, FRA_SUPPRESS_IFGROUP, FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_FWMASK, FRA_OIFNAME = 12, 13, 14, 15, 16, 17
FRA_PAD, FRA_L3MDEV, FRA_UID_RANGE, FRA_PROTOCOL, FRA_IP_PROTO = 18, 19, 20, 21, 22
FRA_SPORT_RANGE, FRA_DPORT_RANGE, FRA_DSCP = 23, 24, 25
_FRA_SPORT_MASK, _FRA_DPORT_MASK, _FRA_DSCP_MASK = 28, 29, 30
FIB_RULE_INVERT = 0x2
_DETACHED = 0x8 | 0x10  # FIB_RULE_IIF_DETACHED, FIB_RULE_OIF_DETACHED
ACTIONS = {"lookup": 1, "goto": 2, "nop": 3, "blackhole": 6, "unreachable": 7, "prohibit": 8}
_NAME_OF_ACTION = {number: name for name, number in ACTIONS.items()}
U16_RANGE, U32_RANGE, BE64 = struct.Struct("=HH"), struct.Struct("=II"), struct.Struct("!Q")
_KNOWN = frozenset(
    (
        *(FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_GOTO, FRA_PRIORITY, FRA_FWMARK, FRA_FLOW, FRA_TUN_ID),
        *(FRA_SUPPRESS_IFGROUP, FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_FWMASK, FRA_OIFNAME, FRA_PAD, FRA_L3MDEV),
        *(FRA_UID_RANGE, FRA_PROTOCOL, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE, FRA_DSCP),
    )
)
#: What newer kernels say of every rule that has ports or a dscp: that all of the bits count.
_WHOLE = {_FRA_SPORT_MASK: b"\xff\xff", _FRA_DPORT_MASK: b"\xff\xff", _FRA_DSCP_MASK: b"\x3f"}


class RuleEntry(t.NamedTuple):
    """A rule of the host: decoded, and as the kernel dumped it."""

    rule: Rule
    payload: bytes


def rule(payload: bytes) -> Rule:
    """The rule of an RTM_NEWRULE payload."""
    family, to_length, from_length, tos, table, _one, _two, action, flags = FIB_RULE_HDR.unpack_from(payload)
    attrs = attribute_dict(payload, FIB_RULE_HDR.size)

    def number(kind: int) -> int | None:
        value = attrs.get(kind)
        return int(U32.unpack(value)[0]) if value is not None else None

    def span(kind: int, form: struct.Struct) -> tuple[int, int] | None:
        value = attrs.get(kind)
        if value is None:
            return None
        first, last = form.unpack(value)
        return first, last

    def text(kind: int) -> str | None:
        value = attrs.get(kind)
        return value.rstrip(b"\0").decode(errors="replace") if value is not None else None

    mark, mask = number(FRA_FWMARK), number(FRA_FWMASK)
    return Rule(
        family=family,
        priority=number(FRA_PRIORITY) or 0,
        action=_NAME_OF_ACTION.get(action, str(action)),
        table=number(FRA_TABLE) or table or None,
        source=Prefix(family, attrs[FRA_SRC], from_length) if FRA_SRC in attrs else None,
        destination=Prefix(family, attrs[FRA_DST], to_length) if FRA_DST in attrs else None,
        iif=text(FRA_IIFNAME),
        oif=text(FRA_OIFNAME),
        # A mark of 0 is left out of the answer, but not the mask that belongs to it.
        mark=0 if mark is None and mask else mark,
        mask=ALL_BITS if mask is None else mask,
        tos=tos,
        ip_protocol=attrs.get(FRA_IP_PROTO, b"\0")[0] or None,
        source_ports=span(FRA_SPORT_RANGE, U16_RANGE),
        destination_ports=span(FRA_DPORT_RANGE, U16_RANGE),
        uids=span(FRA_UID_RANGE, U32_RANGE),
        goto=number(FRA_GOTO),
        invert=bool(flags & FIB_RULE_INVERT),
        l3mdev=bool(attrs.get(FRA_L3MDEV, b"\0")[0]),
        suppress_prefixlength=_suppressed(number(FRA_SUPPRESS_PREFIXLEN)),
        protocol=attrs.get(FRA_PROTOCOL, b"\0")[0],
        detached=bool(flags & _DETACHED),
        dscp=attrs[FRA_DSCP][0] if FRA_DSCP in attrs else None,
        tun_id=int(BE64.unpack(attrs[FRA_TUN_ID])[0]) if FRA_TUN_ID in attrs else 0,
        suppress_ifgroup=_suppressed(number(FRA_SUPPRESS_IFGROUP)),
        realms=number(FRA_FLOW) or 0,
        other=tuple(
            sorted((kind, value) for kind, value in attrs.items() if kind not in _KNOWN and _WHOLE.get(kind) != value)
        ),
    )


def _suppressed(value: int | None) -> int | None:
    return None if value == ALL_BITS else value
