# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FRR as a back end: our objects beside the operator's configuration. PRIVATE to the collection."""

from __future__ import annotations

import os
import shutil
import typing as t

from ..._addresses.task import AddressChange
from ..._base.errors import InvalidInput, Refused
from ..._base.values import parse_address
from ..._files.snapshot import Snapshot, check
from ..._files.snapshot import read as read_file
from ..commands import CommandError
from ..finding import Finding
from ..interface import Capabilities, Intent, Judgement, Repair
from ..view import Hands
from . import record, services
from .apply import carry_out
from .audit import Judge
from .conf import read as read_conf
from .decide import Found, FrrPlan, check_options, decide
from .host import Host
from .parse import parse
from .release import stuck
from .repair import LEVELS, Step
from .survey import Seen, Survey, mend, possible

_SINGLE = ("zebra", "mgmtd", "staticd", "bgpd", "ospfd", "ospf6d", "isisd", "ripd", "ripngd", "eigrpd", "babeld")
_DETECTION = 5.0  # seconds; IPv6 duplicate detection takes one to two
_SHOWN = 100
_SOON = 2.0  # seconds; where FRR will do nothing more, waiting wins nothing


class BackEnd:
    """FRR; its options are those of ``options.py``."""

    CAPABILITIES: t.ClassVar[Capabilities] = Capabilities(
        own="yes, without metrics and weights",
        learned="what FRR learns: BGP, OSPF, IS-IS, RIP, EIGRP, Babel, NHRP, OpenFabric, its static routes",
        tables="VRFs; of other tables only own routes",
        reboot="yes",
        cannot="routes that FRR does not write",
    )

    def __init__(self, hands: Hands, options: t.Mapping[str, t.Any]) -> None:
        check_options(options)
        self._hands = hands
        self._options = options
        self._host = Host(options["vtysh"])
        self._survey: Survey | None = None
        self._seen: Seen | None = None
        self._check = False

    def read(self) -> Found:
        """CommandError where FRR does not answer, Refused where a file cannot be read as what it should be."""
        options = self._options
        try:
            version = self._host.version()
            running = parse(self._host.show("show running-config"), options["prefix"], options["tag"])
        except CommandError as error:
            raise CommandError(
                f"{error.message}. Is FRR installed and running, and may this user talk to it (become: true, or group "
                "frrvty)? Nothing was changed"
            ) from error
        found = Found(version, running, former=record.read().places, boot=services.look(options["service"]))
        if options["persist"]:
            self._read_conf(found)
        return found

    def _read_conf(self, found: Found) -> None:
        options = self._options
        directory = os.path.dirname(options["conf"])
        found.conf = read_file(options["conf"])
        found.vtysh_conf = (read_file(os.path.join(directory, "vtysh.conf")).content or b"").decode("utf-8", "replace")
        names = (f"{daemon}.conf" for daemon in _SINGLE)
        found.others = [name for name in names if os.path.exists(os.path.join(directory, name))]
        try:
            found.saved = read_conf(found.conf.content or b"", options["conf"], options["prefix"], options["tag"])
        except Refused as error:
            found.unreadable = error.message

    def plan(self, intent: Intent, found: Found, check: bool) -> FrrPlan:
        self._check = check
        plan = decide(intent, found, self._options)
        if intent["addresses"]:
            self._plan_addresses(plan, intent)
        plan.refusals += self._absent_sources(plan)
        if plan.boot.present and plan.boot and not shutil.which("systemctl"):
            plan.refusals.append("this host has no systemctl: set frr_boot to false, and see to its start yourself")
        if not plan.refusals:
            plan.refusals += self._untaken(plan, found)
        return plan

    def _plan_addresses(self, plan: FrrPlan, intent: Intent) -> None:
        wanted = [{"address": entry["address"], "device": entry["device"]} for entry in intent["addresses"]]
        host, kernel = self._hands.host, self._hands.kernel
        plan.addresses = AddressChange(kernel, host, wanted, force=False, wait=_DETECTION)
        report = plan.addresses.additions.plan().report()
        plan.results, plan.counts, plan.omitted = report["results"], report["counts"], report["omitted"]
        if plan.addresses.additions.steps:
            plan.changed = True
            plan.diffs.insert(0, report["diff"])

    def _absent_sources(self, plan: FrrPlan) -> list[str]:
        """Addresses of the intent count as there: they come first."""
        problems = []
        for source, vrf, number, where in plan.sources:
            host = self._hands.host
            try:
                table = host.table(number, vrf, where)
            except InvalidInput:
                continue  # the VRF is not there; the judge looks again later
            try:
                host.check_source(parse_address(source, where)[1], table, where)
            except InvalidInput as error:
                problems.append(
                    f"this host does not have {source} as a source: {error.message}. The kernel would refuse every "
                    "route with it, and FRR would not try again"
                )
        if plan.sources:
            plan.warnings += self._hands.host.warnings
        return problems

    def _untaken(self, plan: FrrPlan, found: Found) -> list[str]:
        """What FRR, or the disk, would not take."""
        problems = []
        if plan.stages:
            bad = self._host.refused_lines("".join(f"{line}\n" for line in plan.lines).encode())
            problems += [f"FRR would not take this line of ours: {words}" for _number, words in bad[:_SHOWN]]
        if plan.edit.content is None or found.conf is None:
            return problems
        try:
            check(found.conf)
        except Refused as error:
            problems.append(error.message)
        problems += self._bad_lines(plan.edit.content, found.conf)
        return problems

    def _bad_lines(self, content: bytes, conf: Snapshot) -> list[str]:
        """Of a line of the operator only its first word is shown: the rest may be a password."""
        lines = content.split(b"\n")
        problems = []
        for number, _words in self._host.refused_lines(content)[:_SHOWN]:
            first = b" ".join(lines[number - 1].split()[:1]).decode("utf-8", "backslashreplace")
            problems.append(
                f"{conf.path}, line {number} as it would be: vtysh does not understand `{first} …` and would pass over "
                "it at FRR's next start. Mend or remove that line (`vtysh -C -f` tells more), and run again"
            )
        return problems

    def apply(self, plan: FrrPlan) -> None:
        carry_out(plan, self._host, self._hands, self._options)

    def judge(self, plan: FrrPlan, applied: bool) -> Judgement:
        """Where this FRR will not touch its installed routes, they get their source before FRR's own delay is over."""
        options = self._options
        self._survey = Survey(self._host, Judge(plan.judged, plan.former), plan.version)
        left_alone = stuck(plan.version)
        judgement = Judgement()
        if applied and plan.stages and left_alone and options["repair"] != "none":
            before = self._survey.look()
            mended = mend(self._survey, before, plan.settings, "safe", 0)
            judgement.done = [_repair(step) for step in mended.done]
            judgement.errors = mended.failed
            _show(judgement, before)
        timeout = min(_SOON, options["timeout"]) if left_alone else options["timeout"]
        self._seen = self._survey.settle(options["delay"] if applied and plan.stages else 0, timeout)
        judgement.checked = self._seen.checked
        judgement.findings = self._seen.findings
        judgement.possible = [_repair(step) for step in possible(self._survey, self._seen, plan.settings)]
        self._forget(self._seen)
        return judgement

    def repair(self, plan: FrrPlan, judgement: Judgement, check: bool) -> Judgement:
        options = self._options
        level = options["repair"]
        survey, before = t.cast(Survey, self._survey), t.cast(Seen, self._seen)
        if check:
            steps = possible(survey, before, plan.settings)
            may = LEVELS[: LEVELS.index(level) + 1]
            judgement.allowed = [_repair(step) for step in steps if step.level in may]
            judgement.possible = [_repair(step) for step in steps if step.level not in may]
        else:
            timeout = min(_SOON, options["timeout"]) if stuck(plan.version) else options["timeout"]
            mended = mend(survey, before, plan.settings, level, timeout)
            judgement.checked = mended.seen.checked
            judgement.findings = mended.seen.findings
            judgement.done += [_repair(step) for step in mended.done]
            judgement.possible = [_repair(step) for step in mended.possible]
            judgement.errors += mended.failed
            self._forget(mended.seen)
        _show(judgement, before)
        return judgement

    def _forget(self, seen: Seen) -> None:
        """What earlier maps served matters until every route is right."""
        if seen.right and not self._check:
            record.forget()


def _show(judgement: Judgement, before: Seen) -> None:
    """What repairs changed, or would."""
    lines = "".join(_line(wrong.finding) for wrong in before.wrong[:_SHOWN])
    if lines and (judgement.done or judgement.allowed):
        judgement.diffs.append({"prepared": lines})


def _repair(step: Step) -> Repair:
    return Repair(f"frr_repair: {step.level}", step.loses, step.why, step.describe())


def _line(finding: Finding) -> str:
    place = f" vrf {finding.vrf}" if finding.vrf else ""
    words = f"{finding.destination}{place} proto {finding.protocol}"
    old = f" src {finding.actual}" if finding.actual else " (refused)" if finding.problem == "rejected" else ""
    new = f" src {finding.expected}" if finding.expected else ""
    return f"-{words}{old}\n+{words}{new}\n"
