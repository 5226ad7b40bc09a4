# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module route_info on a real kernel, with ``ip route`` as judge."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.kernel.test_prefsrc import KINDS, make
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host


def lines(module: ModuleRunner, **options: Any) -> list[str]:
    return [route["line"] for route in module.ok("route_info", options)["routes"]]


def ip_lines(ns: Host, command: str) -> list[str]:
    """``ip``'s lines without the words that go without saying: of the family of the command, else of both."""
    found = []
    families = [family for family, mark in (("-4", "."), ("-6", ":")) if mark in command] or ["-4", "-6"]
    for family in families:
        text = ns.ip(f"{family} -d -o route show {command}")
        for line in re.sub(r"\s+nh_info id [^\\\n]*", "", text).splitlines():
            words = line.replace("\\", " ").replace("unicast ", "", 1).replace(" scope global", "")
            found.append(re.sub(r" expires \d+sec", " expires", " ".join(words.split())))
    return found


def without_ticks(text: list[str]) -> list[str]:
    return [re.sub(r" expires \d+sec", " expires", line) for line in text]


@pytest.mark.parametrize("kind", KINDS)
def test_our_line_of_a_route_is_that_of_ip(ns: Host, module: ModuleRunner, kind: str) -> None:
    commands, destination = KINDS[kind]
    make(ns, commands)
    assert without_ticks(lines(module, destinations=[destination])) == ip_lines(ns, f"{destination} table main")


#: Of every type and in every table that a route of its own can be in; and of whose devices one loses its carrier.
ALL_TOGETHER = (
    "route add {P4} nexthop via {G4} dev v0 nexthop via 172.16.9.9 dev v1 onlink",
    "route add 198.51.101.0/24 via 172.16.9.9 dev v1 onlink",
    "route add 198.51.102.0/24 via {G4} table 1000 proto bgp",
    "route add blackhole 198.51.103.0/24",
    "route add unreachable 198.51.104.0/24 metric 5",
    "route add prohibit 198.51.105.0/24",
    "route add throw 198.51.106.0/24 table 100",
    "route add local 198.51.107.0/24 dev lo",
    "route add broadcast 198.51.108.0/24 dev v0",
    "route add anycast 198.51.109.0/24 dev v0",
    "route add multicast 239.0.0.0/8 dev v0",
    "nexthop add id 10 blackhole",
    "route add 198.51.110.0/24 nhid 10",
    "-6 route add {P6} nexthop via {G6} dev v0 nexthop via {G6_V1} dev v1",
    "-6 route add 2001:db8:101::/48 via {G6_V1}",
    "-6 route add blackhole 2001:db8:102::/48",
    "-6 route add unreachable 2001:db8:103::/48 metric 5",
    "-6 route add prohibit 2001:db8:104::/48",
    "-6 route add throw 2001:db8:105::/48 table 100",
    "-6 route add local 2001:db8:106::/48 dev lo",
    "-6 route add anycast 2001:db8:107::/48 dev v0",
    "-6 route add multicast ff05::/16 dev v0",
    "-6 nexthop add id 20 blackhole",
    "-6 route add 2001:db8:108::/48 nhid 20",
)


@pytest.mark.parametrize("carrier", [True, False])
def test_our_lines_of_whole_tables_are_those_of_ip(ns: Host, module: ModuleRunner, carrier: bool) -> None:
    for command in ALL_TOGETHER:
        ns.ip(command.format(**{name: getattr(ns, name) for name in ("P4", "P6", "G4", "G6", "G4_V1", "G6_V1")}))
    if not carrier:
        ns.peer.ip("link set v1 down")
        wait_for(lambda: "linkdown" in ns.ip("-6 route show 2001:db8:101::/48"))
    theirs = [line.replace(" table main", "") for line in ip_lines(ns, "table all")]
    ours = without_ticks(lines(module, table="all"))
    assert sorted(ours) == sorted(theirs)
    assert any("linkdown" in line for line in ours) == (not carrier)


def wait_for(condition: Callable[[], bool]) -> None:
    for _turn in range(200):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("did not come")


#: Loads a program that lets every packet pass, and makes a route to 198.51.100.0/24 by v0 that runs it.
_WITH_PROGRAM = """
import ctypes, socket, struct
CODE = ctypes.create_string_buffer(bytes.fromhex("b700000000000000" "9500000000000000"))  # r0 = BPF_OK; exit
LICENSE = ctypes.create_string_buffer(b"GPL")
LWT_XMIT, PROG_LOAD, SYS_BPF = 12, 5, {"x86_64": 321, "aarch64": 280}
request = ctypes.create_string_buffer(
    struct.pack("=IIQQ", LWT_XMIT, 2, ctypes.addressof(CODE), ctypes.addressof(LICENSE)) + bytes(96)
)
libc = ctypes.CDLL(None, use_errno=True)
program = libc.syscall(SYS_BPF[__import__("platform").machine()], PROG_LOAD, request, 120)
if program < 0:
    raise SystemExit(f"no program: errno {ctypes.get_errno()}")
def attr(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
inside = attr(1, struct.pack("=I", program)) + attr(2, b"pass\\0")
body = struct.pack("=BBBBBBBBI", 2, 24, 0, 0, 254, 3, 253, 1, 0) + attr(1, socket.inet_aton("198.51.100.0"))
body += attr(4, struct.pack("=I", socket.if_nametoindex("v0")))
body += attr(22, attr(3, inside)) + attr(21, struct.pack("=H", 6))
door = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
door.send(struct.pack("=IHHII", 16 + len(body), 24, 0x605, 1, 0) + body)
code = struct.unpack_from("=i", door.recv(4096), 16)[0]
if code:
    raise SystemExit(f"no route: {code}")
"""


def test_encap_bpf(ns: Host, module: ModuleRunner) -> None:
    made = ns.run([sys.executable, "-c", _WITH_PROGRAM], check=False)
    if made.returncode:
        pytest.skip(f"this kernel or user makes no such route: {made.stderr.strip()}")
    (ours,) = lines(module, destinations=[ns.P4])
    assert [ours] == ip_lines(ns, f"{ns.P4} table main")
    assert "encap bpf xmit pass" in ours
    # A request would have to hold the open program: the kernel refuses one without, and the route stays as it is.
    refused = module.fails("prefsrc", {"routes": [{"destination": ns.P4, "source": ns.S4}]})
    assert "Nothing was changed" in refused["msg"]
    assert lines(module, destinations=[ns.P4]) == [ours]


def test_the_details_of_encapsulations(ns: Host, module: ModuleRunner) -> None:
    for kind in ("encap ip with all", "IPv6 encap seg6 hmac"):
        make(ns, KINDS[kind][0])
    four, six = (module.ok("route_info", {"destinations": [prefix]})["routes"][0] for prefix in (ns.P4, ns.P6))
    assert four["encap"] == {
        "type": "ip",
        "id": 5,
        "src": "10.0.0.1",
        "dst": "10.9.9.9",
        "ttl": 64,
        "tos": 4,
        "flags": ["key", "csum", "seq"],
    }
    assert six["encap"] == {"type": "seg6", "mode": "encap", "segs": ["2001:db8:5::1"], "hmac": 0xABCD}
    ns.ip(
        "route add 198.51.101.0/24 nexthop encap ip id 7 dst 10.8.8.8 via 10.0.0.254 dev v0 "
        "nexthop realm 3/4 via 10.1.0.254 dev v1"
    )
    (several,) = module.ok("route_info", {"destinations": ["198.51.101.0/24"]})["routes"]
    assert [hop["encap"] and hop["encap"]["dst"] for hop in several["nexthops"]] == ["10.8.8.8", None]
    assert [hop["realms"] for hop in several["nexthops"]] == [None, "3/4"]
    assert (several["encap"], several["realms"]) == (None, None)


def without_filters(line: str) -> str:
    """``ip`` leaves out of its lines what it was asked to filter by."""
    return re.sub(r" (proto|src|table) \S+", "", line)


@pytest.fixture
def filled(ns: Host) -> Host:
    commands = [
        f"route add {ns.P4} via {ns.G4} src {ns.S4} proto static",
        f"route add 198.51.100.128/25 via {ns.G4_V1} proto bgp metric 20",
        f"route add 198.51.100.7 dev v1 table 100 src {ns.S4}",
        f"route add 198.51.0.0/16 nexthop via {ns.G4} nexthop via {ns.G4_V1}",
        "route add blackhole 203.0.113.0/24 table 1000",
        f"route add default via {ns.G4}",
        f"route add {ns.P6} via {ns.G6} src {ns.S6} proto static",
        f"-6 route add default via {ns.G6_V1} table 100",
        f"nexthop add id 7 via {ns.G4_V1} dev v1",
        "route add 203.0.113.0/25 nhid 7",
    ]
    for command in commands:
        ns.ip(command)
    return ns


@pytest.mark.parametrize(
    ("options", "command"),
    [
        ({}, "table main"),
        ({"table": "main", "family": "any"}, "table main"),
        ({"table": "all"}, "table all"),
        ({"table": "100"}, "table 100"),
        ({"table": "local"}, "table local"),
        ({"protocol": "bgp"}, "table main proto bgp"),
        ({"protocol": "kernel", "table": "all"}, "table all proto kernel"),
        ({"type": "blackhole", "table": "all"}, "table all type blackhole"),
        ({"type": "local", "table": "all"}, "table all type local"),
        ({"type": "local"}, "table local type local"),
        ({"type": "broadcast"}, "table local type broadcast"),
        ({"type": "multicast", "table": "all"}, "table all type multicast"),
        ({"destinations": ["198.51.0.0/16"], "within": True}, "table main root 198.51.0.0/16"),
        ({"destinations": ["0.0.0.0/0"], "within": True, "family": "ipv4"}, "table main root 0.0.0.0/0"),
        ({"destinations": ["198.51.100.0/24"]}, "table main exact 198.51.100.0/24"),
        ({"protocol": "static", "table": "main", "source": Host.S4}, f"table main proto static src {Host.S4}"),
    ],
)
def test_filters_are_those_of_ip(filled: Host, module: ModuleRunner, options: dict[str, Any], command: str) -> None:
    found = [without_filters(line) for line in lines(module, **options)]
    expected = [without_filters(line) for line in ip_lines(filled, command) if not line.startswith("nh_info")]
    if "all" in command:
        found, expected = sorted(found), sorted(expected)
    assert found == expected
    assert found


def test_a_device_is_found_inside_several_next_hops_and_nexthop_objects(filled: Host, module: ModuleRunner) -> None:
    found = [route["destination"] for route in module.ok("route_info", {"device": "v1", "family": "ipv4"})["routes"]]
    assert found == ["10.1.0.0/24", "198.51.0.0/16", "198.51.100.128/25", "203.0.113.0/25"]


def test_a_source_is_looked_for_in_every_table(filled: Host, module: ModuleRunner) -> None:
    found = module.ok("route_info", {"source": filled.S4, "table": "all", "type": "unicast"})["routes"]
    assert sorted((route["destination"], route["table"]) for route in found) == [
        ("198.51.100.0/24", 254),
        ("198.51.100.7/32", 100),
    ]
    six = module.ok("route_info", {"source": "2001:0db8:ff:0::2", "table": "main"})["routes"]
    assert [route["destination"] for route in six] == [filled.P6, f"{filled.S6}/128"][: len(six)]


def test_facts_a_a_destination_is_address_and_length(filled: Host, module: ModuleRunner) -> None:
    """The dump's own filter compares the address alone: /25 asked, /24 returned. IPv6 text may be any."""
    assert not lines(module, destinations=["198.51.100.0/25"])
    assert len(lines(module, destinations=["2001:0DB8:0100:0::/64"])) == 1
    assert len(lines(module, destinations=["default"])) == 1
    assert len(lines(module, destinations=["default"], table="all")) == 2


def test_facts_a_an_absent_table_is_empty(filled: Host, module: ModuleRunner) -> None:
    result = module.ok("route_info", {"table": "4242"})
    assert (result["routes"], result["total"], result["omitted"]) == ([], 0, 0)


def test_facts_a_both_families_unless_told(filled: Host, module: ModuleRunner) -> None:
    for family, colon in (("any", {True, False}), ("ipv4", {False}), ("ipv6", {True})):
        found = module.ok("route_info", {"family": family, "protocol": "static"})["routes"]
        assert {":" in route["destination"] for route in found} == colon, family


def test_facts_a_expires_comes_in_user_hz(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"-6 route add {ns.P6} via {ns.G6} expires 600")
    (line,) = lines(module, destinations=[ns.P6])
    match = re.search(r" expires (\d+)sec", line)
    assert match is not None
    assert 300 < int(match[1]) <= 600


def test_limit_bounds_the_answer_and_not_the_count(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"route add 198.18.{at // 256}.{at % 256} via {ns.G4} proto 77" for at in range(1200)])
    result = module.ok("route_info", {"protocol": "77"})
    assert (len(result["routes"]), result["total"], result["omitted"]) == (1000, 1200, 200)
    result = module.ok("route_info", {"protocol": "77", "limit": 3})
    assert [route["destination"] for route in result["routes"]] == [f"198.18.0.{at}/32" for at in range(3)]
    assert (result["total"], result["omitted"]) == (1200, 1197)


def test_results_have_the_values_behind_the_line(filled: Host, module: ModuleRunner) -> None:
    (route,) = module.ok("route_info", {"destinations": [filled.P4]})["routes"]
    named = ("gateway", "device", "source", "metric", "table", "protocol", "scope", "type")
    assert [route[name] for name in named] == [filled.G4, "v0", filled.S4, 0, 254, "static", "global", "unicast"]
    (several,) = module.ok("route_info", {"destinations": ["198.51.0.0/16"]})["routes"]
    assert (several["gateway"], several["device"]) == (None, None)
    assert [hop["device"] for hop in several["nexthops"]] == ["v0", "v1"]
    (by_id,) = module.ok("route_info", {"destinations": ["203.0.113.0/25"]})["routes"]
    assert (by_id["nexthop_id"], by_id["gateway"]) == (7, filled.G4_V1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"destinations": ["198.51.100.1/24"]}, "did you mean 198.51.100.0/24?"),
        ({"destinations": ["198.51.100.0/24"], "family": "ipv6"}, "is not of the family asked for"),
        ({"device": "nosuch0"}, "there is no device 'nosuch0'"),
        ({"vrf": "v0"}, "not a VRF"),
        ({"table": "all", "vrf": "v0"}, "not both"),
        ({"table": "nosuch"}, "'nosuch' is unknown"),
        ({"protocol": "nosuch"}, "'nosuch' is unknown"),
        ({"source": "192.0.2.2/32"}, "without a prefix length"),
        ({"netns": "l3host-no-such"}, "there is no network namespace 'l3host-no-such'"),
    ],
)
def test_bad_input_is_refused(ns: Host, module: ModuleRunner, options: dict[str, Any], words: str) -> None:
    assert words in module.fails("route_info", options)["msg"]
