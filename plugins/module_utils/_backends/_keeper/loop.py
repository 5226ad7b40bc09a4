# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper: sleeps until the kernel tells of a change that concerns the intent, then judges and repairs.

One thread, no polling: without an event, a signal, a repair that was put off or systemd's watchdog it does not wake.
PRIVATE to the collection.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import stat
import time
import typing as t

from ..._base.errors import InvalidInput, Refused, SourceIPError
from ..._netlink import events as groups
from ..._netlink import plain
from ..._netlink.events import Events
from ..._netlink.kernel import Kernel
from ..lock import DIRECTORY, one_writer
from ..view import Hands
from . import kept
from .keepable import Keepable, keepable
from .notify import Notify
from .rivals import Rivals
from .rounds import Round
from .status import LIMIT, Status

_GROUPS = (
    groups.LINK,
    groups.IPV4_ADDRESS,
    groups.IPV6_ADDRESS,
    groups.IPV4_ROUTE,
    groups.IPV6_ROUTE,
    groups.IPV4_RULE,
    groups.IPV6_RULE,
    groups.NEXTHOP,
)
# Seconds. What comes within a pause is judged together.
_PAUSE = 0.02
#: For how long systemd waits at boot for an intent that cannot be there yet: its device may never come.
PATIENCE = 30.0
_PATIENCE_ONCE = 60.0
_LOCKED, _LOCKED_LONGEST = 0.05, 1.0
_TROUBLE, _TROUBLE_LONGEST = 1.0, 300.0
#: As syslog(3); systemd reads them at the beginning of a line (sd-daemon(3)).
_ERROR, _WARNING, _NOTICE, _INFO = 3, 4, 5, 6


class Log:
    """Lines for the journal; with their priority where systemd reads it."""

    def __init__(self, out: t.TextIO, environment: t.Mapping[str, str] | None = None) -> None:
        self._out = out
        self._prefixed = "JOURNAL_STREAM" in (os.environ if environment is None else environment)

    def __call__(self, priority: int, text: str) -> None:
        prefix = f"<{priority}>" if self._prefixed else ""
        self._out.write("".join(f"{prefix}{line}\n" for line in text.splitlines()))
        self._out.flush()


class Keeper:
    """One intent on one host, in the network namespace that the process is in."""

    def __init__(self, document: str, status: str, log: Log, notify: Notify) -> None:
        self._path = document
        self._log = log
        self._notify = notify
        self._status = Status(status)
        self._stamp: tuple[int, ...] | None = None
        self._holder: Keepable | None = None
        self._rivals = Rivals()
        self._kernel: Kernel | None = None
        self._ready = False
        self._started = time.monotonic()
        self._due: float | None = self._started
        self._rested = 0.0  # until when events have no look follow: at most half of the time is spent on looks
        self._waiting: tuple[t.Any, ...] = ()
        self._locked = _LOCKED
        self._trouble = _TROUBLE

    def run(self) -> int:
        """Until SIGTERM or SIGINT; the exit status. InvalidInput where there is no intent to keep at the start."""
        self._read()
        wake, alarm = socket.socketpair()
        for end in (wake, alarm):
            end.setblocking(False)
        signal.set_wakeup_fd(alarm.fileno())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_of: None)
        events = Events(_GROUPS)
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        poll.register(events, select.POLLIN)
        watchdog = self._notify.watchdog
        alive = time.monotonic()
        try:
            while True:
                now = time.monotonic()
                if watchdog is not None and now >= alive:
                    self._notify(WATCHDOG="1")
                    alive = now + watchdog
                if self._due is not None and now >= self._due:
                    self._look()
                    continue
                ends = [one for one in (self._due, None if watchdog is None else alive, self._patience()) if one]
                timeout = None if not ends else max(0.0, min(ends) - now) * 1000 + 1
                for handle, _what in poll.poll(timeout):
                    if handle == wake.fileno() and self._signalled(wake):
                        return 0
                    if handle == events.fileno():
                        self._hear(events)
                self._say_ready()
        finally:
            self._notify(STOPPING="1")
            self._status.ended()
            self._status.write()

    def once(self) -> int:
        """One look; the exit status. InvalidInput where there is no intent to keep."""
        with one_writer("the keeper", _PATIENCE_ONCE, DIRECTORY):
            self._read()
            found = self._judge()
        if found is not None:
            self._tell(found)
        self._status.ended()
        self._status.write()
        return 0 if found is not None and not found.waiting else 1

    def _signalled(self, wake: socket.socket) -> bool:
        """Whether it is to end."""
        numbers = wake.recv(64)
        if signal.SIGHUP in numbers:
            self._stamp = None
            self._due = time.monotonic()
        return signal.SIGTERM in numbers or signal.SIGINT in numbers

    def _hear(self, events: Events) -> None:
        """Take in what waits; if some of it concerns the intent, a look is due."""
        now = time.monotonic()
        ours = self._kernel.port if self._kernel else -1
        look = False
        # Not for ever: where messages never end, the look is to come all the same.
        while time.monotonic() < now + _PAUSE:
            heard = events.read()
            if heard is None:
                look = True  # some are lost, and with them who did what
                continue
            if not heard:
                break
            for event in heard:
                concern = t.cast(Keepable, self._holder).interest.of(event, ours, bool(self._waiting))
                look = look or concern.look
                if concern.key is not None:
                    self._rivals.changed(concern.key, concern.by, now)
                if concern.lost is not None:
                    t.cast(Keepable, self._holder).lose(concern.lost)
        if look:
            due = max(now + _PAUSE, self._rested)
            self._due = due if self._due is None else min(self._due, due)

    def _look(self) -> None:
        self._due = None
        try:
            with one_writer("the keeper", 0, DIRECTORY):
                self._locked = _LOCKED
                begun = time.monotonic()
                self._read()
                found = self._judge()
        except Refused:
            # A task is at work; what it leaves is judged.
            self._due = time.monotonic() + self._locked
            self._locked = min(self._locked * 2, _LOCKED_LONGEST)
            # It may be the one that waits for this service to be ready; in any case it brings the intent itself.
            self._say_ready(at_once=True)
            return
        end = time.monotonic()
        self._rested = end + (end - begun)
        if found is not None:
            self._tell(found)
        self._status.write()
        self._notify(STATUS=self._status.words)
        self._say_ready()

    def _judge(self) -> Round | None:
        now = time.monotonic()
        try:
            if self._kernel is None:
                self._kernel = Kernel(plain)
            kernel = self._kernel
            found = t.cast(Keepable, self._holder).look(Hands(lambda: kernel), self._rivals, now)
        except (SourceIPError, OSError) as error:
            text = error.message if isinstance(error, SourceIPError) else str(error)
            self._log(_ERROR, f"cannot judge, tried again in {self._trouble:.0f} s: {text}")
            self._status.failed(text)
            self._due = now + self._trouble
            self._trouble = min(self._trouble * 2, _TROUBLE_LONGEST)
            if self._kernel is not None:
                self._kernel.close()
                self._kernel = None
            return None
        self._trouble = _TROUBLE
        if found.again is not None:
            self._due = found.again
        return found

    def _tell(self, found: Round) -> None:
        self._status.looked(found)
        for one in found.mended[:LIMIT]:
            self._log(_NOTICE, f"repaired {one.what}: was {one.before or 'absent'}, is {one.after or 'absent'}")
        if len(found.mended) > LIMIT:
            self._log(_NOTICE, f"repaired {len(found.mended) - LIMIT} more")
        waiting = tuple(found.waiting)
        if {one.what for one in waiting} != {one.what for one in self._waiting}:
            for two in waiting[:LIMIT]:
                self._log(_WARNING, f"waits: {two.what}: {two.why}")
            if len(waiting) > LIMIT:
                self._log(_WARNING, f"{len(waiting) - LIMIT} more wait")
            if not waiting:
                self._log(_INFO, "nothing waits any more")
        self._waiting = waiting

    def _patience(self) -> float | None:
        """When systemd has waited long enough; None where it does not wait."""
        return None if self._ready else self._started + PATIENCE

    def _say_ready(self, at_once: bool = False) -> None:
        """Once, when the intent is there, or when it is not there after a while."""
        if self._ready:
            return
        if at_once or self._status.holds or time.monotonic() >= self._started + PATIENCE:
            self._ready = True
            self._notify(READY="1")

    def _read(self) -> None:
        """Take in the document if it is another one. A damaged one is said, and the last good one kept."""
        try:
            state = os.stat(self._path)
            stamp = (state.st_ino, state.st_size, state.st_mtime_ns)
            if stamp == self._stamp:
                return
            if stat.S_IMODE(state.st_mode) & 0o022 or state.st_uid not in (0, os.geteuid()):
                raise InvalidInput(f"{self._path} can be written by others than root; it is not used")
            with open(self._path, "rb") as file:
                wanted = kept.parse(file.read(), self._path)
            self._holder = keepable(wanted)
        except (OSError, SourceIPError) as error:
            text = error.message if isinstance(error, SourceIPError) else f"{self._path}: {error.strerror}"
            if self._holder is None:
                raise InvalidInput(text) from error
            if self._status.document(None, text):
                self._log(_ERROR, f"{text}; the intent that was read before is kept")
            return
        self._stamp = stamp
        self._rivals = Rivals()
        self._status.document(wanted.backend, None)
        counts = ", ".join(f"{len(entries)} {kind}" for kind, entries in wanted.intent.items() if kind != "warnings")
        self._log(_INFO, f"keeps {counts} by the back end {wanted.backend}")
