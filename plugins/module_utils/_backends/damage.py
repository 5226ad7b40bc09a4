# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a host, under the name an operator knows it by. Pure. PRIVATE to the collection."""

from __future__ import annotations

import difflib
import re
import typing as t

from .._base.values import MAIN
from .._intent.policy import Policy
from .finding import Finding
from .interface import Plan
from .verify import candidates

_Row = dict[str, t.Any]
_Rows = t.Sequence[t.Mapping[str, t.Any]]

#: Devices of containers and virtual machines, as their managers name them.
_CONTAINERS = re.compile(
    r"(docker|podman|cni|virbr|lxcbr|lxdbr|incusbr|nerdctl|br-|veth|vnet|tap|cali|cilium_|flannel|kube-)"
)
#: What stands for a destination in a finding that is about the whole host.
HOST = "*"
_LINES = 3


def is_container(device: str) -> bool:
    """Whether a device is one that containers or virtual machines are behind, by its name."""
    return _CONTAINERS.match(device) is not None


def twofold(intent: t.Mapping[str, t.Any], listed: _Rows, vrfs: t.Mapping[int, str], backend: str | None) -> list[_Row]:
    """Routes that win over one with the source of the intent: ``{destination, vrf, table, expected, wins, loses}``.

    Of routes to one destination in one table the kernel takes that with the lowest metric, which is a part of its key
    as the source is not. ``vrfs``: names by table; ``wins`` and ``loses`` are routes as ``route_info`` has them.
    """
    policy = Policy(intent["policies"])
    own: dict[tuple[int, str], set[str]] = {}
    tables = {name: number for number, name in vrfs.items()}
    for entry in intent["routes"]:
        table = entry["table"] or (tables.get(entry["vrf"], 0) if entry["vrf"] else MAIN)
        own.setdefault((table, entry["destination"]), set()).add(entry["source"])
    places: dict[tuple[int, str, int], list[t.Mapping[str, t.Any]]] = {}
    for route in _once(listed):
        if " from " not in route["line"]:
            places.setdefault((route["table"], route["destination"], route.get("tos", 0)), []).append(route)
    found = []
    for (table, destination, _tos), routes in places.items():
        if len(routes) < 2:
            continue
        vrf = vrfs.get(table)
        expected = own.get((table, destination)) or {
            rule.source for route in routes for rule in candidates(policy, vrf, route, backend) if rule
        }
        wins, *others = sorted(routes, key=lambda route: int(route["metric"] or 0))
        right = [route for route in others if route["source"] in expected]
        if wins["source"] not in expected and right:
            text = " or ".join(sorted(expected))
            place = {"destination": destination, "vrf": vrf, "table": table}
            found.append({**place, "expected": text, "wins": wins, "loses": right[0]})
    return found


def _once(listed: _Rows) -> list[t.Mapping[str, t.Any]]:
    """A route may be listed for a route of the intent and again for a policy."""
    return list({(route["table"], route["line"]): route for route in listed}.values())


def of_twofold(rows: t.Iterable[_Row]) -> list[Finding]:
    """As findings; the repair is the command that takes the winner away."""
    return [
        Finding(
            row["destination"],
            row["expected"],
            row["wins"]["source"],
            "twofold",
            f"{row['wins']['line']} wins over {row['loses']['line']}",
            vrf=row["vrf"],
            table=None if row["vrf"] or row["table"] == MAIN else row["table"],
            repair=f"ip {'-6 ' if ':' in row['destination'] else ''}route del {row['wins']['line']}",
        )
        for row in rows
    ]


def of_plan(plan: Plan, empty: Plan, wants: bool) -> list[Finding]:
    """What a run would do, as findings.

    ``empty``: the plan that takes everything of ours off, without changes where there is nothing. ``wants``: whether
    the intent holds anything.
    """
    if plan.refusals:
        return [_of_host("refused", reason) for reason in plan.refusals]
    if not plan.changed:
        return []
    # Where all is there and only the record is gone, somebody did apply it.
    there = bool(plan.results) and all(result.get("action") == "unchanged" for result in plan.results)
    if wants and not there and not empty.changed and not empty.refusals:
        return [_of_host("not_applied", "no record, no configuration and no route of ours is on this host")]
    found = [_of_result(result) for result in plan.results if result.get("action") not in ("unchanged", "missing")]
    listed = {line for result in plan.results for line in (result.get("before"), result.get("after")) if line}
    for diff in plan.diffs:
        finding = _of_diff(diff, listed)
        if finding:
            found.append(finding)
    # A daemon that runs with another revision than its files have, or a record alone: nothing of it is a line.
    return found or [_of_host("drift", "a run would write the record or the running configuration again")]


def _of_host(problem: str, why: str) -> Finding:
    return Finding(HOST, None, None, problem, why)


def _of_result(result: t.Mapping[str, t.Any]) -> Finding:
    """Of an address or a route. What a run takes away and the intent does not name is left over from an earlier one."""
    action, before, after = (result.get(key) for key in ("action", "before", "after"))
    place = str(result.get("destination") or result.get("address") or HOST)
    words = {"removed": f"a run would remove {before}", "created": f"a run would add {after}"}
    why = words.get(str(action), f"a run would make {before} into {after}")
    problem = "orphan" if action == "removed" else "drift"
    vrf, table = result.get("vrf"), _word(before or after, "table") or ""
    number = int(table) if table.isdecimal() and not vrf else None
    return Finding(place, _word(after, "src"), _word(before, "src"), problem, why, vrf=vrf, table=number)


def _word(line: t.Any, name: str) -> str | None:
    """What stands behind a word in the line of a route."""
    words = str(line or "").split()
    return words[words.index(name) + 1] if name in words[:-1] else None


def _of_diff(diff: t.Mapping[str, str], listed: t.Collection[str]) -> Finding | None:
    """Of a file or a running configuration; None where its lines are those of results."""
    before, after = (diff.get(key, "").splitlines() for key in ("before", "after"))
    lines = [line for line in difflib.unified_diff(before, after, n=0, lineterm="") if not line.startswith("@@")][2:]
    lines += [line for line in diff.get("prepared", "").splitlines() if line[:1] in "+-"]
    lines = [line for line in lines if line[1:].strip() and line[1:].strip() not in listed]
    if not lines:
        return None
    goes = all(line.startswith("-") for line in lines)
    name = diff.get("before_header") or diff.get("after_header") or "the running configuration"
    shown = "; ".join(lines[:_LINES]) + (f"; and {len(lines) - _LINES} more" if len(lines) > _LINES else "")
    return _of_host("orphan" if goes else "drift", f"{name}: a run would change {len(lines)} lines: {shown}")


def of_stale(route: t.Mapping[str, t.Any], vrf: str | None, why: str) -> Finding:
    """Of a route of ``route_info`` whose source cannot be one."""
    table = None if vrf or route["table"] == MAIN else route["table"]
    line = f"{route['line']}: {why}"
    return Finding(route["destination"], None, route["source"], "stale", line, vrf=vrf, table=table)


def merged(first: t.Sequence[Finding], then: t.Sequence[Finding]) -> list[Finding]:
    """Both, but of ``then`` only what is about places that ``first`` does not name; one damage is told once."""
    named = {_place(finding) for finding in first if finding.destination != HOST}
    return [*first, *(finding for finding in then if _place(finding) not in named)]


def _place(finding: Finding) -> tuple[str, str | None, int | None]:
    return finding.destination, finding.vrf, finding.table
