# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One difference between intent and host, in one shape for every back end. PRIVATE to the collection. Pure.

Standard library only: what keeps an intent while Ansible is away tells of the same findings.
"""

from __future__ import annotations

import typing as t

#: What can be wrong with a route, in the order in which to look at it: what stands above may explain what is below.
PROBLEMS = {
    "silent": "the back end cannot be read: its daemon does not answer, or its files or record say nothing",
    "refused": "the back end would refuse the intent on this host",
    "not_applied": "nobody has applied the intent: nothing of it is on the host",
    "orphan": "a piece of ours that no intent names",
    "drift": "the host is not as the intent has made it: applying it again would change this",
    "unkept": "the keeper does not run, or cannot keep a piece of the intent now",
    "stale": "a route names a source that the host does not have any more",
    "no_source": "the host does not have this source, or only as a tentative address",
    "no_vrf": "the host has no such VRF",
    "filter": "the daemon gives it another source than the intent: a filter does not call us, or overrides us",
    "not_exported": "the daemon does not give it to the kernel: its gateway is unreachable, or a filter rejects it",
    "rejected": "the daemon has chosen it, and the kernel has refused it",
    "twofold": "two routes lead to one destination, and the one that wins does not have the source",
    "borrowed": "the source is borrowed from another device, such as a bridge of containers",
    "absent": "the kernel does not have this route",
    "unset": "the kernel's route carries no source",
    "different": "the kernel's route carries another source",
    "leftover": "the kernel's route carries the source of an earlier intent, and this one names none for it",
    "socket": "a socket gets another source than the kernel's answer",
    "wire": "the packet leaves with another source",
}
_HEAD = ("destination", "vrf", "protocol", "expected", "actual", "problem", "why")


class Finding(t.NamedTuple):
    """One difference: ``problem`` is one of ``PROBLEMS``, ``why`` is in the kernel's or the daemon's own words.

    ``vrf`` is None for the default one, ``table`` None where it is the VRF's own (or main); ``protocol`` is a word of
    the intent; ``expected`` is None where the intent names no source, ``actual`` where there is none. ``repair`` is
    the command, option or line that would mend it, None where nothing of ours would.
    """

    destination: str
    expected: str | None
    actual: str | None
    problem: str
    why: str
    vrf: str | None = None
    table: int | None = None
    protocol: str | None = None
    repair: str | None = None


def ordered(findings: t.Iterable[Finding]) -> list[Finding]:
    """In the order in which an operator should look at them."""
    order = list(PROBLEMS)
    return sorted(findings, key=lambda finding: order.index(finding.problem))


def table(findings: t.Sequence[Finding], limit: int = 20) -> str:
    """The first ``limit`` findings as aligned text, a line each, and how many more there are."""
    text = aligned(_HEAD, ([str(getattr(finding, key) or "-") for key in _HEAD] for finding in findings[:limit]))
    more = len(findings) - limit
    return f"{text}\nand {more} more" if more > 0 else text


def aligned(head: t.Sequence[str], rows: t.Iterable[t.Sequence[str]]) -> str:
    """A line each, in columns as wide as their longest text; the last one is as long as it is."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) - 1)]
    return "\n".join(
        "  ".join([*(text.ljust(width) for text, width in zip(line, widths)), line[-1]]).rstrip() for line in lines
    )
