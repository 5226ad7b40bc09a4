# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's door for sockets: sock_diag(7) over pyroute2's socket. PRIVATE to the collection."""

from __future__ import annotations

import errno
import typing as t

from .._base.errors import KernelError
from .connection import Connection
from .dump import dump

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20


class Diagnostics(Connection):
    """One connection to the kernel's lists of sockets, in the namespace that the process is in."""

    def __init__(self) -> None:
        super().__init__(_NETLINK_SOCK_DIAG)

    def dump(self, request: bytes, what: str) -> t.Iterator[bytes]:
        """What ``recv`` returns while the kernel lists the sockets that a ``struct inet_diag_req_v2`` asks for.

        ``what`` is listed, for errors. The kernel gives no snapshot: sockets that come and go meanwhile may be missed.
        """
        self._sequence += 1
        try:
            yield from dump(self._socket, _SOCK_DIAG_BY_FAMILY, self._sequence, request, what)
        except KernelError as error:
            if error.errno != errno.ENOENT:
                raise
            raise KernelError(
                f"{what}: this kernel cannot list them; load its modules inet_diag, tcp_diag and udp_diag",
                error.errno,
                error.text,
            ) from None
