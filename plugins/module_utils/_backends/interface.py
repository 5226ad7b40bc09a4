# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a back end is. PRIVATE to the collection.

A back end holds an intent on a host: the kernel itself, FRR, BIRD. It is one package beside this file with one class
``BackEnd`` in ``backend.py``; the engine calls it in this order, and nothing else does:

    read ─► plan ─► (refused? stop)  ─► (check mode? stop) ─► apply ─► judge ─► repair

To take an intent off is to plan an empty one: what is ours then goes, all of it and nothing else.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .finding import Finding

if t.TYPE_CHECKING:
    from .view import Hands

#: An intent in normal form (_intent/normal.py).
Intent = dict[str, list[t.Any]]


class Capabilities(t.NamedTuple):
    """What a back end can hold, in words for the README's table; empty where it cannot.

    ``own``: routes of ``source_ip_routes``; ``learned``: routes that somebody else brings; ``tables``: others than
    main; ``reboot``: whether what it sets is there after one.
    """

    own: str
    learned: str
    tables: str
    reboot: str
    cannot: str


@dataclass
class Plan:
    """What a run will do, decided before the first write.

    ``changed``: anything will be written; ``refusals``: why the host or its daemon cannot carry the intent, an entry
    each; ``diffs``: as Ansible shows them (``{before, after, before_header, after_header}`` or ``{prepared}``), our
    lines only, of an operator's line only what changes; ``results`` and ``counts``: per item, where the back end has
    items (``destination`` or ``address``, ``action``, ``before``, ``after``); ``silent``: why the daemon says nothing,
    empty where it speaks or there is none; ``ours``: where on the host it stands what an earlier run made, empty where
    there is nothing of it. Back ends keep what else they need in a subclass.
    """

    changed: bool = False
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    diffs: list[dict[str, str]] = field(default_factory=list)
    results: list[dict[str, t.Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    omitted: int = 0
    silent: str = ""
    ours: str = ""


class Repair(t.NamedTuple):
    """What would mend findings, or has: ``level`` is the least setting of the back end that allows it.

    ``loses`` says what is lost on the way, "nothing" where nothing is; ``command`` is what an operator would type.
    """

    level: str
    loses: str
    why: str
    command: str


@dataclass
class Judgement:
    """What the kernel holds, against the intent.

    ``checked``: how many routes the intent speaks of; ``done``: repairs that were made, ``possible``: those that the
    user's setting does not allow (or that check mode did not make: ``allowed``); ``errors``: why a repair failed.
    """

    checked: int = 0
    findings: list[Finding] = field(default_factory=list)
    done: list[Repair] = field(default_factory=list)
    allowed: list[Repair] = field(default_factory=list)
    possible: list[Repair] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    diffs: list[dict[str, str]] = field(default_factory=list)


class BackEnd(t.Protocol):
    """One back end on one host.

    ``options`` are its own: the argument spec ``OPTIONS`` of ``options.py`` beside it, which imports nothing else,
    since the module ``intent`` takes those of every back end, each as one option named after it.
    """

    CAPABILITIES: t.ClassVar[Capabilities]

    def __init__(self, hands: Hands, options: t.Mapping[str, t.Any]) -> None: ...

    def read(self) -> t.Any:
        """What is there: files, running configuration, record. Reads only. SourceIPError where that is impossible."""

    def plan(self, intent: Intent, found: t.Any, check: bool) -> Plan:
        """What to do; pure but for questions to the host's view. ``check``: addresses of the intent count as there."""

    def apply(self, plan: t.Any) -> None:
        """Do all of it, or leave the host as it was and raise SourceIPError."""

    def judge(self, plan: t.Any, applied: bool) -> Judgement:
        """Ask the kernel; ``applied``: this run has just changed something, so a daemon may need its time."""

    def repair(self, plan: t.Any, judgement: Judgement, check: bool) -> Judgement:
        """Mend what the options allow and judge again; with ``check`` only say what would be done (``allowed``)."""
