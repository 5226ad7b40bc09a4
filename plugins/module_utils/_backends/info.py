# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `intent_info` answers: the proof, and with `audit` all that is wrong besides. Reads only. PRIVATE.

What only an audit needs is here and not in proof.py: it would travel with every intent.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._host.host import Host, snapshot
from .._intent.devices import with_first_names
from .._netlink.kernel import Kernel
from . import audit, damage, proof
from ._keeper import status
from ._keeper.audit import audit as audit_keeper
from ._keeper.places import Places
from .choose import chosen, options_of
from .connections import connections
from .finding import Finding
from .interface import Intent
from .proof import Proof
from .task import intent_of

_Row = dict[str, t.Any]


def prove_intent(module: AnsibleModule, kernel: Kernel) -> _Row:
    """The module ``intent_info``."""
    options = module.params
    host = snapshot(kernel)
    intent = with_first_names(intent_of(module, None), host.first_name)
    choice = chosen(options["backend"], options, intent)
    proved = proof.ask(host, intent, choice.name, options["wire"], options["missing"], options["limit"])
    found = proof.findings(proved)
    notes: list[str] = []
    connected = keeper = None
    if options["audit"]:
        found, notes = _audited(host, intent, proved, found, options_of(choice.name, options))
        connected = connections(host, intent, choice.name, options["limit"])
        keeper = status.read(Places().status)
        unkept, told = audit_keeper(keeper, bool(options_of(choice.name, options).get("keep")))
        found, notes = [*found, *unkept], [*notes, *told]
    said = {"changed": False, "backend_why": choice.why, "connections": connected, "keeper": keeper, "notes": notes}
    return {**proof.told(proved, found), **said}


def _audited(
    host: Host, intent: Intent, proved: Proof, found: list[Finding], options: t.Mapping[str, t.Any]
) -> tuple[list[Finding], list[str]]:
    """All findings, each damage under the name that says most of it, and notes."""
    backend, listed = proved.backend, proved.listed
    vrfs = host.vrfs
    told = [_borrowed(host, row, finding) for row, finding in zip(proved.bad, found)]
    twofold = damage.of_twofold(damage.twofold(intent, listed, vrfs, backend))
    said = audit.of_back_end(backend, intent, options)
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
