# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What repairs need to know of FRR's configuration, as the services keep it. Pure; standard library only."""

from __future__ import annotations

import typing as t


class Binding(t.NamedTuple):
    """A map of ours: ``vrf`` is "" for the default one, ``word`` ip or ipv6, ``protocol`` FRR's word."""

    vrf: str
    word: str
    protocol: str
    map: str


class Settings(t.NamedTuple):
    """What repairs need to know of FRR's configuration, and whether they may set sources in the kernel.

    ``statics``: [(vrf, line)], of the operator too; ``bgp``: [(AS number, vrf)]; ``table_maps``: [(vrf, family)] of the
    operator; ``keep``: his `zebra nexthop-group keep`.
    """

    bindings: list[Binding]
    statics: list[tuple[str, str]]
    bgp: list[tuple[str, str]]
    table_maps: list[tuple[str, str]]
    keep: str | None
    edit_kernel: bool

    @classmethod
    def load(cls, values: t.Mapping[str, t.Any]) -> Settings:
        """From ``_asdict()`` after a way through JSON."""
        pairs = {name: [tuple(pair) for pair in values[name]] for name in ("statics", "bgp", "table_maps")}
        return cls(**{**values, **pairs, "bindings": [Binding(*one) for one in values["bindings"]]})
