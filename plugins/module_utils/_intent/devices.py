# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices and VRFs of an intent by the names that a host calls them first. Pure.

`ip link property add … altname` gives a device more names. The controller, which does not know the host, takes an
intent as it is written; daemons, records and answers know the first name only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._base.errors import IntentError
from .._base.values import read_interface
from .fields import DEFAULT_METRIC

Intent = dict[str, list[Any]]
_KINDS = ("addresses", "routes", "policies", "rules", "labels")
#: The fields that name a device or a VRF.
_KEYS = ("device", "vrf", "iif", "oif")


def with_first_names(intent: Intent, first: Callable[[str], str]) -> Intent:
    """The same intent in normal form, every device and VRF by what `first` gives for it.

    The very same object where nothing has another name. IntentError where two entries turn out to be about one thing.
    """
    known = {name: first(name) for name in _names(intent)}
    if all(name == found for name, found in known.items()):
        return intent
    renamed = {
        "addresses": sorted((_renamed(entry, known) for entry in intent["addresses"]), key=_place),
        "routes": sorted((_renamed(entry, known) for entry in intent["routes"]), key=_vrf),
        "policies": sorted((_renamed(entry, known) for entry in intent["policies"]), key=_vrf),
        "rules": [_renamed(entry, known) for entry in intent["rules"]],
        "labels": sorted((_renamed(entry, known) for entry in intent["labels"]), key=_label),
        "warnings": intent["warnings"],
    }
    problems = [
        *_twice(renamed["addresses"], "source_ip_addresses", lambda one: (one["address"].split("/")[0], one["device"])),
        *_twice(renamed["routes"], "source_ip_routes", _route_key),
        *_twice(renamed["rules"], "source_ip_rules", lambda one: tuple(one.items())),
        *_twice(renamed["labels"], "source_ip_labels", lambda one: (one["prefix"], one["device"])),
    ]
    if problems:
        raise IntentError(problems)
    return renamed


def names_devices(intent: Intent) -> bool:
    """Whether an intent names a device or a VRF at all."""
    return bool(_names(intent))


def _names(intent: Intent) -> set[str]:
    entries = [entry for kind in _KINDS for entry in intent[kind]]
    hops = [hop for entry in intent["routes"] for hop in entry["nexthops"] or ()]
    found = {entry.get(key) for entry in [*entries, *hops] for key in _KEYS}
    return {name for name in found if name}


def _renamed(entry: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    changed: dict[str, Any] = {key: known[entry[key]] for key in _KEYS if entry.get(key)}
    if entry.get("nexthops"):
        changed["nexthops"] = sorted((_renamed(hop, known) for hop in entry["nexthops"]), key=_way)
    return {**entry, **changed}


# The order of the normal form. What does not depend on names is in order already, and sorting keeps it.
def _place(address: Mapping[str, Any]) -> tuple[Any, ...]:
    return *read_interface(address["address"])[:2], address["device"]


def _label(label: Mapping[str, Any]) -> tuple[Any, ...]:
    return *read_interface(label["prefix"]), label["device"] or ""


def _vrf(entry: Mapping[str, Any]) -> str:
    return str(entry["vrf"] or "")


def _way(hop: Mapping[str, Any]) -> tuple[str, str]:
    return hop["gateway"] or "", hop["device"] or ""


def _route_key(route: Mapping[str, Any]) -> tuple[Any, ...]:
    metric = route["metric"] or DEFAULT_METRIC[route["family"]]
    return route["vrf"], route["table"], route["destination"], metric


def _twice(entries: list[dict[str, Any]], variable: str, key: Callable[[dict[str, Any]], Any]) -> list[str]:
    seen = set()
    problems = []
    for entry in entries:
        name = entry.get("address") or entry.get("destination") or entry.get("prefix") or entry["priority"]
        if key(entry) in seen:
            problems.append(f"{variable}[{name}]: is there twice: the device or VRF is named by two of its names")
        seen.add(key(entry))
    return problems
