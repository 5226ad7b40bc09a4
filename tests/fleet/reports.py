# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the four files of a report say of each host, read as those read them who get them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema

from tests.lab.modules import CHECKOUT

SCHEMA = CHECKOUT / "docs" / "fleet.schema.json"
#: (host, problem)
Said = set[tuple[str, str]]


def of_document(document: Mapping[str, Any]) -> Said:
    """What the document of a fleet says: findings, connections, and hosts that did not answer."""
    found: Said = set()
    for host in document["hosts"]:
        problems = [finding["problem"] for finding in host["findings"]]
        problems += ["connection"] * bool((host["connections"] or {}).get("differing"))
        problems += [host["status"]] * (host["status"] != "answered")
        found |= {(host["name"], problem) for problem in problems}
    return found


def _json(text: str) -> Said:
    document = json.loads(text)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(document)
    return of_document(document)


def _markdown(text: str) -> Said:
    table = text.partition("## What differs")[2].partition("\n## ")[0]
    rows = [line.replace("\\", "").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return {(row[0].removeprefix("| "), row[1]) for row in rows[2:]}


def _prometheus(text: str) -> Said:
    return set(re.findall(r'(?m)^l3host_source_ip_problems\{host="(.+)",problem="(.+)"\} [1-9]', text))


def _html(text: str) -> Said:
    (found,) = re.findall(r'<script type="application/json" id="fleet">(.*?)</script>', text, re.DOTALL)
    data = json.loads(found)

    def cell(column: Any, at: int) -> str:
        place = column[at] if isinstance(column, list) else column
        return data["strings"][place - 1] if place else ""

    def host(at: int) -> str:
        hosts = data["lines"]["host"]
        return cell(data["hosts"]["name"], hosts[at] if isinstance(hosts, list) else hosts)

    lines = range(data["length"])
    return {(host(at), problem) for at in lines if (problem := cell(data["lines"]["problem"], at))}


FORMS: Mapping[str, Callable[[str], Said]] = {
    "fleet.json": _json,
    "fleet.html": _html,
    "fleet.md": _markdown,
    "fleet.prom": _prometheus,
}


def wrong(folder: Path, document: Mapping[str, Any]) -> list[str]:
    """A line for each file of a report that does not say of each host what this document says."""
    wanted, lines = of_document(document), []
    for name, read in FORMS.items():
        path = folder / name
        said = read(path.read_text(encoding="utf-8")) if path.exists() else None
        if said is None:
            lines.append(f"{name}: was not written")
        elif said != wanted:
            lines.append(f"{name}: says {sorted(said - wanted)} besides, and does not say {sorted(wanted - said)}")
    return lines
