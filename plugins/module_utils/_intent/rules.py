# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules and labels of an intent: reading the lists a user wrote. Pure."""

from __future__ import annotations

from typing import Any

from .._base.errors import InvalidInput
from .._base.names import TABLES
from .._base.rule_text import KEYS, as_entry, read_rule
from .._base.values import MAX_LABEL
from . import fields
from .entry import Entry, Read

#: An intent's rules are ours: they have our protocol.
RULE_KEYS = tuple(key for key in KEYS if key != "protocol")
LABEL_KEYS = ("prefix", "label", "device")


def read_rules(raw: list[tuple[str, Any]], problems: list[str]) -> list[Read]:
    """The rules that are good, one for each family, those of one priority in the order of writing."""
    found: list[Read] = []
    seen: dict[tuple[Any, ...], str] = {}
    for where, value in raw:
        entry = Entry(where, value, RULE_KEYS, problems)
        if not entry.mapping:
            continue
        read = dict(entry.raw)
        for key in ("not", "l3mdev"):
            read[key] = entry.take(key, fields.boolean)
        for key in ("iif", "oif", "vrf"):
            read[key] = entry.take(key, fields.device)
        read["table"] = entry.take("table", _table)
        if read.get("priority") is None:
            entry.problem("priority", "is required: it says where the rule comes among the others")
        if not entry.good:
            continue
        try:
            texts = read_rule(read, where)
        except InvalidInput as error:
            problems.append(error.message)
            continue
        for text in texts:
            normal = as_entry(text)
            before = seen.setdefault(tuple(normal.items()), where)
            if before != where:
                entry.problem(None, f"is the same rule as {before}")
                break
            found.append(Read(where, (normal["priority"], normal["family"], len(found)), normal))
    return found


def _table(value: Any) -> int:
    """A table's number. Names mean something on the host only, but for the kernel's own."""
    if str(value) in TABLES:
        return TABLES[str(value)]
    return fields.table_number(value)


def read_labels(raw: list[tuple[str, Any]], problems: list[str]) -> list[Read]:
    """The labels that are good."""
    found = []
    seen: dict[tuple[Any, ...], str] = {}
    for where, value in raw:
        entry = Entry(where, value, LABEL_KEYS, problems)
        if not entry.mapping:
            continue
        prefix = entry.take("prefix", fields.destination, required=True)
        label = entry.take("label", fields.number, 0, MAX_LABEL, required=True)
        device = entry.take("device", fields.device)
        if prefix is not None and fields.NAME_OF_FAMILY[prefix.family] != "ipv6":
            entry.problem("prefix", f"{prefix} is IPv4: write it as IPv6 has it, ::ffff:0:0/96 for all of IPv4")
        if not entry.good:
            continue
        before = seen.setdefault((prefix, device), where)
        if before != where:
            entry.problem("prefix", f"{prefix} is already in {before}")
            continue
        normal = {"prefix": str(prefix), "label": label, "device": device}
        found.append(Read(where, (prefix, device or ""), normal))
    return found
