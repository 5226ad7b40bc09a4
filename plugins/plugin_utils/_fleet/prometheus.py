# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet document as metrics for Prometheus, in its text format. Pure. PRIVATE to the collection.

Everything is a gauge: how the fleet is now, not how often something happened.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from datetime import datetime

from .lines import Line, Row, lines
from .words import PROBLEMS

_PREFIX = "l3host_source_ip"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Sample(t.NamedTuple):
    labels: dict[str, t.Any]
    value: float


def render(fleet: Row) -> str:
    """For a file that the textfile collector of the node exporter reads."""
    hosts = fleet["hosts"]
    found = lines(fleet)
    in_all = Counter(line["problem"] for line in found if line["problem"])
    per_host = Counter(line["host"] for line in found if line["problem"])
    blocks = [
        _metric(
            "report_info", "The report that these metrics were made with.",
            [Sample({"title": fleet["title"], "version": fleet["version"]}, 1)],
        ),
        _metric("report_timestamp_seconds", "When the report was made.", [Sample({}, seconds(fleet["made"]) or 0)]),
        _metric(
            "host_up", "Whether the host has answered.",
            [Sample({"host": host["name"]}, host["status"] == "answered") for host in hosts],
        ),
        _metric(
            "host_info", "What the host is, by its answer.",
            [Sample(_labels(host, "name", "status", "kernel", "backend"), 1) for host in hosts],
        ),
        _metric(
            "host_asked_timestamp_seconds", "When the host was asked, by its own clock.",
            [Sample({"host": h["name"]}, when) for h in hosts for when in [seconds(h["asked"])] if when is not None],
        ),
        _metric(
            "host_destinations", "Destinations that the host was asked for.",
            [Sample({"host": host["name"]}, host["checked"]) for host in hosts],
        ),
        _metric(
            "host_destinations_omitted", "Destinations that were left out by the limit.",
            [Sample({"host": host["name"]}, host["omitted"]) for host in hosts],
        ),
        _metric(
            "host_connections", "Open connections that the intent is about.",
            [Sample({"host": host["name"]}, host["connections"]["checked"]) for host in hosts if host["connections"]],
        ),
        _metric(
            "host_problems", "What is wrong on the host, of all names together; 1 where it did not answer.",
            [Sample({"host": host["name"]}, per_host[at]) for at, host in enumerate(hosts)],
        ),
        _metric("problems", "What is wrong on the host, by name; only those that occur.", _problems(hosts, found)),
        _metric(
            "fleet_problems", "Lines of the report with this problem, of all hosts together.",
            [Sample({"problem": word}, in_all[word]) for word in dict.fromkeys([*PROBLEMS, *sorted(in_all)])],
        ),
    ]  # fmt: skip
    return "".join(block for block in blocks if block)


def seconds(text: str | None) -> int | None:
    """A time such as 2026-11-25T08:00:00Z as seconds since 1970; None for what is none."""
    try:
        return int(datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp())
    except ValueError:
        return None


def _problems(hosts: t.Sequence[Row], found: t.Iterable[Line]) -> list[Sample]:
    number = Counter((line["host"], line["problem"]) for line in found if line["problem"])
    return [
        Sample({"host": hosts[at]["name"], "problem": problem}, count)
        for (at, problem), count in sorted(number.items())
    ]


def _labels(host: Row, *keys: str) -> dict[str, t.Any]:
    """Those that are known; a label without a value is as good as none."""
    return {"host" if key == "name" else key: host[key] for key in keys if host[key] is not None}


def _metric(name: str, text: str, samples: t.Sequence[Sample]) -> str:
    """One metric with its help; nothing where there is no sample."""
    if not samples:
        return ""
    head = [f"# HELP {_PREFIX}_{name} {text}", f"# TYPE {_PREFIX}_{name} gauge"]
    return "\n".join([*head, *(f"{_PREFIX}_{name}{_set(one.labels)} {int(one.value)}" for one in samples), ""])


def _set(labels: t.Mapping[str, t.Any]) -> str:
    pairs = [f'{key}="{str(value).translate(_ESCAPES)}"' for key, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""
