# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to the kernel over pyroute2's socket, by whatever netlink protocol. PRIVATE to the collection."""

from __future__ import annotations

import os
import socket
import typing as t

from . import library

if t.TYPE_CHECKING:
    from types import TracebackType

_Self = t.TypeVar("_Self", bound="Connection")


class Connection:
    """A context with a socket in the namespace that the process is in. ``protocol``: as ``library.open_socket``.

    ``means``: ``library``, or ``plain`` where pyroute2 is too much.
    """

    def __init__(self, protocol: int = 0, means: t.Any = library) -> None:
        self._owner = means.open_socket(protocol)
        # pyroute2 has no sending of many messages with an answer for each in every version: same socket, own numbers.
        self._socket = socket.socket(fileno=os.dup(self._owner.fileno()))
        self._socket.setblocking(True)
        self._sequence = 1

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def port(self) -> int:
        """What the kernel calls this socket: the sender in the header of what it tells others of our changes."""
        return t.cast(int, self._socket.getsockname()[0])

    def close(self) -> None:
        self._socket.close()
        self._owner.close()
