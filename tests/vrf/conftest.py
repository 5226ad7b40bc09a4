# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the VRF tests. `make vrf` and `make kernels` run them on kernels that have VRFs; a host's own kernel may
have them too: ``tests/tools/in-namespace pytest tests/vrf``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = str(Path(__file__).resolve().parents[2])
if CHECKOUT not in sys.path:
    sys.path.insert(0, CHECKOUT)

from tests.lab import netns, privileges  # noqa: E402
from tests.lab.modules import ModuleRunner  # noqa: E402
from tests.vrf.host import VrfHost  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stop before the first test, with the way out, instead of failing in each one."""
    if not any(Path(__file__).parent in item.path.parents for item in items):
        return
    if not privileges.privileged():
        raise pytest.UsageError("tests/vrf makes network namespaces and VRFs: run make vrf")
    with netns.Namespace("probe") as empty:
        refused = empty.ip("link add probe type vrf table 10", check=False)
    if refused:
        raise pytest.UsageError(f"this kernel makes no VRFs ({refused.strip()}): run make vrf")


@pytest.fixture(scope="session", autouse=True)
def _swept() -> None:
    netns.sweep()


@pytest.fixture
def ns() -> Iterator[VrfHost]:
    """A fresh host with the VRFs, devices and addresses that VrfHost lists."""
    with VrfHost() as host:
        yield host


@pytest.fixture
def module(ns: VrfHost) -> ModuleRunner:
    """Runs a module of the collection in ``ns``: ``module.ok("route_info", {"vrf": "blue"})``."""
    return ModuleRunner(lambda: ns)


@pytest.fixture(params=[4, 6], ids=["IPv4", "IPv6"])
def family(request: pytest.FixtureRequest) -> int:
    """4, then 6: the key of the addresses in VrfHost."""
    found: int = request.param
    return found
