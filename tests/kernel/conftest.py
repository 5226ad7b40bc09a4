# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the kernel tests: fresh namespaces, the lab, and the modules run for real.

Needs root, or ``tests/tools/in-namespace pytest tests/kernel``. See tests/lab/README.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = str(Path(__file__).resolve().parents[2])
if CHECKOUT not in sys.path:
    sys.path.insert(0, CHECKOUT)
# No name server answers in a namespace, and none shall: who asks for one waits a second, not twenty.
os.environ["RES_OPTIONS"] = "timeout:1 attempts:1"

from tests.lab import netns, privileges, topology  # noqa: E402
from tests.lab.dozen import Dozen  # noqa: E402
from tests.lab.modules import ModuleRunner  # noqa: E402
from tests.lab.pair import Host  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stop before the first test, with the way out, instead of failing in each one."""
    if items and not privileges.privileged():
        raise pytest.UsageError(
            "tests/kernel makes network namespaces: run as root, or: tests/tools/in-namespace pytest tests/kernel"
        )


@pytest.fixture(scope="session", autouse=True)
def _swept() -> Iterator[None]:
    netns.sweep()
    yield
    topology.tear_down_own()


@pytest.fixture(scope="session")
def hosts() -> Iterator[Dozen[Host]]:
    """The stock that ``ns`` is taken from."""
    stock = Dozen(Host)
    yield stock
    stock.close()


@pytest.fixture
def ns(hosts: Dozen[Host]) -> Iterator[Host]:
    """A fresh host namespace with v0, v1, their peers and the addresses that tests.lab.pair.Host lists."""
    with hosts.one() as host:
        yield host


@pytest.fixture
def routed(ns: Host) -> Host:
    """The host with a route of either family to its peer's own addresses."""
    ns.batch([f"route add {ns.P4} via {ns.G4}", f"route add {ns.P6} via {ns.G6}"])
    return ns


@pytest.fixture
def other_ns() -> Iterator[netns.Namespace]:
    """An empty namespace (only lo): where a module starts when its ``netns`` option is what is tested."""
    with netns.Namespace("other") as empty:
        yield empty


@pytest.fixture
def lab() -> Iterator[topology.Lab]:
    """The lab of tests.lab.topology: host, r1, r2, web, with the web server running."""
    with topology.lab() as made:
        yield made


@pytest.fixture
def module(request: pytest.FixtureRequest) -> ModuleRunner:
    """Runs a module of the collection: ``module.ok("prefsrc", {"routes": […]}, check=True)``."""

    def default() -> netns.Namespace:
        if "ns" in request.fixturenames:
            host: Host = request.getfixturevalue("ns")
            return host
        if "lab" in request.fixturenames:
            made: topology.Lab = request.getfixturevalue("lab")
            return made.host
        raise pytest.UsageError(f"{request.node.name}: 'module' needs the fixture ns or lab, or ns=…")

    return ModuleRunner(default)
