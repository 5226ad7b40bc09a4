# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What birdc and ip(8) on the host are asked, and how intent, BIRD and kernel compare. PRIVATE to the collection."""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..._intent.policy import Place, Statement
from . import answers

_SCOPE = {
    "family": {"type": "str", "choices": ["ipv4", "ipv6"], "required": True},
    "kernel_table": {"type": "int", "default": 254},
    "bird_table": {"type": "str", "required": True},
    "policies": {"type": "list", "elements": "dict", "default": []},
    "routes": {"type": "list", "elements": "dict", "default": []},
}
#: The options of every module that compares.
OPTIONS: dict[str, t.Any] = {
    "scopes": {"type": "list", "elements": "dict", "default": [], "options": _SCOPE},
    "limit": {"type": "int", "default": 20},
    "socket": {"type": "path", "default": "/run/bird/bird.ctl"},
}


class Scope(t.NamedTuple):
    """One entry of ``scopes``: the kernel protocol that carries it, its routes, and where they do not agree."""

    options: dict[str, t.Any]
    instance: str
    routes: int
    differences: list[answers.Difference]

    @property
    def differs(self) -> list[answers.Difference]:
        """BIRD exports one source, the kernel has another."""
        return [difference for difference in self.differences if difference.problem == "differs"]


def birdc(module: AnsibleModule, command: str, check: bool = True) -> tuple[int, str]:
    """Exit status and output of a command of birdc; the module fails with its words unless ``check`` is off."""
    arguments = [module.get_bin_path("birdc", required=True), "-s", module.params["socket"], *command.split()]
    code, out, err = module.run_command(arguments)
    if check and code:
        module.fail_json(msg=f"birdc {command}: {(out + err).strip()}", rc=code)
    return code, out


def kernel_protocols(module: AnsibleModule) -> list[dict[str, str]]:
    """``[{name, bird_table, state}]``, one for each kernel protocol of the running daemon."""
    return answers.kernel_protocols(birdc(module, "show protocols")[1])


def compare(module: AnsibleModule, protocols: t.Iterable[dict[str, str]]) -> list[Scope]:
    """Every entry of the option ``scopes``, compared. Fails where none of BIRD's kernel ``protocols`` carries it."""
    instances = {row["bird_table"]: row["name"] for row in protocols}
    found = []
    for options in module.params["scopes"]:
        family = options["family"]
        instance = instances.get(options["bird_table"])
        if instance is None:
            module.fail_json(msg=f"BIRD has no kernel protocol for its table {options['bird_table']}")
        exported = answers.exported_routes(birdc(module, f"show route export {instance} all")[1])
        differences = answers.compare(
            exported,
            answers.kernel_sources(_kernel_routes(module, family, options["kernel_table"]), family),
            Place(family, map(Statement, options["policies"])),
            {route["destination"]: route["source"] for route in options["routes"]},
        )
        found.append(Scope(options, instance, len(exported), differences))
    return found


def _kernel_routes(module: AnsibleModule, family: str, table: int) -> list[dict[str, t.Any]]:
    command = [module.get_bin_path("ip", required=True), "-j", "-4" if family == "ipv4" else "-6"]
    command += ["route", "show", "table", str(table), "protocol", answers.KERNEL_PROTOCOL]
    code, out, err = module.run_command(command)
    if code and "FIB table does not exist" in err:
        return []
    if code:
        module.fail_json(msg=f"{' '.join(command)}: {err.strip()}", rc=code)
    routes: list[dict[str, t.Any]] = json.loads(out or "[]")
    return routes


def kernel_edits(scope: Scope) -> list[dict[str, t.Any]]:
    """What differs as entries of ``prefsrc``: the kernel's route is to have what BIRD believes it has."""
    place = {"table": str(scope.options["kernel_table"]), "protocol": answers.KERNEL_PROTOCOL}
    return [
        {**place, "destination": one.destination, **({"source": one.bird} if one.bird else {"state": "absent"})}
        for one in scope.differs
    ]


def report(scopes: t.Sequence[Scope], limit: int) -> dict[str, t.Any]:
    """``routes``, ``counts``, ``meanings``, and the first ``limit`` of ``differences`` and of each ``affected``."""
    order = list(answers.PROBLEMS)
    rows = [{**one._asdict(), "instance": scope.instance} for scope in scopes for one in scope.differences]
    rows.sort(key=lambda row: order.index(row["problem"]))
    counts = {problem: sum(row["problem"] == problem for row in rows) for problem in order}
    return {
        "routes": sum(scope.routes for scope in scopes),
        "counts": counts,
        "meanings": {problem: text for problem, text in answers.PROBLEMS.items() if counts[problem]},
        "differences": rows[:limit],
        "affected": [_affected(scope, differs, limit) for scope in scopes if (differs := scope.differs)],
    }


def _affected(scope: Scope, differs: list[answers.Difference], limit: int) -> dict[str, t.Any]:
    place = {key: scope.options[key] for key in ("family", "kernel_table", "bird_table")}
    changes = [{"destination": one.destination, "source": one.bird} for one in differs[:limit]]
    return {**place, "instance": scope.instance, "count": len(differs), "changes": changes}
