# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading FRR's own text: a version, a running configuration or a frr.conf. Pure.

Our objects are known by their names (prefix-lists, route-maps and what binds them) and by their tag (static routes),
never by comments: `write memory` drops those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ..._base.protocols import frr_binding
from .release import Version

# (vrf or "", "ip" | "ipv6", FRR's protocol word)
BindingKey = tuple[str, str, str]

_VERSION = re.compile(r"FRRouting (\d+)\.(\d+)(?:\.(\d+))?")
_LIST = re.compile(r"(ip|ipv6) prefix-list (\S+) (?:seq (\d+) )?((?:permit|deny) .+)\Z")
_MAP = re.compile(r"route-map (\S+) (permit|deny) (\d+)\Z")
_BINDING = re.compile(r"(ip|ipv6) protocol (\S+) route-map (\S+)\Z")
_ROUTE = re.compile(r"(ip|ipv6) route (\S+) (.+)\Z")
_VRF = re.compile(r"vrf (\S+)\Z")
_KEEP = re.compile(r"zebra nexthop-group keep (\d+)\Z")
_BGP = re.compile(r"router bgp (\d+(?:\.\d+)?)(?: (?:vrf|view) (\S+))?\Z")
# What FRR accepts inside `vrf NAME`; any other line ends an unterminated vrf block.
_VRF_LINE = re.compile(r"!|exit|(?:no )?(?:ip|ipv6) (?:protocol|route|nht|router-id) |(?:no )?(?:vni|netns|router-id) ")
_MAP_LINE = re.compile(r"(?:no )?(?:match|set|call|on-match|continue|description) ?")
_ANY_PREFIX = {"ip": "0.0.0.0/0 le 32", "ipv6": "::/0 le 128"}


class Line(NamedTuple):
    """One line of a configuration with the block it stands in."""

    text: str  # stripped
    vrf: str  # "" outside of a vrf block
    block: str  # the stripped line that opened the block, "" at top level


@dataclass
class Objects:
    """The objects of a configuration, in a form in which two configurations compare by meaning."""

    # {(ip|ipv6, name): {sequence: "permit 10.0.0.0/8 le 32"}}
    lists: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    # {name: {sequence: ("permit", ("match …", "set src …"))}}
    maps: dict[str, dict[int, tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    bindings: dict[BindingKey, str] = field(default_factory=dict)
    # {(vrf, "ip route …" in the order in which FRR writes its words)}
    routes: set[tuple[str, str]] = field(default_factory=set)


class Static(NamedTuple):
    """A static route line."""

    family: str  # ip | ipv6
    destination: str
    hops: tuple[str, ...]
    options: dict[str, str]
    text: str  # canonical
    vrf: str


@dataclass
class Config:
    """A parsed configuration: ours and what of the operator's touches ours."""

    ours: Objects = field(default_factory=Objects)
    theirs: Objects = field(default_factory=Objects)  # lists stay empty: nothing here needs them
    bound: dict[BindingKey, str] = field(default_factory=dict)  # by the operator, also where a line of ours follows
    statics: list[Static] = field(default_factory=list)  # the operator's
    keep: str | None = None  # `zebra nexthop-group keep`
    bgp: list[tuple[str, str]] = field(default_factory=list)  # [(AS number, vrf)]
    table_maps: list[tuple[str, str]] = field(default_factory=list)  # [(vrf, "ipv4" | "ipv6")]


def version(text: str) -> Version:
    """The version in the text of `show version`; ValueError where there is none."""
    found = _VERSION.search(text)
    if not found:
        raise ValueError("no FRR version in the output of `vtysh -c 'show version'`")
    return int(found.group(1)), int(found.group(2)), int(found.group(3) or 0)


def lines(raws: Iterable[str]) -> Iterator[Line]:
    """Each line with the block it stands in, read as vtysh reads it: an unterminated vrf block goes on until a line
    that has no meaning inside it, and a prefix-list or a route-map ends every block."""
    vrf = block = ""
    for raw in raws:
        line = raw.strip()
        if not line or line.startswith("!"):
            yield Line(line, vrf, block)
            continue
        if line in ("exit", "exit-vrf", "end"):
            yield Line(line, vrf, block)
            if not raw[0].isspace() or line == "exit-vrf":
                vrf = block = ""
            continue
        if vrf and not _VRF_LINE.match(line):
            vrf = block = ""
        opened = _VRF.match(line)
        if opened:
            vrf, block = opened.group(1), line
        elif _MAP.match(line) or (not raw[0].isspace() and re.match(r"router |interface |key chain ", line)):
            block = line
        elif _LIST.match(line):
            block = ""
        elif block.startswith("route-map "):
            block = block if _MAP_LINE.match(line) else ""
        elif not raw[0].isspace() and not vrf:
            block = ""
        yield Line(line, vrf, block)


def static(line: str, vrf: str) -> Static | None:
    """The parts of an `ip route` line, None for any other line."""
    found = _ROUTE.match(line)
    if not found:
        return None
    family, destination, rest = found.groups()
    words = rest.split()
    hops: list[str] = []
    options: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word in ("tag", "table", "label", "nexthop-vrf", "vrf", "color", "segments", "from", "metric") and words:
            options[word] = words.pop(0)
        elif word == "onlink":
            options[word] = ""
        elif word.isdigit() and hops:
            options["distance"] = word
        elif not options:
            hops.append(word)
        else:
            options[word] = ""
    vrf = options.pop("vrf", vrf)
    return Static(family, destination, tuple(hops), options, static_text(family, destination, hops, options), vrf)


def static_text(family: str, destination: str, hops: list[str] | tuple[str, ...], options: dict[str, str]) -> str:
    """The line in the order in which `show running-config` writes its words."""
    parts = [family, "route", destination, *hops]
    order = ("tag", "distance", "label", "table")
    for name in (*order, *sorted(set(options) - set(order))):
        if name in options:
            parts += [options[name]] if name == "distance" else [name, options[name]] if options[name] else [name]
    return " ".join(parts)


def entry(family: str, text: str) -> str:
    """A prefix-list entry without its other spelling `any`."""
    action, rest = text.split(None, 1)
    return f"{action} {_ANY_PREFIX[family] if rest == 'any' else ' '.join(rest.split())}"


def parse(text: str, prefix: str, tag: int) -> Config:
    """Sort a configuration into ours (names that begin with `prefix`, static routes with `tag`) and theirs."""
    return sort(lines(text.split("\n")), prefix, tag)


def sort(walked: Iterable[Line], prefix: str, tag: int) -> Config:
    """The same from lines. Where a setting is named twice the last one counts, as in FRR."""
    config = Config()
    last: dict[tuple[str, str], int] = {}
    bgp_vrf = bgp_family = ""
    for line in walked:
        if line.text.startswith("!") or not line.text:
            continue
        if line.block.startswith("route-map ") and line.text != "exit":
            _map_line(config, line, prefix)
            continue
        found = _LIST.match(line.text)
        if found:
            family, name, sequence, rest = found.groups()
            if name.startswith(prefix):
                entries = config.ours.lists.setdefault((family, name), {})
                number = int(sequence) if sequence else last.get((family, name), 0) + 5
                entries[number] = entry(family, rest)
                last[(family, name)] = max(number, last.get((family, name), 0))
            continue
        found = _BINDING.match(line.text)
        if found:
            key = (line.vrf, found.group(1), frr_binding(found.group(2), found.group(1)))
            for objects in (config.ours, config.theirs):
                objects.bindings.pop(key, None)
            if found.group(3).startswith(prefix):
                config.ours.bindings[key] = found.group(3)
            else:
                config.theirs.bindings[key] = config.bound[key] = found.group(3)
            continue
        route = static(line.text, line.vrf)
        if route:
            if route.options.get("tag") == str(tag):
                config.ours.routes.add((route.vrf, route.text))
            else:
                config.statics.append(route)
            continue
        found = _BGP.match(line.text)
        if found:
            bgp_vrf = found.group(2) or ""
            config.bgp.append((found.group(1), bgp_vrf))
        elif line.text.startswith("address-family "):
            bgp_family = line.text.split()[1]
        elif line.text.startswith("zebra "):
            found = _KEEP.match(line.text)
            config.keep = found.group(1) if found else config.keep
        elif line.text.startswith("table-map ") and line.block.startswith("router bgp"):
            config.table_maps.append((bgp_vrf, bgp_family))
    return config


def _map_line(config: Config, line: Line, prefix: str) -> None:
    found = _MAP.match(line.block)
    if not found:
        return
    name, action, sequence = found.groups()
    maps = (config.ours if name.startswith(prefix) else config.theirs).maps.setdefault(name, {})
    before = maps.get(int(sequence), (action, ()))[1]
    if line.text == line.block:
        maps[int(sequence)] = (action, before)
    else:
        maps[int(sequence)] = (action, tuple(sorted({*before, " ".join(line.text.split())})))
