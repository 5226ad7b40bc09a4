# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module address against the kernel: check, run, run again, check again, and what `ip -j address` says."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import time
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.modules import address as address_module
from tests.lab.kernel import (
    CHANGES_PROTOCOL_OF_IPV4_ADDRESS,
    KEEPS_PROTOCOL_OF_ADDRESS,
    SAYS_THAT_IPV6_IS_DISABLED,
    STRIPS_EVERY_IPV6_ROUTE,
)
from tests.lab.modules import ModuleRunner, Result, run_forked
from tests.lab.netns import Namespace
from tests.lab.pair import Host
from tests.lab.privileges import drop_capabilities

Args = dict[str, Any]
FOREVER = 4294967295


def held(ns: Namespace, device: str, family: int | None = None) -> dict[str, dict[str, Any]]:
    """What `ip -j address` says of a device's addresses, in its order, by ADDRESS/LENGTH."""
    option = f"-{family} " if family else ""
    found = ns.ip_json(f"{option}address show dev {device}")
    return {f"{one['local']}/{one['prefixlen']}": one for one in found[0]["addr_info"] if "local" in one}


def snapshot(ns: Namespace) -> tuple[str, str, str]:
    """All addresses and routes of the host."""
    return still(ns.ip("address")), still(ns.ip("route show table all")), still(ns.ip("-6 route show table all"))


def still(text: str) -> str:
    """Without the seconds that are left of a lifetime: that they run is no change."""
    return re.sub(r"\b\d+sec\b", "running", text)


def task(*addresses: Args, **options: Any) -> Args:
    return {"addresses": list(addresses), **options}


def converge(ns: Host, module: ModuleRunner, args: Args) -> Result:
    """Check, run, run, check: only the run changes, the check says what it will do, and the second run nothing."""
    before = snapshot(ns)
    predicted = module.ok("address", args, check=True, diff=True)
    assert snapshot(ns) == before
    done = module.ok("address", args, diff=True)
    assert still(json.dumps({**predicted, "warnings": None})) == still(json.dumps({**done, "warnings": None}))
    assert done["changed"]
    after = snapshot(ns)
    for check in (False, True):
        again = module.ok("address", args, check=check)
        assert not again["changed"] and again["diff"] == {"before": "", "after": ""}
        assert {one["action"] for one in again["results"]} == {"unchanged"}
    assert snapshot(ns) == after
    return done


def test_both_families_present_and_absent(ns: Host, module: ModuleRunner) -> None:
    before = snapshot(ns)
    wanted = [{"address": "192.0.2.9", "device": "lo"}, {"address": "2001:db8:ff::9/128", "device": "lo"}]
    wanted.append({"address": "10.0.0.9/24", "device": "v0"})
    made = converge(ns, module, task(*wanted))
    assert made["diff"] == {
        "before": "",
        "after": "inet 192.0.2.9/32 dev lo scope global\ninet6 2001:db8:ff::9/128 dev lo scope global\n"
        "inet 10.0.0.9/24 dev v0 scope global secondary\n",
    }
    lo = held(ns, "lo")
    assert lo["192.0.2.9/32"]["scope"] == "global" and lo["192.0.2.9/32"]["label"] == "lo"
    assert lo["192.0.2.9/32"]["valid_life_time"] == lo["2001:db8:ff::9/128"]["preferred_life_time"] == FOREVER
    assert held(ns, "v0")["10.0.0.9/24"]["secondary"]
    gone = converge(ns, module, task(*({**item, "state": "absent"} for item in wanted)))
    assert gone["counts"]["removed"] == 3 and gone["side_effects"] == []
    assert snapshot(ns) == before


def test_attributes_of_a_new_address(ns: Host, module: ModuleRunner) -> None:
    v4 = {"address": "10.7.0.1/24", "device": "v0", "label": "v0:web", "scope": "link", "noprefixroute": True}
    v6 = {"address": "2001:db8:7::1/64", "device": "v0", "nodad": True, "noprefixroute": True, "preferred_lifetime": 0}
    converge(ns, module, task(v4, v6, {"address": "127.0.0.9/8", "device": "lo"}))
    found = held(ns, "v0")
    assert found["10.7.0.1/24"]["label"] == "v0:web" and found["10.7.0.1/24"]["scope"] == "link"
    assert found["10.7.0.1/24"]["noprefixroute"]
    new = found["2001:db8:7::1/64"]
    assert new["nodad"] and new["noprefixroute"] and new["deprecated"]
    assert (new["preferred_life_time"], new["valid_life_time"]) == (0, FOREVER)
    assert held(ns, "lo")["127.0.0.9/8"]["scope"] == "host"
    assert not ns.ip("route show 10.7.0.0/24") and not ns.ip("-6 route show 2001:db8:7::/64")


def test_our_line_says_what_ip_says(ns: Host, module: ModuleRunner) -> None:
    """Word for word what `ip -o address` prints, but for the order of index, name and lifetimes."""
    addresses = [
        {"address": "10.0.0.9/24", "device": "v0", "label": "v0:web", "preferred_lifetime": 0},
        {"address": "10.8.0.9/24", "device": "v0", "noprefixroute": True, "scope": "link"},
        {"address": "2001:db8::9/64", "device": "v0", "nodad": True, "noprefixroute": True},
    ]
    module.ok("address", task(*addresses))
    lines = [one["before"] for one in module.ok("address", task(*addresses))["results"]]
    assert len(lines) == 3
    printed = {line.split()[3]: line for line in ns.ip("-o address show dev v0").splitlines()}
    for line in lines:
        words = line.split()
        theirs = printed[words[1]].replace("\\", " ").split()
        ours = {word for word in words if word not in ("dev", "label")}
        forever = {"valid_lft", "preferred_lft", "forever", "dynamic"} - ours
        assert set(theirs[1:]) - forever == ours | {"v0"}


def test_unnamed_attributes_are_kept(ns: Host, module: ModuleRunner) -> None:
    """The kernel resets metric and protocol of an IPv4 address that a replacement leaves out."""
    ns.ip("address add 10.7.0.1/24 dev v0 label v0:web metric 50 broadcast 10.7.0.255 noprefixroute")
    ns.ip("address add 2001:db8:7::1/64 dev v0 metric 60 nodad home noprefixroute")
    before = held(ns, "v0")
    wanted = [{"address": "10.7.0.1/24", "device": "v0"}, {"address": "2001:db8:7::1/64", "device": "v0"}]
    assert not module.ok("address", task(*wanted))["changed"]
    converge(ns, module, task(*({**item, "preferred_lifetime": 0} for item in wanted)))
    for text, now in held(ns, "v0").items():
        expected = dict(before[text])
        if text in ("10.7.0.1/24", "2001:db8:7::1/64"):
            # ip shows the kernel's word: of an IPv4 address that is valid for ever only the flag tells.
            expected.update(deprecated=True, preferred_life_time=FOREVER if "." in text else 0)
        assert now == expected
    assert before["10.7.0.1/24"]["metric"] == 50 and before["2001:db8:7::1/64"]["home"]


@pytest.mark.parametrize("family", [4, 6])
def test_metric_of_the_connected_route(ns: Host, module: ModuleRunner, family: int) -> None:
    text, subnet, default = (
        ("10.7.0.1/24", "10.7.0.0/24", None) if family == 4 else ("2001:db8:7::1/64", "2001:db8:7::/64", 256)
    )
    wanted = {"address": text, "device": "v0", "nodad": True}

    def metrics() -> list[int | None]:
        return [route.get("metric") for route in ns.ip_json(f"-{family} route show {subnet}")]

    for metric, there in ((50, 50), (60, 60), (0, default)):
        converge(ns, module, task({**wanted, "metric": metric}))
        assert metrics() == [there]
    converge(ns, module, task({**wanted, "metric": 70}))
    assert not module.ok("address", task(wanted))["changed"]
    converge(ns, module, task({**wanted, "preferred_lifetime": 0}))
    assert metrics() == [70]
    before = snapshot(ns)
    ns.sysctl({"ipv6/conf/v1/disable_ipv6": 1})
    failed = module.fails("address", task({**wanted, "metric": 80}, {"address": "2001:db8:1::9/64", "device": "v1"}))
    assert "the host is as before" in failed["msg"]
    assert metrics() == [70] and snapshot(ns)[0].count("metric 70") == before[0].count("metric 70")
    converge(ns, module, task({**wanted, "state": "absent"}))
    assert metrics() == []


def proto(ns: Host, text: str) -> str:
    """What the module says of an address, since iproute2 says it from 6.3 on only."""
    return text.partition(" proto ")[2].partition(" ")[0]


@pytest.mark.parametrize("text", ["10.7.0.1/24", "2001:db8:7::1/64"])
def test_protocol(ns: Host, module: ModuleRunner, text: str) -> None:
    wanted = {"address": text, "device": "v0", "nodad": True}
    if not KEEPS_PROTOCOL_OF_ADDRESS:
        for _there in (False, True):
            refused = refused_protocol(ns, module, {**wanted, "protocol": "99"})
            assert "keeps no protocol" in refused or ("." in text and "does not change the protocol" in refused)
            module.ok("address", task({**wanted, "protocol": "0"}))
        return
    changes = CHANGES_PROTOCOL_OF_IPV4_ADDRESS or ":" in text
    for protocol, said in (("99", "0x63"), ("kernel_ra", "kernel_ra"), ("0", ""), ("99", "0x63")):
        item = {**wanted, "protocol": protocol}
        if text in held(ns, "v0") and not changes:
            refused = refused_protocol(ns, module, item)
            assert ": this kernel does not change the protocol of an IPv4 address that is there" in refused
            module.ok("address", task({**wanted, "state": "absent"}))
        done = converge(ns, module, task(item))
        assert proto(ns, done["results"][0]["after"]) == said
    kept = converge(ns, module, task({**wanted, "preferred_lifetime": 0}))
    assert proto(ns, kept["results"][0]["after"]) == "0x63"


def refused_protocol(ns: Host, module: ModuleRunner, item: Args) -> str:
    """The message of a task that this kernel does not do; nothing is left of it."""
    before = snapshot(ns)
    refused: str = module.fails("address", task(item))["msg"]
    assert "the kernel took the change, but now holds" in refused and "the host is as before" in refused
    assert snapshot(ns) == before
    return refused


def test_point_to_point(ns: Host, module: ModuleRunner) -> None:
    before = snapshot(ns)
    wanted: list[Args] = [
        {"address": "10.7.0.1", "peer": "10.7.0.2", "device": "v0"},
        {"address": "10.7.0.1", "peer": "10.7.1.2/31", "device": "v0"},
        {"address": "2001:db8:7::1", "peer": "2001:db8:7::2", "device": "v0", "nodad": True},
    ]
    made = converge(ns, module, task(*wanted))
    assert [one["after"] for one in made["results"]] == [
        "inet 10.7.0.1 peer 10.7.0.2/32 dev v0 scope global",
        "inet 10.7.0.1 peer 10.7.1.2/31 dev v0 scope global",
        "inet6 2001:db8:7::1 peer 2001:db8:7::2/128 dev v0 scope global nodad",
    ]
    text = ns.ip("address show dev v0")
    for words in ("10.7.0.1 peer 10.7.0.2/32", "10.7.0.1 peer 10.7.1.2/31", "2001:db8:7::1 peer 2001:db8:7::2/128"):
        assert words in text
    moved = {**wanted[2], "peer": "2001:db8:7::3"}
    assert converge(ns, module, task(moved))["counts"]["changed"] == 1
    assert "2001:db8:7::1 peer 2001:db8:7::3/128" in ns.ip("address show dev v0")
    assert not module.ok("address", task({"address": "2001:db8:7::1", "device": "v0"}))["changed"]
    wrong = module.fails("address", task({**wanted[2], "state": "absent"}))
    assert "name that peer, or none" in wrong["msg"]
    gone = converge(ns, module, task(*({**one, "state": "absent"} for one in (*wanted[:2], moved))))
    assert gone["counts"]["removed"] == 3
    assert snapshot(ns) == before


def test_a_peers_route_is_no_user_but_another_is(ns: Host, module: ModuleRunner) -> None:
    wanted = {"address": "10.7.0.1", "peer": "10.7.0.2", "device": "v0"}
    module.ok("address", task(wanted))
    ns.ip(f"route add {ns.P4} via {ns.G4} src 10.7.0.1")
    refused = module.fails("address", task({**wanted, "state": "absent"}))
    assert "1 route(s) use it as their source" in refused["msg"] and ns.P4 in refused["msg"]


def test_flag_of_ipv6_is_changed_in_place_with_routes(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"-6 route add {ns.P6} via {ns.G6} src 2001:db8::1")
    wanted = {"address": "2001:db8::1/64", "device": "v0", "noprefixroute": True}
    assert converge(ns, module, task(wanted))["counts"]["changed"] == 1
    assert held(ns, "v0")["2001:db8::1/64"]["noprefixroute"] and held(ns, "v0")["2001:db8::1/64"]["nodad"]
    assert ns.ip_json(f"-6 route show {ns.P6}")[0]["prefsrc"] == "2001:db8::1"


def test_an_ipv6_address_that_another_device_has_too(ns: Host, module: ModuleRunner) -> None:
    """Older kernels take the source of the routes by the device that loses it all the same: then they are named."""
    there = [{"address": "2001:db8:7::1/64", "device": device, "nodad": True} for device in ("v0", "v1", "lo")]
    module.ok("address", task(*there))
    ns.ip(f"-6 route add {ns.P6} via {ns.G6} dev v0 src 2001:db8:7::1")
    gone = task({**there[0], "state": "absent"})
    if STRIPS_EVERY_IPV6_ROUTE:
        assert module.ok("address", gone)["side_effects"] == []
    else:
        refused = module.fails("address", gone)["msg"]
        assert "1 route(s) use it as their source" in refused and ns.P6 in refused
        (effect,) = module.ok("address", {**gone, "force": True})["side_effects"]
        assert effect["routes"] == 1
    assert ("src 2001:db8:7::1" in ns.ip(f"-6 route show {ns.P6}")) == STRIPS_EVERY_IPV6_ROUTE
    # No route by lo has it.
    assert module.ok("address", task({**there[2], "state": "absent"}))["side_effects"] == []


def test_lifetimes(ns: Host, module: ModuleRunner) -> None:
    """A number is renewed when less than half of it is left, or more than it; forever and 0 are exact."""
    pair = [{"address": "192.0.2.9/32", "device": "lo"}, {"address": "2001:db8:ff::9/128", "device": "lo"}]
    converge(ns, module, task(*({**item, "valid_lifetime": 10000} for item in pair)))
    for item in pair:
        one = held(ns, "lo")[item["address"]]
        assert 9000 < one["preferred_life_time"] <= one["valid_life_time"] <= 10000
    due = task(*({**item, "valid_lifetime": 30000, "preferred_lifetime": 25000} for item in pair))
    assert module.ok("address", due)["counts"]["changed"] == 2
    assert all(29000 < held(ns, "lo")[item["address"]]["valid_life_time"] <= 30000 for item in pair)
    enough = task(*({**item, "valid_lifetime": 50000} for item in pair))
    assert not module.ok("address", enough)["changed"]
    shorter = task(*({**item, "valid_lifetime": 20000} for item in pair))
    assert module.ok("address", shorter)["counts"]["changed"] == 2
    assert all(held(ns, "lo")[item["address"]]["preferred_life_time"] <= 20000 for item in pair)
    assert not module.ok("address", task(*pair))["changed"]
    converge(ns, module, task(*({**item, "valid_lifetime": "forever", "preferred_lifetime": 0} for item in pair)))
    assert all(held(ns, "lo")[item["address"]]["deprecated"] for item in pair)
    converge(ns, module, task(*({**item, "preferred_lifetime": "forever"} for item in pair)))
    assert all(held(ns, "lo")[item["address"]]["preferred_life_time"] == FOREVER for item in pair)


def test_new_ipv6_address_is_usable_when_the_task_ends(ns: Host, module: ModuleRunner) -> None:
    """Fact: a tentative address is refused as the source of a route."""
    converge(ns, module, task({"address": "2001:db8::77/64", "device": "v0"}))
    assert "tentative" not in held(ns, "v0")["2001:db8::77/64"]
    ns.ip(f"-6 route add {ns.P6} via {ns.G6} src 2001:db8::77")


def test_not_waiting_and_waiting_later(ns: Host, module: ModuleRunner) -> None:
    ns.sysctl({"ipv6/conf/v0/dad_transmits": 5})
    wanted = {"address": "2001:db8::77/64", "device": "v0"}
    module.ok("address", task(wanted, wait=0))
    assert held(ns, "v0")["2001:db8::77/64"]["tentative"]
    assert not module.ok("address", task(wanted, wait=60))["changed"]
    assert "tentative" not in held(ns, "v0")["2001:db8::77/64"]


def test_waiting_too_short_is_undone(ns: Host, module: ModuleRunner) -> None:
    ns.sysctl({"ipv6/conf/v0/dad_transmits": 5})
    before = snapshot(ns)
    failed = module.fails("address", task({"address": "2001:db8::77/64", "device": "v0"}, wait=0.1))
    assert "tentative: duplicate address detection has not ended after 0.1 s; raise wait" in failed["msg"]
    assert snapshot(ns) == before


@pytest.mark.parametrize("lifetime", [{}, {"valid_lifetime": 5000}], ids=["for ever", "with a lifetime"])
def test_a_duplicate_on_the_link_is_undone(ns: Host, module: ModuleRunner, lifetime: Args) -> None:
    """dadfailed; one that has a lifetime the kernel even removes."""
    before = snapshot(ns)
    wanted = [{"address": "192.0.2.9", "device": "lo"}, {"address": f"{ns.G6}/64", "device": "v0", **lifetime}]
    removed = {"address": ns.S4_OTHER, "device": "lo", "state": "absent"}
    failed = module.fails("address", task(*wanted, removed))
    assert failed["msg"].startswith(f"addresses[1] (device v0): {ns.G6}/64: ")
    assert "duplicate address detection failed, another host on the link has this address" in failed["msg"]
    assert failed["msg"].endswith("the host is as before.") and failed["differs"] == []
    assert {(one["address"], one["action"]) for one in failed["results"]} == {
        ("192.0.2.9/32", "undone"),
        (f"{ns.G6}/64", "failed"),
    }
    assert snapshot(ns) == before


def test_a_duplicate_that_is_there_is_named(ns: Host, module: ModuleRunner) -> None:
    wanted = {"address": f"{ns.G6}/64", "device": "v0"}
    module.ok("address", task(wanted, wait=0))
    waiting = module.fails("address", task(wanted))
    assert "duplicate address detection failed, another host on the link" in waiting["msg"]
    there = module.fails("address", task(wanted))
    assert "has it as" in there["msg"] and "dadfailed" in there["msg"]
    converge(ns, module, task({**wanted, "state": "absent"}))


def test_a_device_without_a_carrier_is_not_waited_for(ns: Host, module: ModuleRunner) -> None:
    ns.peer.ip("link set v1 down")
    ns.ip("link set v0 down")
    while ns.ip_json("link show v1")[0]["operstate"] == "UP":
        time.sleep(0.05)  # the kernel tells of a lost carrier up to a second later
    wanted = [{"address": "2001:db8:1::7/64", "device": "v1"}, {"address": "2001:db8::7/64", "device": "v0"}]
    done = module.ok("address", task(*wanted))
    assert done["counts"]["created"] == 2
    assert len(done["warnings"]) == 2 and "is tentative, and no source, until" in str(done["warnings"][0])


def test_ipv6_disabled_on_the_device_is_the_kernels_word_and_undone(ns: Host, module: ModuleRunner) -> None:
    ns.sysctl({"ipv6/conf/v1/disable_ipv6": 1})
    before = snapshot(ns)
    wanted = [{"address": "192.0.2.9", "device": "lo"}, {"address": "2001:db8:1::7/64", "device": "v1"}]
    failed = module.fails("address", task(*wanted, {"address": "192.0.2.10", "device": "lo"}))
    assert "addresses[1] (device v1): 2001:db8:1::7/64: the kernel refused to create it" in failed["msg"]
    words = "IPv6 is disabled on this device" if SAYS_THAT_IPV6_IS_DISABLED else "Permission denied"
    assert f"{words} (EACCES); set the sysctl net.ipv6.conf.v1.disable_ipv6 to 0 first" in failed["msg"]
    assert {one["address"]: one["action"] for one in failed["results"]} == {
        "2001:db8:1::7/64": "failed",
        "192.0.2.9/32": "undone",
        "192.0.2.10/32": "undone",
    }
    assert snapshot(ns) == before


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"address": "10.0.0.300", "device": "v0"}, "addresses[1].address: '10.0.0.300' is not an IP address"),
        (
            {"address": "10.0.0.30", "device": "v7"},
            "addresses[1].device: there is no device 'v7'; this host has lo, v0",
        ),
        ({"address": "192.0.2.9/32", "device": "lo"}, "192.0.2.9/32 on lo is already in addresses[0]"),
        ({"address": "2001:db8::1/128", "device": "v0"}, "with one prefix length only. Name it with /64"),
        ({"address": "10.1.0.1/24", "device": "v1", "label": "v1:web"}, "label is v1, not v1:web; the kernel cannot"),
    ],
)
def test_nothing_is_written_when_an_item_is_refused(ns: Host, module: ModuleRunner, second: Args, message: str) -> None:
    before = snapshot(ns)
    for check in (True, False):
        failed = module.fails("address", task({"address": "192.0.2.9", "device": "lo"}, second), check=check)
        assert message in failed["msg"]
    assert snapshot(ns) == before


# Fact: the address goes away


def use_everywhere(ns: Host) -> None:
    """One route of each row of the fact's table with S4 or S6 as its source."""
    ns.batch(
        [
            f"route add {ns.P4} via {ns.G4} src {ns.S4} mtu 1400",
            f"route add 198.51.101.0/24 src {ns.S4} nexthop via {ns.G4} nexthop via {ns.G4_V1} weight 3",
            f"route add {ns.P4} via {ns.G4} table 100 src {ns.S4}",
            f"nexthop add id 7 via {ns.G4} dev v0",
            f"nexthop add id 8 via {ns.G6} dev v0",
            f"route add 198.51.102.0/24 nhid 7 src {ns.S4}",
            f"route add {ns.P6} via {ns.G6} src {ns.S6} pref high",
            f"route add {ns.P6} via {ns.G6} table 100 src {ns.S6}",
            f"route add 2001:db8:102::/64 nhid 8 src {ns.S6}",
        ]
    )


GOING = [
    {"address": Host.S4, "device": "lo", "state": "absent"},
    {"address": Host.S6, "device": "lo", "state": "absent"},
]


def test_a_used_source_is_refused_in_both_families_and_all_tables(ns: Host, module: ModuleRunner) -> None:
    use_everywhere(ns)
    before = snapshot(ns)
    for check in (True, False):
        v4 = module.fails("address", task(GOING[0]), check=check)
        assert f"addresses[0] (device lo): {ns.S4}/32: 4 route(s) use it as their source: " in v4["msg"]
        assert f"{ns.P4} via {ns.G4} dev v0 table 100 proto boot src {ns.S4}" in v4["msg"] and "force" in v4["msg"]
        assert "3 route(s) use it as their source" in module.fails("address", task(GOING[1]), check=check)["msg"]
    assert snapshot(ns) == before


def test_many_users_are_counted_and_ten_are_listed(ns: Host, module: ModuleRunner) -> None:
    ns.batch([f"route add 198.18.{third}.0/24 via {ns.G4} src {ns.S4} metric 7" for third in range(200)])
    text = module.fails("address", task(GOING[0]))["msg"]
    assert "200 route(s)" in text and text.count("metric 7") == 10 and "… and 190 more" in text


def test_force_says_what_went(ns: Host, module: ModuleRunner) -> None:
    use_everywhere(ns)
    done = converge(ns, module, task(*GOING, force=True))
    effects = {one["address"]: one for one in done["side_effects"]}
    assert (effects[f"{ns.S4}/32"]["routes"], effects[f"{ns.S6}/128"]["routes"]) == (4, 3)
    assert (
        f"{ns.P6} via {ns.G6} dev v0 proto boot src {ns.S6} metric 1024 pref high"
        in effects[f"{ns.S6}/128"]["route_lines"]
    )
    assert not ns.ip(f"route show {ns.P4}") and not ns.ip("route show 198.51.102.0/24")
    assert f"src {ns.S4}" in ns.ip("route show table 100")
    kept = f"src {ns.S6}" in ns.ip(f"-6 route show {ns.P6}")
    assert kept == (not STRIPS_EVERY_IPV6_ROUTE) and f"src {ns.S6}" in ns.ip("-6 route show 2001:db8:102::/64")


def others(ns: Host) -> list[str]:
    """All routes but those that the kernel makes with an address."""
    lines = (ns.ip("route show table all") + ns.ip("-6 route show table all")).splitlines()
    return [line for line in lines if "proto kernel" not in line]


@pytest.mark.parametrize(
    ("family", "twin"),
    [
        (4, {"address": f"{Host.S4}/32", "device": "v0"}),
        (4, {"address": f"{Host.S4}/24", "device": "lo", "noprefixroute": True}),
        (6, {"address": f"{Host.S6}/128", "device": "v0"}),
    ],
    ids=["IPv4, other device", "IPv4, other length", "IPv6, other device"],
)
@pytest.mark.parametrize("one_task", [True, False])
def test_a_source_that_lives_elsewhere_keeps_its_routes(
    ns: Host, module: ModuleRunner, family: int, twin: Args, one_task: bool
) -> None:
    """Moving an address, in one task or in two, loses no route."""
    use_everywhere(ns)
    routes = others(ns)
    going = GOING[0 if family == 4 else 1]
    if not one_task:
        module.ok("address", task(twin))
    assert converge(ns, module, task(going, *([twin] if one_task else [])))["side_effects"] == []
    assert others(ns) == routes


@pytest.mark.parametrize("promote", [0, 1])
def test_a_primary_and_its_secondaries(ns: Host, module: ModuleRunner, promote: int) -> None:
    """Fact: promote_secondaries=0 removes the secondaries, and their routes, with their primary; 1 promotes one."""
    ns.sysctl({"ipv4/conf/all/promote_secondaries": 0, "ipv4/conf/v0/promote_secondaries": promote})
    ns.ip(f"route add {ns.P4} via {ns.G4_V1} src 10.0.0.2")
    going = {"address": "10.0.0.1/24", "device": "v0", "state": "absent"}
    ns.ip("address add 10.9.0.1/24 dev v0")
    if promote:
        assert converge(ns, module, task(going))["side_effects"] == []
        assert "secondary" not in held(ns, "v0")["10.0.0.2/24"] and ns.ip(f"route show {ns.P4}")
        return
    failed = module.fails("address", task(going))
    assert "would remove 1 secondary address(es) (promote_secondaries is 0): inet 10.0.0.2/24 dev v0" in failed["msg"]
    assert "1 route(s) use it as their source" in failed["msg"]
    done = converge(ns, module, task(going, force=True))
    assert done["side_effects"][0]["addresses"] == ["inet 10.0.0.2/24 dev v0 scope global secondary"]
    assert "10.0.0.2/24" not in held(ns, "v0") and not ns.ip(f"route show {ns.P4}")


def test_a_whole_subnet_goes_in_one_task(ns: Host, module: ModuleRunner) -> None:
    ns.sysctl({"ipv4/conf/all/promote_secondaries": 0, "ipv4/conf/v0/promote_secondaries": 0})
    ns.ip("address add 10.9.0.1/24 dev v0")
    going = [{"address": f"10.0.0.{host}/24", "device": "v0", "state": "absent"} for host in (1, 2)]
    assert converge(ns, module, task(*going))["side_effects"] == []


def test_the_last_ipv4_address_of_a_device(ns: Host, module: ModuleRunner) -> None:
    """Measured: with it go the device's IPv4 routes, whatever their source, but for those over a nexthop object."""
    ns.batch(
        [
            f"route add {ns.P4} via {ns.G4_V1}",
            f"route add {ns.P4} via {ns.G4_V1} table 100 src {ns.S4}",
            f"nexthop add id 7 via {ns.G4_V1} dev v1",
            "route add 198.51.102.0/24 nhid 7",
        ]
    )
    going = {"address": "10.1.0.1/24", "device": "v1", "state": "absent"}
    assert "2 route(s)" in module.fails("address", task(going))["msg"]
    assert converge(ns, module, task(going, force=True))["side_effects"][0]["routes"] == 2
    assert (
        not ns.ip(f"route show {ns.P4}") and not ns.ip("route show table 100") and ns.ip("route show 198.51.102.0/24")
    )


# Undoing


RACE = {"address": "192.0.2.9", "device": "lo", "state": "absent"}


def fail_half_way(ns: Host, monkeypatch: pytest.MonkeyPatch, args: Args) -> Result:
    """Run a task whose removal of RACE finds it gone: between reading and writing, `ip` takes it away."""
    ns.ip("address add 192.0.2.9/32 dev lo")
    room: Any = importlib.import_module("ansible_collections.l3host.source_ip.plugins.module_utils._change.transaction")
    real = room.carry_out

    def late(kernel: Any, steps: Any, read_back: Any, earlier: Any = ()) -> None:
        if any(step.action == "removed" for step in steps):
            subprocess.run(["ip", "address", "del", "192.0.2.9/32", "dev", "lo"], check=True)
        real(kernel, steps, read_back, earlier)

    monkeypatch.setattr(room, "carry_out", late)
    failed = run_forked("address", {**args, "addresses": [*args["addresses"], RACE]}, ns)
    assert (
        failed["failed"]
        and "192.0.2.9/32: the kernel refused to remove it" in failed["msg"]
        and "(EADDRNOTAVAIL)" in failed["msg"]
    )
    return failed


def test_removals_and_additions_are_undone_together(
    ns: Host, module: ModuleRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_everywhere(ns)
    before = snapshot(ns)
    order = list(held(ns, "lo", 4))
    changed = {"address": f"{ns.S4_OTHER}/32", "device": "lo", "preferred_lifetime": 0}
    new = {"address": "10.7.0.1/24", "device": "v1"}
    failed = fail_half_way(ns, monkeypatch, task(*GOING, changed, new, force=True))
    assert failed["msg"].endswith("4 change(s) made before were undone; the host is as before.")
    assert failed["differs"] == [] and list(held(ns, "lo", 4)) == order
    now = snapshot(ns)
    # An IPv6 address that comes back is the newest of its device, as the module's notes say.
    assert [sorted(text.splitlines()) for text in now] == [sorted(text.splitlines()) for text in before]
    assert now[1].splitlines()[:5] == before[1].splitlines()[:5]


@pytest.mark.parametrize("promote", [0, 1])
def test_undo_restores_the_order_of_a_device(
    ns: Host, module: ModuleRunner, monkeypatch: pytest.MonkeyPatch, promote: int
) -> None:
    """Which address is first, and which are secondary, decides the source of everything without one."""
    ns.sysctl({"ipv4/conf/all/promote_secondaries": 0, "ipv4/conf/v0/promote_secondaries": promote})
    ns.batch(
        [
            *(f"address add {text}/24 dev v0" for text in ("10.0.0.3", "10.9.0.1")),
            "address add 10.9.0.2/24 dev v0 preferred_lft 0",
            "address add 10.0.0.4/32 dev v0 label v0:x valid_lft 5000 preferred_lft 4000",
            f"route add {ns.P4} via {ns.G4} src 10.0.0.1",
            f"route add 198.51.101.0/24 via {ns.G4} src 10.9.0.1 mtu 1300",
            f"route add 198.51.102.0/24 via {ns.G4} src 10.0.0.3",
            f"route add 198.51.103.0/24 via {ns.G4}",
        ]
    )
    untimed = ("valid_life_time", "preferred_life_time")
    strip = {text: {k: v for k, v in one.items() if k not in untimed} for text, one in held(ns, "v0", 4).items()}
    routes = sorted(ns.ip("route show table all").splitlines())
    going = [{"address": f"{text}/24", "device": "v0", "state": "absent"} for text in ("10.0.0.1", "10.9.0.1")]
    failed = fail_half_way(ns, monkeypatch, task(*going, force=True))
    assert failed["differs"] == []
    now = {text: {k: v for k, v in one.items() if k not in untimed} for text, one in held(ns, "v0", 4).items()}
    assert list(now.items()) == list(strip.items())
    assert 0 < held(ns, "v0", 4)["10.0.0.4/32"]["valid_life_time"] <= 5000
    assert sorted(ns.ip("route show table all").splitlines()) == routes


def test_undo_of_the_last_ipv4_address(ns: Host, module: ModuleRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4_V1} mtu 1300")
    before = snapshot(ns)
    going = {"address": "10.1.0.1/24", "device": "v1", "state": "absent"}
    assert fail_half_way(ns, monkeypatch, task(going, force=True))["differs"] == []
    assert snapshot(ns) == before


# The namespace, and processes of their own


def test_netns(ns: Host, other_ns: Namespace, module: ModuleRunner) -> None:
    wanted = {"address": "10.1.0.9/24", "device": "v1"}
    args = task(wanted, {"address": "10.1.0.1/24", "device": "v1", "state": "absent"}, netns=ns.name)
    ns.sysctl({"ipv4/conf/all/promote_secondaries": 1})
    outside = other_ns.ip("address")
    assert module.ok("address", args, ns=other_ns, check=True)["changed"]
    assert module.ok("address", args, ns=other_ns)["changed"]
    assert not module.ok("address", args, ns=other_ns)["changed"]
    assert list(held(ns, "v1", 4)) == ["10.1.0.9/24"] and other_ns.ip("address") == outside
    missing = module.fails("address", {**args, "netns": "l3h-no-such"}, ns=other_ns)
    assert "no network namespace 'l3h-no-such'" in missing["msg"]


def test_in_a_process_of_its_own(ns: Host, module: ModuleRunner) -> None:
    wanted = task({"address": "192.0.2.9", "device": "lo"}, {"address": "2001:db8:ff::9", "device": "lo"})
    assert module.ok("address", wanted, fresh=True)["changed"]
    assert not module.ok("address", wanted, fresh=True)["changed"]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("192.0.2.1/0", "name the length of the subnet, or 192.0.2.1/32"),
        ("2001:db8::7/0", "name the length of the subnet, or 2001:db8::7/128"),
        ("::ffff:192.0.2.1/128", "stands for 192.0.2.1"),
    ],
)
def test_addresses_of_no_use_are_refused_but_may_be_removed(
    ns: Host, module: ModuleRunner, address: str, text: str
) -> None:
    item = {"address": address, "device": "v1"}
    for check in (True, False):
        failed = module.fails("address", {"addresses": [item]}, check=check)
        assert failed["msg"].startswith("addresses[0].address: ") and text in failed["msg"]
    assert not module.ok("address", {"addresses": [{**item, "state": "absent"}]})["changed"]


def test_the_broadcast_address_of_its_own_subnet_is_warned_of(ns: Host, module: ModuleRunner) -> None:
    done = module.ok("address", {"addresses": [{"address": "192.0.2.255/24", "device": "v1"}]})
    assert any("192.0.2.255/24 is the broadcast address of its own subnet" in str(text) for text in done["warnings"])
    for fine in ("192.0.2.254/24", "198.51.100.255/32", "198.51.100.1/31"):
        done = module.ok("address", {"addresses": [{"address": fine, "device": "v1"}]})
        assert not done.get("warnings")


def test_a_device_without_ipv6_is_refused_with_its_sysctl(ns: Host, module: ModuleRunner) -> None:
    ns.sysctl({"ipv6/conf/v1/disable_ipv6": 1})
    item = {"address": "2001:db8:9::1/64", "device": "v1"}
    failed = module.fails("address", {"addresses": [item]})
    assert "(EACCES); set the sysctl net.ipv6.conf.v1.disable_ipv6 to 0 first. Nothing was changed." in failed["msg"]
    failed = module.fails("route", {"routes": [{"destination": "2001:db8:9::/64", "device": "v1"}]})
    assert "set the sysctl net.ipv6.conf.v1.disable_ipv6 to 0 first" in failed["msg"]


def test_without_privilege_become_is_named(ns: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_privilege() -> None:
        drop_capabilities()
        main()

    main = address_module.main
    monkeypatch.setattr(address_module, "main", without_privilege)
    failed = run_forked("address", {"addresses": [{"address": "192.0.2.9/32", "device": "lo"}]}, ns)
    assert "(EPERM); use become: true" in failed["msg"]
