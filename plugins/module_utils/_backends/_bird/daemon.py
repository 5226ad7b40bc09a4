# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BIRD on the host: what ``birdc`` and ``bird`` are asked and told, each with a time limit. PRIVATE."""

from __future__ import annotations

import errno
import os
import shutil
import time
import typing as t

from ..._base.errors import Refused, SourceIPError
from ..commands import CommandError, Done, call
from . import answers
from .conf import is_ours

_SYSTEM = "/usr/local/sbin:/usr/sbin:/sbin"
#: What birdc says where no daemon listens (client/client.c); that we may not ask is something else.
_NOBODY = (os.strerror(errno.ENOENT), os.strerror(errno.ECONNREFUSED))
_PAUSE = 0.05  # seconds between two questions whether BIRD is through
#: Seconds that BIRD may take to read and apply a configuration.
_RECONFIGURATION = 60.0


class State(t.NamedTuple):
    """The daemon as it runs. ``revision``: of our file in the running configuration, empty where it has none."""

    running: bool
    version: str
    functions: tuple[str, ...] = ()
    revision: str = ""

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0] or 0)


class Daemon:
    """The BIRD that listens at ``socket``."""

    def __init__(self, socket: str) -> None:
        self._socket = socket

    def _ask(self, *words: str) -> Done:
        return call([_program("birdc"), "-s", self._socket, *words])

    def _tell(self, *words: str) -> str:
        """The answer; CommandError with BIRD's own words where it refuses."""
        done = self._ask(*words)
        if done.code:
            raise CommandError(f"birdc {' '.join(words)}: {done.words}")
        return done.out

    def state(self) -> State:
        """Whether it runs, and what of ours it has read."""
        status = self._ask("show", "status")
        if status.code and any(text in status.words for text in _NOBODY):
            return State(False, answers.version_of(call([_program("bird"), "--version"]).words))
        if status.code:
            raise CommandError(f"birdc show status: {status.words}")
        revision = self._ask("eval", "source_ip_revision")
        functions = answers.symbols(self._tell("show", "symbols", "function"))
        return State(
            running=True,
            version=answers.version_of(status.out),
            functions=tuple(name for name in functions if is_ours(name)),
            revision="" if revision.code else revision.out.splitlines()[-1].strip(),
        )

    def instances(self) -> dict[str, str]:
        """``{BIRD table: kernel protocol}``."""
        return answers.kernel_protocols(self._tell("show", "protocols"))

    def exported(self, instance: str) -> list[answers.Exported]:
        """The routes that a kernel protocol gives to the kernel."""
        return answers.exported_routes(self._tell("show", "route", "export", instance, "all"))

    def check(self, path: str) -> None:
        """Refused where the running daemon would not take this configuration."""
        done = self._ask("configure", "check", f'"{path}"')
        if done.code or "Configuration OK" not in done.out:
            raise Refused(f"BIRD refuses the new configuration, nothing was changed: {done.words}")

    def configure(self, timeout: int = 0) -> None:
        """Read the configuration again, and wait until that is done. ``timeout``: undone by BIRD unless confirmed."""
        self._tell("configure", *(["timeout", str(timeout)] if timeout else []))
        end = time.monotonic() + _RECONFIGURATION
        while "in progress" in self._tell("configure", "status"):
            if time.monotonic() > end:
                raise SourceIPError(f"BIRD has not ended its reconfiguration within {_RECONFIGURATION:g} s")
            time.sleep(_PAUSE)

    def confirm(self) -> None:
        self._tell("configure", "confirm")

    def reload_out(self, instance: str) -> None:
        """BIRD 2 writes every route of a kernel protocol again, each in place."""
        self._tell("reload", "out", instance)

    def restart(self, instance: str) -> None:
        self._tell("restart", instance)


def parse(path: str, user: str) -> None:
    """BIRD's own parser, as the daemon's user: root would read what the daemon cannot. Refused with its words."""
    as_user = [] if user == "root" else [_program("runuser"), "-u", user, "--"]
    done = call([*as_user, _program("bird"), "-p", "-c", path])
    if done.code:
        raise Refused(f"bird -p refuses the new configuration, nothing was changed: {done.words}")


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}")
    if found is None:
        raise SourceIPError(f"{name}: there is no such program on this host; the back end bird needs it")
    return found
