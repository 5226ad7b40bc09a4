# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands with a time limit."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends.commands import CommandError, call, run


def test_output_and_status() -> None:
    assert call(["sh", "-c", "cat; echo wrong >&2; exit 3"], stdin="said\n") == (3, "said\n", "wrong\n")
    assert run(["sh", "-c", "exit 2"], accept=(2,)) == ""


def test_the_command_and_its_own_words_are_told() -> None:
    with pytest.raises(CommandError, match="`sh -c echo no >&2; exit 1` ended with 1: no"):
        run(["sh", "-c", "echo no >&2; exit 1"])
    with pytest.raises(CommandError, match="no-such-command: No such file or directory"):
        run(["no-such-command"])


def test_what_does_not_answer_is_named_and_ended_with_its_children(tmp_path: Path) -> None:
    """A child holds the pipes too, and would go on with what it was told to do."""
    begin = time.monotonic()
    with pytest.raises(CommandError, match=r"`sh -c .*` did not answer within 0.3 s, and was ended"):
        call(["sh", "-c", f"(sleep 1; touch {tmp_path}/went-on) & sleep 60"], timeout=0.3)
    assert time.monotonic() - begin < 1
    time.sleep(1)
    assert not list(tmp_path.iterdir())


def test_a_long_command_line_is_not_told_whole() -> None:
    with pytest.raises(CommandError) as raised:
        run(["false", "x" * 100000])
    assert len(raised.value.message) < 3000
