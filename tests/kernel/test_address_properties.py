# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random addresses and routes, and one address that goes: nothing is lost that the refusal did not name."""

from __future__ import annotations

import subprocess
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
TOPS = {"4": ["10.0.0.", "192.0.2."], "6": ["2001:db8:7::", "2001:db8:ff::"]}
LENGTHS = {"4": [32, 24, 29], "6": [128, 64]}
PREFIXES = {"4": ["198.51.100.0/24", "198.51.100.7/32", "default"], "6": ["2001:db8:100::/64", "2001:db8:9::/48"]}
GATEWAYS = {"4": {"v0": "10.0.0.254", "v1": "10.1.0.254"}, "6": {"v0": "fe80::fe", "v1": "fe80::fe"}}
DEVICES = ["lo", "v0", "v1"]


@st.composite
def hosts(draw: Any) -> tuple[str, list[tuple[str, str]], list[str]]:
    """Family, addresses with their devices, and lines for ``ip -batch`` that make routes with sources."""
    family = draw(st.sampled_from(["4", "6"]))
    texts = st.builds(
        lambda top, low, length: f"{top}{low}/{length}",
        st.sampled_from(TOPS[family]),
        st.integers(1, 4),
        st.sampled_from(LENGTHS[family]),
    )
    pairs = st.tuples(texts, st.sampled_from(DEVICES))
    addresses = draw(st.lists(pairs, min_size=1, max_size=6, unique_by=lambda one: (one[0].split("/")[0], one[1])))
    lines = []
    for number in range(draw(st.integers(1, 5))):
        device = draw(st.sampled_from(DEVICES[1:]))
        source = draw(st.sampled_from(addresses))[0].split("/")[0]
        hop = draw(st.sampled_from([f"dev {device}", f"via {GATEWAYS[family][device]} dev {device} onlink", "nhid 9"]))
        table = draw(st.sampled_from([254, 254, 100]))
        prefix = draw(st.sampled_from(PREFIXES[family]))
        lines.append(f"route add {prefix} {hop} src {source} table {table} metric {number + 1} proto static")
    return family, addresses, lines


def _force(host: Host, family: str, lines: list[str]) -> None:
    argv = ["ip", "-n", host.name, f"-{family}", "-force", "-batch", "-"]
    subprocess.run(argv, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)


def _routes(host: Host, family: str) -> set[str]:
    shown = host.ip(f"-{family} -o route show table all proto static").splitlines()
    return {" ".join(line.split()) for line in shown}


def _dangling(host: Host, family: str) -> set[str]:
    held = {one["local"] for entry in host.ip_json(f"-{family} address show") for one in entry.get("addr_info", ())}
    found = set()
    for line in _routes(host, family):
        words = line.split()
        if "src" in words and words[words.index("src") + 1] not in held:
            found.add(line)
    return found


def _places(lines: set[str]) -> set[tuple[str, str, str]]:
    """Destination, table and metric of each, which no line leaves out but for the table main."""
    found = set()
    for line in lines:
        words = line.split()
        table = words[words.index("table") + 1] if "table" in words else "main"
        found.add((words[0], table, words[words.index("metric") + 1]))
    return found


@SETTINGS
@given(made=hosts(), promotes=st.booleans())
def test_nothing_is_lost_that_was_not_named(
    ns: Host, module: ModuleRunner, made: tuple[str, list[tuple[str, str]], list[str]], promotes: bool
) -> None:
    family, addresses, lines = made
    ns.sysctl({f"ipv4/conf/{device}/promote_secondaries": int(promotes) for device in ("all", "v0", "v1", "lo")})
    # With a nexthop object all of its routes go.
    clean = ["nexthop delete id 9", *(f"address flush dev {device}" for device in DEVICES)]
    clean += [f"route flush table {table} proto static" for table in (254, 100)]
    detection = " nodad" if family == "6" else ""
    adds = [f"address add {text} dev {device}{detection}" for text, device in addresses]
    hop = f"nexthop replace id 9 via {GATEWAYS[family]['v1']} dev v1 onlink"
    _force(ns, family, [*clean, *adds, hop, *lines])
    before = _routes(ns, family)
    assert not _dangling(ns, family)
    text, device = addresses[0]
    gone = {"addresses": [{"address": text, "device": device, "state": "absent"}]}
    result = module("address", gone)
    named: set[str] = set()
    if result.get("failed"):
        assert "set force: true" in result["msg"], result["msg"]
        result = module.ok("address", {**gone, "force": True})
        named = {line for effect in result["side_effects"] for line in effect["route_lines"]}
    lost = (before - _routes(ns, family)) | _dangling(ns, family)
    assert _places(lost) <= _places(named), f"{text} dev {device} went\nlost {lost}\nnamed {named}\n{adds}\n{lines}"
