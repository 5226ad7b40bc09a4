# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager on the host: which profile is active where, and how it is told to read. PRIVATE to the collection."""

from __future__ import annotations

import glob
import os
import time
import typing as t

from ..._addresses.task import AddressChange
from ..._base.protocols import PROTOCOLS
from ..._base.values import INET6
from ..._change.transaction import Transaction
from ..._files.snapshot import read
from .._managers.cloud_init import DISABLED, SETTINGS, is_off
from .._managers.interface import Rendered
from .._managers.pieces import Piece
from .._managers.shows import journal, runs_here, text_of
from ..commands import run
from ..view import Hands
from .answers import DEVICE_FIELDS, Shown, of_devices, of_profiles, of_version
from .keyfile import entries
from .place import Found, place, resets, taken_along
from .render import LOOPBACK, OWN_FILE, OWN_UUID

#: Seconds for nmcli, which waits for the daemon; for NetworkManager to take the loopback device over by itself, and to
#: take its addresses along when it lets go of it.
_PATIENCE, _TAKES, _LEAVES = 30.0, 5.0, 2.0
_PAUSE = 0.1
_SERVICE = "org.freedesktop.NetworkManager"
#: NM_DEVICE_REAPPLY_FLAGS_PRESERVE_EXTERNAL_IP: what others made on the device stays; `nmcli device reapply` lacks it.
_KEEP_EXTERNAL = "1"


class NetworkManager:
    """The manager; ``folder``: of its keyfiles."""

    name = "NetworkManager"
    protocol = PROTOCOLS["static"]
    command = "nmcli device reapply DEVICE (its IPv6 is away for a moment)"

    def __init__(self, hands: Hands, folder: str) -> None:
        self._hands = hands
        self._folder = folder
        self._paths: list[str] = []
        self._taken_along: list[str] = []
        self._known: set[str] = set()
        self._found = Found()

    def own(self) -> list[str]:
        return glob.glob(glob.escape(self._own_file))

    @property
    def _own_file(self) -> str:
        return f"{self._folder}/{OWN_FILE}"

    def read(self) -> Found:
        holders: dict[str, list[str]] = {}
        for one in self._hands.host.addresses:
            holders.setdefault(one.device, []).append(f"{one.address}/{one.prefix_length}")
        # Hidden ones NetworkManager passes over, too.
        paths = [path for path in glob.glob(f"{glob.escape(self._folder)}/*") if os.path.isfile(path)]
        files = {path: read(path) for path in sorted(paths)}
        found = Found(files=files, holders=holders, rewritten=not _cloud_disabled())
        if self._runs():
            found.version = of_version(run(["nmcli", "-g", "VERSION", "general"], timeout=_PATIENCE))
            found.devices = {name: shown.device for name, shown in self._devices().items()}
        self._found = found
        return found

    def _runs(self) -> bool:
        return runs_here("NetworkManager.service")

    def _devices(self) -> dict[str, Shown]:
        files = run(["nmcli", "-t", "-e", "no", "-f", "UUID,FILENAME", "connection", "show", "--active"])
        text = run(["nmcli", "-t", "-e", "no", "-f", DEVICE_FIELDS, "device", "show"], timeout=_PATIENCE)
        return of_devices(text, of_profiles(files))

    def render(self, pieces: t.Sequence[Piece], found: Found, notes: t.Mapping[str, t.Any]) -> Rendered:
        rendered = place(pieces, found, notes, self._folder)
        before = {path: there.content for path, there in found.files.items()}
        self._paths = [path for path, file in sorted(rendered.files.items()) if file.content != before.get(path)]
        self._paths += [path for path in self.own() if path not in rendered.files]
        self._taken_along = taken_along(found, rendered.files, self._folder)
        own = found.files.get(self._own_file)
        self._known = {one.value for one in entries((own.content if own else None) or b"").values()}
        self._known |= {one["address"] for piece in pieces for one in piece.addresses}
        return rendered

    def changed(self, paths: t.Sequence[str]) -> None:
        """Somebody else has changed these profiles: they are what is to be activated."""
        self._paths = list(paths)

    def costs(self, devices: t.Sequence[str]) -> list[str]:
        """What NetworkManager takes of others on the loopback device, when it lets go of it."""
        left = [one for one in self._taken_along if one not in self._known]
        if not left:
            return []
        return [
            f"NetworkManager takes all addresses of {LOOPBACK} away when it lets go of the device. Those of others, "
            f"{', '.join(left)}, are put back at once; IPv4 routes with one of them as source are not"
        ]

    def check(self, files: t.Mapping[str, str | None]) -> None:
        """nmcli reads each profile as NetworkManager would, without it."""
        for path, temporary in files.items():
            if temporary and os.path.dirname(path) == self._folder:
                run(["nmcli", "--offline", "connection", "modify"], stdin=text_of(temporary), timeout=_PATIENCE)

    def activate(self, devices: t.Sequence[str]) -> str:
        """The profiles are loaded; they are applied at once where nobody loses an address by that."""
        if not self._runs():
            return ""
        if self._paths:
            # A file that is gone is a profile that goes; nothing else is read anew.
            run(["nmcli", "connection", "load", *self._paths], timeout=_PATIENCE)
        if self._taken_along:
            self._put_back()
        new = self._bring_up_loopback()
        waiting = self._waiting([name for name in devices if not (new and name == LOOPBACK)])
        self._reapply([name for name in devices if name not in waiting])
        if not waiting:
            return ""
        names = ", ".join(waiting)
        return (
            f"NetworkManager has loaded the profile of {names} and was not told to apply it again: that would take the "
            "IPv6 addresses of a device away for a second or two, and may give up a lease. What the profile says is in "
            "the kernel now; NetworkManager applies it when the device is activated next: at boot, after the link was "
            "down for some seconds, or by `nmcli device reapply DEVICE`. Until then it brings nothing of it back that "
            "a short flap of the link loses"
        )

    def _bring_up_loopback(self) -> bool:
        """Whether NetworkManager has taken the loopback device over now; by itself, as soon as it has our profile.

        Before the other devices: their routes have sources there.
        """
        if not os.path.exists(self._own_file) or self._is_up():
            return False
        end = time.monotonic() + _TAKES
        while not self._is_up():
            if time.monotonic() > end:
                run(["nmcli", "--wait", "5", "connection", "up", "uuid", OWN_UUID], timeout=_PATIENCE)
                break
            time.sleep(_PAUSE)
        return True

    def _is_up(self) -> bool:
        shown = self._devices().get(LOOPBACK)
        return shown is not None and shown.device.managed and shown.device.uuid == OWN_UUID

    def _waiting(self, devices: t.Sequence[str]) -> list[str]:
        """Those of the devices that would lose addresses, if only for a moment."""
        self._hands.forget()
        addresses = self._hands.host.addresses
        there = self._devices()
        result = []
        for name in devices:
            shown = there.get(name)
            if shown is None or not shown.device.managed or shown.device.path not in self._paths:
                continue
            own = [one for one in addresses if one.device == name]
            six = resets(self._found, name) and any(one.family == INET6 for one in own)
            if name == LOOPBACK or six or any(one.valid_lifetime is not None for one in own):
                result.append(name)
        return result

    def _reapply(self, devices: t.Sequence[str]) -> None:
        there = self._devices()
        for name in devices:
            shown = there.get(name)
            # That of a device that is down is read when it comes up.
            if shown is not None and shown.device.managed and shown.device.path in self._paths and name != LOOPBACK:
                argv = ["busctl", "call", _SERVICE, shown.bus, f"{_SERVICE}.Device", "Reapply", "a{sa{sv}}tu"]
                run([*argv, "0", "0", _KEEP_EXTERNAL], timeout=_PATIENCE)

    def _put_back(self) -> None:
        """The addresses of the loopback device: NetworkManager takes all with it that it did not bring, too."""
        wanted = [{"address": one, "device": LOOPBACK} for one in self._taken_along]
        end = time.monotonic() + _LEAVES
        while time.monotonic() < end:
            self._hands.forget()
            change = AddressChange(self._hands.kernel, self._hands.host, wanted, force=False, wait=0)
            if change.additions.steps:
                transaction = Transaction(self._hands.kernel)
                with transaction.whole():
                    change.add(transaction)
            time.sleep(_PAUSE)
        self._hands.forget()

    def insist(self, devices: t.Sequence[str]) -> None:
        if self._runs():
            waiting = self._waiting(devices)
            self._reapply([name for name in devices if name not in waiting])

    def words(self, since: float) -> str:
        return journal("NetworkManager", since)


def _cloud_disabled() -> bool:
    texts = (text_of(path) for pattern in SETTINGS for path in glob.glob(pattern))
    return os.path.exists(DISABLED) or is_off(texts, text_of("/proc/cmdline"))
