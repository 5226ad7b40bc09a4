# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to send so that one priority has other rules than before. Pure. PRIVATE to the collection.

Rules of one priority count in the order in which they came, and a new one goes behind them. To remove a rule, the
kernel takes the first that has everything the request names, and what the request does not name may be anything: a
rule ``from all`` cannot be removed while one ``from 192.0.2.2`` is before it (``rule_find()`` in net/core/fib_rules.c).
"""

from __future__ import annotations

import typing as t

from .._base.values import Rule
from .._netlink.rules import RuleEntry
from .._netlink.wire import Message
from .line import mark_of
from .payload import addition, removal, restoring_payload

#: What ``rule_find()`` compares only where the request names it; ``not`` and the target of a goto it never compares.
_COMPARED = (
    *("table", "source", "destination", "iif", "oif", "tos", "dscp", "ip_protocol", "source_ports"),
    *("destination_ports", "uids", "l3mdev", "suppress_prefixlength", "suppress_ifgroup", "tun_id", "realms"),
    "protocol",
)


def takes(wanted: Rule, there: Rule) -> bool:
    """Whether the kernel, asked to remove ``wanted``, would remove ``there`` if it came to that first."""
    if wanted.priority != there.priority or wanted.action != there.action:
        return False
    for name in _COMPARED:
        value = getattr(wanted, name)
        # A dscp of 0 and a suppressed length of 0 are named, any other 0 is not.
        unnamed = value is None if name in ("dscp", "suppress_prefixlength", "suppress_ifgroup") else not value
        if not unnamed and value != getattr(there, name):
            return False
    for value, other in zip(mark_of(wanted), mark_of(there)):
        if value and value != other:
            return False
    return set(wanted.other) <= set(there.other)


def messages(before: t.Sequence[RuleEntry], after: t.Sequence[RuleEntry]) -> list[Message]:
    """From one list of rules of one priority to another; what comes is there before anything goes, where that can be.

    Where order or the kernel's way of removing does not allow it, all rules of the priority go, and come in order.
    """
    simple = _simply(before, after)
    if simple is not None:
        return simple
    # The first of the list is always the first that has what it has.
    return [
        *(removal(restoring_payload(entry.payload)) for entry in before),
        *(addition(restoring_payload(entry.payload)) for entry in after),
    ]


def _simply(before: t.Sequence[RuleEntry], after: t.Sequence[RuleEntry]) -> list[Message] | None:
    here, there = set(map(id, before)), set(map(id, after))
    new = [entry for entry in after if id(entry) not in here]
    state = [*before, *new]
    sent = [addition(restoring_payload(entry.payload)) for entry in new]
    for entry in [entry for entry in before if id(entry) not in there]:
        first = next(at for at, other in enumerate(state) if takes(entry.rule, other.rule))
        if state[first] != entry:
            return None
        del state[first]
        sent.append(removal(restoring_payload(entry.payload)))
    return sent if state == list(after) else None
