# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rule in one line. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._base.names import NAME_OF_IP_PROTOCOL, NAME_OF_TOS, table_name
from .._base.protocols import PROTOCOLS, protocol_name
from .._base.values import ALL_BITS, Rule

#: Rules of these ``ip rule`` says no protocol of.
_UNSAID = (PROTOCOLS["unspec"], PROTOCOLS["kernel"])


def mark_of(rule: Rule) -> tuple[int, int]:
    """Mark and mask. The kernel leaves a mark of 0 out of its answer, but not the mask that belongs to it."""
    if rule.mark is None:
        return 0, 0 if rule.mask == ALL_BITS else rule.mask
    return rule.mark, rule.mask


def line(rule: Rule) -> str:
    """One line, as ``ip rule show`` prints it (``iprule.c`` of iproute2), without the state of its devices."""
    proto = "" if rule.protocol in _UNSAID else f" proto {protocol_name(rule.protocol)}"
    return f"{rule.priority}: {content(rule)}{proto}"


def content(rule: Rule) -> str:
    """The line without priority and protocol."""
    words = ["not"] if rule.invert else []
    words.append(f"from {rule.source.short if rule.source and rule.source.length else 'all'}")
    if rule.destination and rule.destination.length:
        words.append(f"to {rule.destination.short}")
    if rule.tos:
        words.append(f"tos {NAME_OF_TOS.get(rule.tos, f'0x{rule.tos:02x}')}")
    mark, mask = mark_of(rule)
    if mark or mask:
        words.append(f"fwmark {_hex(mark)}" + (f"/{_hex(mask)}" if mask != ALL_BITS else ""))
    words += [f"{key} {value}" for key, value in (("iif", rule.iif), ("oif", rule.oif)) if value]
    if rule.l3mdev:
        words.append("lookup [l3mdev-table]")
    if rule.uids:
        words.append(f"uidrange {rule.uids[0]}-{rule.uids[1]}")
    if rule.ip_protocol:
        words.append(f"ipproto {NAME_OF_IP_PROTOCOL.get(rule.ip_protocol, str(rule.ip_protocol))}")
    words += [
        f"{key} {limits[0]}" + (f"-{limits[1]}" if limits[1] != limits[0] else "")
        for key, limits in (("sport", rule.source_ports), ("dport", rule.destination_ports))
        if limits
    ]
    if rule.dscp is not None:
        words.append(f"dscp {NAME_OF_TOS.get(rule.dscp << 2, str(rule.dscp))}")
    if rule.tun_id:
        words.append(f"tun_id {rule.tun_id}")
    words += [f"attribute {kind} 0x{value.hex()}" for kind, value in rule.other]
    return " ".join([*words, *_action(rule)])


def _action(rule: Rule) -> t.Iterator[str]:
    if rule.table and not rule.l3mdev:
        yield f"lookup {table_name(rule.table)}"
    if rule.suppress_prefixlength is not None:
        yield f"suppress_prefixlength {rule.suppress_prefixlength}"
    if rule.suppress_ifgroup is not None:
        yield f"suppress_ifgroup {rule.suppress_ifgroup or 'default'}"
    if rule.realms:
        source, destination = rule.realms >> 16, rule.realms & 0xFFFF
        yield f"realms {source}/{destination}" if source else f"realms {destination}"
    if rule.action == "goto":
        yield f"goto {rule.goto}"
    elif rule.action != "lookup":
        yield rule.action


def _hex(number: int) -> str:
    return hex(number) if number else "0"


def result(rule: Rule, table: int | None) -> dict[str, t.Any]:
    """The form that tasks return; ``table`` is the one looked up, which an l3mdev rule does not name."""
    return {"priority": rule.priority, "action": rule.action, "table": table, "line": line(rule)}
