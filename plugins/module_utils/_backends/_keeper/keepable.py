# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back ends whose intent can be kept. PRIVATE to the collection.

What is imported here, and by what is imported, is what the program on a host consists of (shipped.py). None of it may
be imported only when it is needed: then it would depend on what a task has needed.
"""

from __future__ import annotations

import typing as t

from ..._base.errors import InvalidInput
from ..._routes.payload import Payload
from .._kernel.keep import Keep
from ..view import Hands
from .interest import Interest
from .kept import Kept
from .rivals import Rivals
from .rounds import Round


class Keepable(t.Protocol):
    """An intent with its back end, as the keeper has it: which events concern it, and a look that repairs."""

    interest: Interest

    def lose(self, route: Payload) -> None:
        """The kernel has removed this route of somebody else with the source that the intent had given it."""

    def look(self, hands: Hands, rivals: Rivals, now: float) -> Round:
        """Judge, mend what can be mended, and say the rest. SourceIPError where nothing at all can be said."""


def keepable(kept: Kept) -> Keepable:
    """The intent of the keeper's document. InvalidInput where its back end needs no keeper, or is not known."""
    if kept.backend == "kernel":
        return Keep(kept.intent, kept.options)
    raise InvalidInput(f"backend: {kept.backend!r} is not one that the keeper knows")
