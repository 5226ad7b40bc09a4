# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service tells systemd (sd_notify(3)). PRIVATE to the collection. Standard library only."""

from __future__ import annotations

import contextlib
import os
import socket
import typing as t


class Notify:
    """Says nothing where systemd does not listen. ``watchdog``: seconds between two signs of life, None for none."""

    def __init__(self, environment: t.Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._address = environment.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        wanted = environment.get("WATCHDOG_USEC", "")
        mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog = int(wanted) / 2e6 if wanted.isdigit() and mine else None

    def __call__(self, **variables: str) -> None:
        """``notify(READY="1", STATUS="…")``."""
        if not self._address:
            return
        text = "\n".join(f"{name}={value}" for name, value in variables.items())
        # Nobody is helped by a keeper that ends because systemd is busy.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(text.encode(), self._address)
