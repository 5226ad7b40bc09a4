# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measured facts, sections A, B, D: atomic for readers, one notification, which sources the kernel takes, buffers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import kernel as _kernel
from tests.lab import raw
from tests.lab.modules import ModuleRunner
from tests.lab.monitor import route_notifications
from tests.lab.pair import Host

P4, P6 = Host.P4, Host.P6
TYPO = "l3host-facts-typo"

_READER = """
import errno, socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
print("reading", flush=True)
import select
misses, sources, count = 0, set(), 0
while not select.select([sys.stdin], [], [], 0)[0]:
    s = socket.socket(family, socket.SOCK_DGRAM)
    try:
        s.connect((sys.argv[1], 9))
        sources.add(s.getsockname()[0])
    except OSError as error:
        misses += 1
    s.close()
    count += 1
print(misses, count, *sorted(sources))
"""


@pytest.mark.parametrize(
    ("far", "command", "sources"),
    [
        ("198.51.100.34", f"route add {P4} via {Host.G4} src {Host.S4}", (Host.S4, Host.S4_OTHER)),
        (
            "198.51.100.34",
            f"route add {P4} src {Host.S4} nexthop via {Host.G4} nexthop via {Host.G4_V1}",
            (Host.S4, Host.S4_OTHER),
        ),
        ("2001:db8:100::34", f"route add {P6} via {Host.G6} src {Host.S6}", (Host.S6, Host.S6_OTHER)),
        (
            "2001:db8:100::34",
            f"route add {P6} src {Host.S6} nexthop via {Host.G6} nexthop via {Host.G6_V1}",
            (Host.S6, Host.S6_OTHER),
        ),
    ],
    ids=["IPv4", "IPv4 multipath", "IPv6", "IPv6 multipath"],
)
def test_b_atomic_a_reader_never_meets_a_gap(
    ns: Host, module: ModuleRunner, far: str, command: str, sources: tuple[str, str]
) -> None:
    """Remove-and-add would fail 6 to 14 % of the reader's calls (E17)."""
    ns.ip(command)
    destination = P6 if ":" in far else P4
    reader = ns.popen([sys.executable, "-c", _READER, far], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "reading\n"
    for turn in range(40):
        item = {"destination": destination, "source": sources[(turn + 1) % 2]}
        assert module.ok("prefsrc", {"routes": [item]})["changed"]
    output, _errors = reader.communicate("stop\n")
    misses, count, *met = output.split()
    assert int(misses) == 0, f"{misses} of {count} calls met no route"
    assert set(met) <= set(sources)
    assert int(count) > 40


@pytest.mark.parametrize("name", ["prefsrc", "route"])
def test_b_atomic_one_newroute_for_each_change_and_no_delete(ns: Host, module: ModuleRunner, name: str) -> None:
    ns.ip(f"route add {P4} via {ns.G4}")
    ns.ip(f"route add {P6} via {ns.G6}")
    task = {"routes": [{"destination": P4, "source": ns.S4}, {"destination": P6, "source": ns.S6}]}
    seen = route_notifications(ns, lambda: module.ok(name, task))
    assert [line.split()[0] for line in seen] == [P4, P6]
    assert [f" src {source} " in f"{line} " for line, source in zip(seen, (ns.S4, ns.S6))] == [True, True]


# Errors


def link_local(ns: Host, device: str) -> Any:
    (found,) = ns.ip_json(f"address show dev {device}")
    return next(entry["local"] for entry in found["addr_info"] if entry["local"].startswith("fe80"))


@pytest.mark.parametrize(
    ("destination", "source"),
    [
        (P4, "192.0.2.99"),
        (P4, "10.0.0.255"),
        (P4, "255.255.255.255"),
        (P4, "224.0.0.1"),
        (P4, "10.3.0.2"),
        (P6, "2001:db8:ff::99"),
        (P6, "ff02::1"),
        (P6, "2001:db8:3::2"),
        (P6, "2001:db8::"),
        (P6, "::1"),
        (P6, "fe80 of v1"),
    ],
    ids=lambda text: text.replace("/", "-"),
)
@pytest.mark.parametrize("name", ["prefsrc", "route"])
def test_b_errors_a_source_that_is_not_local_is_refused_and_nothing_changes(
    ns: Host, module: ModuleRunner, name: str, destination: str, source: str
) -> None:
    """Not on the host, broadcast, multicast, a peer's, anycast, ::1 and another device's link-local by way of v0."""
    ns.ip("address add 10.3.0.1 peer 10.3.0.2 dev v1")
    ns.ip("address add 2001:db8:3::1 peer 2001:db8:3::2 dev v1 nodad")
    ns.sysctl({"ipv6/conf/v0/forwarding": 1})  # makes the subnet-router anycast address
    ns.ip(f"route add {destination} via {ns.G6 if ':' in destination else ns.G4}")
    source = link_local(ns, "v1") if source.startswith("fe80") else source
    before = raw.routes(ns)
    task = {"routes": [{"destination": destination, "source": source}]}
    failed = module.fails(name, task)
    assert source in failed["msg"] or "Invalid source address" in failed["msg"]
    assert raw.routes(ns) == before


def test_b_errors_ip_nonlocal_bind_does_not_help(ns: Host, module: ModuleRunner) -> None:
    ns.sysctl({"ipv4/ip_nonlocal_bind": 1, "ipv6/ip_nonlocal_bind": 1})
    ns.ip(f"route add {P4} via {ns.G4}")
    ns.ip(f"route add {P6} via {ns.G6}")
    for destination, source in ((P4, "192.0.2.99"), (P6, "2001:db8:ff::99")):
        failed = module.fails("prefsrc", {"routes": [{"destination": destination, "source": source}]})
        assert "is not an address of this host" in failed["msg"]


def test_b_errors_an_optimistic_source_is_taken(ns: Host, module: ModuleRunner) -> None:
    if not Path("/proc/sys/net/ipv6/conf/all/optimistic_dad").exists():
        pytest.skip("this kernel has no optimistic duplicate address detection (CONFIG_IPV6_OPTIMISTIC_DAD)")
    ns.sysctl({"ipv6/conf/all/optimistic_dad": 1, "ipv6/conf/v0/optimistic_dad": 1, "ipv6/conf/v0/dad_transmits": 100})
    ns.ip("address add 2001:db8::55/64 dev v0 optimistic")
    assert "optimistic" in ns.ip("-6 address show dev v0")
    ns.ip(f"route add {P6} via {ns.G6}")
    assert module.ok("prefsrc", {"routes": [{"destination": P6, "source": "2001:db8::55"}]})["changed"]


def test_b_errors_a_v6_source_on_a_device_that_is_down_is_taken(ns: Host, module: ModuleRunner) -> None:
    ns.ip("link add down0 type veth peer name down1")
    ns.ip("address add 2001:db8:d::1/64 dev down0 nodad")
    ns.ip(f"route add {P6} via {ns.G6}")
    assert module.ok("prefsrc", {"routes": [{"destination": P6, "source": "2001:db8:d::1"}]})["changed"]


def answer_of_the_peer(module: ModuleRunner) -> str:
    """The name of the error of a connection to a closed port: ECONNREFUSED proves that answers arrive."""
    probe = {"destination": "198.51.100.34", "port": 9, "protocol": "tcp", "timeout": 2}
    (found,) = module.ok("probe", {"probes": [probe]})["probes"]
    return str(found["error"]).partition(":")[0]


@pytest.mark.parametrize(("rp_filter", "error"), [(0, "ECONNREFUSED"), (2, "ECONNREFUSED"), (1, "ETIMEDOUT")])
def test_b_rp_filter_drops_replies_by_another_device(
    ns: Host, module: ModuleRunner, rp_filter: int, error: str
) -> None:
    """Out by v1 from an address of v0: the answer comes in by v0, where a strict filter expects nothing from P4."""
    ns.ip(f"route add {P4} via {ns.G4_V1} src 10.0.0.1")
    ns.sysctl({"ipv4/conf/all/rp_filter": rp_filter, "ipv4/conf/v0/rp_filter": rp_filter})
    assert answer_of_the_peer(module) == error


def test_b_a_peer_without_a_route_to_the_source_loses_silently(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add {P4} via {ns.G4} src {ns.S4}")
    assert answer_of_the_peer(module) == "ECONNREFUSED"
    ns.peer.ip("route del 192.0.2.0/24")
    assert answer_of_the_peer(module) == "ETIMEDOUT"


# Names, batches, buffers

TASKS: dict[str, dict[str, Any]] = {
    "source_info": {"destinations": ["198.51.100.34"]},
    "route_info": {},
    "prefsrc": {"routes": [{"destination": P4, "source": Host.S4}]},
    "route": {"routes": [{"destination": P4, "gateway": Host.G4}]},
    "address": {"addresses": [{"address": "192.0.2.50/32", "device": "lo"}]},
    "probe": {"probes": [{"destination": "198.51.100.34"}]},
}


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("name", TASKS)
def test_a_e15_a_typo_in_netns_makes_no_namespace(ns: Host, module: ModuleRunner, name: str, check: bool) -> None:
    failed = module.fails(name, {"netns": TYPO, **TASKS[name]}, check=check)
    assert f"there is no network namespace '{TYPO}'" in failed["msg"]
    assert not Path("/run/netns", TYPO).exists()


def test_a_delete_of_one_familys_default_leaves_the_other(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"route add default via {ns.G4}")
    ns.ip(f"-6 route add default via {ns.G6}")
    for destination, left in (("::/0", ["-4"]), ("0.0.0.0/0", [])):
        assert module.ok("route", {"routes": [{"destination": destination, "state": "absent"}]})["changed"]
        assert [family for family in ("-4", "-6") if ns.ip(f"{family} route show default")] == left


def test_a_absent_table_is_empty_for_writes(ns: Host, module: ModuleRunner) -> None:
    item = {"destination": P4, "gateway": ns.G4, "table": 4242}
    assert module.ok("route", {"routes": [{**item, "state": "absent"}]})["counts"]["missing"] == 1
    sources = {"routes": [{"destination": P4, "source": ns.S4, "table": 4242}], "missing": "ignore"}
    assert module.ok("prefsrc", sources)["counts"]["missing"] == 1
    assert module.ok("route", {"routes": [], "purge": True, "purge_tables": ["4242"]})["changed"] is False
    assert module.ok("route", {"routes": [item]})["changed"]


def test_d_acks_never_outgrow_a_small_receive_buffer(
    ns: Host, module: ModuleRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """832 bytes of buffer an acknowledgement: ENOBUFS and lost answers unless the batch is bounded by it (E21)."""
    monkeypatch.setattr(_kernel, "_RECEIVE_BUFFER", 1 << 14)
    unknown = {"gateway": ns.G4, "metrics": {"congctl": "nosuch"}}  # what only the kernel finds out
    routes = [{"destination": f"198.18.{at // 256}.{at % 256}", **unknown} for at in range(600)]
    failed = module.fails("route", {"routes": routes})
    assert failed["msg"].startswith("routes[0]: ")
    assert "Nothing was changed" in failed["msg"]
    assert len(failed["results"]) < 100, "one batch, as large as the buffer has room for"


def test_d_a_batch_never_outgrows_the_send_buffer(ns: Host, module: ModuleRunner) -> None:
    """A send above SO_SNDBUF is EMSGSIZE; routes with many next hops are large."""
    hops = [{"gateway": f"10.0.0.{at}"} for at in range(3, 253)]
    routes = [{"destination": f"198.18.{at}.0/24", "nexthops": hops} for at in range(80)]
    assert module.ok("route", {"routes": routes})["counts"]["created"] == 80
    assert module.ok("route", {"routes": routes})["counts"]["unchanged"] == 80
