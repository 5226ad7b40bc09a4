# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An intent against what the host really does: kernel, socket and wire. Reads only. PRIVATE to the collection."""

from __future__ import annotations

import os
import time
import typing as t

from .._explain.explain import Explainer
from .._explain.question import questions as asked
from .._host.host import Host
from .._routes.listing import unicast_routes
from . import verify
from .finding import Finding, ordered
from .interface import Intent

#: Destinations that are asked for where nobody says how many.
LIMIT = 200
#: Routes that are looked at for one kind of entry; a full table is judged by its first ones.
ROUTES = 10000
#: Seconds to wait for a packet of a probe to be seen.
PATIENCE = 1
_Row = dict[str, t.Any]


class Proof(t.NamedTuple):
    """What was found: ``rows`` as of ``verify.ROW``, ``listed`` the routes that the intent may be about.

    ``asked``: when, by the host's clock; ``omitted``: destinations that the limit leaves out; ``gone``: the addresses
    of which the answer is stale.
    """

    backend: str
    asked: str
    listed: list[_Row]
    rows: list[_Row]
    omitted: int
    gone: set[str]

    @property
    def bad(self) -> list[_Row]:
        return [row for row in self.rows if not row["good"]]


def prove(host: Host, intent: Intent, backend: str, wire: str) -> _Row:
    """What ``intent_info`` says without an audit. ``wire``: its option."""
    proof = ask(host, intent, backend, wire)
    return told(proof, findings(proof))


def ask(host: Host, intent: Intent, backend: str, wire: str, missing: str = "ignore", limit: int = LIMIT) -> Proof:
    """Ask for each destination of an intent; ``wire``, ``missing`` and ``limit`` as the options of ``intent_info``."""
    asked_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    listed = _listed(host, intent)
    asks = verify.questions(intent, listed, backend, limit)
    explainer = Explainer(host)
    answers = [explainer.answer(question) for question in asked(asks["queries"], [], host)]
    probes = _seen(asks["probes"]) if wire != "never" else []
    rows = verify.judge(intent, listed, asks["subjects"], answers, probes, wire, missing, backend)
    gone = {answer["destination"] for answer in answers if answer["stale"]}
    return Proof(backend, asked_at, listed, rows, asks["omitted"], gone)


def _seen(probes: list[_Row]) -> list[_Row]:
    """What the wire says. Imported here: who sends nothing does not pay for it."""
    from .._probe.probe import parse_probe, run_probes

    wanted = [{"protocol": "udp", "capture": True, "timeout": PATIENCE, **probe} for probe in probes]
    return run_probes([parse_probe(item, f"probes[{at}]") for at, item in enumerate(wanted)])


def findings(proof: Proof) -> list[Finding]:
    """One for each bad row."""
    return [_finding(row, proof.gone) for row in proof.bad]


def told(proof: Proof, found: list[Finding]) -> _Row:
    """As the task says it: ``checked``, ``answers`` (a row for each destination), ``findings`` …"""
    found = ordered(found)
    return {
        "asked": proof.asked,
        "kernel": os.uname().release,
        "backend": proof.backend,
        "checked": len(proof.rows),
        "omitted": proof.omitted,
        "answers": proof.rows,
        "findings": [finding._asdict() for finding in found],
        "findings_count": len(found),
        "table": verify.table(proof.bad) if proof.bad else "",
    }


def _listed(host: Host, intent: Intent) -> list[_Row]:
    """The routes that the intent may be about."""
    exact = {entry["destination"] for entry in intent["routes"]}
    within = {text for entry in intent["policies"] for text in entry["destinations"]}
    return [
        *unicast_routes(host, sorted(exact), within=False, limit=ROUTES),
        *unicast_routes(host, sorted(within), within=True, limit=ROUTES),
    ]


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
