# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of paper for the preflight warnings: the view of tests/unit/host, with settings of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._preflight.surroundings import Surroundings
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import Address, Link
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import Host
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.host.hosts import Written

LINKS = (Link(1, "lo"), Link(2, "v0"), Link(3, "v1"), Link(4, "eth0.10", kind="vlan"), Link(5, "d0", kind="dummy"))


class PaperHost(Host):
    """Its settings are those that the test names; each of them that was read is in ``read``."""

    def __init__(self, settings: Mapping[str, int], addresses: Sequence[Address], links: Sequence[Link]) -> None:
        super().__init__(Written(links, addresses))
        self.settings = settings
        self.read: list[str] = []

    def sysctl(self, path: str) -> int:
        self.read.append(path)
        return self.settings.get(path, 0)


def around(
    backend: str = "kernel",
    settings: Mapping[str, int] | None = None,
    held: Sequence[Address] = (),
    links: Sequence[Link] = LINKS,
    options: Mapping[str, Any] | None = None,
    changed: bool = False,
    planned: bool = False,
    **lists: Any,
) -> Surroundings:
    """An intent (``lists``: as the user writes them) and the host that it is for."""
    host = PaperHost(settings or {}, held, links)
    hands: Any = SimpleNamespace(host=host, kernel=host.kernel)
    return Surroundings(hands, normalise(**lists), backend, options or {}, changed or planned, planned)
