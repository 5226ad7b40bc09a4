# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine lends a back end. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._host.host import Host, snapshot
from .._netlink.kernel import Kernel

if t.TYPE_CHECKING:
    from types import TracebackType


class Hands:
    """The kernel and the view of the host, each made when first asked for; a context that closes what was opened.

    ``planned``: addresses to count as there (check mode, in which nobody adds them).
    """

    def __init__(self, connect: t.Callable[[], Kernel], planned: t.Iterable[str] = ()) -> None:
        self._connect = connect
        self._planned = tuple(planned)
        self._kernel: Kernel | None = None
        self._host: Host | None = None

    def __enter__(self) -> Hands:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._kernel is not None:
            self._kernel.__exit__(kind, error, trace)

    @property
    def kernel(self) -> Kernel:
        if self._kernel is None:
            self._kernel = self._connect().__enter__()
        return self._kernel

    @property
    def host(self) -> Host:
        if self._host is None:
            self._host = snapshot(self.kernel, self._planned)
        return self._host

    def forget(self) -> None:
        """After a change of addresses: the next question is asked anew."""
        self._host = None
