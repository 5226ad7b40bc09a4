# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy rule as a user writes it, read without a host. Pure. PRIVATE to the collection.

The words are those of ``ip-rule(8)``. Names of tables and devices mean something on the host only and stay names.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .errors import InvalidInput
from .names import IP_PROTOCOLS, NAME_OF_TOS, TABLES, number, whole
from .protocols import PROTOCOLS
from .values import ALL_BITS, BITS, INET, INET6, Prefix, Rule, parse_prefix

#: The keys of an entry, in the order of ip-rule(8).
KEYS = (
    *("family", "not", "from", "to", "tos", "dscp", "fwmark", "iif", "oif", "l3mdev", "uidrange", "ipproto", "sport"),
    *("dport", "tun_id", "priority", "table", "vrf", "suppress_prefixlength", "suppress_ifgroup", "realms", "action"),
    *("goto", "protocol"),
)
ACTIONS = ("lookup", "goto", "nop", "blackhole", "unreachable", "prohibit")
FAMILIES = {"ipv4": (INET,), "ipv6": (INET6,), "both": (INET, INET6)}
_ACTION_KEYS = (
    *("table", "vrf", "l3mdev", "suppress_prefixlength", "suppress_ifgroup", "realms", "action", "goto", "protocol"),
)
_ALL = ("all", "any", "default")
_MAX_U32, _MAX_U64 = 0xFFFFFFFF, (1 << 64) - 1
_TOS = {name: value for value, name in NAME_OF_TOS.items()}
_DSCP = {name: value >> 2 for value, name in NAME_OF_TOS.items()}
#: The bits of tos that IPv4 rules may select by (IPTOS_RT_MASK); the rest belongs to ECN or, since, to dscp.
_TOS4 = 0x1C


@dataclass(frozen=True)
class RuleText:
    """One rule of an entry; an entry for both families is two.

    ``rule``: without table, its priority 0 where none is named. ``table``: name or number as written, ``vrf``: a name;
    None for both where the rule looks up none, or that of the packet's VRF. ``priority``, ``protocol``: None unnamed.
    """

    what: str
    rule: Rule
    table: str | None
    vrf: str | None
    priority: int | None
    protocol: int | None
    absent: bool
    any_action: bool


def read_rule(given: t.Mapping[str, t.Any], what: str) -> list[RuleText]:
    """The rules of an entry. InvalidInput begins with ``what`` and the key."""
    entry = {key: value for key, value in given.items() if value is not None}
    source, destination = (_prefix(entry, key, what) for key in ("from", "to"))
    invert = _flag(entry, "not", what)
    l3mdev = _flag(entry, "l3mdev", what)
    mark, mask = _mark(entry, what)
    fields = {
        "invert": invert,
        "l3mdev": l3mdev,
        "mark": mark,
        "mask": mask,
        "iif": _device(entry, "iif", what),
        "oif": _device(entry, "oif", what),
        "tos": _tos(entry, what),
        "dscp": number(entry["dscp"], _DSCP, f"{what}.dscp", 63) if "dscp" in entry else None,
        "uids": _span(entry, "uidrange", what, 0, _MAX_U32 - 1),
        "ip_protocol": number(entry["ipproto"], IP_PROTOCOLS, f"{what}.ipproto", 255) if "ipproto" in entry else None,
        "source_ports": _span(entry, "sport", what, 1, 65534),
        "destination_ports": _span(entry, "dport", what, 1, 65534),
        "tun_id": _whole(entry, "tun_id", what, _MAX_U64) or 0,
        "suppress_prefixlength": _whole(entry, "suppress_prefixlength", what, 128),
        "suppress_ifgroup": _group(entry, what),
        "realms": _realms(entry, what),
        "goto": _whole(entry, "goto", what, _MAX_U32),
    }
    if fields["tos"] and fields["dscp"] is not None:
        raise InvalidInput(f"{what}.dscp: give tos or dscp, not both: they are the same bits of a packet")
    action = _action(entry, what)
    priority = _whole(entry, "priority", what, _MAX_U32)
    if action == "goto" and priority is not None and t.cast(int, fields["goto"]) <= priority:
        raise InvalidInput(f"{what}.goto: {fields['goto']} is not behind the rule's own priority {priority}")
    protocol = number(entry["protocol"], PROTOCOLS, f"{what}.protocol", 255) if "protocol" in entry else None
    table, vrf = entry.get("table"), entry.get("vrf")
    if action == "lookup" and not l3mdev and table is None and vrf is None:
        table = TABLES["main"]
    absent = entry.get("state") == "absent"
    any_action = not any(entry.get(key) for key in _ACTION_KEYS)
    found = []
    for family in _families(entry, source, destination, what):
        _check_family(family, fields, what)
        rule = Rule(
            family=family,
            priority=priority or 0,
            action=action,
            source=_selector(source),
            destination=_selector(destination),
            protocol=protocol or 0,
            **fields,  # type: ignore[arg-type]
        )
        text = None if table is None else str(table)
        found.append(RuleText(what, canonical(rule), text, vrf, priority, protocol, absent, any_action))
    return found


def as_entry(text: RuleText) -> dict[str, t.Any]:
    """The entry, with every key but ``protocol``, that ``read_rule`` makes this rule of; None where it has nothing."""
    rule = text.rule
    mark = None
    if rule.mark is not None:
        mark = f"{rule.mark:#x}" if rule.mask == ALL_BITS else f"{rule.mark:#x}/{rule.mask:#x}"
    return {
        "family": "ipv4" if rule.family == INET else "ipv6",
        "not": rule.invert or None,
        "from": str(rule.source) if rule.source else None,
        "to": str(rule.destination) if rule.destination else None,
        "tos": rule.tos or None,
        "dscp": rule.dscp,
        "fwmark": mark,
        "iif": rule.iif,
        "oif": rule.oif,
        "l3mdev": rule.l3mdev or None,
        "uidrange": _span_text(rule.uids),
        "ipproto": rule.ip_protocol,
        "sport": _span_text(rule.source_ports),
        "dport": _span_text(rule.destination_ports),
        "tun_id": rule.tun_id or None,
        "priority": text.priority,
        "table": int(text.table) if text.table and text.table.isdecimal() else text.table,
        "vrf": text.vrf,
        "suppress_prefixlength": rule.suppress_prefixlength,
        "suppress_ifgroup": rule.suppress_ifgroup,
        "realms": f"{rule.realms >> 16}/{rule.realms & 0xFFFF}" if rule.realms else None,
        "action": None if rule.action in ("lookup", "goto") else rule.action,
        "goto": rule.goto,
    }


def _span_text(span: tuple[int, int] | None) -> str | None:
    return f"{span[0]}-{span[1]}" if span else None


def canonical(rule: Rule) -> Rule:
    """The one form of all rules that mean the same: without what selects nothing and what is not part of the rule."""
    mark, mask = rule.mark, rule.mask
    if mark is None or not mask:
        mark, mask = None, ALL_BITS
    else:
        mark &= mask
    return replace(
        rule,
        mark=mark,
        mask=mask,
        source=_selector(rule.source),
        destination=_selector(rule.destination),
        # networkd names a table where none is looked up, too.
        table=None if rule.l3mdev or rule.action != "lookup" else rule.table,
        protocol=0,
        detached=False,
    )


def _selector(prefix: Prefix | None) -> Prefix | None:
    return prefix if prefix and prefix.length else None


def _prefix(entry: t.Mapping[str, t.Any], key: str, what: str) -> Prefix | None:
    text = str(entry.get(key, "all")).strip()
    return None if text in _ALL else parse_prefix(text, f"{what}.{key}")


def _families(
    entry: t.Mapping[str, t.Any], source: Prefix | None, destination: Prefix | None, what: str
) -> tuple[int, ...]:
    if source and destination and source.family != destination.family:
        raise InvalidInput(f"{what}.to: {destination} is not of the family of from, {source}")
    known = source or destination
    if "family" in entry:
        families = FAMILIES.get(str(entry["family"]))
        if families is None:
            raise InvalidInput(f"{what}.family: {entry['family']!r} is not one of {', '.join(FAMILIES)}")
        if known and families != (known.family,):
            raise InvalidInput(f"{what}.family: {entry['family']} does not go with {known}; leave family out")
        return families
    if known is None:
        raise InvalidInput(f"{what}.family: neither from nor to says which family; set family: ipv4, ipv6 or both")
    return (known.family,)


def _check_family(family: int, fields: t.Mapping[str, t.Any], what: str) -> None:
    if family == INET6 and fields["realms"]:
        raise InvalidInput(f"{what}.realms: IPv6 has no realms; set family: ipv4")
    if family == INET and fields["tos"] & ~_TOS4:
        raise InvalidInput(
            f"{what}.tos: 0x{fields['tos']:02x} has bits that IPv4 rules do not select by as tos (0x1c are); use dscp, "
            "which Linux has from 6.13 on"
        )
    suppressed = fields["suppress_prefixlength"]
    if suppressed is not None and suppressed > BITS[family]:
        raise InvalidInput(f"{what}.suppress_prefixlength: {suppressed} is not between 0 and {BITS[family]}")


def _action(entry: t.Mapping[str, t.Any], what: str) -> str:
    action = str(entry.get("action", "goto" if "goto" in entry else "lookup"))
    if action not in ACTIONS:
        raise InvalidInput(f"{what}.action: {action!r} is not one of {', '.join(ACTIONS)}")
    if (action == "goto") != ("goto" in entry):
        raise InvalidInput(f"{what}.goto: the action goto and the priority to go to belong together")
    if action != "lookup":
        for key in ("table", "vrf", "l3mdev", "suppress_prefixlength", "suppress_ifgroup"):
            if entry.get(key) not in (None, False):
                raise InvalidInput(f"{what}.{key}: a rule with the action {action} looks up no table")
    tables = [key for key in ("table", "vrf", "l3mdev") if entry.get(key) not in (None, False)]
    if len(tables) > 1:
        raise InvalidInput(f"{what}.{tables[1]}: give only one of {' and '.join(tables)}")
    return action


def _flag(entry: t.Mapping[str, t.Any], key: str, what: str) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise InvalidInput(f"{what}.{key}: {value!r} is not true or false")
    return value


def _device(entry: t.Mapping[str, t.Any], key: str, what: str) -> str | None:
    if key not in entry:
        return None
    text = str(entry[key])
    if not text or any(one.isspace() or one == "/" for one in text):
        raise InvalidInput(f"{what}.{key}: {text!r} can be no device's name")
    return text


def _whole(entry: t.Mapping[str, t.Any], key: str, what: str, maximum: int) -> int | None:
    return number(entry[key], {}, f"{what}.{key}", maximum) if key in entry else None


def _mark(entry: t.Mapping[str, t.Any], what: str) -> tuple[int | None, int]:
    if "fwmark" not in entry:
        return None, ALL_BITS
    mark, slash, mask = str(entry["fwmark"]).partition("/")
    value = number(mark, {}, f"{what}.fwmark", _MAX_U32)
    bits = number(mask, {}, f"{what}.fwmark", _MAX_U32) if slash else ALL_BITS
    if value & ~bits:
        raise InvalidInput(f"{what}.fwmark: {value:#x} has bits outside of its mask {bits:#x}; no packet matches that")
    return value, bits


def _tos(entry: t.Mapping[str, t.Any], what: str) -> int:
    value = number(entry["tos"], _TOS, f"{what}.tos", 255) if "tos" in entry else 0
    if value & 0x3:
        raise InvalidInput(f"{what}.tos: 0x{value:02x} has bits of ECN (0x03), which rules do not select by")
    return value


def _span(entry: t.Mapping[str, t.Any], key: str, what: str, low: int, high: int) -> tuple[int, int] | None:
    if key not in entry:
        return None
    text = str(entry[key]).strip()
    first, dash, last = text.partition("-")
    try:
        span = whole(first), whole(last if dash else first)
    except ValueError:
        raise InvalidInput(f"{what}.{key}: {text!r} is neither a number nor a range such as 1000-1999") from None
    if not low <= span[0] <= span[1] <= high:
        raise InvalidInput(f"{what}.{key}: {text!r} is not a range between {low} and {high}, the lower number first")
    return span


def _group(entry: t.Mapping[str, t.Any], what: str) -> int | None:
    key = "suppress_ifgroup"
    return number(entry[key], {"default": 0}, f"{what}.{key}", _MAX_U32 - 1) if key in entry else None


def _realms(entry: t.Mapping[str, t.Any], what: str) -> int:
    if "realms" not in entry:
        return 0
    first, slash, last = str(entry["realms"]).partition("/")
    parts = [number(part, {}, f"{what}.realms", 0xFFFF) for part in ((first, last) if slash else ("0", first))]
    return parts[0] << 16 | parts[1]
