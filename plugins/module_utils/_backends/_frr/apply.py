# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying a plan out: all of it, or the host is as it was. PRIVATE to the collection.

Everything that can be known before is tried before: the new files are on the disk, beside the old ones, when the
running FRR gets its first line. The stages have passed vtysh's syntax check with the plan.
"""

from __future__ import annotations

import contextlib
import grp
import pwd
import time
import typing as t

from ..._base.errors import SourceIPError
from ..._change.transaction import Transaction
from ..._files.replace import Prepared, prepare
from ..._files.snapshot import Access
from ..commands import CommandError
from ..undo import Undo
from ..view import Hands
from . import record, services
from .decide import Found, FrrPlan
from .host import Host
from .parse import Objects, parse
from .stages import Stage, stages

#: How often lines are given to FRR until its running configuration has them, how often that is looked at each time, and
#: seconds before each further look. FRR 10 answers before all of its daemons have what they were given, and may pass
#: over lines without a word: mgmtd of 10.3 loses what one session gives while another reads the running configuration.
_ROUNDS, _LOOKS, _SETTLING = 5, 3, 0.3


class ApplyError(SourceIPError):
    """FRR refused lines of ours; what was done before has been undone, or the message says what could not be."""


def carry_out(plan: FrrPlan, host: Host, hands: Hands, options: t.Mapping[str, t.Any]) -> None:
    """Files ready, addresses, the record, running configuration, services, frr.conf.

    SourceIPError when all is as before.
    """
    found = t.cast(Found, plan.found)
    with contextlib.ExitStack() as stack:
        conf: Prepared | None = None
        if plan.edit.content is not None and found.conf is not None:
            new = prepare(found.conf, plan.edit.content, like=_as_frr(), backup=options["backup"])
            conf = stack.enter_context(new)
        files = services.ready(found.boot, plan.boot, stack)
        # Nothing can be left over where nothing of FRR changes.
        former = stack.enter_context(record.ready(record.read(), plan.places)) if plan.stages else None
        stack.enter_context(_addresses(plan, hands))
        undo = stack.enter_context(Undo())
        if former:
            former.commit()
        _running(plan, host, options, undo)
        if plan.boot:
            services.put_to_work(options["service"], found.boot, plan.boot, files, undo)
        if conf:
            conf.commit()
    if plan.boot and not plan.boot.present:
        services.clean()


def _as_frr() -> Access | None:
    """Whose a new frr.conf is: FRR's own user reads it, and writes it at `write memory`."""
    try:
        return Access(pwd.getpwnam("frr").pw_uid, grp.getgrnam("frr").gr_gid, 0o640, {})
    except KeyError:
        return None


@contextlib.contextmanager
def _addresses(plan: FrrPlan, hands: Hands) -> t.Iterator[None]:
    """The addresses of the intent; they go again when the block fails."""
    if plan.addresses is None or not plan.addresses.additions.steps:
        yield
        return
    transaction = Transaction(hands.kernel)
    with transaction.whole():
        plan.addresses.add(transaction)
        plan.warnings += plan.addresses.warnings
        hands.forget()
        yield


def _running(plan: FrrPlan, host: Host, options: t.Mapping[str, t.Any], undo: Undo) -> None:
    if not plan.stages:
        return
    undo.add("FRR's running configuration", lambda: _put_back(plan, host, options))
    try:
        left = _give(plan.stages, plan.want, plan, host, options)
    except CommandError as error:
        raise ApplyError(f"FRR refused: {error.message}") from error
    if left:
        raise ApplyError(f"FRR took our lines without a word, but still lacks: {_lines(left)}")


def _put_back(plan: FrrPlan, host: Host, options: t.Mapping[str, t.Any]) -> None:
    """From whatever is there by now: vtysh may have taken a part of the lines of one call."""
    time.sleep(_SETTLING)
    left = _give(_left(plan.have, plan, host, options), plan.have, plan, host, options)
    if left:
        raise CommandError(f"FRR still lacks: {_lines(left)}")


def _give(todo: list[Stage], goal: Objects, plan: FrrPlan, host: Host, options: t.Mapping[str, t.Any]) -> list[Stage]:
    """Give FRR these stages, and again what it then lacks of the goal; what it lacks in the end."""
    for turn in range(_ROUNDS):
        # After a refusal FRR 10 can keep what a file takes away; what comes as commands it takes away then.
        give = host.configure if turn % 2 else host.load
        for stage in todo:
            host.wait_for_maps(stage.needs)
            give(stage.lines)
        for look in range(_LOOKS):
            if look:
                time.sleep(_SETTLING)
            todo = _left(goal, plan, host, options)
            if not todo:
                return []
    return todo


def _left(want: Objects, plan: FrrPlan, host: Host, options: t.Mapping[str, t.Any]) -> list[Stage]:
    """What would still have to be given to vtysh."""
    now = parse(host.show("show running-config"), options["prefix"], options["tag"])
    return stages(now.ours, want, plan.operator)


def _lines(left: t.Iterable[Stage]) -> str:
    return " / ".join([line.strip() for stage in left for line in stage.lines][:10])
