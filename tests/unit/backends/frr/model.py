# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small FRR for the tests: executes configuration lines as the manual says, and evaluates route-maps."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.parse import (
    Objects,
    entry,
    static,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._base.protocols import frr_binding

HEAD = {"ip": "ipv4", "ipv6": "ipv6"}


class Frr:
    """The configuration of one FRR, changed line by line."""

    def __init__(self) -> None:
        self.objects = Objects()
        self.vrf = ""
        self.at: tuple[str, int] | None = None

    def feed(self, lines: list[str]) -> None:
        self.vrf, self.at = "", None
        for line in lines:
            self.line(line.strip())
            self.check()

    def line(self, text: str) -> None:
        if not text or text.startswith("!"):
            return
        remove = text.startswith("no ")
        words = text.removeprefix("no ").split()
        if text in ("exit", "exit-vrf"):
            self.vrf, self.at = "", None
        elif words[0] == "vrf":
            self.vrf = words[1]
        elif words[0] == "route-map":
            self.route_map(words, remove)
        elif self.at and words[0] in ("match", "set", "call"):
            self.body(" ".join(words), remove)
        elif words[1] == "prefix-list":
            self.prefix_list(words, remove)
        elif words[1] == "protocol":
            key = (self.vrf, words[0], frr_binding(words[2], words[0]))
            if remove:
                assert key in self.objects.bindings, text
                del self.objects.bindings[key]
            else:
                self.objects.bindings[key] = words[4]
        elif words[1] == "route":
            parsed = static(" ".join(words), self.vrf)
            assert parsed
            (self.objects.routes.remove if remove else self.objects.routes.add)((parsed.vrf, parsed.text))
        else:
            raise AssertionError(text)

    def route_map(self, words: list[str], remove: bool) -> None:
        self.vrf = ""
        maps = self.objects.maps
        if remove and len(words) == 2:
            del maps[words[1]]
        elif remove:
            del maps[words[1]][int(words[3])]
            if not maps[words[1]]:
                del maps[words[1]]
        else:
            self.at = (words[1], int(words[3]))
            maps.setdefault(words[1], {}).setdefault(int(words[3]), (words[2], ()))

    def body(self, text: str, remove: bool) -> None:
        assert self.at
        name, sequence = self.at
        action, body = self.objects.maps[name][sequence]
        kind = text.split()[0]
        kept = [line for line in body if line.split()[0] != kind]
        self.objects.maps[name][sequence] = (action, tuple(sorted(kept if remove else [*kept, text])))

    def prefix_list(self, words: list[str], remove: bool) -> None:
        self.vrf = ""
        key = (words[0], words[2])
        if remove and len(words) == 3:
            del self.objects.lists[key]
            return
        entries = self.objects.lists.setdefault(key, {})
        text = entry(words[0], " ".join(words[5:]))
        if remove:
            assert entries.pop(int(words[4])) == text
            if not entries:
                del self.objects.lists[key]
        else:
            assert text not in entries.values(), f"{text} twice in {key}"
            assert int(words[4]) not in entries
            entries[int(words[4])] = text

    def check(self) -> None:
        """What must hold after every single line: a bound map exists and ends with a permit."""
        for name in self.objects.bindings.values():
            if name.startswith("SIP-"):
                assert self.objects.maps[name][65535][0] == "permit"

    def source(self, vrf: str, family: str, protocol: str, destination: str) -> str | None:
        """What `set src` zebra would use for a route, first match first."""
        word = "ip" if family == "ipv4" else "ipv6"
        name = self.objects.bindings.get((vrf, word, protocol)) or self.objects.bindings.get((vrf, word, "any"))
        for _number, (_action, body) in sorted(self.objects.maps.get(name or "", {}).items()):
            listed = next((line.split()[-1] for line in body if line.startswith("match")), None)
            if listed is None or self.permits(word, listed, destination):
                return next((line.split()[2] for line in body if line.startswith("set src ")), None)
        return None

    def permits(self, word: str, name: str, destination: str) -> bool:
        network: Any = ipaddress.ip_network(destination)
        for _number, text in sorted(self.objects.lists[(word, name)].items()):
            found = re.match(r"(permit|deny) (\S+)(?: le (\d+))?\Z", text)
            assert found
            listed: Any = ipaddress.ip_network(found.group(2))
            longest = int(found.group(3) or listed.prefixlen)
            if network.subnet_of(listed) and network.prefixlen <= longest:
                return found.group(1) == "permit"
        return False
