# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a look-up was refused. PRIVATE to the collection.

Blackholes and their like answer a look-up with nothing but an errno (``fib_props`` in net/ipv4/fib_semantics.c,
``ip6_rt_type_to_error()`` in net/ipv6/route.c), so the entry behind it is found by dumps that the kernel filters.
"""

from __future__ import annotations

import errno
import typing as t

from .._base.errors import KernelError
from .._base.names import TYPES
from .._base.values import INET
from .._routes.values import NextHop, Route
from .._rules.line import result as rule_result
from . import sentences
from .lookups import Lookups
from .question import Question

#: errno of a look-up -> reason. A rule that says `unreachable` answers ENETUNREACH, a route that does EHOSTUNREACH.
REASONS = {
    errno.ENETUNREACH: "no_route",
    errno.EHOSTUNREACH: "unreachable",
    errno.EACCES: "prohibited",
    errno.EINVAL: "blackhole",
}
ACTIONS = {"unreachable": "unreachable", "prohibit": "prohibited", "blackhole": "blackhole"}
_SPECIAL = {TYPES[name]: name for name in ("blackhole", "unreachable", "prohibit", "throw")}
_TYPE_ERRNO = {"blackhole": errno.EINVAL, "unreachable": errno.EHOSTUNREACH, "prohibit": errno.EACCES}
_LOOPBACK = b"\x7f"


def explain_refusal(
    lookups: Lookups, question: Question, error: KernelError, chosen: str | None, result: dict[str, t.Any]
) -> None:
    """Fills in the result of a question that the kernel answered with an error.

    ``chosen``: the source with which IPv6 looked a second time; the question's query has it.
    """
    query = question.query
    if error.errno not in REASONS:
        raise KernelError(f"{question.what}: {error.message}", error.errno, error.text)
    result["reason"] = REASONS[error.errno]
    if query.family == INET and question.source and not lookups.has(question.source, query):
        result["reason"] = "no_route"
        result["explanation"] = f"{sentences.not_own(question.source)}."
        return
    tables: list[int] = []
    thrown: Route | None = None
    for rule, table in lookups.walk(query):
        if table is None:
            result["reason"] = ACTIONS.get(rule.action, result["reason"])
            result["rule"] = rule_result(rule, None)
            result["explanation"] = sentences.refused(sentences.rule_words(rule), error.text) + "."
            return
        tables.append(table)
        entry = lookups.entry(query, table, _SPECIAL, objects=error.errno == errno.EINVAL)
        if entry is None:
            continue
        kind = _SPECIAL[entry.type]
        if kind == "throw":
            thrown = entry
        elif _TYPE_ERRNO[kind] == error.errno:
            result["table"] = table
            result["route"] = entry.result()
            result["rule"] = rule_result(rule, table)
            where = sentences.way(rule, table, entry, NextHop())
            result["explanation"] = sentences.refused(where, error.text) + "."
            return
    if result["reason"] == "no_route":
        clause = sentences.no_route(question.destination, tables, question.device, thrown, chosen)
        result["explanation"] = f"{clause}."
    elif error.errno != errno.EINVAL or not _loopback_source(lookups, question, error, result):
        # An EINVAL without a blackhole is the kernel's no to something else that was asked.
        result["reason"] = "no_route" if error.errno == errno.EINVAL else result["reason"]
        result["explanation"] = f"the kernel refuses the look-up: {error.text}."


def _loopback_source(lookups: Lookups, question: Question, error: KernelError, result: dict[str, t.Any]) -> bool:
    """IPv4 sends nothing from 127.0.0.0/8 by other devices: ``__mkroute_output()`` in net/ipv4/route.c."""
    query = question.query
    if query.family != INET:
        return False
    if query.source and query.source[:1] == _LOOPBACK:
        result["reason"] = "no_route"
        result["explanation"] = f"{sentences.loopback(question.source or '', error.text)}."
        return True
    for rule, table in lookups.walk(query):
        entry = lookups.entry(query, table, (TYPES["unicast"],)) if table is not None else None
        if entry and entry.source and entry.source.startswith("127."):
            hop = entry.hops[0] if entry.hops else NextHop()
            result.update(
                reason="prefsrc",
                source=entry.source,
                configured=entry.source,
                device=hop.device,
                gateway=hop.gateway,
                table=table,
                route=entry.result(),
                rule=rule_result(rule, table),
                warnings=[sentences.off_the_wire(entry.source)],
            )
            where = sentences.way(rule, table, entry, hop)
            clauses = f"{sentences.carried(entry, entry.source)}, and {sentences.loopback(entry.source, error.text)}"
            result["explanation"] = f"{where}: {clauses}."
            return True
        if entry:
            return False
    return False
