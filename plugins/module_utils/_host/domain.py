# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VRF domains. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._base.values import Link


def domain_of(index: int, links: t.Mapping[int, Link]) -> int:
    """The index of the VRF that a device is or belongs to; 0 for the default one."""
    link = links.get(index)
    if link is None:
        return 0
    if link.table is not None:
        return index
    master = links.get(link.master)
    return master.index if master is not None and master.table is not None else 0
