# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back end for BIRD 2 and 3: functions and static routes in a file that the operator includes. PRIVATE.

Both files are written and validated beside those of now before anything is changed; whatever fails after that, files,
running configuration and addresses are put back. BIRD is told to configure, never restarted.
"""

from __future__ import annotations

import os
import time
import typing as t
from dataclasses import dataclass, field

from ..._addresses.task import AddressChange
from ..._base.errors import Refused, SourceIPError
from ..._base.protocols import PROTOCOLS
from ..._base.values import INET, INET6
from ..._change.transaction import Transaction
from ..._files.shown import difference
from ..._netlink import wire
from ..._routes.payload import Payload
from ..finding import Finding, ordered, table
from ..interface import Capabilities, Intent, Judgement, Plan, Repair
from ..view import Hands
from . import marks
from .compare import IN_KERNEL, NOT_AS_EXPORTED, Compared, KernelRoutes, compare, packed_address
from .daemon import Daemon, State, parse
from .files import ENCODING, Both, Change, read_both, text_of
from .plan import Content, contents, table_of
from .repairs import Mend, Reload, Restart, SetInKernel, Withdraw

_FAMILIES = {"ipv4": INET, "ipv6": INET6}
#: Seconds: for the duplicate detection of IPv6 addresses, and between two comparisons with the kernel.
_DETECTION, _PAUSE = 5.0, 0.2


class Found(t.NamedTuple):
    """The daemon, and both files."""

    daemon: State
    files: Both


@dataclass
class BirdPlan(Plan):
    """Content of both files, and what was found. ``pending``: BIRD has to read, or files have to be written.

    ``waits``: in mode manual, what the operator has to add before the intent can be applied.
    """

    content: Content | None = None
    found: Found | None = None
    addresses: AddressChange | None = None
    pending: bool = False
    waits: str = ""
    scopes: list[dict[str, t.Any]] = field(default_factory=list)


class BackEnd:
    """BIRD; its options are those of ``options.py``."""

    CAPABILITIES: t.ClassVar[Capabilities] = Capabilities(
        own="yes, with the metric of the kernel protocol",
        learned="BGP, OSPF, RIP, Babel and static routes of BIRD",
        tables="yes, those that BIRD exports to",
        reboot="yes",
        cannot="routes that BIRD does not write: connected, kernel, DHCP, RA",
    )

    def __init__(self, hands: Hands, options: t.Mapping[str, t.Any]) -> None:
        self._hands = hands
        self._options = options
        self._daemon = Daemon(options["socket"])
        #: The comparison that a change ended with; nothing has changed since.
        self._compared: list[Compared] | None = None
        self._told = False  # whether BIRD was told to read the new files

    def read(self) -> Found:
        return Found(self._daemon.state(), read_both(self._options["config"], self._options["include"]))

    def plan(self, intent: Intent, found: Found, check: bool) -> BirdPlan:
        options, host = self._options, self._hands.host
        plan = BirdPlan(found=found, ours=options["include"] if found.files.include.content else "")
        vrf_tables = {name: table for table, name in host.vrfs.items()}
        try:
            plan.refusals += self._refusals(intent, vrf_tables)
            content = contents(
                intent,
                text_of(found.files.config),
                options["include"],
                mode=options["mode"],
                version=found.daemon.version,
                protocols=options["kernel_protocols"],
                tables=options["tables"],
                vrf_tables=vrf_tables,
                known_functions=found.daemon.functions,
                folder=os.path.dirname(options["config"]),
            )
        except Refused as error:
            plan.refusals.append(error.message)
        if plan.refusals:
            return plan
        plan.content, plan.scopes = content, content.scopes
        plan.addresses = AddressChange(self._hands.kernel, host, _addresses(intent), force=False, wait=_DETECTION)
        self._decide(plan, content, found, check)
        self._report(plan, content, found)
        plan.warnings += host.warnings
        if not found.daemon.running:
            plan.silent = f"BIRD does not answer at {options['socket']}"
            plan.warnings.append(
                "BIRD does not run on this host. The files are validated, and written for its next start; nothing is "
                "applied or compared."
            )
        return plan

    def _refusals(self, intent: Intent, vrf_tables: t.Mapping[str, int]) -> list[str]:
        """Sources that the host does not have: BIRD and its parser take any address, the kernel refuses the route."""
        found: dict[tuple[str, int], str | None] = {}
        for entry in [*intent["policies"], *intent["routes"]]:
            place = entry["source"], table_of(entry, vrf_tables)
            if place in found:
                continue
            name = entry.get("destination") or entry["name"] or entry["destinations"][0]
            reason = self._hands.host.why_not_source(packed_address(entry["source"]), place[1])
            found[place] = reason and (
                f"{name}: source {reason}. The kernel would refuse every route with it, and BIRD would leave those "
                "destinations without a route."
            )
        return [refusal for refusal in found.values() if refusal]

    def _decide(self, plan: BirdPlan, content: Content, found: Found, check: bool) -> None:
        files, daemon = found.files, found.daemon
        include_now = None if files.include.content is None else text_of(files.include)
        include_differs = include_now != content.include if content.present else False
        if self._options["mode"] == "manual" and content.present and not content.included:
            plan.waits = (
                f"{self._options['include']} is written and waits. Add to BIRD's configuration, reload BIRD, and run "
                f"this again:\n{content.lines}"
            )
            plan.pending = include_differs
            if not include_differs:
                plan.refusals.append(plan.waits)
            elif check:
                plan.warnings.append(f"In mode manual, add to BIRD's configuration:\n{content.lines}")
        else:
            # The daemon may run with another revision than the files have: a run was interrupted, BIRD has undone an
            # unconfirmed configuration by itself, or the operator has added his lines since.
            wanted = content.revision if content.present else ""
            plan.pending = (
                include_differs
                or content.config != text_of(files.config)
                or (daemon.running and daemon.revision != wanted)
            )
        plan.changed = plan.pending or bool(plan.addresses and plan.addresses.additions.steps)

    def _report(self, plan: BirdPlan, content: Content, found: Found) -> None:
        """Results of addresses, and diffs: of our file all, of the operator's only what we insert and replace."""
        change = t.cast(AddressChange, plan.addresses)
        report = change.additions.plan().report()
        plan.results, plan.counts, plan.omitted = report["results"], report["counts"], report["omitted"]
        if change.additions.steps:
            plan.diffs.append(report["diff"])
        before, after = text_of(found.files.config), content.config
        if before != after:
            spans = marks.changed_spans(before, after)
            plan.diffs.append(
                difference(self._options["config"], before.encode(ENCODING), after.encode(ENCODING), spans)
            )
        now = found.files.include.content
        new = content.include.encode(ENCODING) if content.present else None
        if now != new:
            plan.diffs.append(difference(self._options["include"], now, new))

    def apply(self, plan: BirdPlan) -> None:
        change = t.cast(AddressChange, plan.addresses)
        transaction = Transaction(self._hands.kernel)
        with transaction.whole():
            change.add(transaction)
            plan.warnings += change.warnings
            self._hands.forget()
            if plan.pending:
                self._replace(plan)
        if plan.waits:
            raise Refused(plan.waits)

    def _replace(self, plan: BirdPlan) -> None:
        content, found = t.cast(Content, plan.content), t.cast(Found, plan.found)
        running = found.daemon.running and not plan.waits
        include = content.include if content.present else None
        validated = False
        files = Change(found.files, content.config, include, self._options["group"])
        try:
            with files:
                if not plan.waits:
                    judges = [lambda path: parse(path, self._options["user"]), self._daemon.check]
                    files.validate(*judges[: 1 + running])
                validated = True
                files.commit()
                if running:
                    self._reconfigure(plan)
                files.finish()
        except BaseException as error:
            said = self._put_back(files.problems) if validated else ""
            if isinstance(error, SourceIPError):
                error.message += said
            raise

    def _put_back(self, problems: t.Sequence[str]) -> str:
        """BIRD runs with the files of before again; in words. `configure undo` would not where the new never ran."""
        if problems:
            return f" The files could not be put back: {'; '.join(problems)}"
        if not self._told:
            return " The files are as they were before."
        try:
            self._daemon.configure()
        except SourceIPError as error:
            return f" The files are as they were before, but BIRD did not read them again: {error.message}"
        return " The files are as they were before, and BIRD runs with them again."

    def _reconfigure(self, plan: BirdPlan) -> None:
        self._told = True
        self._daemon.configure(self._options["timeout"])
        major = t.cast(Found, plan.found).daemon.major
        # A source that BIRD 3 does not write again does not come by waiting, and is set afterwards (`repair`).
        compared = self._wait(plan, lambda one: major >= 3 and one in IN_KERNEL)
        wrong = [one for scope in compared for one in scope.findings() if one.problem not in IN_KERNEL]
        if wrong:
            count = sum(scope.routes for scope in compared)
            raise Refused(
                f"{len(wrong)} of {count} routes do not have the source of the intent.\n{table(ordered(wrong))}\n"
                + (_by_hand(plan) if any(one.problem == "filter" for one in wrong) else ""),
                findings=[one._asdict() for one in ordered(wrong)[:100]],
            )
        if self._options["timeout"]:
            self._daemon.confirm()

    def _wait(self, plan: BirdPlan, good: t.Callable[[str], bool]) -> list[Compared]:
        """The comparison, once every difference is ``good`` or the time is over."""
        end = time.monotonic() + self._options["wait"]
        while True:
            over = time.monotonic() >= end
            try:
                self._compared = self._compare(plan)
                if over or all(good(one.problem) for scope in self._compared for one in scope.differences):
                    return self._compared
            except SourceIPError:
                if over:  # a kernel protocol that starts has nothing to show yet
                    raise
            time.sleep(_PAUSE)

    def _compare(self, plan: BirdPlan) -> list[Compared]:
        instances = self._daemon.instances() if plan.scopes else {}
        found = []
        for scope in plan.scopes:
            instance = instances.get(scope["bird_table"])
            if instance is None:
                raise Refused(f"BIRD has no kernel protocol for its table {scope['bird_table']}")
            exported = self._daemon.exported(instance)
            kernel = self._kernel_routes(scope)
            found.append(Compared(scope, instance, len(exported), compare(scope, exported, kernel)))
        return found

    def _kernel_routes(self, scope: dict[str, t.Any]) -> KernelRoutes:
        family = _FAMILIES[scope["family"]]
        found = {}
        for chunk in self._hands.kernel.dump_routes(family, scope["kernel_table"], PROTOCOLS["bird"]):
            for number, _flags, _sequence, payload in wire.messages(chunk):
                if number == wire.RTM_NEWROUTE:
                    route = Payload(payload)
                    found[route.destination.key] = route.header.type, route.source
        return found

    def judge(self, plan: BirdPlan, applied: bool) -> Judgement:
        if not t.cast(Found, plan.found).daemon.running:
            return Judgement()
        if self._compared is None:
            # An address that has just been added: BIRD may have to offer its routes again.
            self._compared = self._wait(plan, lambda _problem: False) if applied else self._compare(plan)
        return _judgement(self._compared)

    def repair(self, plan: BirdPlan, judgement: Judgement, check: bool) -> Judgement:
        compared = self._compared or []
        level = self._options["repair"]
        mends = self._mends(plan, compared)
        chosen = mends.get(level, [])
        if check or not chosen:
            judgement.allowed = [mend.describe() for mend in chosen]
            judgement.possible = self._hints(plan, judgement, {} if chosen else mends)
            if check and chosen:
                judgement.diffs = _diffs(chosen, check=True)
            return judgement
        for mend in chosen:
            mend.perform()
        # A kernel protocol that starts again has no routes to show for a moment.
        after = _judgement(self._wait(plan, lambda _problem: False))
        after.done = [mend.describe() for mend in chosen]
        after.diffs = _diffs(chosen, check=False)
        after.possible = self._hints(plan, after, self._mends(plan, self._compared or []))
        return after

    def _mends(self, plan: BirdPlan, compared: list[Compared]) -> dict[str, list[Mend]]:
        """What each setting of ``repair`` would do."""
        wrong = [one for one in compared if one.only(IN_KERNEL)]
        compared = [one for one in compared if one.only(NOT_AS_EXPORTED)]
        if not compared:
            return {}
        lossless: list[Mend] = [SetInKernel(self._hands, wrong)] if wrong else []
        if t.cast(Found, plan.found).daemon.major < 3:
            lossless = [Reload(self._daemon, one) for one in compared]
        content = t.cast(Content, plan.content)
        return {
            "lossless": lossless,
            "withdraw": [Withdraw(self._daemon, content, self._options["include"], compared)],
            "restart": [Restart(self._daemon, one) for one in compared],
        }

    def _hints(self, plan: BirdPlan, judgement: Judgement, mends: dict[str, list[Mend]]) -> list[Repair]:
        hints = [mend.describe() for level in mends.values() for mend in level]
        if any(finding.problem == "filter" for finding in judgement.findings):
            why = "each export filter concerned must call our function before its first accept"
            hints.append(Repair("by hand", "nothing", why, f"\n{t.cast(Content, plan.content).lines}"))
        return hints


def _judgement(compared: t.Sequence[Compared]) -> Judgement:
    findings: list[Finding] = [finding for scope in compared for finding in scope.findings()]
    return Judgement(checked=sum(scope.routes for scope in compared), findings=findings)


def _by_hand(plan: BirdPlan) -> str:
    lines = t.cast(Content, plan.content).lines
    return f"Each export filter concerned needs, before its first accept:\n{lines}\n"


def _diffs(mends: t.Sequence[Mend], check: bool) -> list[dict[str, str]]:
    found = []
    for mend in mends:
        if isinstance(mend, SetInKernel):
            if check:
                mend.plan()
            found += mend.diffs
    return found


def _addresses(intent: Intent) -> list[dict[str, t.Any]]:
    return [{"address": item["address"], "device": item["device"]} for item in intent["addresses"]]
