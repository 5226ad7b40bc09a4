# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What netplan generates of its files, and what they define. Pure. PRIVATE to the collection."""

from __future__ import annotations

import re
import typing as t

from ..._base.values import MAIN
from .._networkmanager.keyfile import entries as profile_entries
from .._networkmanager.render import key_of

#: Where netplan writes, below a root: for networkd and for NetworkManager.
NETWORKD, NETWORK_MANAGER = "/run/systemd/network", "/run/NetworkManager/system-connections"
_FILE, _PROFILE = f"{NETWORKD}/10-netplan-", f"{NETWORK_MANAGER}/netplan-"
_NETWORK = ".network"
_KEY = re.compile(r"^(  |    )([\"']?)(\S+?)\2:(?= |$)(.*)$", re.MULTILINE)
_LEVEL = 2

#: destination, table and metric of a route: what the kernel tells IPv4 routes apart by.
Key = tuple[str, str, str]


class Holds(t.NamedTuple):
    """What a generated file gives: ``addresses`` with prefix length; ``routes``: key -> (gateway, source)."""

    addresses: frozenset[str]
    routes: t.Mapping[Key, tuple[str, str]]


def definitions(text: str) -> dict[str, str]:
    """{name: kind} of `netplan get`, which has one form whatever the files are written in: a key a line, two blanks a
    level, names that need it in quotes."""
    found: dict[str, str] = {}
    kind = ""
    for level, _quote, name, rest in _KEY.findall(text):
        if len(level) == _LEVEL:
            # What is on the same line is a setting, such as `version: 2`.
            kind = "" if rest.strip() else name
        elif kind and kind != "openvswitch":
            found[name] = kind
    return found


def definition_of(path: str, known: t.Iterable[str]) -> str:
    """The name of the definition of which a file was generated; empty where it is none of netplan's."""
    if path.startswith(_FILE) and path.endswith(_NETWORK):
        name = path[len(_FILE) : -len(_NETWORK)]
        return name if name in known else ""
    if path.startswith(_PROFILE):
        rest = path[len(_PROFILE) :].rpartition(".")[0]
        # The profile of a wireless network has the network's name behind the definition's.
        fitting = [name for name in known if f"{rest}-".startswith(f"{_escaped(name)}-")]
        return max(fitting, key=len, default="")
    return ""


def _escaped(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-._~" else f"%{ord(sign):02X}" for sign in name)


def is_generated(path: str) -> bool:
    """Whether a file that a manager has in use is netplan's."""
    return path.startswith((_FILE, _PROFILE))


def holds(path: str, content: bytes) -> Holds:
    """What a generated file says, of either renderer."""
    return _profile(content) if path.startswith(_PROFILE) else _network(content)


def _network(content: bytes) -> Holds:
    addresses: set[str] = set()
    routes: dict[Key, tuple[str, str]] = {}
    for head, pairs in _sections(content.decode("utf-8", "replace")):
        values = dict(pairs)
        if head in ("[Network]", "[Address]"):
            addresses |= {value for key, value in pairs if key == "Address"}
        elif head == "[Route]" and "Destination" in values:
            place = values["Destination"]
            metric = values.get("Metric", "1024" if ":" in place else "0")
            key = place, values.get("Table", str(MAIN)), metric
            routes[key] = values.get("Gateway", ""), values.get("PreferredSource", "")
    return Holds(frozenset(addresses), routes)


def _sections(text: str) -> t.Iterator[tuple[str, list[tuple[str, str]]]]:
    head = ""
    pairs: list[tuple[str, str]] = []
    for line in (one.strip() for one in text.splitlines()):
        if line.startswith("["):
            yield head, pairs
            head, pairs = line, []
        elif "=" in line and not line.startswith("#"):
            key, _equals, value = line.partition("=")
            pairs.append((key, value))
    yield head, pairs


def _profile(content: bytes) -> Holds:
    addresses: set[str] = set()
    routes: dict[Key, tuple[str, str]] = {}
    for entry in profile_entries(content).values():
        place, *rest = [part.strip() for part in entry.value.split(",")]
        if entry.kind == "address":
            addresses.add(place)
        else:
            options = dict(part.strip().partition("=")[::2] for part in entry.options.split(","))
            routes[t.cast(Key, key_of(entry))] = rest[0] if rest else "", options.get("src", "")
    return Holds(frozenset(addresses), routes)
