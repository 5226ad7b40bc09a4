# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether rules take the way back from the connection that a task came by. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._base.values import Rule, address_text
from .line import line
from .walk import Flow, walk

_TCP = 6


class Connection(t.NamedTuple):
    """A TCP connection of this host; addresses packed."""

    family: int
    local: bytes
    local_port: int
    remote: bytes
    remote_port: int

    def __str__(self) -> str:
        return f"{address_text(self.local)} port {self.local_port} to {address_text(self.remote)}"


class Way(t.NamedTuple):
    """The best route of a table to an address. ``verdict``: ``unicast``, ``throw``, ``blackhole``, …

    ``hops``: what it leaves by, in words; empty for a verdict.
    """

    length: int
    verdict: str
    hops: str


class Answer(t.NamedTuple):
    """Where packets go: by which rule, and how; ``hops`` empty: they do not leave."""

    rule: Rule | None
    hops: str
    why: str = ""


#: The best route of a table to the other end of a connection; None where it has none.
Routes = t.Callable[[int, Connection], t.Optional[Way]]


def remarks(connection: Connection, before: t.Sequence[Rule], after: t.Sequence[Rule], routes: Routes) -> list[str]:
    """A warning where packets of the connection leave another way with the rules ``after``, or not at all."""
    flow = Flow(
        connection.family,
        connection.remote,
        connection.local,
        ip_protocol=_TCP,
        source_port=connection.local_port,
        destination_port=connection.remote_port,
    )
    was, will = (_answer(rules, flow, connection, routes) for rules in (before, after))
    if not was.hops or was.hops == will.hops:
        return []
    cause = f"rule '{line(will.rule)}'" if will.rule else "no rule leads to a route"
    what = f"sends them by '{will.hops}'" if will.hops else will.why
    return [
        f"the connection that Ansible came by ({connection}) may be cut off: its packets leave by '{was.hops}' now; "
        f"with the rules of this task {f'{cause} {what}' if will.rule else cause}. Put a rule before it that leads "
        f"these packets to the table they use now (from: {address_text(connection.local)}, with a lower priority)"
    ]


def _answer(rules: t.Sequence[Rule], flow: Flow, connection: Connection, routes: Routes) -> Answer:
    for match in walk(rules, flow):
        if match.table is None:
            return Answer(match.rule, "", f"ends them ({match.rule.action})")
        way = routes(match.table, connection)
        suppressed = match.rule.suppress_prefixlength
        if way is None or way.verdict == "throw" or (suppressed is not None and way.length <= suppressed):
            continue
        return Answer(match.rule, way.hops, f"leads them to a route of type {way.verdict}")
    return Answer(None, "")
