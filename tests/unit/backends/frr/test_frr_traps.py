# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The traps of FRR that need no daemon to spring. The others are in molecule/frr/side_effect.yml."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.audit import (
    Judge,
    Table,
    Wrong,
    judge_absent,
    judge_kernel,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.decide import check_options
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.former import Former, Place
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.parse import Objects, parse, version
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.repair import Step, replace_words, steps
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.settings import Binding, Settings
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.finding import Finding
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.backends.frr.common import POLICY, SIX, decided, edited, options

MAIN4, MAIN6 = Table("", "ipv4", 254), Table("", "ipv6", 254)


@pytest.mark.parametrize(
    ("release", "refused"),
    [
        ("8.4.4", True),
        ("9.1", True),
        ("10.1.2", True),
        ("10.1.3", False),
        ("10.2", True),
        ("10.2.1", True),
        ("10.2.2", False),
        ("10.7.0", False),
    ],
)
def test_trap_3_two_ipv6_sources_in_one_32(release: str, refused: bool) -> None:
    other = {**SIX, "destinations": ["2001:db8:2::/48"], "source": "2001:db8:ff::2"}
    found = decided(release=release, policies=[SIX, other]).refusals
    assert any("share their first 32 bits" in text for text in found) == refused
    assert not decided(release=release, policies=[SIX, {**other, "source": "fd00::2"}]).refusals
    assert not decided(release=release, policies=[SIX, {**other, "vrf": "red"}]).refusals


def test_trap_7_a_map_of_the_operator_that_does_not_exist() -> None:
    assert "your route-map GONE does not exist" in decided("ip protocol bgp route-map GONE\n").refusals[0]


def test_trap_7_a_map_of_the_operator_that_sets_a_source() -> None:
    running = "route-map OP permit 10\n set src 192.0.2.9\nexit\nip protocol any route-map OP\n"
    assert "ip protocol bgp: your route-map OP sets a source itself" in decided(running).refusals[0]
    # It is bound to another protocol: nothing of ours meets it.
    assert not decided(running.replace("any", "ospf")).refusals


def test_trap_7_the_operators_binding_comes_back_after_write_memory() -> None:
    before = "route-map OP permit 10\nexit\n!\nip protocol bgp route-map OP\n!\n"
    stages = decided(before).stages
    lines = [line for stage in stages for line in stage.lines]
    written = before.replace("ip protocol bgp route-map OP\n", "") + "\n".join([*lines, ""])
    assert "ip protocol bgp route-map OP\n" not in written
    kept = edited(written.encode(), Objects()).decode()
    assert parse(kept, "SIP-", 1330133).theirs.bindings == {("", "ip", "bgp"): "OP"}
    removal = decided(written, policies=[]).stages
    assert removal[0].lines == ["ip protocol bgp route-map OP"]


def test_trap_7_our_own_static_route_is_the_operators_already() -> None:
    route = {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2"}
    found = decided("ip route 198.51.100.0/24 10.0.0.9\n", routes=[route]).refusals
    assert "your configuration has `ip route 198.51.100.0/24 10.0.0.9` already" in found[0]
    assert not decided("ip route 198.51.100.0/24 10.0.0.9 table 7\n", routes=[route]).refusals


def test_trap_8_a_map_serves_one_family() -> None:
    found = decided(policies=[POLICY, SIX, {**SIX, "protocols": ["static"]}])
    lines = [line for stage in found.stages for line in stage.lines]
    maps: dict[str, set[str]] = {}
    name = ""
    for line in lines:
        words = line.split()
        if words[0] == "route-map":
            name = words[1]
        elif words[0] in ("match", "set"):
            maps.setdefault(name, set()).add("ipv6" if "ipv6" in words or ":" in words[-1] else "ip")
        elif words[1:2] == ["protocol"]:
            maps.setdefault(words[-1], set()).add(words[0])
    assert maps == {"SIP-BGP4": {"ip"}, "SIP-BGP6": {"ipv6"}, "SIP-STATIC6": {"ipv6"}}


def test_trap_9_the_word_of_ospf_for_ipv6() -> None:
    found = decided(policies=[{**SIX, "protocols": ["ospf", "rip"]}])
    assert [(b.word, b.protocol) for b in found.settings.bindings] == [("ipv6", "ospf6"), ("ipv6", "ripng")]
    assert parse("ipv6 protocol ospf route-map X", "SIP-", 1).theirs.bindings == {("", "ipv6", "ospf6"): "X"}


def test_trap_11_a_file_that_is_not_the_whole_configuration_is_never_loaded_as_one() -> None:
    """frr-reload.py, and so `systemctl reload frr`, deletes what its file does not say."""
    root = Path(__file__).resolve().parents[4]
    code = [
        *root.glob("roles/frr/*/*"),
        *root.glob("plugins/module_utils/_backends/_frr/*.py"),
    ]
    assert len(code) > 15
    for file in code:
        assert not re.search(r"frr-reload|systemctl.*reload.*frr|state: reloaded", file.read_text("utf-8")), file


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vtysh_conf": "! x\n no  service integrated-vtysh-config\n"}, "no service integrated-vtysh-config"),
        ({"content": None, "others": ("zebra.conf",)}, "there is no frr.conf but zebra.conf"),
    ],
)
def test_trap_12_one_file_per_daemon(change: dict[str, Any], words: str) -> None:
    assert words in decided(**change).refusals[0]
    assert not decided(**change, persist=False).refusals


def test_trap_13_an_unterminated_vrf_block() -> None:
    text = "vrf red\n ip route 10.0.0.0/8 blackhole\nip protocol bgp route-map X\n"
    text += "ip prefix-list L permit any\nip protocol rip route-map Y\n"
    assert parse(text, "SIP-", 1).theirs.bindings == {("red", "ip", "bgp"): "X", ("", "ip", "rip"): "Y"}


def test_versions() -> None:
    assert version("FRRouting 8.4.4 (h) on Linux(6.1).") == (8, 4, 4)
    assert version("FRRouting 10.3 (h)\nCopyright") == (10, 3, 0)
    with pytest.raises(ValueError, match="no FRR version"):
        version("Quagga 1.2")


def judge(former: Any = (), **lists: Any) -> Judge:
    intent = normalise(**lists)
    judged = {"policies": intent["policies"], "routes": intent["routes"]}
    return Judge(judged, Former(former))


def test_trap_1_the_kernel_is_the_judge() -> None:
    routes: list[dict[str, Any]] = [
        {"dst": "default", "protocol": "186", "gateway": "10.0.0.1", "dev": "eth0", "prefsrc": "192.0.2.2"},
        {"dst": "10.0.0.0/8", "protocol": "186", "nhid": 7, "gateway": "10.0.0.1", "dev": "eth0", "metric": 20},
        {"dst": "10.0.0.9", "protocol": "186", "gateway": "10.0.0.1", "dev": "eth0", "prefsrc": "192.0.2.1"},
        {"dst": "11.0.0.0/8", "protocol": "188", "gateway": "10.0.0.1", "dev": "eth0", "prefsrc": "192.0.2.9"},
        {"dst": "11.1.0.0/16", "protocol": "188", "gateway": "10.0.0.1", "dev": "eth0", "prefsrc": "192.0.2.9"},
        {"dst": "11.0.0.0/8", "protocol": "196", "gateway": "10.0.0.1", "dev": "eth0", "prefsrc": "192.0.2.9"},
        {"dst": "12.0.0.0/8", "protocol": "2", "dev": "eth0", "prefsrc": "192.0.2.9"},
        {"dst": "13.0.0.0/8", "protocol": "188", "dev": "eth0"},
        {"type": "blackhole", "dst": "14.0.0.0/8", "protocol": "186"},
    ]
    former = [Place("", "ipv4", "ospf", [("192.0.2.9", ["permit 11.0.0.0/8"])])]
    checked, wrong = judge_kernel(judge(former, policies=[POLICY]), MAIN4, routes)
    assert checked == 4
    assert [(w.finding.destination, w.finding.problem) for w in wrong] == [
        ("10.0.0.0/8", "unset"),
        ("10.0.0.9/32", "different"),
        ("11.0.0.0/8", "leftover"),
    ]
    assert [replace_words(f) for f in wrong] == [
        "route replace 10.0.0.0/8 table 254 proto 186 metric 20 nhid 7 src 192.0.2.2".split(),
        "route replace 10.0.0.9/32 table 254 proto 186 via 10.0.0.1 dev eth0 src 192.0.2.2".split(),
        "route replace 11.0.0.0/8 table 254 proto 188 via 10.0.0.1 dev eth0".split(),
    ]


def test_a_policy_for_any_is_for_everything_that_frr_writes() -> None:
    six = {"destinations": ["::/0"], "match": "orlonger", "source": "2001:db8:ff::2"}
    everything = judge(policies=[six])
    routes = [{"dst": f"2001:db8:{n}::/48", "protocol": str(n), "dev": "eth0"} for n in (11, 190, 194, 198)]
    others = [{"dst": f"2001:db8:{n}::/48", "protocol": str(n), "dev": "eth0"} for n in (2, 3, 4, 9, 12, 133)]
    checked, wrong = judge_kernel(everything, MAIN6, routes + others)
    assert checked == 4
    assert [w.finding.protocol for w in wrong] == ["zebra", "rip", "sharp", "srte"]
    checked, wrong = judge_kernel(judge(policies=[{**six, "protocols": ["rip"]}]), MAIN6, routes + others)
    assert [w.finding.destination for w in wrong] == ["2001:db8:190::/48"]


OSPF_BEFORE = """\
ip prefix-list SIP-OSPF4-10 seq 5 deny 10.9.0.0/16 le 32
ip prefix-list SIP-OSPF4-10 seq 10 permit 10.0.0.0/8 le 32
ip prefix-list SIP-OSPF4-20 seq 5 permit 11.0.0.0/8
route-map SIP-OSPF4 permit 10
 match ip address prefix-list SIP-OSPF4-10
 set src 192.0.2.2
exit
route-map SIP-OSPF4 permit 20
 match ip address prefix-list SIP-OSPF4-20
 set src 192.0.2.9
exit
route-map SIP-OSPF4 permit 65535
exit
ip protocol ospf route-map SIP-OSPF4
"""


@pytest.mark.parametrize(
    ("destination", "protocol", "source", "left"),
    [
        ("10.1.0.0/16", "188", "192.0.2.2", True),
        ("10.1.0.1", "188", "192.0.2.2", True),
        ("10.9.1.0/24", "188", "192.0.2.2", False),
        ("10.1.0.0/16", "188", "192.0.2.9", False),
        ("11.0.0.0/8", "188", "192.0.2.9", True),
        ("11.1.0.0/16", "188", "192.0.2.9", False),
        ("10.1.0.0/16", "196", "192.0.2.2", False),
        ("default", "188", "192.0.2.2", False),
    ],
)
def test_only_what_an_earlier_map_of_ours_covered_is_left_over(
    destination: str, protocol: str, source: str, left: bool
) -> None:
    """The new intent names BGP only. The operator's own map may give static routes an address of the intent."""
    found = decided(OSPF_BEFORE)
    route = {"dst": destination, "protocol": protocol, "gateway": "10.0.0.1", "dev": "eth0", "prefsrc": source}
    _checked, wrong = judge_kernel(Judge(found.judged, found.former), MAIN4, [route])
    assert [w.finding.problem for w in wrong] == (["leftover"] if left else [])


def test_what_our_map_for_any_gave_is_left_over_unless_the_operator_has_bound_that_protocol() -> None:
    running = OSPF_BEFORE.replace("protocol ospf", "protocol any")
    running += "route-map OP permit 10\n set src 192.0.2.2\nexit\nip protocol static route-map OP\n"
    found = decided(running)
    routes = [{"dst": "10.1.0.0/16", "protocol": number, "prefsrc": "192.0.2.2"} for number in ("187", "196")]
    _checked, wrong = judge_kernel(Judge(found.judged, found.former), MAIN4, routes)
    assert [w.finding.protocol for w in wrong] == ["isis"]


def test_a_route_of_ours_that_is_nowhere() -> None:
    mine = [{"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2"}]
    there = [{"dst": "198.51.100.0/24", "protocol": "196"}]
    assert not judge_absent(judge(routes=mine), MAIN4, there, set())
    (found,) = judge_absent(judge(routes=mine), MAIN4, [], set())
    assert found.finding.problem == "absent"


ROUTE = {"dst": "198.51.100.0/24", "protocol": "186", "nhid": 9, "metric": 20, "flags": []}
FINDING = Finding("198.51.100.0/24", "192.0.2.2", None, "unset", "-", protocol="bgp")


def wrong_route(route: Any = ROUTE, table: Table = MAIN4, **changes: Any) -> Wrong:
    return Wrong(FINDING._replace(**changes), table, route)


SETTINGS = Settings(
    bindings=[Binding("", "ip", "bgp", "SIP-BGP4"), Binding("", "ipv6", "bgp", "SIP-BGP6")],
    statics=[("", "ip route 198.51.100.0/24 10.0.0.1 tag 1330133")],
    bgp=[("65001", "")],
    table_maps=[],
    keep=None,
    edit_kernel=True,
)
WITHOUT_KERNEL = SETTINGS._replace(edit_kernel=False)


def test_settings_come_back_from_json() -> None:
    whole = SETTINGS._replace(table_maps=[("", "ipv4")], keep="60")
    assert Settings.load(json.loads(json.dumps(whole._asdict()))) == whole


def levels(found: list[Step]) -> list[tuple[str, str]]:
    return [(step.level, step.describe()) for step in found]


def test_trap_2_repairs_from_the_harmless_to_the_disruptive() -> None:
    found = levels(steps([wrong_route()], SETTINGS, (10, 3, 0), []))
    assert [level for level, _text in found] == ["safe", "routes", "sessions"]
    assert found[0][1] == "ip -4 route replace 198.51.100.0/24 table 254 proto 186 metric 20 nhid 9 src 192.0.2.2"
    assert "'router bgp 65001' -c 'address-family ipv4 unicast' -c 'table-map SIP-REPAIR'" in found[1][1]
    assert found[2][1] == "vtysh -c 'clear bgp *'"
    without = steps([wrong_route()], WITHOUT_KERNEL, (10, 3, 0), [])
    assert [step.level for step in without] == ["routes", "sessions"]


def test_an_ipv6_edit_leaves_the_shared_nexthop_object() -> None:
    """Routes of one nexthop object share one source in the kernel, so an edited one must not stay with the others."""
    route = {"dst": "2001:db8:100::/48", "protocol": "186", "nhid": 14, "metric": 20, "flags": [], "pref": "medium"}
    hop = {"gateway": "fe80::1", "dev": "eth0"}
    mine: dict[str, Any] = {"table": MAIN6, "destination": "2001:db8:100::/48", "expected": "2001:db8:ff::2"}
    words = "route replace 2001:db8:100::/48 table 254 proto 186 metric 20 via fe80::1 dev eth0 src 2001:db8:ff::2"
    assert replace_words(wrong_route(**mine, route={**route, **hop})) == words.split()
    group = {**route, "nexthops": [{**hop, "weight": 1}, {"gateway": "fe80::2", "dev": "eth0", "weight": 1}]}
    assert replace_words(wrong_route(**mine, route=group)) is None


def test_trap_2_a_table_map_of_the_operator_is_left_alone() -> None:
    found = steps([wrong_route()], SETTINGS._replace(table_maps=[("", "ipv4")]), (10, 3, 0), [])
    assert not any("table-map" in step.describe() for step in found)


def test_trap_2_a_static_route_is_put_back_in_a_call_of_its_own() -> None:
    found = steps([wrong_route(protocol="static")], WITHOUT_KERNEL, (10, 3, 0), [])
    assert levels(found) == [
        (
            "routes",
            "vtysh -c 'configure terminal' -c 'no ip route 198.51.100.0/24 10.0.0.1 tag 1330133'; sleep 1; "
            "vtysh -c 'configure terminal' -c 'ip route 198.51.100.0/24 10.0.0.1 tag 1330133'",
        )
    ]


def test_trap_3_a_change_inside_one_32_regroups() -> None:
    route = {
        "dst": "2001:db8:100::/48",
        "protocol": "186",
        "nhid": 9,
        "metric": 20,
        "gateway": "fe80::1",
        "dev": "eth0",
    }
    sources = {"expected": "2001:db8:ff::2", "actual": "2001:db8:ff::1"}
    change = wrong_route(table=MAIN6, problem="different", route=route, destination="2001:db8:100::/48", **sources)
    (old,) = levels(steps([change], SETTINGS, (8, 4, 4), []))
    assert old[0] == "routes"
    assert "zebra nexthop-group keep 1" in old[1]
    assert "no zebra nexthop-group keep 1" in old[1]
    assert levels(steps([change], SETTINGS, (10, 3, 0), []))[0][0] == "safe"


def test_trap_4_refused_routes_are_offered_again_once_the_address_is_there() -> None:
    lost = wrong_route(problem="rejected", route=None)
    assert levels(steps([lost], SETTINGS, (8, 4, 4), [])) == [
        ("safe", "vtysh -c 'configure terminal' -c 'no ip protocol bgp' -c 'ip protocol bgp route-map SIP-BGP4'")
    ]
    assert steps([lost], SETTINGS, (8, 4, 4), ["192.0.2.2"]) == []


def test_many_static_routes_are_put_back_together() -> None:
    many = [f"198.51.100.{n}/32" for n in range(20)]
    settings = WITHOUT_KERNEL._replace(statics=[("", f"ip route {text} 10.0.0.1") for text in many])
    (step,) = steps([wrong_route(protocol="static", destination=text) for text in many], settings, (10, 3, 0), [])
    assert step.loses == "20 static routes for a second"
    assert [len(getattr(act, "lines", [])) for act in step.acts] == [20, 0, 20]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service", "frr\n[Service]\nExecStart=/bin/sh"),
        ("service", "frr service"),
        ("service", "../frr"),
        ("service", ""),
        ("vtysh", "vtysh -N x"),
        ("vtysh", "-c"),
        ("vtysh", "bin/vtysh"),
        ("prefix", "SIP"),
        ("prefix", "S P-"),
    ],
)
def test_what_would_become_a_name_or_a_command_is_checked(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"frr_{name}: .* is not"):
        check_options(options(**{name: value}))


@pytest.mark.parametrize("vtysh", ["vtysh", "/usr/local/bin/vtysh", "vtysh-10.3"])
def test_names_that_are_good(vtysh: str) -> None:
    check_options(options(vtysh=vtysh, service="frr@blue.service:1"))


def test_a_route_that_says_more_than_we_can_repeat_is_not_edited() -> None:
    route = {"dst": "198.51.100.0/24", "protocol": "186", "nhid": 9, "encap": "mpls"}
    assert replace_words(wrong_route(route=route)) is None
