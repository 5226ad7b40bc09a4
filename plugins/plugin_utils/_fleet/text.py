# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet document as plain text for a terminal. Pure. PRIVATE to the collection.

What hosts say is shown as text and nothing else: a host that sends control characters does not reach the terminal.
"""

from __future__ import annotations

import typing as t

from ...module_utils._backends.finding import aligned
from .document import differing

_Host = t.Mapping[str, t.Any]
_HEAD = ("host", "problem", "destination", "expected", "actual", "why")
#: Lines of one host; a host with another table would push all others out of sight.
PER_HOST = 20
#: Hosts that are named where many have one thing to say.
_NAMED = 5


def audit_text(fleet: t.Mapping[str, t.Any]) -> str:
    """What differs, a line each, and what is to be said besides; a sentence where nothing does."""
    hosts = fleet["hosts"]
    rows = [row for host in hosts for row in _rows(host)]
    blocks = [_sentence(hosts)]
    if rows:
        blocks.append(table(_HEAD, rows))
    blocks += _notes(hosts)
    return "\n\n".join(blocks)


def why_text(fleet: t.Mapping[str, t.Any], explain: bool = False) -> str:
    """The source of each host for each destination; ``explain``: with the sentence."""
    rows, silent = [], []
    seen = {host["name"]: [answer["wire"] for answer in host["answers"]] for host in fleet["hosts"]}
    wire = any(one is not None for found in seen.values() for one in found)
    head = ["host", "destination", "source", "device", "reason", "socket"]
    head += ["wire"] if wire else []
    head += ["why"] if explain else []
    for host in fleet["hosts"]:
        if host["status"] != "answered":
            silent.append([host["name"], host["status"], host["error"]])
        for answer in host["answers"]:
            name = answer.get("name")
            where = f"{name} ({answer['destination']})" if name else answer["destination"]
            row = [host["name"], where, *(answer[key] for key in ("kernel", "device", "reason", "socket"))]
            rows.append([*row, *([answer["wire"]] if wire else []), *([answer["explanation"]] if explain else [])])
    blocks = [table(head, rows)] if rows else []
    blocks += [table(("host", "status", "error"), silent)] if silent else []
    return "\n\n".join(blocks) or "No host was asked."


def table(head: t.Sequence[str], rows: t.Iterable[t.Sequence[t.Any]]) -> str:
    """Aligned columns of what may be anything."""
    return aligned(head, (list(map(plain, row)) for row in rows))


def plain(value: t.Any) -> str:
    """A value on one line; ``-`` for none, ``?`` for what a terminal would not show."""
    text = "-" if value is None or value == "" else " ".join(str(value).split())
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _rows(host: _Host) -> list[list[t.Any]]:
    name = host["name"]
    if host["status"] != "answered":
        return [[name, host["status"], None, None, None, host["error"]]]
    rows = [[name, one["problem"], _place(one), one["expected"], one["actual"], one["why"]] for one in host["findings"]]
    rows += [[name, "connection", *_connection(one)] for one in differing(host)]
    more = len(rows) - PER_HOST
    return [*rows[:PER_HOST], [name, f"and {more} more", "", "", "", ""]] if more > 0 else rows


def _place(finding: t.Mapping[str, t.Any]) -> str:
    """The destination, with its VRF or table where that is not the default one."""
    vrf, number = finding.get("vrf"), finding.get("table")
    where = f" vrf {vrf}" if vrf else f" table {number}" if number else ""
    return f"{finding['destination']}{where}"


def _connection(one: t.Mapping[str, t.Any]) -> list[t.Any]:
    address = f"[{one['destination']}]" if ":" in str(one["destination"]) else one["destination"]
    holder = ", ".join(str(one[key]) for key in ("process", "unit") if one.get(key))
    why = f"{one['protocol']} from port {one['sport']}{f' of {holder}' if holder else ''}, open before the change"
    return [f"{address}:{one['dport']}", one["expected"], one["source"], f"{why}; it keeps its source until it ends"]


def _sentence(hosts: t.Sequence[_Host]) -> str:
    answered = [host for host in hosts if host["status"] == "answered"]
    bad = sum(1 for host in answered if host["findings"] or differing(host))
    counts = {status: sum(1 for host in hosts if host["status"] == status) for status in ("unreachable", "failed")}
    parts = [f"{len(answered) - bad} as intended", f"{bad} {'differs' if bad == 1 else 'differ'}"]
    parts += [f"{count} {status}" for status, count in counts.items() if count]
    checked = sum(host["checked"] for host in hosts)
    omitted = sum(host["omitted"] for host in hosts)
    sockets = sum((host["connections"] or {}).get("checked", 0) for host in hosts)
    left = f" ({omitted} more were left out)" if omitted else ""
    seen = f"{_count(checked, 'destination')}{left}, {_count(sockets, 'open connection')}"
    return f"{_count(len(hosts), 'host')}: {', '.join(parts)}. Checked: {seen}."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _notes(hosts: t.Sequence[_Host]) -> list[str]:
    """What hosts say and is no difference; once, however many say it."""
    said: dict[str, list[str]] = {}
    for host in hosts:
        for text in dict.fromkeys(map(plain, host["warnings"])):
            said.setdefault(text, []).append(plain(host["name"]))
    lines = []
    for text, names in said.items():
        more = len(names) - _NAMED
        lines.append(f"{', '.join(names[:_NAMED])}{f' and {more} more' if more > 0 else ''}: {text}")
    return ["\n".join(lines)] if lines else []
