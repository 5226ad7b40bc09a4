# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What source_info emulates, against what the kernel does: RFC 6724 and the walk through the policy rules.

Random hosts from fixed seeds: a failure names its seed, and the same seed gives the same host again.
"""

from __future__ import annotations

import ipaddress
import random
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import KernelError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Query
from ansible_collections.l3host.source_ip.plugins.module_utils._explain import rfc6724
from ansible_collections.l3host.source_ip.plugins.module_utils._explain.explain import Explainer
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import snapshot
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.kernel import Kernel
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import line as _decode
from tests.lab import netns
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

T = TypeVar("T")
Inside = Callable[[Callable[[Kernel], T]], T]


@pytest.fixture
def inside(ns: Host) -> Iterator[Callable[[Callable[[Kernel], object]], object]]:
    """Runs a function with a Kernel, in a thread that is in the namespace of ``ns``."""

    def run(function: Callable[[Kernel], object]) -> object:
        with Kernel() as kernel:
            return function(kernel)

    with ThreadPoolExecutor(max_workers=1, initializer=netns.enter, initargs=(ns.name,)) as pool:
        yield lambda function: pool.submit(run, function).result()


# RFC 6724

TOPS = ["2001:db8:1::", "2001:db8:2::", "2001:db8:100::", "2001:db8:100:8000::", "2002:c000:201::", "fd00:1::"]
TOPS += ["fd00:2::", "fec0:1::", "3ffe:1::", "2001:10::", "2001:0:1::", "::a00:"]


def random_host(rng: random.Random) -> list[str]:
    """Lines for ``ip -batch``: addresses on lo, v0 and v1, and a policy table."""
    lines = ["addrlabel flush"]
    taken = set()
    for _time in range(rng.randint(1, 9)):
        address = f"{rng.choice(TOPS)}{rng.randint(1, 6)}"
        if rng.random() < 0.2:
            address = f"fe80::{rng.randint(1, 9)}"
        device, length = rng.choice(["lo", "v0", "v0", "v1"]), rng.choice([128, 64, 64, 48, 32, 20, 0])
        if address in taken:
            continue
        taken.add(address)
        deprecated = " preferred_lft 0" if rng.random() < 0.3 else ""
        lines.append(f"address add {address}/{length} dev {device} nodad noprefixroute{deprecated}")
    policies = {"::/0": 1, "::1/128": 0}
    for top in rng.sample(TOPS, 4):
        length = 96 if top == "::a00:" else rng.choice([96, 48, 32, 16])
        policies[str(ipaddress.IPv6Network(f"{top}0/{length}", strict=False))] = rng.randint(0, 3)
    for prefix, label in policies.items():
        device = f" dev {rng.choice(['lo', 'v0', 'v1'])}" if rng.random() < 0.2 and prefix != "::/0" else ""
        lines.append(f"addrlabel add prefix {prefix} label {label}{device}")
    return lines


@pytest.mark.parametrize("seed", range(8))
def test_rfc6724_emulation_agrees_with_the_kernel(ns: Host, inside: Inside[set[str]], seed: int) -> None:
    rng = random.Random(seed)
    ns.ip("-6 rule add priority 1 lookup 77")
    # Own addresses among the destinations are then asked for like any other.
    ns.ip("-6 rule delete priority 0")
    decided: set[str] = set()
    for _time in range(5):
        lines = random_host(rng)
        ns.batch([*(f"address flush dev {device}" for device in ("lo", "v0", "v1")), *lines])
        destinations = [f"{rng.choice(TOPS)}{rng.randint(1, 6)}" for _time in range(24)]
        destinations += ["ff0e::7", "fe80::7", "2001:db8:100:8000::6"]
        routes = {text: rng.choice(["v0", "v1"]) for text in destinations}
        ns.ip("-6 route flush table 77", check=False)
        ns.batch([f"route add {text}/128 dev {device} table 77" for text, device in routes.items()])
        decided |= inside(lambda kernel, routes=routes: compare_choices(kernel, routes))  # type: ignore[misc]
    # Luck must not make this a test of one rule.
    assert len(decided & {"1", "2", "3", "5", "6", "8", "8-", "order"}) >= 5, decided


def compare_choices(kernel: Kernel, routes: dict[str, str]) -> set[str]:
    """The kernel's choice for each destination is the emulated one; returns the rules that decided."""
    explainer = Explainer(snapshot(kernel))
    indexes = {name: number for number, name in explainer.host.names.items()}
    decided = set()
    for text, device in routes.items():
        query = Query(INET6, socket.inet_pton(INET6, text))
        chosen = _decode.route(kernel.lookup(query), explainer.host.names).source
        to = explainer.choice.destination(query.destination, indexes[device])
        found = rfc6724.candidates(explainer.host.addresses, explainer.host.links, to)
        emulated = rfc6724.choose(found, to)
        assert (emulated.address if emulated else None) == chosen, f"{text} by {device} of {found}"
        decision = rfc6724.decide(found, to, chosen) if chosen else None
        decided.add(decision.rule if decision else "none")
    return decided


def test_temporary_addresses(ns: Host, module: ModuleRunner) -> None:
    """Rule 7 follows use_tempaddr; the kernel makes a temporary address for each that has mngtmpaddr."""
    ns.sysctl({"ipv6/conf/v0/accept_dad": 0, "ipv6/conf/v0/use_tempaddr": 2})
    ns.batch(
        [
            "address flush dev v0",
            "address add 2001:db8:7::1/64 dev v0 mngtmpaddr",
            "route add default via fe80::1 dev v0",
        ]
    )
    ns.ip(f"-6 route add {ns.P6} via fe80::1 dev v0")
    (temporary,) = [
        info["local"]
        for entry in ns.ip_json("-6 address show dev v0")
        for info in entry["addr_info"]
        if info.get("temporary")
    ]
    (found,) = module.ok("source_info", {"destinations": ["2001:db8:100::7"]})["sources"]
    assert (found["source"], found["socket"]["source"]) == (temporary, temporary)
    assert (found["rfc6724"]["rule"], found["rfc6724"]["runner_up"]) == ("7", "2001:db8:7::1")
    assert "rule 7 (a temporary address, by use_tempaddr)" in found["explanation"]
    ns.sysctl({"ipv6/conf/v0/use_tempaddr": 1})
    (found,) = module.ok("source_info", {"destinations": ["2001:db8:100::7"]})["sources"]
    assert (found["source"], found["rfc6724"]["rule"]) == ("2001:db8:7::1", "7")
    assert "rule 7 (a public address)" in found["explanation"]


WITHOUT_PREFSRC = {
    "ties: latest added": ([], "2001:db8::2", "order", "2001:db8::1"),
    "deprecated avoided": (
        ["address flush dev lo", "address flush dev v1", "address change 2001:db8::2/64 dev v0 preferred_lft 0"],
        *("2001:db8::1", "3", "2001:db8::2"),
    ),
    "same label on v0": (
        ["address add fd00::1/64 dev v0 nodad", "addrlabel add prefix 2001:db8:100::/48 label 5"],
        *("fd00::1", "6", "2001:db8::2"),
    ),
    "outgoing interface beats label": (
        ["address delete 2001:db8::1/64 dev v0", "addrlabel add prefix 2001:db8::/64 label 99"],
        *("2001:db8::2", "5", "2001:db8:ff::3"),
    ),
    "longest prefix": (
        ["address add 2001:db8:100::9/48 dev v0 nodad"],
        *("2001:db8:100::9", "8", "2001:db8::2"),
    ),
}


@pytest.mark.parametrize(("lines", "source", "rule", "runner_up"), WITHOUT_PREFSRC.values(), ids=WITHOUT_PREFSRC)
def test_without_prefsrc_v6(
    ns: Host, module: ModuleRunner, lines: list[str], source: str, rule: str, runner_up: str
) -> None:
    ns.batch([f"route add {ns.P6} via {ns.G6}", *lines])
    (found,) = module.ok("source_info", {"destinations": ["2001:db8:100:0:5::7"]})["sources"]
    assert (found["source"], found["reason"]) == (source, "rfc6724")
    assert (found["rfc6724"]["rule"], found["rfc6724"]["runner_up"]) == (rule, runner_up)
    assert found["socket"]["source"] == source
    assert source in found["explanation"] and runner_up in found["explanation"]


# The walk through the rules


def random_rules(rng: random.Random, family: int) -> list[str]:
    """Rules in the words of ip-rule(8), each to a table of its own that holds a default route."""
    near = {INET: ["10.9.0.0/16", "10.9.8.0/24", "203.0.113.0/24"], INET6: ["2001:db8:9::/48", "2001:db8:9:8::/64"]}[
        family
    ]
    own = {INET: ["10.0.0.1/32", "192.0.2.0/24"], INET6: ["2001:db8::1/128", "2001:db8:ff::/48"]}[family]
    lines = []
    priorities = sorted(rng.sample(range(10, 200), 10))
    for number, priority in enumerate(priorities):
        selectors = {
            "to": f"to {rng.choice(near)}",
            "from": f"from {rng.choice(own)}",
            "mark": rng.choice(["fwmark 1", "fwmark 2/3", "fwmark 0/1"]),
            "uid": rng.choice(["uidrange 1000-1001", "uidrange 0-0"]),
            "proto": rng.choice(["ipproto tcp", "ipproto udp"]),
            "dport": rng.choice(["dport 443", "dport 1-500"]),
            "sport": "sport 50-60",
            "oif": "oif v1",
            "iif": rng.choice(["iif lo", "iif v0"]),
        }
        if family == INET:
            selectors["tos"] = "tos 0x10"
        chosen = " ".join(selectors[key] for key in rng.sample(sorted(selectors), rng.choice([0, 1, 1, 2])))
        action = rng.choice(["lookup"] * 6 + ["prohibit", "blackhole", "unreachable", "nop", "goto"])
        if action == "lookup":
            action = f"lookup {1000 + number}" + (" suppress_prefixlength 0" if rng.random() < 0.2 else "")
        elif action == "goto":
            action = f"goto {rng.choice([*priorities, 201])}" if number < 9 else "nop"
            if int(action.split()[-1] if "goto" in action else 999) <= priority:
                action = "nop"
        inverted = "not " if rng.random() < 0.2 else ""
        lines.append(f"rule add {inverted}priority {priority} {chosen} {action}")
    return lines


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("family", [INET, INET6])
def test_walk_agrees_with_the_kernel(ns: Host, inside: Inside[int], family: int, seed: int) -> None:
    rng = random.Random(seed * 2 + (family == INET6))
    default, gateways = ("0.0.0.0/0", (ns.G4, ns.G4_V1)) if family == INET else ("::/0", (ns.G6, ns.G6_V1))
    ns.batch(
        [
            # By v1 as well, so that a bound device has a route in each table.
            f"route add {default} via {gateway} table {table} metric {metric}"
            for table in [*range(1000, 1010), 254]
            for metric, gateway in enumerate(gateways, 5)
        ]
    )
    for line in random_rules(rng, family):
        shown = ns.ip(f"{'-6 ' if family == INET6 else ''}{line}", check=False)
        assert not shown, f"{line}: {shown}"

    def compare(kernel: Kernel) -> int:
        explainer = Explainer(snapshot(kernel))
        texts = ["10.9.8.7", "10.9.1.1", "203.0.113.9", "198.18.0.1"]
        sources = [None, None, "10.0.0.1", "192.0.2.2", "192.0.2.3"]
        if family == INET6:
            texts = ["2001:db8:9:8::1", "2001:db8:9::1", "2001:db8:999::1"]
            sources = [None, None, "2001:db8::1", "2001:db8:ff::2"]
        for _time in range(60):
            source = rng.choice(sources)
            query = Query(
                family,
                socket.inet_pton(family, rng.choice(texts)),
                source=socket.inet_pton(family, source) if source else None,
                device=rng.choice([None, None, 2, 3]),
                mark=rng.choice([None, 1, 2, 3]),
                uid=rng.choice([None, 1000, 1002]),
                ip_protocol=rng.choice([6, 17]),
                source_port=rng.choice([None, 55]),
                destination_port=rng.choice([None, 443, 600]),
                tos=rng.choice([0, 0x10]) if family == INET else 0,
            )
            answer: object
            try:
                answer = _decode.route(kernel.lookup(query), explainer.host.names).table
            except KernelError as error:
                answer = {13: "prohibit", 22: "blackhole", 101: "unreachable"}[error.errno]
            if answer != 0:
                assert answer == predicted(explainer, query), f"seed {seed}: {query}: {ns.ip('rule show')}"
        return 1

    assert inside(compare)


def predicted(explainer: Explainer, query: Query) -> object:
    """The first rule of the walk that answers: every table but local (and default) holds a default route."""
    for match in explainer.lookups.walk(query):
        if match.table is None:
            return match.rule.action
        if match.table not in (253, 255) and match.rule.suppress_prefixlength is None:
            return match.table
    return "unreachable"
