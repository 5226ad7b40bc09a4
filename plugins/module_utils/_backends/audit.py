# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the back end of a host would change, and what it judges wrong. Reads only. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._base.errors import InvalidInput, Refused, SourceIPError
from .._base.values import parse_address
from .._host.host import Host
from .._intent.options import LISTS
from .._netlink.kernel import Kernel
from . import damage, engine
from .finding import Finding
from .interface import Intent
from .view import Hands

#: Nothing has just been changed: what differs now differs, and waiting for a daemon to settle wins nothing.
_AT_ONCE: dict[str, dict[str, t.Any]] = {"frr": {"delay": 0, "timeout": 0}, "bird": {"wait": 0}}


class Audit(t.NamedTuple):
    """``notes``: what there is to say and is no difference."""

    findings: list[Finding]
    notes: list[str]


def of_back_end(name: str, intent: Intent, options: t.Mapping[str, t.Any]) -> Audit:
    """Plan and judgement of the back end, as in check mode; what it cannot read is a finding, too."""
    planned = [entry["address"] for entry in intent["addresses"]]
    wants = any(map(intent.get, LISTS))
    settings = {**options, **_AT_ONCE.get(name, {})}
    notes = [] if wants else ["this host has no intent: no addresses, routes or policies of it are set"]
    try:
        with Hands(Kernel, planned) as hands:
            holder = engine.back_end(name, hands, settings)
            found = holder.read()
            # First what would be taken off: a plan for the intent may change what was found.
            empty = holder.plan(engine.NOTHING, found, True)
            holder = engine.back_end(name, hands, settings)
            plan = holder.plan(intent, holder.read(), True)
            findings = damage.of_plan(plan, empty, wants)
            if plan.silent and (wants or empty.changed):
                findings.append(Finding(damage.HOST, None, None, "silent", plan.silent))
            notes += [*intent["warnings"], *(text for text in plan.warnings if not plan.silent)]
            notes += engine.preflight(hands, intent, name, options, plan.changed, check=True)
            if not plan.refusals:
                judgement = holder.judge(plan, applied=False)
                findings = damage.merged(judgement.findings, findings)
    except SourceIPError as error:
        if not wants and name != "kernel":
            return Audit([], [*notes, error.message])  # nobody wants anything of this daemon
        # An intent that does not fit this host is no fault of what carries it.
        problem = "refused" if isinstance(error, (InvalidInput, Refused)) else "silent"
        return Audit([Finding(damage.HOST, None, None, problem, error.message)], notes)
    return Audit(findings, notes)


def stale(host: Host, listed: t.Iterable[t.Mapping[str, t.Any]], vrfs: t.Mapping[int, str]) -> list[Finding]:
    """Routes that name a source which the host does not have, or not for their table."""
    found = []
    for route in listed:
        if route["source"]:
            why = host.why_not_source(parse_address(route["source"], "source")[1], route["table"])
            if why:
                found.append(damage.of_stale(route, vrfs.get(route["table"]), why))
    return list(dict.fromkeys(found))


def borrowed_from(host: Host, row: t.Mapping[str, t.Any]) -> str | None:
    """The device that the kernel has borrowed a wrong source from, for a row of ``verify.ROW``; else None."""
    if not row["kernel"]:
        return None
    devices = [holder.device for holder in host.holders(parse_address(row["kernel"], "source")[1])]
    if row["reason"] == "borrowed":
        return devices[0] if devices else "another device"
    return next((name for name in devices if name != row["device"] and damage.is_container(name)), None)
