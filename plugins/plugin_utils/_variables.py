# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a host that are ours by their name, and those that are not. Pure. PRIVATE to the collection.

What begins with ``source_ip_`` is read by this collection or refused: a misspelled list would be an empty one, and
take a host's intent off.
"""

from __future__ import annotations

import difflib
import typing as t

PREFIX = "source_ip_"
#: Option of the task -> variable of the host that stands for it where the task does not say.
LISTS = {
    "addresses": "source_ip_addresses",
    "routes": "source_ip_routes",
    "policies": "source_ip_policies",
    "rules": "source_ip_rules",
    "labels": "source_ip_labels",
    "uplinks": "source_ip_uplinks",
}
#: Every variable that this collection reads: by the tasks and roles, then by the playbooks.
KNOWN = {
    *LISTS.values(),
    "source_ip_state",
    "source_ip_purge",
    "source_ip_keep",
    "source_ip_backend",
    "source_ip_batches",
    "source_ip_destinations",
    "source_ip_format",
    "source_ip_hosts",
    "source_ip_limit",
    "source_ip_output",
    "source_ip_report_dir",
    "source_ip_report_forms",
    "source_ip_title",
    "source_ip_wire",
}
UNDEFINED = (
    "this host has no source_ip_* variables; to take an intent off, run `ansible-playbook l3host.source_ip.remove` or "
    "set `source_ip_state: absent`"
)


def unknown(names: t.Iterable[str]) -> list[str]:
    """A sentence for each name that is ours by its beginning and that nobody reads, with what was probably meant."""
    found = sorted(name for name in names if name.startswith(PREFIX) and name not in KNOWN)
    return [f"{name}: nothing reads this variable. {_instead(name)}" for name in found]


def _instead(name: str) -> str:
    rest = {known[len(PREFIX) :]: known for known in sorted(KNOWN)}
    near = difflib.get_close_matches(name[len(PREFIX) :], rest, n=1, cutoff=0.7)
    if near:
        return f"Was {rest[near[0]]} meant?"
    return f"If it is a variable of your own, rename it: no variable but ours may begin with {PREFIX} (site_{name} may)"


def undefined(options: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> bool:
    """Whether neither the task nor the host says anything of an intent; a list that is null says nothing."""
    return all(options.get(option) is None and variables.get(name) is None for option, name in LISTS.items())
