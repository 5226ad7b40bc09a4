# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role writes for an intent: golden files, the order of clauses, refusals."""

from __future__ import annotations

import ipaddress
import os
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import conf as _bird_conf
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.clauses import clauses
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.include import render
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput, Refused
from tests.unit.backends.bird.common import DATA, INCLUDE, OPERATOR, intent, plan

BGP = {
    "name": "bgp, all",
    "protocols": ["bgp", "ospf"],
    "destinations": ["0.0.0.0/0", "::/0"],
    "match": "orlonger",
    "except": ["10.0.0.0/8"],
    "source": {"ipv4": "192.0.2.2", "ipv6": "2001:db8:ff::2"},
}
MANY = {"name": "more", "destinations": ["203.0.113.0/24", "198.51.100.0/24", "100.64.0.0/10"], "source": "192.0.2.3"}
OTHER = {
    "name": "the other table",
    "table": 100,
    "destinations": ["0.0.0.0/0", "::/0"],
    "match": "orlonger",
    "source": ["192.0.2.3", "2001:db8:ff::3"],
}
ROUTES = [
    {"destination": "93.184.216.34/32", "gateway": "172.20.20.1", "source": "192.0.2.2"},
    {
        "destination": "93.184.217.0/24",
        "gateway": "172.20.20.1",
        "device": "eth0.1",
        "onlink": True,
        "source": "192.0.2.2",
        "metrics": {"mtu": 1400, "ssthresh": 5},
    },
    {"destination": "93.184.218.0/24", "device": "eth0", "source": "192.0.2.2", "table": 100, "metric": 64},
    {
        "destination": "2001:db8:9::/48",
        "nexthops": [{"gateway": "fe80::1", "device": "eth0", "weight": 3}, {"gateway": "2001:db8::7"}],
        "source": "2001:db8:ff::2",
    },
    {"destination": "93.184.219.0/24", "gateway": "fe80::1", "device": "eth0", "source": "192.0.2.2"},
]
KERNELS: list[dict[str, Any]] = [
    {"family": "ipv4", "scan_time": 5, "persist": True, "export": ["bgp", "ospf"]},
    {"family": "ipv6", "merge_paths": True},
    {"family": "ipv4", "table": 100, "metric": 64, "learn": True},
    {"family": "ipv6", "table": "100", "bird_table": "mine6"},
]
GOLDEN: dict[str, dict[str, Any]] = {
    "policies": {"policies": [BGP, MANY]},
    "everything": {"routes": ROUTES, "policies": [BGP, MANY, OTHER]},
    "old": {"routes": ROUTES, "version": "2.0.12"},
    "render": {
        "routes": ROUTES[:3],
        "policies": [BGP, OTHER],
        "text": "ipv6 table mine6;",
        "mode": "render",
        "protocols": KERNELS,
    },
    "render-without-intent": {"text": "", "mode": "render", "protocols": KERNELS[:2]},
    "manual-without-intent": {"mode": "manual", "known_functions": ["source_ip_7"]},
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_file(name: str) -> None:
    """SOURCE_IP_GOLDEN=write writes them; read the difference before it is committed."""
    found = plan(**{"version": "2.17.6", **GOLDEN[name]})
    text = f"{found.config}\n# ---------- {INCLUDE}\n{found.include}"
    file = DATA / f"{name}.golden"
    if os.environ.get("SOURCE_IP_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text
    assert found.present


def test_trap_9_ospf_is_four_kinds_of_route() -> None:
    policy = {"destinations": ["10.50.0.0/16"], "protocols": ["ospf"], "source": "192.0.2.1"}
    (clause,) = [line for line in plan(policies=[policy]).include.splitlines() if "RTS_OSPF" in line]
    assert "source ~ [ RTS_OSPF, RTS_OSPF_IA, RTS_OSPF_EXT1, RTS_OSPF_EXT2 ]" in clause


def test_ten_thousand_destinations_of_one_policy_are_one_clause() -> None:
    destinations = [str(ipaddress.IPv4Network((0x64400000 + number, 32))) for number in range(10000)]
    view = plan(policies=[{"destinations": destinations, "source": "192.0.2.1"}]).view
    assert len(view["functions"][0]["families"][0]["clauses"]) == 1
    assert render(view).count("100.64.39.15/32") == 1


def test_ten_thousand_policies_of_one_source_are_one_clause_with_a_bounded_comment() -> None:
    policies = [
        {"name": f"p{n}", "destinations": [str(ipaddress.IPv4Network((0x64400000 + n, 32)))], "source": "192.0.2.1"}
        for n in range(10000)
    ]
    found = plan(policies=policies).view["functions"][0]["families"][0]["clauses"]
    assert [clause["comment"] for clause in found] == ["p0, p1, p10 and 9997 more"]


@pytest.mark.parametrize("together", [True, False])
def test_twenty_thousand_destinations_and_exemptions_are_read_once(together: bool) -> None:
    """No limit of time is asserted: a quadratic step would make this test run for minutes."""
    pairs = [(f"10.{n >> 8}.{n & 255}.0/24", f"10.{n >> 8}.{n & 255}.128/25") for n in range(20000)]
    if together:
        nets, exempt = ([pair[at] for pair in pairs] for at in (0, 1))
        policies = [{"destinations": nets, "except": exempt, "match": "orlonger", "source": "192.0.2.1"}]
    else:
        policies = [
            {"destinations": [net], "except": [exempt], "match": "orlonger", "source": "192.0.2.1"}
            for net, exempt in pairs
        ]
    found = clauses(intent(policies=policies)["policies"])
    assert sum(len(clause["nets"]) for clause in found) == sum(len(clause["except"]) for clause in found) == 20000


def test_an_empty_intent_needs_nothing_and_gives_back_the_operators_file() -> None:
    before = plan(routes=ROUTES, policies=[BGP, OTHER], version="2.17.6").config
    assert before != OPERATOR
    after = plan(text=before)
    assert after.config == OPERATOR
    assert not after.present
    # Every table that was hooked is still compared once: BIRD 3 leaves the old source in the kernel.
    assert [(scope["kernel_table"], scope["family"]) for scope in after.scopes] == [
        (100, "ipv4"),
        (100, "ipv6"),
        (254, "ipv4"),
        (254, "ipv6"),
    ]
    assert plan(text=OPERATOR).scopes == []


def test_a_stub_stays_while_the_operators_own_lines_call_it() -> None:
    text = f'include "{INCLUDE}";\nprotocol kernel {{ ipv4 {{ export filter {{ source_ip(); accept; }}; }}; }}\n'
    found = plan(text=text)
    assert found.present
    assert found.config == text
    assert "function source_ip() {\n}" in found.include
    lonely = plan(text=f'include "{INCLUDE}";\n')
    assert lonely.present, "the operator's include of a missing file would be fatal"


def test_a_vrf_is_the_kernel_table_the_host_says_it_is() -> None:
    route = {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2", "vrf": "red"}
    found = plan(routes=[route], vrf_tables={"red": 100})
    assert found.scopes[0]["kernel_table"] == 100
    assert 'vrf "red";' in found.include
    with pytest.raises(Refused, match="vrf red: the host has no such VRF"):
        plan(routes=[route], vrf_tables={"blue": 100})


def test_an_include_by_a_relative_name_is_the_operators_own() -> None:
    text = 'include "source_ip.conf";\nprotocol kernel { ipv4 { export filter { source_ip(); accept; }; }; }\n'
    assert plan(policies=[{**MANY, "destinations": ["203.0.113.0/24"]}], text=text).config == text


def test_a_metric_that_the_kernel_protocol_does_not_have_is_refused() -> None:
    route = {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2"}
    plan(routes=[{**route, "metric": 32}])
    with pytest.raises(Refused, match=r"198\.51\.100\.0/24: metric 50: BIRD writes every route"):
        plan(routes=[{**route, "metric": 50}])


def test_a_device_that_bird_cannot_name_is_refused() -> None:
    with pytest.raises(Refused, match="BIRD cannot name the device a@b beside a gateway"):
        plan(routes=[{"destination": "::/0", "gateway": "fe80::1", "device": "a@b", "source": "2001:db8::1"}])


def test_render_refuses_a_kernel_table_that_the_operator_already_serves() -> None:
    with pytest.raises(Refused, match=r"bird_kernel_protocols\[0\]: bird.conf line 8 already has a kernel protocol"):
        plan(mode="render", protocols=[{"family": "ipv4"}])


def test_render_refuses_an_intent_without_a_kernel_protocol() -> None:
    with pytest.raises(Refused, match="none is for ipv4 and kernel table 100"):
        plan(policies=[OTHER], text="", mode="render", protocols=KERNELS[:2])


WRONG = [
    {"family": "ipv5"},
    {"family": "ipv4", "table": 0},
    {"family": "ipv4", "table": True},
    {"family": "ipv4", "table": "1;"},
    {"family": "ipv4", "bird_table": "a; }"},
    {"family": "ipv4", "metric": "1 }"},
    {"family": "ipv4", "scan_time": -1},
    {"family": "ipv4", "persist": "maybe"},
    {"family": "ipv4", "export": "all"},
    {"family": "ipv4", "export": ["all"]},
    {"family": "ipv4", "more": 1},
]


@pytest.mark.parametrize("entry", WRONG, ids=str)
def test_a_wrong_kernel_protocol_is_refused_by_name(entry: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"bird_kernel_protocols\[0\]|table: "):
        plan(text="", mode="render", protocols=[entry])


def test_manual_asks_which_bird_table_a_kernel_table_has() -> None:
    policy = {**OTHER, "table": 7}
    with pytest.raises(Refused, match=r"\{table: 7, family: ipv4, bird_table: NAME\}"):
        plan(policies=[policy], mode="manual")
    tables = [{"table": 7, "family": family, "bird_table": f"t7_{family}"} for family in _bird_conf.FAMILIES]
    found = plan(policies=[policy], mode="manual", tables=tables)
    assert [scope["bird_table"] for scope in found.scopes] == ["t7_ipv4", "t7_ipv6"]
    assert found.config == OPERATOR
    assert "source_ip_7();" in found.lines
