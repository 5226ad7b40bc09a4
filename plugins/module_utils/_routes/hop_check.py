# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the kernel would take the next hops of a planned route. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._netlink import wire
from .payload import Payload, but_destination
from .values import Hop

#: (next hop, table) -> why not, and what to do; (nexthop id, family) -> why not. As of ``WaysOut``.
WhyNot = t.Callable[[Hop, int], t.Optional[tuple[str, str]]]
WhyNoObject = t.Callable[[int, int], t.Optional[str]]


class Check:
    """Answers for thousands of routes that differ in nothing but the destination at once."""

    def __init__(self, why_not: WhyNot, why_no_object: WhyNoObject, names: t.Mapping[int, str]) -> None:
        self._why_not = why_not
        self._why_no_object = why_no_object
        self._names = names
        self._known: dict[bytes, str | None] = {}

    def why(self, new: bytes | None) -> str | None:
        """Why this request would be refused, in words; None where it would not, or nothing is to be made."""
        if new is None:
            return None
        key = but_destination(new)
        if key not in self._known:
            self._known[key] = self._judge(Payload(new))
        return self._known[key]

    def _judge(self, made: Payload) -> str | None:
        shared = made.attrs.get(wire.RTA_NH_ID)
        if shared:
            return self._why_no_object(wire.U32.unpack(shared)[0], made.header.family)
        for hop in made.hops:
            found = self._why_not(hop, made.table)
            if found:
                return f"the next hop {hop.words(self._names)}: {found[0]}; {found[1]}"
        return None
