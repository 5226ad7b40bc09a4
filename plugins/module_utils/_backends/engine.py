# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: one intent, one back end, one answer. PRIVATE to the collection.

Every door goes through ``run``: the task of Ansible today, what keeps an intent while Ansible is away tomorrow.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._base.errors import InvalidInput, Refused
from .._intent.devices import names_devices, with_first_names
from .._intent.options import LISTS
from .._netlink.kernel import Kernel
from .finding import ordered, table
from .interface import BackEnd, Intent, Judgement, Plan
from .lock import one_writer
from .view import Hands

#: Findings and repairs that an answer lists; what is above is counted.
LIMIT = 100
#: The intent of who says that ours is to go.
NOTHING: Intent = {"addresses": [], "routes": [], "policies": [], "rules": [], "labels": [], "warnings": []}


def back_end(name: str, hands: Hands, options: t.Mapping[str, t.Any]) -> BackEnd:
    """The back end of this name; those that are not used are not imported."""
    if name == "kernel":
        from ._kernel.backend import BackEnd as KernelBackEnd

        return KernelBackEnd(hands, options)
    if name == "bird":
        from ._bird.backend import BackEnd as BirdBackEnd

        return BirdBackEnd(hands, options)
    if name == "frr":
        from ._frr.backend import BackEnd as FrrBackEnd

        return FrrBackEnd(hands, options)
    if name == "networkd":
        from ._networkd.backend import BackEnd as NetworkdBackEnd

        return NetworkdBackEnd(hands, options)
    if name == "networkmanager":
        from ._networkmanager.backend import BackEnd as NetworkManagerBackEnd

        return NetworkManagerBackEnd(hands, options)
    if name == "netplan":
        from ._netplan.backend import BackEnd as NetplanBackEnd

        return NetplanBackEnd(hands, options)
    if name == "ifupdown":
        from ._ifupdown.backend import BackEnd as IfupdownBackEnd

        return IfupdownBackEnd(hands, options)
    raise InvalidInput(f"backend: {name!r} is not known")


def run(
    name: str,
    intent: Intent,
    options: t.Mapping[str, t.Any],
    check: bool,
    patience: float,
    who: str = "a task of Ansible",
    wire: str | None = None,
) -> dict[str, t.Any]:
    """Bring the host to what the intent says, and answer with what changed, what differs, and why.

    ``intent``: normal form; ``NOTHING`` itself takes ours off, one that is merely empty does not. ``options``: the
    back end's own. ``check``: change nothing. ``patience``: seconds to wait for another writer. ``wire``: prove it
    afterwards, too, with this option of ``intent_info``; None does not. Returns the task's result. Refused with all
    reasons where the host cannot carry the intent, or does not after all was done; its details hold the findings.
    """
    with contextlib.ExitStack() as stack:
        if not check:
            stack.enter_context(one_writer(f"{who}, back end {name}", patience))
        hands = stack.enter_context(Hands(Kernel, _planned(intent)))
        if names_devices(intent):
            intent = with_first_names(intent, hands.host.first_name)
        answer = carry(back_end(name, hands, options), name, intent, check)
        undone = check and answer["changed"]  # it would prove the host as it was before the change
        if intent is not NOTHING:
            answer["warnings"] += preflight(hands, intent, name, options, answer["changed"], check)
        if wire is None or intent is NOTHING or undone:
            return answer
        return _proved(answer, hands, intent, wire)


def preflight(
    hands: Hands, intent: Intent, name: str, options: t.Mapping[str, t.Any], changed: bool = False, check: bool = False
) -> list[str]:
    """What stands in the way of the intent on this host, as warnings; for the audit, too.

    ``changed``: this run has changed the host, or with ``check`` would.
    """
    from ._preflight.look import look  # who takes an intent off does not pay for it
    from ._preflight.surroundings import Surroundings

    if changed and not check:
        hands.forget()
    return look(Surroundings(hands, intent, name, options, changed, check))


def _proved(answer: dict[str, t.Any], hands: Hands, intent: Intent, wire: str) -> dict[str, t.Any]:
    """The answer with its ``proof``; Refused where the host does not do what the intent says."""
    from .proof import prove  # who wants no proof does not pay for the import

    proof = prove(hands.host, intent, answer["backend"], wire)
    answer["proof"] = proof
    if proof["findings"]:
        count = f"{proof['findings_count']} of {proof['checked']}"
        raise Refused(f"{count} destinations do not have the source of the intent:\n{proof['table']}", **answer)
    return answer


def carry(holder: BackEnd, name: str, intent: Intent, check: bool) -> dict[str, t.Any]:
    """The flow itself, for one back end on one host; as ``run``."""
    plan = holder.plan(intent, holder.read(), check)
    if plan.ours and plan.changed and intent is not NOTHING and not any(map(intent.get, LISTS)):
        raise Refused(
            f"the intent of this host is empty, and what an earlier one made is there ({plan.ours}); nothing was "
            "changed. To take it off, set `source_ip_state: absent` or run `ansible-playbook l3host.source_ip.remove`"
        )
    if plan.refusals:
        reasons = "\n".join(plan.refusals)
        raise Refused(f"This host cannot carry the intent with the back end {name}; nothing was changed:\n{reasons}")
    if plan.changed and not check:
        holder.apply(plan)
    judgement = Judgement()
    if not (check and plan.changed):  # it would judge the host as it was before the change
        judgement = holder.judge(plan, applied=plan.changed)
        if judgement.findings:
            judgement = holder.repair(plan, judgement, check)
    return _answer(name, intent, plan, judgement, check)


def _planned(intent: Intent) -> list[str]:
    return [entry["address"] for entry in intent["addresses"]]


def _answer(name: str, intent: Intent, plan: Plan, judgement: Judgement, check: bool) -> dict[str, t.Any]:
    findings = ordered(judgement.findings)
    answer: dict[str, t.Any] = {
        "changed": bool(plan.changed or judgement.done or judgement.allowed),
        "backend": name,
        "results": plan.results,
        "counts": plan.counts,
        "omitted": plan.omitted,
        "checked": judgement.checked,
        "findings": [finding._asdict() for finding in findings[:LIMIT]],
        "findings_count": len(findings),
        "repaired": [repair._asdict() for repair in judgement.done[:LIMIT]],
        "possible": [repair._asdict() for repair in [*judgement.allowed, *judgement.possible][:LIMIT]],
        "diff": [*plan.diffs, *judgement.diffs],
        "warnings": [*intent["warnings"], *plan.warnings],
    }
    if findings and not check:
        raise Refused(_failure(judgement, len(findings), table(findings)), **answer)
    return answer


def _failure(judgement: Judgement, count: int, text: str) -> str:
    lines = [f"{count} of {judgement.checked} routes do not have the source of the intent.", text]
    lines += [f"Failed: {error}" for error in judgement.errors]
    lines += [
        f"To repair ({repair.level}; loses {repair.loses}; {repair.why}): {repair.command}"
        for repair in judgement.possible[:LIMIT]
    ]
    return "\n".join(lines)
