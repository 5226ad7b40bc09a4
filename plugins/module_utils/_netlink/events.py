# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel tells of changes (rtnetlink(7), multicast groups). PRIVATE to the collection."""

from __future__ import annotations

import errno
import socket
import typing as t

from .wire import Event, events

#: Numbers of groups (``enum rtnetlink_groups``).
LINK, IPV4_ADDRESS, IPV4_ROUTE, IPV4_RULE, IPV6_ADDRESS, IPV6_ROUTE, IPV6_RULE, NEXTHOP = 1, 5, 7, 8, 9, 11, 19, 32
_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1
# asm-generic/socket.h: as SO_RCVBUF, beyond the host's limit. Ten thousand routes come in one burst of 2 MiB.
_SO_RCVBUFFORCE = 33
_BUFFER = 16 << 20
_CHUNK = 1 << 16


class Events:
    """A socket that hears of changes in the namespace that the process is in."""

    def __init__(self, groups: t.Iterable[int]) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.bind((0, 0))
        for group in groups:
            try:
                self._socket.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
            except OSError as error:
                if error.errno != errno.EINVAL:  # a kernel that does not have this kind of object
                    raise
        self._socket.setblocking(False)

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> list[Event] | None:
        """What one datagram says; nothing where none waits. None: there was too much, and some of it is lost."""
        try:
            chunk = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return []
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            return None
        return list(events(chunk))

    def close(self) -> None:
        self._socket.close()
