# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host written down, for tests: the view of it is the one that the modules have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import (
    Address,
    Label,
    Link,
    Prefix,
    Query,
    Rule,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import Host
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.decode import Entry


@dataclass
class Written:
    """Answers what the kernel would be asked, and remembers in ``asked`` what that was."""

    devices: Sequence[Link] = ()
    own: Sequence[Address] = ()
    local: Callable[[int, int], Sequence[Prefix]] = lambda family, table: ()
    policy: Sequence[Rule] = ()
    asked: list[str] = field(default_factory=list)

    def links(self) -> Sequence[Link]:
        self.asked.append("links")
        return self.devices

    def addresses(self, names: Mapping[int, str]) -> Sequence[Entry]:
        self.asked.append("addresses")
        return [Entry(address, b"") for address in self.own]

    def rules(self, family: int) -> Sequence[Rule]:
        self.asked.append(f"rules {family}")
        return [rule for rule in self.policy if rule.family == family]

    def labels(self) -> Sequence[Label]:
        self.asked.append("labels")
        return []

    def destinations(self, family: int, table: int, kind: int) -> Sequence[Prefix]:
        self.asked.append(f"destinations {family} {table} {kind}")
        return self.local(family, table)

    def lookup(self, query: Query, fib_match: bool = False) -> bytes:
        raise AssertionError(f"nothing looks {query} up here")

    def dump_routes(
        self, family: int, table: int | None = None, protocol: int = 0, device: int | None = None, kind: int = 0
    ) -> Sequence[bytes]:
        raise AssertionError(f"nothing lists the routes of table {table} here")


def view(
    links: Sequence[Link],
    addresses: Sequence[Address] = (),
    local: Callable[[int, int], Sequence[Prefix]] = lambda family, table: (),
    planned: frozenset[bytes] = frozenset(),
    tables: Mapping[str, int] | None = None,
) -> Host:
    """The view of this host; ``tables`` are its names of routing tables."""
    host = Host(Written(links, addresses, local), planned)
    if tables is not None:
        host.tables = dict(tables)
    return host
