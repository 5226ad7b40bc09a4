# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps carried out as one transaction. PRIVATE to the collection.

Every change of the collection takes this way: send, read back, and on the first refusal undo in reverse.
"""

from __future__ import annotations

import contextlib
import errno as errno_names
import itertools
import typing as t

from .._base.errors import KernelError, SourceIPError
from .._netlink.kernel import Kernel
from .._netlink.wire import RTM_DELADDR, RTM_DELADDRLABEL, RTM_DELNEXTHOP, RTM_DELROUTE, RTM_DELRULE
from .remedy import remedy
from .steps import REPORT_LIMIT, AnyStep, Steps, step_result

_VERBS = {"created": "create", "changed": "change", "removed": "remove"}
# Undoing by removing what is gone already has nothing left to undo.
_REMOVALS = (RTM_DELROUTE, RTM_DELADDR, RTM_DELNEXTHOP, RTM_DELRULE, RTM_DELADDRLABEL)
_GONE = (errno_names.ESRCH, errno_names.EADDRNOTAVAIL, errno_names.ENOENT)


class Mismatch(t.NamedTuple):
    """A step after which the kernel holds something else: ``found`` is its line, None for nothing."""

    step: AnyStep
    found: str | None


def carry_out(
    kernel: Kernel,
    steps: Steps,
    read_back: t.Callable[[], t.Iterable[Mismatch]],
    earlier: t.Iterable[AnyStep] = (),
) -> None:
    """Do all steps, or leave the host as it was and raise KernelError.

    ``read_back`` asks the kernel what it holds afterwards and yields the steps that did not take. ``earlier`` are
    steps of the same transaction that were carried out before: they are undone as well.
    """
    sent = kernel.send(steps.requests())
    if sent.failures:
        failure = sent.failures[0]
        positions = {one.position for one in sent.failures}
        failed: dict[int, AnyStep] = {}
        taken: dict[int, AnyStep] = {}  # a step of several messages may be both
        for at, step in enumerate(itertools.islice(steps.by_message(), sent.total)):
            (failed if at in positions else taken)[id(step)] = step
        done = [*earlier, *taken.values()]
        step = next(iter(failed.values()))
        name = errno_names.errorcode.get(failure.errno, str(failure.errno))
        what = f"{step.item}: {step.subject}: the kernel refused to {_VERBS[step.action]} it: {failure.text} ({name})"
        what += remedy(kernel, failure.errno, failure.text, step.after or step.before or "")
        _give_up(kernel, what, failure.errno, failure.text, done, list(failed.values()))
    wrong = list(read_back())
    if wrong:
        step, found = wrong[0]
        what = f"{step.item}: {step.subject}: the kernel took the change, but now holds {found or 'nothing'}"
        _give_up(kernel, what, 0, "read back differs", [*earlier, *steps], [one.step for one in wrong])


class Transaction:
    """Several groups of steps as one change: whatever fails, all that was done before is undone."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._done: list[Steps] = []

    def carry_out(self, steps: Steps, read_back: t.Callable[[], t.Iterable[Mismatch]]) -> None:
        """Do these steps after the earlier ones; KernelError when all of them have been undone."""
        if not steps:
            return
        earlier, self._done = self._done, []
        carry_out(self._kernel, steps, read_back, itertools.chain.from_iterable(earlier))
        self._done = [*earlier, steps]

    @contextlib.contextmanager
    def whole(self) -> t.Iterator[None]:
        """What is carried out inside stays only if the block comes to its end."""
        try:
            yield
        except BaseException as error:
            done = list(itertools.chain.from_iterable(self._done))
            self._done = []
            if done:
                after = _undone(_undo(self._kernel, done), len(done))
                if isinstance(error, SourceIPError):
                    error.message += after
            raise


def _undone(differs: t.Sequence[str], count: int) -> str:
    """How the host is after undoing, as the end of a message."""
    if differs:
        return f" Undoing failed as well; the host differs from before in: {'; '.join(differs[:10])}"
    return f" {count} change(s) made before were undone; the host is as before."


def _give_up(
    kernel: Kernel, what: str, errno: int, text: str, done: t.Sequence[AnyStep], failed: t.Sequence[AnyStep]
) -> t.NoReturn:
    differs = _undo(kernel, done)
    after = _undone(differs, len(done)) if done else " Nothing was changed."
    names = {id(step) for step in failed}
    shown = [(step, "failed") for step in failed] + [(step, "undone") for step in done if id(step) not in names]
    results = [{**step_result(step), "action": action} for step, action in shown[:REPORT_LIMIT]]
    raise KernelError(f"{what}.{after}", errno, text, results=results, differs=differs)


def _undo(kernel: Kernel, done: t.Sequence[AnyStep]) -> list[str]:
    """Undo in reverse; what could not be undone, in words."""
    orders = [(step, message) for step in reversed(done) for message in step.undo]
    differs = []
    while orders:
        sent = kernel.send([message for _step, message in orders])
        for failure in sent.failures:
            step, message = orders[failure.position]
            if message.kind in _REMOVALS and failure.errno in _GONE:
                continue
            differs.append(
                f"{step.subject}: was {step.before or 'absent'!r}, is {step.after or 'absent'!r} ({failure.text})"
            )
        orders = orders[sent.total :]
    return differs
