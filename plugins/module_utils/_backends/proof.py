# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An intent against what the host really does: kernel, socket and wire. Reads only. PRIVATE to the collection."""

from __future__ import annotations

import os
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._explain.explain import Explainer
from .._explain.question import questions as asked
from .._host.host import Host, snapshot
from .._netlink.kernel import Kernel
from .._probe.probe import parse_probe, run_probes
from .._routes.listing import unicast_routes
from . import audit, damage, verify
from .choose import chosen
from .connections import connections
from .finding import Finding, ordered
from .interface import Intent
from .task import intent_of

#: Routes that are looked at for one kind of entry; a full table is judged by its first ones.
ROUTES = 10000
#: Seconds to wait for a packet of a probe to be seen.
PATIENCE = 1
_Row = dict[str, t.Any]


def prove_intent(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    """The module ``intent_info``."""
    choice = chosen(module.params["backend"], module.params)
    result = prove(kernel, intent_of(module, None), {**module.params, "backend": choice.name})
    return {**result, "backend_why": choice.why}


def prove(kernel: Kernel, intent: Intent, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The task's result of ``intent_info``: ``checked``, ``answers`` (a row for each destination), ``findings``."""
    host = snapshot(kernel)
    backend = options["backend"]
    asked_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    listed = _listed(host, intent)
    asks = verify.questions(intent, listed, backend, options["limit"])
    rows, gone = _rows(host, intent, listed, asks, options)
    bad = [row for row in rows if not row["good"]]
    findings = [_finding(row, gone) for row in bad]
    notes: list[str] = []
    connected = None
    if options["audit"]:
        findings, notes = _audited(host, intent, listed, bad, findings, options)
        connected = connections(host, intent, backend, options["limit"])
    findings = ordered(findings)
    return {
        "changed": False,
        "asked": asked_at,
        "kernel": os.uname().release,
        "backend": backend,
        "checked": len(rows),
        "omitted": asks["omitted"],
        "answers": rows,
        "findings": [finding._asdict() for finding in findings],
        "findings_count": len(findings),
        "table": verify.table(bad) if bad else "",
        "connections": connected,
        "notes": notes,
    }


def _listed(host: Host, intent: Intent) -> list[_Row]:
    """The routes that the intent may be about."""
    exact = {entry["destination"] for entry in intent["routes"]}
    within = {text for entry in intent["policies"] for text in entry["destinations"]}
    return [
        *unicast_routes(host, sorted(exact), within=False, limit=ROUTES),
        *unicast_routes(host, sorted(within), within=True, limit=ROUTES),
    ]


def _rows(
    host: Host, intent: Intent, listed: list[_Row], asks: _Row, options: t.Mapping[str, t.Any]
) -> tuple[list[_Row], set[str]]:
    """The judged rows, and the addresses of which the answer is stale."""
    wire = options["wire"]
    explainer = Explainer(host)
    answers = [explainer.answer(question) for question in asked(asks["queries"], [], host)]
    probes: list[_Row] = []
    if wire != "never":
        wanted = [{"protocol": "udp", "capture": True, "timeout": PATIENCE, **probe} for probe in asks["probes"]]
        probes = run_probes([parse_probe(item, f"probes[{at}]") for at, item in enumerate(wanted)])
    rows = verify.judge(intent, listed, asks["subjects"], answers, probes, wire, options["missing"], options["backend"])
    return rows, {answer["destination"] for answer in answers if answer["stale"]}


def _audited(
    host: Host,
    intent: Intent,
    listed: list[_Row],
    bad: list[_Row],
    proved: list[Finding],
    options: t.Mapping[str, t.Any],
) -> tuple[list[Finding], list[str]]:
    """All findings, each damage under the name that says most of it, and notes."""
    backend = options["backend"]
    vrfs = host.vrfs
    told = [_borrowed(host, row, finding) for row, finding in zip(bad, proved)]
    twofold = damage.of_twofold(damage.twofold(intent, listed, vrfs, backend))
    said = audit.of_back_end(backend, intent, options[backend])
    if any(finding.problem == "not_applied" for finding in said.findings):
        # That none of it is there says it all.
        return [*audit.stale(host, listed, vrfs), *said.findings], said.notes
    named = damage.merged(audit.stale(host, listed, vrfs), twofold)
    return damage.merged(damage.merged(named, told), said.findings), said.notes


def _borrowed(host: Host, row: _Row, finding: Finding) -> Finding:
    device = audit.borrowed_from(host, row) if finding.problem == "different" else None
    if device is None:
        return finding
    return finding._replace(problem="borrowed", why=f"{finding.actual} is an address of {device}; {finding.why}")


def _finding(row: _Row, gone: t.Container[str]) -> Finding:
    """A bad row as a finding; the first of kernel, socket and wire that is wrong gives it its name."""
    expected, kernel, socket, wire = (row[key] for key in ("expected", "kernel", "socket", "wire"))
    if kernel is None or row["reason"] == "no_route":
        problem, actual = "absent", kernel
    elif row["destination"] in gone:
        problem, actual = "stale", kernel
    elif expected and kernel not in expected.split(" or "):
        problem, actual = "different", kernel
    elif socket is not None and socket != kernel:
        problem, actual = "socket", socket
    else:
        problem, actual = "wire", wire
    # No address is asked for a route of another table: the row is about the prefix there.
    table = row["table"] if row["destination"] == row["prefix"] else None
    return Finding(row["prefix"], expected or None, actual, problem, row["explanation"], vrf=row["vrf"], table=table)
