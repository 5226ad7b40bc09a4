# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions on a kernel that refuses where a test wants it to: what is sent, undone and said.

The stand-in keeps the promises of ``Kernel.send`` only; tests/kernel has the same cases on the real one.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from typing import Any, cast

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import KernelError
from ansible_collections.l3host.source_ip.plugins.module_utils._change.steps import REPORT_LIMIT, AnyStep, Step, Steps
from ansible_collections.l3host.source_ip.plugins.module_utils._change.transaction import Mismatch, carry_out
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.kernel import Kernel
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.wire import Failure, Message, Sent

DEL, NEW = wire.RTM_DELROUTE, wire.RTM_NEWROUTE


class Refusing:
    """Refuses the payloads in ``refused`` and sends in batches of ``batch``, as the real kernel's door does."""

    def __init__(self, refused: dict[bytes, int], batch: int = 100) -> None:
        self.refused = refused
        self.batch = batch
        self.taken: list[bytes] = []

    def send(self, messages: Iterable[Message]) -> Sent:
        requests = list(messages)
        for start in range(0, len(requests), self.batch):
            failures = []
            for at, request in enumerate(requests[start : start + self.batch], start):
                code = self.refused.get(request.payload, 0)
                if code:
                    failures.append(Failure(at, code, os.strerror(code)))
                else:
                    self.taken.append(request.payload)
            if failures:
                return Sent(min(start + self.batch, len(requests)), failures)
        return Sent(len(requests), [])


def step(name: str, action: str = "created") -> Step:
    new, old = (name + "+").encode(), (name + "-").encode()
    before = None if action == "created" else f"{name} old"
    after = None if action == "removed" else f"{name} new"
    undo = Message(DEL if action == "created" else NEW, 0, old)
    return Step(f"routes[{name}]", name, action, before, after, Message(NEW, 0, new), (undo,))


def run(
    kernel: Refusing, steps: list[AnyStep], wrong: list[Mismatch] | None = None, **options: Any
) -> KernelError | None:
    asked = []

    def read_back() -> list[Mismatch]:
        asked.append(list(kernel.taken))
        return wrong or []

    try:
        carry_out(cast(Kernel, kernel), Steps(steps), read_back, **options)
    except KernelError as error:
        return error
    finally:
        assert len(asked) <= 1
    assert asked == [kernel.taken], "what was sent must be read back once, afterwards"
    return None


def test_all_taken_is_no_error() -> None:
    kernel = Refusing({})
    assert run(kernel, [step("a"), step("b")]) is None
    assert kernel.taken == [b"a+", b"b+"]


def test_a_refusal_in_the_middle_undoes_in_reverse() -> None:
    kernel = Refusing({b"c+": errno.EINVAL})
    error = run(kernel, [step("a"), step("b", "changed"), step("c"), step("d")])
    # What follows a refused message in its batch was carried out: it is undone too.
    assert kernel.taken == [b"a+", b"b+", b"d+", b"d-", b"b-", b"a-"]
    assert error is not None
    assert error.message == (
        "routes[c]: c: the kernel refused to create it: Invalid argument (EINVAL). "
        "3 change(s) made before were undone; the host is as before."
    )
    assert (error.errno, error.details["differs"]) == (errno.EINVAL, [])
    assert [(one["destination"], one["action"]) for one in error.details["results"]] == [
        ("c", "failed"),
        ("a", "undone"),
        ("b", "undone"),
        ("d", "undone"),
    ]


def test_what_was_never_sent_is_not_undone() -> None:
    kernel = Refusing({b"b+": errno.EINVAL}, batch=2)
    assert run(kernel, [step("a"), step("b"), step("c"), step("d")]) is not None
    assert kernel.taken == [b"a+", b"a-"]


def test_a_first_refusal_changes_nothing() -> None:
    kernel = Refusing({b"a+": errno.EEXIST}, batch=1)
    error = run(kernel, [step("a"), step("b")])
    assert error is not None
    assert error.message.endswith("File exists (EEXIST). Nothing was changed.")
    assert not kernel.taken


def test_all_refusals_are_told_and_none_is_undone() -> None:
    kernel = Refusing({b"a+": errno.EINVAL, b"c+": errno.EPERM})
    error = run(kernel, [step("a"), step("b"), step("c")])
    assert error is not None
    assert "routes[a]" in error.message
    assert [(one["destination"], one["action"]) for one in error.details["results"]] == [
        ("a", "failed"),
        ("c", "failed"),
        ("b", "undone"),
    ]
    assert kernel.taken == [b"b+", b"b-"]


def test_an_undo_that_fails_says_what_differs() -> None:
    kernel = Refusing({b"c+": errno.EINVAL, b"b-": errno.ENETUNREACH})
    error = run(kernel, [step("a"), step("b", "changed"), step("c")])
    assert error is not None
    assert error.details["differs"] == ["b: was 'b old', is 'b new' (Network is unreachable)"]
    assert "the host differs from before in: b: was 'b old'" in error.message
    assert "as before" not in error.message
    # The others are undone all the same.
    assert kernel.taken[-1] == b"a-"


def test_an_undo_goes_on_behind_a_batch_that_failed() -> None:
    kernel = Refusing({b"d+": errno.EINVAL, b"c-": errno.EINVAL}, batch=1)
    error = run(kernel, [step("a"), step("b"), step("c", "changed"), step("d")])
    assert kernel.taken == [b"a+", b"b+", b"c+", b"b-", b"a-"]
    assert error is not None
    assert len(error.details["differs"]) == 1


def test_undoing_by_removing_what_is_gone_is_done() -> None:
    kernel = Refusing({b"b+": errno.EINVAL, b"a-": errno.ESRCH})
    error = run(kernel, [step("a"), step("b")])
    assert error is not None
    assert error.details["differs"] == []
    # But bringing back what cannot be found is not.
    kernel = Refusing({b"b+": errno.EINVAL, b"a-": errno.ESRCH})
    error = run(kernel, [step("a", "removed"), step("b")])
    assert error is not None
    assert error.details["differs"] == ["a: was 'a old', is 'absent' (No such process)"]


def test_what_reads_back_differently_is_undone() -> None:
    kernel = Refusing({})
    steps: list[AnyStep] = [step("a"), step("b")]
    error = run(kernel, steps, [Mismatch(steps[1], None)])
    assert error is not None
    assert error.message == (
        "routes[b]: b: the kernel took the change, but now holds nothing. "
        "2 change(s) made before were undone; the host is as before."
    )
    assert kernel.taken == [b"a+", b"b+", b"b-", b"a-"]
    assert [(one["destination"], one["action"]) for one in error.details["results"]] == [
        ("b", "failed"),
        ("a", "undone"),
    ]


def test_earlier_steps_of_the_transaction_are_undone_last() -> None:
    kernel = Refusing({b"b+": errno.EINVAL})
    assert run(kernel, [step("a"), step("b")], earlier=[step("z"), step("y")]) is not None
    assert kernel.taken == [b"a+", b"a-", b"y-", b"z-"]


def test_several_messages_of_one_undo_keep_their_order() -> None:
    kernel = Refusing({b"b+": errno.EINVAL})
    siblings = (Message(NEW, 0, b"first"), Message(NEW, 0, b"second"))
    assert run(kernel, [step("a")._replace(undo=siblings), step("b")]) is not None
    assert kernel.taken == [b"a+", b"first", b"second"]


def test_results_are_bounded() -> None:
    kernel = Refusing({b"last+": errno.EINVAL})
    error = run(kernel, [*(step(str(at)) for at in range(REPORT_LIMIT + 5)), step("last")])
    assert error is not None
    assert len(error.details["results"]) == REPORT_LIMIT
    assert error.details["results"][0]["destination"] == "last"


@pytest.mark.parametrize(("action", "verb"), [("created", "create"), ("changed", "change"), ("removed", "remove")])
def test_the_verb_is_that_of_the_action(action: str, verb: str) -> None:
    error = run(Refusing({b"a+": 12345}), [step("a", action)])
    assert error is not None
    assert f"the kernel refused to {verb} it" in error.message
    assert "(12345)" in error.message
