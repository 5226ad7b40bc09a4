# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ifupdown and ifupdown2 on the host: which devices they have, and what runs the hook. PRIVATE to the collection."""

from __future__ import annotations

import os
import typing as t

from ..._base.errors import Refused
from ..._base.protocols import OWN_PROTOCOL
from .._managers.interface import Rendered
from .._managers.manages import Shows
from .._managers.pieces import Piece
from .._managers.shows import shows, text_of
from ..commands import call
from ..view import Hands
from .place import Found, hooks_off, place

_PROGRAMS = ("/sbin/ifup", "/usr/sbin/ifup")
_IFUPDOWN2 = "/etc/network/ifupdown2/ifupdown2.conf"
_PATIENCE = 30.0


class Ifupdown:
    """The manager; ``hook``: the path of ours."""

    name = "ifupdown"
    protocol = OWN_PROTOCOL

    def __init__(self, hands: Hands, hook: str) -> None:
        self._hands = hands
        self._hook = hook
        self._said = ""
        self.command = f"IFACE=DEVICE MODE=start {hook}"

    def own(self) -> list[str]:
        return [self._hook] if os.path.lexists(self._hook) else []

    def read(self) -> Found:
        return Found(
            installed=any(map(os.path.exists, _PROGRAMS)),
            shows=self._shows,
            off=hooks_off(text_of(_IFUPDOWN2), _IFUPDOWN2),
        )

    def _shows(self, device: str) -> Shows:
        link = self._hands.host.find(device)
        return shows(device, link.index) if link else Shows()

    def render(self, pieces: t.Sequence[Piece], found: Found, notes: t.Mapping[str, t.Any]) -> Rendered:
        return place(pieces, found, self._hook)

    def costs(self, devices: t.Sequence[str]) -> list[str]:
        """Nothing is read anew but the hook."""
        return []

    def check(self, files: t.Mapping[str, str | None]) -> None:
        """The shell reads the script as it would run it."""
        new = files.get(self._hook)
        if new:
            done = call(["/bin/sh", "-n", new], timeout=_PATIENCE)
            if done.code:
                raise Refused(f"the shell does not take what would be {self._hook}:\n{done.words}\nNothing was written")

    def activate(self, devices: t.Sequence[str]) -> str:
        """As ifupdown does when the device is up. `ifdown` and `ifup` would take the link down, and `ifreload` of
        ifupdown2 the addresses of others."""
        self.insist(devices)
        return ""

    def insist(self, devices: t.Sequence[str]) -> None:
        if os.path.exists(self._hook) and devices:
            # One run does all of it. By the shell: the file is still held open, and Linux starts no such program.
            done = call(["env", f"IFACE={devices[0]}", "MODE=start", "/bin/sh", self._hook], timeout=_PATIENCE)
            self._said = done.words

    def words(self, since: float) -> str:
        return self._said
