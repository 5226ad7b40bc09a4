# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way in which the modules write. PRIVATE to the collection.

Read, plan, refuse or stop (check mode), apply, read back, report.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._base.errors import SourceIPError
from .._netlink.kernel import Kernel
from .boundary import few
from .steps import Plan, Planner, Steps
from .transaction import Mismatch, Transaction, carry_out


def write(module: AnsibleModule, kernel: Kernel, planner: Planner, removed_last: bool = False) -> dict[str, t.Any]:
    """Plan, and unless in check mode carry out and read back; the task's result.

    ``removed_last``: nothing is removed before the kernel has taken all else. For removals that take more along than
    undoing them brings back.
    """
    plan = planner.plan()
    if plan.steps and not module.check_mode:
        if removed_last:
            _carry_out_apart(kernel, planner, plan)
        else:
            carry_out(kernel, plan.steps, lambda: left_to_do(planner, plan))
    return {**plan.report(diff=module._diff), "warnings": few(plan.warnings)}


def _carry_out_apart(kernel: Kernel, planner: Planner, plan: Plan) -> None:
    parts = [Steps(step for step in plan.steps if (step.action == "removed") == removal) for removal in (False, True)]
    transaction = Transaction(kernel)
    transaction.carry_out(parts[0], lambda: (one for one in left_to_do(planner, plan) if one.step.action != "removed"))
    transaction.carry_out(parts[1], lambda: left_to_do(planner, plan))


def left_to_do(planner: Planner, plan: Plan) -> t.Iterator[Mismatch]:
    """What planning again finds after ``plan`` was carried out: the steps that did not take."""
    try:
        for step in planner.plan().steps:
            yield Mismatch(step, step.before)
    except SourceIPError as error:
        yield Mismatch(plan.steps[0], error.message)
