# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of an intent on this host, as warnings. Reads only. PRIVATE to the collection.

Here is only the first look of each kind, which finds next to always that there is nothing to warn of; what a second
look needs is imported by it.
"""

from __future__ import annotations

import typing as t

from ..._base.errors import SourceIPError
from ..interface import Intent
from ..view import Hands


class Surroundings(t.NamedTuple):
    """The intent, in normal form with the devices' first names, and the host that it is for.

    ``backend``, ``options``: its name and its options. ``planned``: the host is as it was before a change (check mode).
    """

    hands: Hands
    intent: Intent
    backend: str
    options: t.Mapping[str, t.Any]
    planned: bool = False

    @property
    def kept(self) -> bool:
        """Whether something on the host puts back what goes: the keeper, or who manages the devices."""
        return bool(self.options.get("keep")) if self.backend == "kernel" else self.manager

    @property
    def manager(self) -> bool:
        """Whether the back end is who manages the devices."""
        if self.backend == "kernel":
            return False
        from .._managers.manages import NAMES

        return self.backend in NAMES


def look(around: Surroundings) -> list[str]:
    """One sentence for each kind of trouble that is there."""
    found: list[str] = []
    for kind in _KINDS:
        try:
            found += kind(around)
        except SourceIPError as error:
            # A warning that cannot be given is no reason to fail, and none to be silent about.
            found.append(f"not all that may stand in the way of the intent could be looked at: {error.message}")
    return found


def _lost_when_down(around: Surroundings) -> list[str]:
    """IPv6 addresses that go with `ip link set down`: addrconf_ifdown() in net/ipv6/addrconf.c."""
    if around.kept:
        return []
    sysctl = around.hands.host.sysctl
    # That of all devices counts before the device's own, whichever way it is set; nobody sets lo down.
    found = [
        (entry["address"].partition("/")[0], entry["device"])
        for entry in around.intent["addresses"]
        if entry["family"] == "ipv6"
        and entry["device"] != "lo"
        and around.hands.host.find(entry["device"])
        and (sysctl("ipv6/conf/all/keep_addr_on_down") or sysctl(f"ipv6/conf/{entry['device']}/keep_addr_on_down")) <= 0
    ]
    if not found:
        return []
    from .sentences import lost_when_down

    return [lost_when_down(found, around.backend == "kernel")]


_KINDS: tuple[t.Callable[[Surroundings], list[str]], ...] = (_lost_when_down,)
