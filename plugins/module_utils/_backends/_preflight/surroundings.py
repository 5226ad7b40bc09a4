# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look is about: an intent, its back end, the host. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..interface import Intent
from ..view import Hands


class Surroundings(t.NamedTuple):
    """The intent, in normal form with the devices' first names, and the host that it is for.

    ``backend``, ``options``: its name and its options. ``changed``: this run changes the host, or with ``check`` would.
    """

    hands: Hands
    intent: Intent
    backend: str
    options: t.Mapping[str, t.Any]
    changed: bool = False
    check: bool = False

    @property
    def planned(self) -> bool:
        """Whether the host is as it was before a change."""
        return self.changed and self.check

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
