# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module route with its entries in a file on the host, and enough of them for several batches and dump chunks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

MANY = 5000
WAYS: dict[str, dict[str, str]] = {
    "IPv4": {"gateway": Host.G4, "source": Host.S4},
    "IPv6": {"gateway": Host.G6, "source": Host.S6},
}


def items(family: str, **changes: Any) -> list[dict[str, Any]]:
    names = [f"20.0.{at >> 8}.{at & 255}/32" if family == "IPv4" else f"2001:db8:{at:x}::/48" for at in range(1, MANY)]
    return [{"destination": name, **WAYS[family], **changes} for name in names]


@pytest.mark.parametrize("family", WAYS)
def test_thousands_come_change_and_go(ns: Host, module: ModuleRunner, tmp_path: Path, family: str) -> None:
    path = tmp_path / "routes.json"

    def task(found: list[dict[str, Any]]) -> dict[str, Any]:
        path.write_text(json.dumps(found), encoding="utf-8")
        return {"routes_file": str(path)}

    option = "-6" if family == "IPv6" else "-4"
    other = Host.S6_OTHER if family == "IPv6" else Host.S4_OTHER
    for found, action, source, lines in (
        (items(family), "created", WAYS[family]["source"], MANY - 1),
        (items(family), "unchanged", WAYS[family]["source"], MANY - 1),
        (items(family, source=other), "changed", other, MANY - 1),
        (items(family, source=other, state="absent"), "removed", other, 0),
    ):
        result = module.ok("route", task(found))
        assert result["counts"][action] == MANY - 1, result["counts"]
        assert result["changed"] == (action != "unchanged")
        assert len(result["results"]) == 1000 and result["omitted"] == MANY - 1 - 1000
        assert ns.ip(f"{option} route show proto 133 src {source}").count("\n") == lines


def test_one_in_thousands_differs(ns: Host, module: ModuleRunner, tmp_path: Path) -> None:
    path = tmp_path / "routes.json"
    path.write_text(json.dumps({"routes": items("IPv4")}), encoding="utf-8")
    module.ok("route", {"routes_file": str(path)})
    ns.ip(f"route replace 20.0.7.7 via {Host.G4} proto 133 src {Host.S4_OTHER}")
    ns.ip("route delete 20.0.9.9")
    ns.ip(f"route add 20.0.11.11 via {Host.G4} proto static metric 5")
    counts = module.ok("route", {"routes_file": str(path)})["counts"]
    assert (counts["created"], counts["changed"], counts["unchanged"]) == (1, 1, MANY - 3)


def test_the_list_comes_before_the_file(ns: Host, module: ModuleRunner, tmp_path: Path) -> None:
    path = tmp_path / "routes.json"
    path.write_text(json.dumps([{"destination": ns.P4, "gateway": ns.G4}]), encoding="utf-8")
    both = {"routes": [{"destination": ns.P6, "gateway": ns.G6}], "routes_file": str(path)}
    assert module.ok("route", both)["counts"]["created"] == 2
    twice = {"routes": [{"destination": ns.P4, "gateway": ns.G4}], "routes_file": str(path)}
    assert "routes[1]: names the same route as routes[0]" in module.fails("route", twice)["msg"]
    assert "routes, routes_file" in module.fails("route", {"force": True})["msg"]
