# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who owns a route, and which of several routes of one key the kernel would replace. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._base.errors import Refused
from .._base.protocols import OWNERS, owner
from .._base.values import INET6
from .._netlink import wire
from .line import Lines
from .payload import Payload

_FORCED_WARNINGS = {
    "kernel": "the kernel put it there, and a link flap brings back the kernel's own source",
    "ra": (
        "router advertisements own it; before Linux 6.9 the next one lets it expire, and the one after that brings it "
        "back without a source"
    ),
}


def owner_of(payload: Payload) -> str | None:
    """The daemon, or ``kernel``, that owns this route."""
    return owner(payload.header.protocol)


def check_owner(payload: Payload, lines: Lines, what: str, force: bool, warnings: list[str]) -> None:
    """Refuse to write to a daemon's route, naming its owner and the configuration to change instead."""
    found = owner_of(payload)
    if found is None:
        return
    line = lines(payload.raw)
    if not force:
        raise Refused(
            f"{what}: the route '{line}' belongs to {found}, which may put its own back at any time. "
            f"{OWNERS[found]}. To write to it in the kernel all the same, set force: true",
            owner=found,
        )
    reason = _FORCED_WARNINGS.get(found, f"{found} owns it and may put its own back at any time")
    warnings.append(f"{what}: '{line}' was changed by force: {reason}")


def _replaced_together(payload: Payload) -> bool:
    """Whether IPv6 counts this route among those that form one multipath route (``rt6_qualify_for_ecmp()``)."""
    attrs = payload.attrs
    return wire.RTA_NH_ID not in attrs and (wire.RTA_GATEWAY in attrs or wire.RTA_MULTIPATH in attrs)


def check_replaceable(payload: Payload, same_key: t.Sequence[Payload], lines: Lines, what: str) -> None:
    """Refuse where the kernel would replace another route of the same key than this one.

    NLM_F_REPLACE takes the first route of a key: of IPv4 aliases (``ip route append``) the first, of IPv6 routes the
    first of the same kind (with or without a gateway).
    """
    rivals = list(same_key)
    if payload.header.family == INET6:
        kind = _replaced_together(payload)
        rivals = [other for other in rivals if _replaced_together(other) == kind]
    if rivals and rivals[0].raw != payload.raw:
        raise Refused(
            f"{what}: several routes have the same destination, table and metric, and the kernel changes only the "
            f"first: '{lines(rivals[0].raw)}', not '{lines(payload.raw)}'. "
            "Give them different metrics, or remove the one that is not wanted"
        )
