# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``kernel_protocols``: kernel protocols of ours, for an operator without any. PRIVATE. Pure."""

from __future__ import annotations

import re
import typing as t

from ..._base.errors import InvalidInput, Refused
from .clauses import SOURCES, condition
from .conf import DEFAULT_METRIC, FAMILIES, MAIN_TABLE, Conf, function_name

MASTER = {"ipv4": "master4", "ipv6": "master6"}
_BIRD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}\Z")
_KERNEL_KEYS = ("family", "table", "bird_table", "metric", "scan_time", "persist", "learn", "merge_paths", "export")

Entry = dict[str, t.Any]


def kernel_table(value: t.Any) -> int:
    if value in (None, "main"):
        return MAIN_TABLE
    if isinstance(value, bool) or not re.match(r"\d{1,10}\Z", str(value)) or not 0 < int(value) < 2**32:
        raise InvalidInput(f"table: {str(value)[:60]!a} is not a kernel table number")
    return int(value)


def bird_name(value: t.Any, what: str) -> str:
    if not isinstance(value, str) or not _BIRD_NAME.match(value):
        raise InvalidInput(f"{what}: {str(value)[:60]!a} is not a name BIRD can have (letters, digits, underscore)")
    return value


def kernel_protocols(entries: t.Sequence[Entry], read: Conf) -> list[Entry]:
    found: list[Entry] = []
    for index, entry in enumerate(entries):
        what = f"bird_kernel_protocols[{index}]"
        unknown = sorted(set(entry) - set(_KERNEL_KEYS))
        if unknown:
            raise InvalidInput(f"{what}: {unknown[0]!a} is not a known key; known keys: {', '.join(_KERNEL_KEYS)}")
        family = entry.get("family")
        if family not in FAMILIES:
            raise InvalidInput(f"{what}.family: {str(family)[:60]!a} is not ipv4 or ipv6")
        table = kernel_table(entry.get("table"))
        for kernel in read.kernels:
            if (kernel.kernel_table, kernel.family) == (table, family):
                raise Refused(
                    f"{what}: bird.conf line {kernel.line} already has a kernel protocol for {family} and this kernel "
                    "table, and BIRD allows one. Set bird_mode to edit, or remove that protocol."
                )
        default = MASTER[family] if table == MAIN_TABLE else f"source_ip_{table}_{family}"
        name = bird_name(entry.get("bird_table") or default, f"{what}.bird_table")
        if any((k["kernel_table"], k["family"]) == (table, family) or k["bird_table"] == name for k in found):
            raise InvalidInput(f"{what}: another entry is for the same table")
        found.append(
            {
                "name": f"source_ip_{table}_kernel_{family}",
                "family": family,
                "kernel_table": table,
                "bird_table": name,
                "declare": name not in read.tables,
                "function": function_name(table),
                "metric": _number(entry.get("metric"), DEFAULT_METRIC, f"{what}.metric"),
                "scan_time": _number(entry.get("scan_time"), 0, f"{what}.scan_time"),
                **{key: _flag(entry.get(key), f"{what}.{key}") for key in ("persist", "learn", "merge_paths")},
                "export": _export(entry.get("export") or ["any"], what),
            }
        )
    return found


def _number(value: t.Any, default: int, what: str) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not re.match(r"\d{1,9}\Z", str(value)):
        raise InvalidInput(f"{what}: {str(value)[:60]!a} is not a number")
    return int(value)


def _flag(value: t.Any, what: str) -> bool:
    if value not in (None, True, False):
        raise InvalidInput(f"{what}: {str(value)[:60]!a} is not true or false")
    return bool(value)


def _export(protocols: t.Any, what: str) -> str | None:
    """The condition on ``source`` for what is exported; None for everything BIRD learned."""
    known = ("any", *SOURCES)
    if not isinstance(protocols, list) or any(not isinstance(p, str) or p not in known for p in protocols):
        raise InvalidInput(f"{what}.export: {str(protocols)[:60]!a} is not a list of {', '.join(known)}")
    return None if "any" in protocols else condition(sorted(set(protocols)))
