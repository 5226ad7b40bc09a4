# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random hosts: what source_info says, against the socket and the packet on the wire.

A host is addresses (lengths, scopes, deprecated, temporary, home, optimistic, tentative), labels, sysctls, routes (some
``from`` a prefix) and rules of both families. Each is asked many questions, in process. Where RFC 6724 decided, the
winner is then taken away, and the runner-up that was named must take its place.

L3HOST_HOSTS says how many hosts there are (default 100; a hundred look-ups each).
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._explain.explain import Explainer
from ansible_collections.l3host.source_ip.plugins.module_utils._explain.question import questions
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import snapshot
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.kernel import Kernel
from tests.lab import netns
from tests.lab.kernel import LEADS_CONNECTED, OPTIMISTIC_DAD
from tests.lab.pair import IFA_F_TENTATIVE, Host
from tests.lab.sent import Sent, Watch

HOSTS = int(os.environ.get("L3HOST_HOSTS", "100"))
QUESTIONS = 100
SETTINGS = settings(
    max_examples=HOSTS,
    deadline=None,
    # A host is made by processes: to make a failing one smaller would take minutes. Its lines are printed instead.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
DEVICES = ("v0", "v1")
#: What is said beside a packet, of which no connected socket knows.
PACKET = ("packet_source", "packet_device")
RTF_LOCAL, IFA_F_OPTIMISTIC = 0x80000000, 0x04
#: Whose addresses stay in duplicate detection for minutes, so that they are tentative or optimistic.
SLOW = "v0"
GATEWAYS = {4: {"v0": "10.0.0.254", "v1": "10.1.0.254"}, 6: {"v0": "fe80::fe", "v1": "fe80::fe"}}
TOPS = ["2001:db8:1::", "2001:db8:2::", "2001:db8:100::", "2001:db8:100:8000::", "2002:c000:201::", "fd00:1::"]
TOPS += ["fec0:1::", "3ffe:1::", "2001:10::", "2001:0:1::", "::a00:"]
NEAR = {4: ["10.0.0.", "10.1.0.", "192.0.2.", "198.51.100."], 6: TOPS}
NETS = {
    4: ["10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "198.51.100.0/28", "10.1.0.0/29", "default", "default"],
    6: ["2001:db8::/32", "2001:db8:1::/48", "2001:db8:100::/48", "2001:db8:100:8000::/64", "2002::/16", "fd00::/8"],
}
NETS[6] += ["fec0::/10", "2001::/16", "::/80", "default", "default"]
TABLES = (254, 100, 101)
NEIGHBOURS = {
    family: [
        f"neigh replace {text} lladdr 02:00:00:00:00:01 dev {device}"
        for device in DEVICES
        for text in [GATEWAYS[family][device], *(f"{top}{low}" for top in NEAR[family] for low in range(1, 15))]
    ]
    for family in (4, 6)
}


@dataclass
class World:
    """Lines for ``ip -4 -batch`` and ``ip -6 -batch``, sysctls, and the questions."""

    lines: dict[int, list[str]]
    sysctls: dict[str, int]
    addresses: dict[int, list[str]]
    seed: int

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The questions; by a seed, because what hypothesis could make smaller of them is only their number."""
        rng = random.Random(self.seed)
        return [_question(rng, self.addresses) for _number in range(QUESTIONS)]

    def __str__(self) -> str:
        return "\n".join([*map(str, self.sysctls.items()), *self.lines[4], *self.lines[6]])


def _address(draw: Any, family: int) -> str:
    if family == 6 and draw(st.integers(0, 5)) == 0:
        return f"fe80::{draw(st.integers(1, 6))}"
    return f"{draw(st.sampled_from(NEAR[family]))}{draw(st.integers(1, 9))}"


def _addresses(draw: Any, family: int) -> dict[str, str]:
    """Text to line; each address on one device, without a route of its prefix's own."""
    found: dict[str, str] = {}
    for _number in range(draw(st.integers(1, 8))):
        text, device = _address(draw, family), draw(st.sampled_from(["lo", *DEVICES, *DEVICES]))
        if family == 4:
            length = draw(st.sampled_from([32, 24, 29, 28]))
            words = draw(st.sampled_from(["", "", "", " scope link", " scope host", " preferred_lft 0"]))
        else:
            length = draw(st.sampled_from([128, 64, 64, 48, 32, 20, 0]))
            kinds = ["", "", "", " home", " preferred_lft 0", *([" mngtmpaddr"] if length == 64 else [])]
            words = draw(st.sampled_from(kinds))
            detect = draw(st.sampled_from([" nodad", " nodad", " optimistic", ""])) if device == SLOW else " nodad"
            words += detect
        words += " noprefixroute"
        found.setdefault(text, f"address add {text}/{length} dev {device}{words}")
    return found


def _routes(draw: Any, family: int, own: list[str]) -> list[str]:
    lines = [f"route add default via {GATEWAYS[family]['v1']} dev v1 onlink"] if draw(st.booleans()) else []
    for _number in range(draw(st.integers(2, 9))):
        kind = draw(st.sampled_from(["unicast"] * 9 + ["blackhole", "unreachable", "prohibit", "throw"]))
        device = draw(st.sampled_from(DEVICES))
        words, hop = f"route add {kind} {draw(st.sampled_from(NETS[family]))}", ""
        if family == 6 and draw(st.integers(0, 3)) == 0:
            words += f" from {draw(st.sampled_from(NETS[6][:7]))}"
        if kind == "unicast":
            hop = f" via {GATEWAYS[family][device]} dev {device} onlink"
            if draw(st.booleans()):
                hop = f" dev {device}"
            elif draw(st.integers(0, 4)) == 0:
                hop = "".join(f" nexthop via {GATEWAYS[family][one]} dev {one} onlink" for one in DEVICES)
            if draw(st.integers(0, 3)) == 0:
                words += f" src {draw(st.sampled_from(own))}"
        words += f" table {draw(st.sampled_from(TABLES))} metric {draw(st.sampled_from([10, 20, 1024]))}{hop}"
        lines.append(words)
    return lines


def _rules(draw: Any, family: int, own: list[str]) -> list[str]:
    lines = []
    bits = 32 if family == 4 else 128
    for _number in range(draw(st.integers(0, 5))):
        words = f"rule add priority {draw(st.integers(10, 90))}"
        selectors = {
            "from": f"from {draw(st.sampled_from([*NETS[family][:-2], f'{draw(st.sampled_from(own))}/{bits}']))}",
            "to": f"to {draw(st.sampled_from(NETS[family][:-2]))}",
            "oif": f"oif {draw(st.sampled_from(DEVICES))}",
            "iif": "iif lo",
        }
        chosen = draw(st.lists(st.sampled_from(["from", "from", "to", "oif", "iif"]), max_size=2, unique=True))
        words = f"rule add {'not ' if chosen and draw(st.integers(0, 5)) == 0 else ''}priority {words.split()[-1]}"
        words += "".join(f" {selectors[one]}" for one in chosen)
        action = draw(st.sampled_from(["lookup"] * 8 + ["prohibit", "blackhole", "unreachable"] * bool(chosen)))
        if action == "lookup":
            action = f"lookup {draw(st.sampled_from(TABLES[1:]))}"
            action += draw(st.sampled_from(["", "", "", " suppress_prefixlength 0"]))
        lines.append(f"{words} {action}")
    return lines


def _labels(draw: Any) -> list[str]:
    prefixes = draw(st.lists(st.sampled_from(NETS[6][:9]), max_size=4, unique=True))
    lines = [
        f"addrlabel add prefix {prefix} label {draw(st.integers(0, 3))}{draw(st.sampled_from(['', '', ' dev v0']))}"
        for prefix in prefixes
    ]
    return ["addrlabel add prefix ::/0 label 1", "addrlabel add prefix ::1/128 label 0", *lines]


@st.composite
def worlds(draw: Any) -> World:
    lines: dict[int, list[str]] = {}
    addresses: dict[int, list[str]] = {}
    for family in (4, 6):
        made = _addresses(draw, family)
        addresses[family] = own = list(made)
        flush = [f"address flush dev {device}" for device in ("lo", *DEVICES)]
        flush += ["rule flush", "rule add priority 32766 lookup main"]
        flush += [f"route flush table {table}" for table in TABLES]
        lines[family] = [*flush, f"address add {'127.0.0.1/8' if family == 4 else '::1/128'} dev lo", *made.values()]
        lines[family] += _routes(draw, family, own) + _rules(draw, family, own)
    lines[6] += ["addrlabel flush", *_labels(draw)]
    sysctls = {f"ipv6/conf/{device}/use_tempaddr": draw(st.integers(0, 2)) for device in ("lo", *DEVICES)}
    for key in ("optimistic_dad", "use_optimistic") if OPTIMISTIC_DAD else ():
        sysctls |= {f"ipv6/conf/{where}/{key}": draw(st.integers(0, 1)) for where in ("all", SLOW)}
    sysctls["ipv6/conf/v1/use_oif_addrs_only"] = int(draw(st.integers(0, 7)) == 0)
    return World(lines, sysctls, addresses, draw(st.integers(0, 2**32)))


def _question(rng: random.Random, addresses: dict[int, list[str]]) -> dict[str, Any]:
    family = rng.choice([4, 6, 6])
    asked: dict[str, Any] = {"destination": f"{rng.choice(NEAR[family])}{rng.randint(1, 14)}"}
    if rng.random() < 0.15:
        asked["from"] = rng.choice(addresses[family])
    if rng.random() < 0.15:
        asked["device"] = rng.choice(DEVICES)
    if asked.get("from", "").startswith("fe80"):
        asked.pop("from")
    if rng.random() < 0.15:
        asked["preferences"] = [rng.choice(["temporary", "public", "public_or_temporary"])]
        asked["preferences"] += rng.choice([[], ["home"], ["care_of"]])
    # Where a connected socket is not led by it, source_info says so by a warning, and the packet goes another way.
    unicast = ["unicast_device"] if LEADS_CONNECTED[family] else []
    option = rng.choice([*unicast, "packet_device", "packet_source", *[""] * 12])
    if option == "packet_source" and "from" not in asked:
        asked[option] = rng.choice([one for one in addresses[family] if not one.startswith("fe80")] or ["192.0.2.1"])
        if (":" in asked[option]) != (family == 6):
            asked.pop(option)
    elif option.endswith("device") and "device" not in asked:
        asked[option] = rng.choice(DEVICES)
    return asked


def _ip(host: Host, family: int, lines: list[str]) -> None:
    """What the kernel refuses is left out: the host is what it then is."""
    argv = ["ip", "-n", host.name, f"-{family}", "-force", "-batch", "-"]
    subprocess.run(argv, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)


def _settle() -> None:
    """Wait for workers of the kernel: they end duplicate detection, and only then make an address's local route."""
    for _wait in range(500):
        found = [line.split() for line in _proc("if_inet6")]
        routes = [line.split() for line in _proc("ipv6_route")]
        local = {one[0] for one in routes if one[1] == "80" and int(one[8], 16) & RTF_LOCAL}
        flags = {one[0]: int(one[4], 16) for one in found}
        waiting = [one for one in found if int(one[4], 16) & IFA_F_TENTATIVE and one[5] != SLOW]
        usable = {text for text, bits in flags.items() if not bits & IFA_F_TENTATIVE or bits & IFA_F_OPTIMISTIC}
        if not waiting and usable <= local:
            return
        time.sleep(0.005)
    raise AssertionError(f"addresses are not settled: {waiting or usable - local}")


def _proc(name: str) -> list[str]:
    return Path("/proc/thread-self/net", name).read_text(encoding="ascii").splitlines()


@pytest.fixture(scope="module")
def counts() -> Iterator[Counter[str]]:
    """Printed at the end: what was compared, so that luck does not make this a test of one reason."""
    found: Counter[str] = Counter()
    yield found
    print("\ndifferential:", ", ".join(f"{key} {found[key]}" for key in sorted(found)))


@pytest.fixture
def random_host(ns: Host) -> Host:
    """Neighbours are known, so that each packet leaves at once."""
    ns.sysctl({f"ipv6/conf/{SLOW}/accept_dad": 1, f"ipv6/conf/{SLOW}/dad_transmits": 600, "ipv6/conf/v1/accept_dad": 0})
    _ip(ns, 6, NEIGHBOURS[6])
    return ns


@SETTINGS
@given(world=worlds())
def test_what_is_said_is_what_the_packet_does(random_host: Host, counts: Counter[str], world: World) -> None:
    host = random_host
    host.sysctl(world.sysctls)
    # IPv4 forgets its neighbours with the last address of a device.
    _ip(host, 4, world.lines[4] + NEIGHBOURS[4])
    _ip(host, 6, world.lines[6])
    with ThreadPoolExecutor(max_workers=1, initializer=netns.enter, initargs=(host.name,)) as pool:
        removable = pool.submit(_compare, world, counts).result()
    if removable is None:
        return
    query, winner, runner_up = removable
    _ip(host, 6, [f"address delete {winner}"])
    with ThreadPoolExecutor(max_workers=1, initializer=netns.enter, initargs=(host.name,)) as pool:
        found = pool.submit(_answers, [query]).result()[0]
    if found["reason"] == "rfc6724":
        counts["runners-up"] += 1
        assert found["source"] == runner_up, f"{query}: {winner} went, {found}\n{world}"


def _answers(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with Kernel() as kernel:
        host = snapshot(kernel)
        explainer = Explainer(host)
        return [explainer.answer(question) for question in questions(asked, [], host)]


def _compare(world: World, counts: Counter[str]) -> tuple[dict[str, Any], str, str] | None:
    _settle()
    removable = []
    # With an address that has temporary ones, those would go as well.
    made = [line.split() for line in world.lines[6] if "address add" in line and "mngtmpaddr" not in line]
    lengths = {words[2].partition("/")[0]: words[2:5] for words in made}
    with Watch() as watch:
        for query, found in zip(world.asked, _answers(world.asked)):
            counts["look-ups"] += 1
            counts[f"reason {found['reason']}"] += 1
            counts.update(f"with {key}" for key in query if key != "destination")
            _check(watch, query, found, world)
            decision = found["rfc6724"]
            if decision:
                counts[f"rule {decision['rule']}"] += 1
                if decision["runner_up"] and decision["rule"] != "1" and found["source"] in lengths:
                    removable.append((query, " ".join(lengths[found["source"]]), decision["runner_up"]))
    return random.Random(len(removable)).choice(removable) if removable else None


def _check(watch: Watch, query: dict[str, Any], found: dict[str, Any], world: World) -> None:
    def differs(what: object) -> str:
        return f"{what}\n{query}\n{found}\n{world}"

    sent: Sent | None = None
    options = {key: query[key] for key in ("preferences", *PACKET, "unicast_device") if key in query}
    with suppress(OSError):
        sent = watch.send(query["destination"], query.get("from"), query.get("device"), **options)
    decision = found["rfc6724"]
    assert not decision or decision["rule"] != "unknown", differs("not explained")
    egress, unconnected = found["egress"] or found, any(key in query for key in PACKET)
    if found["stale"]:
        assert sent is None or sent.source == found["source"], differs(sent)
        return
    if any("the kernel lets no socket use it" in text for text in found["warnings"]):
        if not unconnected:
            assert found["socket"]["error"].startswith("EADDRNOTAVAIL"), differs(sent)
        assert sent is None, differs(sent)
        return
    if any("but a socket fails: EADDRNOTAVAIL" in text for text in found["warnings"]):
        # A secondary address of a primary one that is a broadcast address too: the kernel makes it no local route.
        assert sent is None and found["reason"] == "bound", differs(sent)
        return
    # Without any address that would do, IPv4 sends from none, and IPv6 nothing.
    source = found["source"] or ("0.0.0.0" if found["family"] == "ipv4" and found["device"] else None)
    said = (source, egress["device"]) if source else None
    # Which hop of a multipath route a flow takes, IPv6 decides by its protocol as well, which a look-up does not name:
    # all that are named are right. IPv4 goes by the addresses alone.
    others: set[tuple[str | None, str | None]] = set()
    if found["family"] == "ipv6" and not any("device" in key for key in query):
        others = {(one["source"], one["device"]) for one in found["also"]}
        if found["route"] and sent:
            hops = {hop["device"] for hop in found["route"]["nexthops"]}
            others |= {(source, device) for device in hops if device not in {one["device"] for one in found["also"]}}
    assert sent == said or sent in others, differs(f"wire {sent}, said {said}")
    if others:
        return
    if unconnected or any("a socket bound to it receives" in text for text in found["warnings"]):
        return
    if found["route"] and found["route"]["type"] == "broadcast":
        assert found["socket"]["error"].startswith("EACCES") and found["warnings"], differs("broadcast")
        return
    assert found["socket"]["source"] == found["source"], differs("socket")
