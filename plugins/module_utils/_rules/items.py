# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a task as values of this host, and as compared with those that are there. Pure. PRIVATE."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._base.errors import InvalidInput
from .._base.names import IFNAMSIZ
from .._base.rule_text import RuleText, canonical, read_rule
from .._base.values import Link, Rule
from .line import content


class Named(t.Protocol):
    """What names mean on a host; ``Host`` answers it."""

    def find(self, name: str | None) -> Link | None: ...
    def device(self, name: str, what: str) -> Link: ...
    def table(self, table: t.Any, vrf: str | None, what: str, default: int = ...) -> int: ...


@dataclass(frozen=True)
class Wanted:
    """One rule. ``rule``: canonical, its priority 0 where the entry names none (``priority`` None)."""

    item: str
    rule: Rule
    priority: int | None
    protocol: int | None
    absent: bool
    any_action: bool

    def agrees(self, there: Rule) -> bool:
        """Whether a rule of the host, with the first names of its devices, is the one that is meant."""
        other = canonical(there)
        if self.priority is None:
            other = replace(other, priority=0)
        if self.absent and self.any_action:
            return selection(other) == selection(self.rule)
        if self.absent and self.protocol not in (None, there.protocol):
            return False
        return other == self.rule


def selection(rule: Rule) -> Rule:
    """What a rule selects, and when, without what it does."""
    return replace(
        canonical(rule),
        action="",
        table=None,
        goto=None,
        l3mdev=False,
        suppress_prefixlength=None,
        suppress_ifgroup=None,
        realms=0,
    )


def parse(items: t.Sequence[t.Mapping[str, t.Any]], host: Named, warnings: list[str]) -> list[Wanted]:
    """The task's list as values, one or two of each entry. InvalidInput names entry, value and cause."""
    wanted: list[Wanted] = []
    seen: dict[tuple[Rule, int | None], str] = {}
    for position, given in enumerate(items):
        for text in read_rule(given, f"rules[{position}]"):
            one = _on_host(text, host, warnings)
            before = seen.setdefault((one.rule, one.priority), one.item)
            if before != one.item:
                raise InvalidInput(f"{one.item}: the rule '{content(one.rule)}' is already in {before}")
            wanted.append(one)
    return wanted


def _on_host(text: RuleText, host: Named, warnings: list[str]) -> Wanted:
    rule = text.rule
    if text.table is not None or text.vrf is not None:
        rule = replace(rule, table=host.table(text.table, text.vrf, text.what))
    for key in ("iif", "oif"):
        name = getattr(rule, key)
        if name is None:
            continue
        link = host.find(name)
        if link is None and not text.absent:
            if len(name) >= IFNAMSIZ:
                host.device(name, f"{text.what}.{key}")
            remark = f"{text.what}.{key}: there is no device {name!r} now; the rule waits for it"
            if remark not in warnings:
                warnings.append(remark)
        if link is not None:
            rule = replace(rule, **{key: link.name})  # type: ignore[arg-type]
    return Wanted(text.what, rule, text.priority, text.protocol, text.absent, text.any_action)
