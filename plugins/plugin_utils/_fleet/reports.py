# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All forms of a report, by name. PRIVATE to the collection."""

from __future__ import annotations

import json
import typing as t

from . import html, markdown, prometheus
from .document import VERSION

#: Name of the form -> the file's ending.
ENDINGS = {"html": "html", "json": "json", "markdown": "md", "prometheus": "prom"}


def report(fleet: t.Mapping[str, t.Any], form: str) -> str:
    """The fleet document in one of the forms of ``ENDINGS``.

    Raises ValueError where it is no document of a fleet, or one of another version.
    """
    if form not in ENDINGS:
        raise ValueError(f"form: {form!r} is none of {', '.join(ENDINGS)}")
    if not isinstance(fleet, t.Mapping) or not isinstance(fleet.get("hosts"), list):
        raise ValueError("this is no document of a fleet; the playbook l3host.source_ip.audit makes one (format json)")
    if fleet.get("version") != VERSION:
        raise ValueError(f"the document has version {fleet.get('version')!r}, and this collection reads {VERSION}")
    if form == "json":
        return json.dumps(fleet, default=str, separators=(",", ":")) + "\n"
    render: dict[str, t.Callable[[t.Mapping[str, t.Any]], str]]
    render = {"html": html.render, "markdown": markdown.render, "prometheus": prometheus.render}
    return render[form](fleet)
