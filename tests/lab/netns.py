# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One network namespace as a context manager, and the sweeping of those that dead runs left behind."""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

RUN_NETNS = Path("/run/netns")
PREFIX = "l3h"
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1

_OURS = re.compile(rf"^{PREFIX}-(?P<pid>\d+)-\d+-")
_LIBC = ctypes.CDLL(None, use_errno=True)
_serial = itertools.count(1)

T = TypeVar("T")


class NamespaceError(Exception):
    """A namespace could not be made or used; the text says which, why, and what to do."""


def unique_name(label: str, owner: int | None = None) -> str:
    """A name that says which process owns it: ``l3h-PID-SERIAL-label`` (owner defaults to this process)."""
    return f"{PREFIX}-{owner or os.getpid()}-{next(_serial)}-{label}"


def enter(name: str) -> None:
    """Move the calling thread into the named namespace; never creates one (setns(2))."""
    with open(RUN_NETNS / name, "rb") as handle:
        if _LIBC.setns(handle.fileno(), CLONE_NEWNET) != 0:
            errno = ctypes.get_errno()
            raise NamespaceError(f"setns into {name}: {os.strerror(errno)}")


def die_with_parent() -> None:
    """For ``preexec_fn``: the child gets SIGTERM when this process ends, however it ends (prctl(2))."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def within(name: str, action: Callable[[], T]) -> T:
    """What ``action`` returns in the named namespace: in a thread of its own, so that no other leaves its own."""

    def entered() -> T:
        enter(name)
        return action()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(entered).result()


def process_ids(*names: str) -> list[int]:
    """Ids of the processes whose network namespace is one of the named ones, as ``ip netns pids`` finds them."""
    wanted = set()
    for name in names:
        with suppress(FileNotFoundError):
            inside = (RUN_NETNS / name).stat()
            wanted.add((inside.st_dev, inside.st_ino))
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with suppress(OSError):  # ended meanwhile, or not ours to look at
            its = os.stat(f"/proc/{entry}/ns/net")
            if (its.st_dev, its.st_ino) in wanted:
                found.append(int(entry))
    return found


def end_inside(names: Iterable[str]) -> None:
    """End what runs in namespaces that this package made."""
    present = [name for name in names if (RUN_NETNS / name).exists()]
    for name in present:
        if not _OURS.match(name):
            raise NamespaceError(f"{name} was not made here (names made here begin with {PREFIX}-PID-): left alone")
    for pid in process_ids(*present) if present else []:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def delete(names: Iterable[str]) -> None:
    """Delete namespaces that this package made, ending first what still runs inside them."""
    present = [name for name in names if (RUN_NETNS / name).exists()]
    end_inside(present)
    if present:
        batch([f"netns delete {name}" for name in present])


@contextmanager
def lifeline(names: Iterable[str]) -> Iterator[None]:
    """While it lasts, the end of this process, however it comes, ends all that runs in the namespaces, daemons too.

    Daemons cut every tie to who started them, so a process of its own waits for the pipe that breaks with this one.
    """
    script = (
        'read -r _; for turn in 1 2 3; do for name; do ip netns pids "$name" | xargs -r kill -9; done; sleep 1; done'
    )
    watcher = subprocess.Popen(["sh", "-c", script, "sh", *names], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        watcher.kill()
        watcher.wait()


def owned_by(owner: int) -> list[str]:
    """Names of the namespaces that the process ``owner`` made and that still exist."""
    return [name for name, pid in _existing() if pid == owner]


def sweep() -> list[str]:
    """Delete namespaces whose owner is dead (killed runs) and return their names."""
    orphans = [name for name, pid in _existing() if not Path(f"/proc/{pid}").exists()]
    delete(orphans)
    return orphans


def _existing() -> list[tuple[str, int]]:
    names = sorted(os.listdir(RUN_NETNS)) if RUN_NETNS.is_dir() else []
    return [(name, int(match["pid"])) for name in names if (match := _OURS.match(name))]


def batch(lines: Iterable[str], netns: str | None = None) -> None:
    """Feed lines to one ``ip -batch``; without ``netns`` only namespaces themselves and veths between them belong here.

    Raises NamespaceError with iproute2's own text, which names the failing line.
    """
    text = "\n".join(lines) + "\n"
    argv = ["ip", *(["-n", netns] if netns else []), "-batch", "-"]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        numbered = "\n".join(f"{number:3} {line}" for number, line in enumerate(text.splitlines(), 1))
        raise NamespaceError(f"{' '.join(argv)}: {done.stderr.strip()}\n{numbered}")


class Namespace:
    """A fresh network namespace, deleted on exit with everything that runs in it.

    Every method acts inside the namespace or raises NamespaceError: none ever falls back to the namespace of the
    caller. Needs CAP_SYS_ADMIN and CAP_NET_ADMIN (tests/lab/privileges.py gets them for users without).
    """

    def __init__(self, label: str = "ns", owner: int | None = None) -> None:
        self.name = unique_name(label, owner)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def path(self) -> Path:
        """The file that iproute2 binds the namespace to."""
        return RUN_NETNS / self.name

    def create(self) -> Namespace:
        """Make the namespace, with ``lo`` up."""
        batch([f"netns add {self.name}"])
        self.batch(["link set lo up"])
        return self

    def delete(self) -> None:
        """End what runs inside and delete the namespace; nothing happens when it is gone already."""
        delete([self.name])

    def __enter__(self) -> Namespace:
        return self.create()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.delete()

    def _guard(self) -> None:
        try:
            inside = self.path.stat()
        except FileNotFoundError:
            raise NamespaceError(f"{self.name} does not exist (create it, or use it inside 'with')") from None
        own = os.stat("/proc/self/ns/net")
        if (inside.st_dev, inside.st_ino) == (own.st_dev, own.st_ino):
            raise NamespaceError(f"{self.name} is this process's own namespace: refused")

    def inside(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs ``argv`` in this namespace."""
        self._guard()
        return ["nsenter", f"--net={self.path}", "--", *argv]

    def batch(self, lines: Iterable[str]) -> None:
        """Run many iproute2 commands in one process (``ip -batch``), each without the leading ``ip``."""
        self._guard()
        batch(lines, self.name)

    def ip(self, command: str, *, check: bool = True) -> str:
        """Output of ``ip COMMAND``; with ``check=False`` a failure gives what was printed, errors included."""
        self._guard()
        argv = ["ip", "-n", self.name, *command.split()]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode and check:
            raise NamespaceError(f"ip {command} in {self.name}: {done.stderr.strip()}")
        return done.stdout if check else done.stdout + done.stderr

    def ip_json(self, command: str) -> list[dict[str, Any]]:
        """What ``ip -j COMMAND`` says, decoded (an empty answer is an empty list)."""
        found: list[dict[str, Any]] = json.loads(self.ip(f"-j {command}") or "[]")
        return found

    def run(
        self,
        argv: Sequence[str],
        *,
        check: bool = True,
        text_input: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside; raises NamespaceError with its stderr unless ``check=False``."""
        done = subprocess.run(
            self.inside(argv),
            input=text_input,
            capture_output=True,
            text=True,
            check=False,
            env=dict(env) if env else None,
        )
        if done.returncode and check:
            raise NamespaceError(f"{' '.join(argv)} in {self.name}: exit {done.returncode}: {done.stderr.strip()}")
        return done

    def popen(self, argv: Sequence[str], **options: Any) -> subprocess.Popen[str]:
        """Start a command inside and return at once; ended at the latest when the namespace is deleted."""
        return subprocess.Popen(self.inside(argv), text=True, **options)

    def sysctl(self, settings: Mapping[str, int | str]) -> None:
        """Write sysctls below ``net``, given as paths: ``{"ipv4/ip_forward": 1}``."""
        self._guard()

        def write() -> None:
            for key, value in settings.items():
                Path("/proc/sys/net", key).write_text(f"{value}\n", encoding="ascii")

        within(self.name, write)
