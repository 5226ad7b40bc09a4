# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measured facts, section B: what a key is, what a write keeps, who else writes, what goes with an address."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.kernel.test_prefsrc import KINDS, make, source_for
from tests.lab import raw
from tests.lab.kernel import RENEWS_DEFAULT_WITH_SOURCE, STRIPS_EVERY_IPV6_ROUTE
from tests.lab.modules import ModuleRunner
from tests.lab.monitor import route_notifications
from tests.lab.pair import Host

P4, P6 = Host.P4, Host.P6


def only_line(ns: Host, destination: str, family: str = "-4") -> str:
    (line,) = ns.ip(f"{family} -o route show {destination}").splitlines()
    return line


# Key

KEEPS_4: list[dict[str, Any]] = [
    {"type": "blackhole"},
    {"protocol": "77"},
    {"scope": "link", "device": "v0", "gateway": "none"},
    {"gateway": Host.G4_V1},
    {"nexthops": [{"gateway": Host.G4}, {"gateway": Host.G4_V1}]},
    {"source": Host.S4},
]


@pytest.mark.parametrize("item", KEEPS_4, ids=lambda item: next(iter(item)))
def test_b_key_v4_is_not_type_proto_scope_gateway_nexthops_or_prefsrc(
    ns: Host, module: ModuleRunner, item: dict[str, Any]
) -> None:
    ns.ip(f"route add {P4} via {ns.G4} proto 133")
    assert module.ok("route", {"routes": [{"destination": P4, **item}]})["counts"]["changed"] == 1
    assert len(ns.ip(f"-o route show {P4}").splitlines()) == 1


@pytest.mark.parametrize("item", [{"tos": 16}, {"metric": 7}, {"table": 1000}], ids=lambda item: next(iter(item)))
def test_b_key_v4_is_table_destination_tos_and_priority(ns: Host, module: ModuleRunner, item: dict[str, Any]) -> None:
    ns.ip(f"route add {P4} via {ns.G4} proto 133")
    task = {"routes": [{"destination": P4, "gateway": ns.G4, **item}]}
    assert module.ok("route", task)["counts"]["created"] == 1
    assert len([line for line in ns.ip("-o route show table all").splitlines() if P4 in line]) == 2
    module.ok("route", {"routes": [{**task["routes"][0], "state": "absent"}]})
    assert only_line(ns, P4).startswith(f"{P4} via {ns.G4} dev v0 proto 133")


@pytest.mark.parametrize("item", [{"gateway": Host.G6_V1}, {"source": Host.S6}], ids=lambda item: next(iter(item)))
def test_b_key_v6_is_table_destination_and_metric(ns: Host, module: ModuleRunner, item: dict[str, Any]) -> None:
    ns.ip(f"-6 route add {P6} via {ns.G6} proto 133")
    assert module.ok("route", {"routes": [{"destination": P6, **item}]})["counts"]["changed"] == 1
    assert len(ns.ip(f"-6 -o route show {P6}").splitlines()) == 1
    assert (
        module.ok("route", {"routes": [{"destination": P6, "metric": 7, "gateway": ns.G6}]})["counts"]["created"] == 1
    )


def test_b_del_v6_ecmp_with_another_src_deletes_no_sibling(ns: Host, module: ModuleRunner) -> None:
    """``ip -6 route del P src X`` without a gateway deletes all siblings, whatever their source."""
    ns.ip(f"-6 route add {P6} src {ns.S6} nexthop via {ns.G6} nexthop via {ns.G6_V1}")
    before = raw.routes(ns)
    task = {"routes": [{"destination": P6, "source": ns.S6_OTHER, "state": "absent"}]}
    assert module.ok("route", task)["counts"]["missing"] == 1
    assert raw.routes(ns) == before


@pytest.mark.parametrize("destination", [P4, P6])
def test_b_identical_replace_is_not_sent(ns: Host, module: ModuleRunner, destination: str) -> None:
    """The kernel tells every listener of an identical IPv6 replace."""
    six = ":" in destination
    item = {"destination": destination, "gateway": ns.G6 if six else ns.G4, "source": source_for(destination)}
    module.ok("route", {"routes": [item]})
    assert route_notifications(ns, lambda: module.ok("route", {"routes": [item]})) == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("connected", "default")])
def test_b_everything_not_resent_is_lost_and_route_resends_it(ns: Host, module: ModuleRunner, kind: str) -> None:
    commands, destination = KINDS[kind]
    make(ns, commands)
    before = raw.routes(ns)
    item: dict[str, Any] = {"destination": destination, "source": source_for(destination)}
    # What the kernel tells routes of one destination apart by is to be named.
    named = commands[-1].split()
    for word in ("tos", "from"):
        if word in (named[: named.index("encap")] if "encap" in named else named):
            item[word] = named[named.index(word) + 1].replace("EF", "0xb8")
    forced = {"force": True, "routes": [item]}
    if "metric 5" in commands[-1]:
        item["metric"] = 5
    if kind == "IPv6 RA":
        item["metric"] = 1024
    assert module.ok("route", forced)["counts"]["changed"] == 1
    assert [route[:2] for route in raw.routes(ns)] == [route[:2] for route in before]
    assert not module.ok("route", forced)["changed"]


# Others that write


def test_b_connected_v4_keeps_proto_kernel_and_a_link_flap_restores_the_default_source(
    ns: Host, module: ModuleRunner
) -> None:
    ns.ip(f"route add {P4} via {ns.G4}")
    task = {"routes": [{"destination": "10.0.0.0/24", "source": ns.S4, "protocol": "kernel"}], "force": True}
    forced = module.ok("prefsrc", task)
    assert "link flap" in str(forced["warnings"])
    assert only_line(ns, "10.0.0.0/24").split() == f"10.0.0.0/24 dev v0 proto kernel scope link src {ns.S4}".split()
    ns.batch(["link set v0 down", "link set v0 up"])
    assert only_line(ns, "10.0.0.0/24").split()[-2:] == ["src", "10.0.0.1"]
    assert ns.ip(f"route show {P4}") == ""


def test_b_connected_v6_keeps_metric_256(ns: Host, module: ModuleRunner) -> None:
    task = {"routes": [{"destination": "2001:db8::/64", "source": ns.S6, "device": "v0"}], "force": True}
    module.ok("prefsrc", task)
    line = only_line(ns, "2001:db8::/64", "-6")
    assert f"dev v0 proto kernel src {ns.S6} metric 256" in line


_ADVERTISE = """
import socket, struct, sys
index = socket.if_nametoindex("v0")
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
s.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, int(sys.argv[1]), 0, 0), ("ff02::1", 0, 0, index))
"""


def _advertised(ns: Host, lifetime: int, low: int, patience: float = 10) -> str:
    """Sends router advertisements until the default route shows at least ``low`` seconds."""
    lines: list[str] = []
    until = time.monotonic() + patience
    while time.monotonic() < until:
        ns.peer.run(["python3", "-c", _ADVERTISE, str(lifetime)])
        lines = ns.ip("-6 -o route show default").splitlines()
        if lines and low <= int(lines[0].partition("expires ")[2].partition("sec")[0] or 0) <= lifetime:
            return lines[0]
    raise AssertionError(f"no advertised default route of {lifetime} s: {lines}")


def test_b_ra_default_with_a_source_is_refreshed_by_the_next_advertisement(ns: Host, module: ModuleRunner) -> None:
    """A naive replace makes it permanent and later advertisements no longer touch it."""
    ns.sysctl({"ipv6/conf/v0/accept_ra": 2})
    assert "proto ra" in _advertised(ns, 600, 500)
    item = {"destination": "::/0", "source": ns.S6}
    assert module.fails("prefsrc", {"routes": [item]})["owner"] == "ra"
    assert module.ok("prefsrc", {"routes": [item], "force": True})["counts"]["changed"] == 1
    changed = only_line(ns, "default", "-6")
    assert f"proto ra src {ns.S6} metric 1024 expires" in changed
    if not RENEWS_DEFAULT_WITH_SOURCE:
        ns.peer.run(["python3", "-c", _ADVERTISE, "1800"])
        while f"proto ra src {ns.S6} metric 1024 expires -1sec" not in (line := only_line(ns, "default", "-6")):
            assert "expires" in line
            time.sleep(0.05)
        # The kernel takes it away when it next looks for what has expired, every half minute.
        assert "src" not in _advertised(ns, 1800, 1700, patience=90)
        return
    refreshed = _advertised(ns, 1800, 1700)
    assert f"proto ra src {ns.S6} metric 1024 expires" in refreshed
    assert not module.ok("prefsrc", {"routes": [item], "force": True})["changed"]


# An address goes away


def test_b_e10_nothing_is_restored_when_the_address_comes_back(ns: Host, module: ModuleRunner) -> None:
    four = {"destination": P4, "gateway": ns.G4, "source": ns.S4}
    six = {"destination": P6, "gateway": ns.G6, "source": ns.S6}
    addresses = [{"address": f"{ns.S4}/32", "device": "lo"}, {"address": f"{ns.S6}/128", "device": "lo"}]
    module.ok("route", {"routes": [four, six]})
    gone = [{**one, "state": "absent"} for one in addresses]
    assert "use" in module.fails("address", {"addresses": gone})["msg"]
    module.ok("address", {"addresses": gone, "force": True})
    module.ok("address", {"addresses": addresses})
    assert ns.ip(f"route show {P4}") == ""
    # Of an IPv6 route by another device than the address's, older kernels leave the source as it is.
    kept = not STRIPS_EVERY_IPV6_ROUTE
    assert (ns.S6 in only_line(ns, P6, "-6")) == kept
    # Running the same task again is what restores it.
    again = module.ok("route", {"routes": [four, six]})
    assert [entry["action"] for entry in again["results"]] == ["created", "unchanged" if kept else "changed"]
    assert not module.ok("route", {"routes": [four, six]})["changed"]


def test_b_e10_a_v4_source_in_another_table_works_again(ns: Host, module: ModuleRunner) -> None:
    item = {"destination": P4, "gateway": ns.G4, "source": ns.S4, "table": 100}
    module.ok("route", {"routes": [item]})
    ns.ip("rule add to 198.51.100.0/24 lookup 100")
    ns.ip(f"address del {ns.S4}/32 dev lo")
    (stale,) = module.ok("source_info", {"destinations": ["198.51.100.34"]})["sources"]
    assert (stale["stale"], stale["socket"]["source"]) == (True, None)
    ns.ip(f"address add {ns.S4}/32 dev lo")
    (fine,) = module.ok("source_info", {"destinations": ["198.51.100.34"]})["sources"]
    assert (fine["stale"], fine["socket"]["source"]) == (False, ns.S4)


def test_b_the_same_v4_address_with_another_length_keeps_route_and_src(ns: Host, module: ModuleRunner) -> None:
    module.ok("route", {"routes": [{"destination": P4, "gateway": ns.G4, "source": ns.S4}]})
    ns.ip(f"address add {ns.S4}/24 dev lo")
    removed = {"addresses": [{"address": f"{ns.S4}/32", "device": "lo", "state": "absent"}]}
    assert module.ok("address", removed)["changed"]
    assert f"src {ns.S4}" in only_line(ns, P4)
