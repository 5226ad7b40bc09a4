# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet document as lines, one for each answer, finding, open connection and silent host. Pure. PRIVATE.

A report is made of lines: what a reader filters and sorts. A finding about a place that was also asked for shares the
line of that answer; one place with two findings has two lines.
"""

from __future__ import annotations

import typing as t

from .document import differing

Row = t.Mapping[str, t.Any]
Line = dict[str, t.Any]

#: The keys of a line. All are texts or None but ``host``, its place in the document, and ``calls``, a list.
KEYS = (
    "host destination prefix vrf table expected actual device gateway reason owner problem why repair protocol "
    "kernel socket wire route explanation request section captured calls"
).split()
OF_ANSWER = (
    "destination prefix vrf table expected device gateway reason owner kernel socket wire route explanation request "
    "section captured calls"
).split()
_OF_FINDING = "problem why repair protocol".split()


def lines(fleet: Row) -> list[Line]:
    """All lines, in the order of the document; ``problem`` is a word of ``words.PROBLEMS``, None where all is well."""
    return [line for at, host in enumerate(fleet["hosts"]) for line in _of_host(at, host)]


def _of_host(at: int, host: Row) -> t.Iterator[Line]:
    if host["status"] != "answered":
        yield _line(at, problem=host["status"], why=host["error"])
        return
    left = list(host["findings"])
    for answer in host["answers"]:
        shared = {key: answer.get(key) for key in OF_ANSWER}
        told = [finding for finding in left if _same_place(answer, finding)]
        left = [finding for finding in left if finding not in told]
        for finding in told:
            expected, actual = finding.get("expected") or answer.get("expected"), finding.get("actual")
            own = {**_finding(finding), "expected": expected, "actual": actual or answer.get("kernel")}
            yield _line(at, **{**shared, **own})
        if not told:
            problem = None if answer.get("good") else answer.get("problem") or "differs"
            yield _line(at, **{**shared, "actual": answer.get("kernel"), "problem": problem})
    for finding in left:
        place = {key: finding.get(key) for key in ("destination", "vrf", "table", "expected", "actual")}
        yield _line(at, **place, **_finding(finding))
    for one in differing(host):
        yield _line(at, **_connection(one))


def _same_place(answer: Row, finding: Row) -> bool:
    places = (answer.get("destination"), answer.get("prefix"))
    return finding["destination"] in places and finding.get("vrf") == answer.get("vrf")


def _finding(finding: Row) -> Line:
    return {key: finding.get(key) for key in _OF_FINDING}


def _connection(one: Row) -> Line:
    target = str(one["destination"])
    holder = ", ".join(str(one[key]) for key in ("process", "unit") if one.get(key))
    return {
        "destination": f"[{target}]:{one['dport']}" if ":" in target else f"{target}:{one['dport']}",
        "prefix": target,
        "expected": one["expected"],
        "actual": one["source"],
        "socket": one["source"],
        "device": one.get("device"),
        "vrf": one.get("vrf"),
        "reason": "bound",
        "protocol": one["protocol"],
        "problem": "connection",
        "why": f"{one['protocol']} from port {one['sport']}{f' of {holder}' if holder else ''}, open before the change",
    }


def _line(at: int, **values: t.Any) -> Line:
    """All keys, and texts in them."""
    line: Line = dict.fromkeys(KEYS)
    line["host"] = at
    for key, value in values.items():
        if key == "calls":
            line[key] = [[str(part) for part in call] for call in value] if value else None
        else:
            line[key] = None if value is None or value == "" else str(value)
    return line


class Counts(t.NamedTuple):
    """The figures that every report begins with."""

    hosts: int
    good: int
    differ: int
    unreachable: int
    failed: int
    checked: int
    omitted: int
    connections: int


def counts(fleet: Row) -> Counts:
    """How many hosts there are and how they are, and how much of them was looked at."""
    hosts = fleet["hosts"]
    answered = [host for host in hosts if host["status"] == "answered"]
    differ = sum(1 for host in answered if host["findings"] or differing(host) or not _all_good(host))
    return Counts(
        hosts=len(hosts),
        good=len(answered) - differ,
        differ=differ,
        unreachable=sum(1 for host in hosts if host["status"] == "unreachable"),
        failed=sum(1 for host in hosts if host["status"] == "failed"),
        checked=sum(host["checked"] for host in hosts),
        omitted=sum(host["omitted"] for host in hosts),
        connections=sum((host["connections"] or {}).get("checked", 0) for host in hosts),
    )


def _all_good(host: Row) -> bool:
    return all(answer.get("good") for answer in host["answers"])
