# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An intent against what the host really does: kernel, socket and wire. Reads only. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._explain.explain import Explainer
from .._explain.question import questions as asked
from .._host.host import snapshot
from .._netlink.kernel import Kernel
from .._probe.probe import parse_probe, run_probes
from .._routes.listing import unicast_routes
from . import verify
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
    return prove(kernel, intent_of(module, None), module.params)


def prove(kernel: Kernel, intent: Intent, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The task's result of ``intent_info``: ``checked``, ``answers`` (a row for each destination), ``findings``."""
    host = snapshot(kernel)
    backend, wire = options["backend"], options["wire"]
    exact = {entry["destination"] for entry in intent["routes"]}
    within = {text for entry in intent["policies"] for text in entry["destinations"]}
    listed = [
        *unicast_routes(host, sorted(exact), within=False, limit=ROUTES),
        *unicast_routes(host, sorted(within), within=True, limit=ROUTES),
    ]
    asks = verify.questions(intent, listed, backend, options["limit"])
    explainer = Explainer(host)
    answers = [explainer.answer(question) for question in asked(asks["queries"], [], host)]
    probes: list[_Row] = []
    if wire != "never":
        wanted = [{"protocol": "udp", "capture": True, "timeout": PATIENCE, **probe} for probe in asks["probes"]]
        probes = run_probes([parse_probe(item, f"probes[{at}]") for at, item in enumerate(wanted)])
    rows = verify.judge(intent, listed, asks["subjects"], answers, probes, wire, options["missing"], backend)
    findings = ordered(_finding(row) for row in rows if not row["good"])
    return {
        "changed": False,
        "checked": len(rows),
        "omitted": asks["omitted"],
        "answers": rows,
        "findings": [finding._asdict() for finding in findings],
        "findings_count": len(findings),
        "table": verify.table([row for row in rows if not row["good"]]) if findings else "",
    }


def _finding(row: _Row) -> Finding:
    """A bad row as a finding; the first of kernel, socket and wire that is wrong gives it its name."""
    expected, kernel, socket, wire = (row[key] for key in ("expected", "kernel", "socket", "wire"))
    if kernel is None:
        problem, actual = "absent", None
    elif expected and kernel not in expected.split(" or "):
        problem, actual = "different", kernel
    elif socket is not None and socket != kernel:
        problem, actual = "socket", socket
    else:
        problem, actual = "wire", wire
    return Finding(row["prefix"], expected or None, actual, problem, row["explanation"], vrf=row["vrf"])
