# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of the host, each with a time limit. PRIVATE to the collection. Standard library only."""

# Runs as part of a module, and at boot without one, so there is no run_command to call.
# pylint: disable=ansible-bad-function
from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import typing as t

from .._base.errors import SourceIPError

#: Seconds. A daemon that has a million routes to show may need some; one that is stuck needs for ever.
PATIENCE = 60.0
_WORDS = 2000


class CommandError(SourceIPError):
    """A command that failed, complained or did not answer; the text holds the command and its own words."""


class Done(t.NamedTuple):
    """A command that has ended: exit status, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """All that it said, without white space around."""
        return "\n".join(filter(None, (self.err.strip(), self.out.strip())))


def call(argv: t.Sequence[str], stdin: str | None = None, timeout: float = PATIENCE) -> Done:
    """Run a command to its end, whatever its exit status. CommandError where it does not start or does not answer."""
    try:
        # A session of its own: vtysh of FRR 10 has a child for each daemon, and none may go on where it is given up.
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            # Answers are read by machines: no translation, no pager.
            env={**os.environ, "LC_ALL": "C.UTF-8", "PAGER": "cat", "SYSTEMD_PAGER": "cat"},
            start_new_session=True,
        )
    except OSError as error:
        raise CommandError(f"{argv[0]}: {error.strerror}") from error
    with process:
        try:
            out, err = process.communicate(stdin, timeout)
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                text = f"`{_shown(argv)}` did not answer within {timeout:g} s, and was ended"
                raise CommandError(text) from error
            raise
    return Done(process.returncode, out, err)


def _shown(argv: t.Sequence[str]) -> str:
    """The command as a message has it."""
    text = " ".join(argv)
    return text if len(text) <= _WORDS else f"{text[:_WORDS]} …"


def run(
    argv: t.Sequence[str], accept: t.Container[int] = (0,), stdin: str | None = None, timeout: float = PATIENCE
) -> str:
    """Standard output of a command. CommandError with its own words when the exit status is not accepted."""
    done = call(argv, stdin, timeout)
    if done.code not in accept:
        raise CommandError(f"`{_shown(argv)}` ended with {done.code}: {done.words[:_WORDS]}")
    return done.out
