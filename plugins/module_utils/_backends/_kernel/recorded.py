# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules, labels and lifetimes of an intent: what an earlier intent made that goes again. Pure. PRIVATE.

Neither a label nor a lifetime says who set it, so the record does, and what was there before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..._base.protocols import OWN_PROTOCOL

Item = dict[str, Any]


def gone_rules(wanted: list[Item], record: list[Item]) -> list[Item]:
    """Items of the module rule that remove those of the record which are not wanted any more, where they are ours."""
    return [{**item, "protocol": str(OWN_PROTOCOL), "state": "absent"} for item in record if item not in wanted]


def labels(wanted: list[Item], record: list[Item], there: Mapping[tuple[str, str | None], int]) -> list[Item]:
    """The record of these labels, ``{prefix, label, device, before}``; ``there``: those of the host by their place."""
    former = {(item["prefix"], item["device"]): item["before"] for item in record}
    found = []
    for item in wanted:
        place = item["prefix"], item["device"]
        before = former[place] if place in former else there.get(place)
        found.append({**item, "before": before})
    return found


def gone_labels(wanted: list[Item], record: list[Item]) -> list[Item]:
    """Those of the record that are not wanted any more."""
    named = {(item["prefix"], item["device"]) for item in wanted}
    return [item for item in record if (item["prefix"], item["device"]) not in named]


def deprecated(wanted: list[Item], record: list[Item], there: Collection[tuple[str, str]]) -> list[Item]:
    """The record of the addresses that are not to be chosen; ``there``: those of the host that nobody chooses now."""
    former = {(item["address"], item["device"]) for item in record}
    found = [
        {"address": item["address"], "device": item["device"]}
        for item in wanted
        if item["preferred_lifetime"] is not None
    ]
    return [item for item in found if (place := (item["address"], item["device"])) in former or place not in there]


def preferred_again(wanted: list[Item], record: list[Item], there: Collection[tuple[str, str]]) -> list[Item]:
    """Items of the module address for those of the record that may be chosen again; ``there``: the host's."""
    named = {(item["address"], item["device"]) for item in wanted if item["preferred_lifetime"] is not None}
    return [
        {**item, "preferred_lifetime": "forever"}
        for item in record
        if (place := (item["address"], item["device"])) not in named and place in there
    ]
