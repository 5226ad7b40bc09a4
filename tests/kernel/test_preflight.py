# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight warnings on a real kernel: each is given where the trouble really comes, and not where it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lab.modules import ModuleRunner, Result
from tests.lab.pair import Host

NEW6 = "2001:db8::77"


@pytest.fixture
def record(tmp_path: Path) -> dict[str, Any]:
    return {"backend": "kernel", "kernel": {"record": str(tmp_path / "record.json")}}


def texts(result: Result) -> list[str]:
    """The texts of the warnings of a task; newer releases of ansible-core wrap them."""
    return [one if isinstance(one, str) else one["event"]["msg"] for one in result.get("warnings", [])]


def warnings(module: ModuleRunner, task: dict[str, Any], **intent: Any) -> list[str]:
    """What the check, the run, a second run and the audit say, which has to be the same."""
    lists = {"addresses": [], "routes": [], "policies": [], **intent}
    predicted = texts(module.ok("intent", {**task, **lists}, check=True))
    said = texts(module.ok("intent", {**task, **lists}))
    again = texts(module.ok("intent", {**task, **lists}))
    audited = module.ok("intent_info", {**task, **lists, "audit": True, "wire": "never"})["notes"]
    assert predicted == said == again == audited
    return said


@pytest.mark.parametrize("stays", [0, 1])
def test_an_address_goes_with_its_device_where_it_is_said(
    ns: Host, module: ModuleRunner, record: dict[str, Any], stays: int
) -> None:
    ns.sysctl({"ipv6/conf/v0/keep_addr_on_down": stays})
    said = warnings(module, record, addresses=[{"address": f"{NEW6}/128", "device": "v0"}])
    ns.batch(["link set v0 down", "link set v0 up"])
    there = NEW6 in ns.ip("-6 address show dev v0")
    assert there is bool(stays) and len(said) == 1 - stays
    assert stays or ("net.ipv6.conf.v0.keep_addr_on_down = 0" in said[0] and f"{NEW6} (v0)" in said[0])
