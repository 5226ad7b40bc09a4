# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way out of a route of an intent, as the module ``route`` takes it. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t


def whole(way: dict[str, t.Any]) -> dict[str, t.Any]:
    """The module keeps a gateway that is not named; an intent without one has none."""
    return way if way.get("gateway") else {**way, "gateway": "none"}
