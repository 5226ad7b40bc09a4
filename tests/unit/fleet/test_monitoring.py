# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example alerts and the dashboard: of metrics that there are, with labels that these have."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.prometheus import render
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.words import PROBLEMS
from tests.lab.documents import made_up

DOCS = Path(__file__).parents[3] / "docs"
_METRIC = re.compile(r"l3host_source_ip_\w+")
_LABEL = re.compile(r"\$labels\.(\w+)|\{\{(\w+)\}\}|by \((\w+)\)|\{(\w+)[=!]")


def labels_of_metrics() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in render(made_up(60, 3, bad=0.8)).splitlines():
        if not line.startswith("#"):
            name = _METRIC.match(line)
            assert name
            found.setdefault(name.group(), set()).update(re.findall(r'(\w+)="', line))
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Each expression with what is shown beside it."""
    rules = yaml.safe_load((DOCS / "alerts.yml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield rule["expr"], json.dumps(rule["annotations"])
    for panel in json.loads((DOCS / "grafana-dashboard.json").read_text(encoding="utf-8"))["panels"]:
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]


@pytest.mark.parametrize(("expression", "beside"), list(expressions()))
def test_what_is_asked_is_there(expression: str, beside: str) -> None:
    known = labels_of_metrics()
    names = set(_METRIC.findall(expression))
    assert names and names <= set(known)
    wanted = {label for found in _LABEL.findall(f"{expression} {beside}") for label in found if label}
    assert wanted <= set.union(*(known[name] for name in names))
    for words in re.findall(r'problem=~?"([^"]*)"', expression):
        assert set(words.split("|")) <= set(PROBLEMS)


def test_prometheus_takes_the_alerts() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool, of the package prometheus, is not here")
    done = subprocess.run(
        [promtool, "check", "rules", str(DOCS / "alerts.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
