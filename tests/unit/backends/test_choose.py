# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which back end `auto` takes, and its reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.manages import NAMES, Manages
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.choose import (
    CHOICES,
    Sign,
    choose,
    chosen,
    holds_frr,
    options_of,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.backends import cannot
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

FRR, BIRD = Sign(runs="FRR 10.3.0 runs here"), Sign(runs="BIRD 2.17 runs here")
DEAD = Sign(words="FRR is installed and does not answer: vtysh: no")
KERNEL = Sign(ours="/run/kernel.json")


@pytest.mark.parametrize(
    ("signs", "name", "why"),
    [
        ({}, "kernel", "neither FRR nor BIRD"),
        ({"frr": FRR}, "frr", "FRR 10.3.0 runs here"),
        ({"bird": BIRD}, "bird", "BIRD 2.17 runs here"),
        ({"frr": DEAD}, "kernel", "FRR is installed and does not answer"),
        ({"kernel": KERNEL, "frr": FRR, "bird": BIRD}, "kernel", "/run/kernel.json"),
        ({"frr": Sign(ours="/etc/frr/frr.conf", words="dead"), "bird": BIRD}, "frr", "/etc/frr/frr.conf"),
    ],
)
def test_what_is_there_first_then_what_runs(signs: dict[str, Sign], name: str, why: str) -> None:
    found = choose({"kernel": Sign(), "frr": Sign(), "bird": Sign(), **signs})
    assert found.name == name and why in found.why


ETH0 = Manages("eth0", "networkd", "systemd-networkd manages eth0 by /etc/systemd/network/10-eth0.network")
NM = Manages("eth1", "nobody-knows", "NetworkManager manages eth1 by the profile w")


@pytest.mark.parametrize(
    ("signs", "managing", "cannot_hold", "name", "why"),
    [
        ({}, [ETH0], [], "networkd", "systemd-networkd manages eth0 by /etc/"),
        ({}, [ETH0, ETH0._replace(device="eth2")], [], "networkd", "systemd-networkd manages eth0"),
        ({}, [ETH0], ["policies[0]: no"], "kernel", "manages eth0 by .*; which cannot hold all of it: policies.0.: no"),
        ({"frr": FRR}, [ETH0], [], "frr", "FRR 10.3.0 runs here"),
        ({"kernel": KERNEL}, [ETH0], [], "kernel", "/run/kernel.json"),
        ({"networkd": Sign(ours="/var/lib/n.json"), "frr": FRR}, [], [], "networkd", "/var/lib/n.json"),
    ],
)
def test_then_who_manages_the_devices_if_he_can_hold_it(
    signs: dict[str, Sign], managing: list[Manages], cannot_hold: list[str], name: str, why: str
) -> None:
    found = choose({"kernel": Sign(), **signs}, managing, lambda _name: cannot_hold)
    assert found.name == name and re.search(why, found.why)


def test_a_manager_without_a_back_end_leaves_it_to_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NAMES, "nobody-knows", "NetworkManager")
    found = choose({"kernel": Sign()}, [NM])
    assert found.name == "kernel"
    assert found.why.endswith("manages eth1 by the profile w; there is no back end for NetworkManager")


@pytest.mark.parametrize(
    ("signs", "words"),
    [
        ({"frr": FRR, "bird": BIRD}, "two daemons.*frr .FRR 10.3.0.* and bird .*set `source_ip_backend`"),
        ({"kernel": KERNEL, "bird": Sign(ours="/etc/bird/source_ip.conf")}, "more than one place: kernel .*, bird"),
    ],
)
def test_where_two_would_do_the_user_says_which(signs: dict[str, Sign], words: str) -> None:
    with pytest.raises(Refused, match=words):
        choose({"kernel": Sign(), "frr": Sign(), "bird": Sign(), **signs})


def test_of_two_managers_the_user_says_which() -> None:
    with pytest.raises(Refused, match=r"more than one manager for the devices .*eth0.*eth1.*set `source_ip_backend`"):
        choose({"kernel": Sign()}, [ETH0, NM])


def test_a_named_one_is_not_looked_for() -> None:
    assert chosen("frr", {}) == ("frr", "the task names it")
    assert CHOICES == ["auto", "bird", "frr", "ifupdown", "kernel", "netplan", "networkd", "networkmanager"]


def test_a_task_without_options_has_the_defaults() -> None:
    assert options_of("kernel", {})["record"] == "/run/l3host.source_ip.kernel.json"
    assert options_of("kernel", {"kernel": {"record": "/x"}}) == {"record": "/x"}


def test_what_the_back_end_found_cannot_hold_is_named_by_its_destination() -> None:
    routes = [
        {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2", "metrics": {"mtu": 1400}}
    ]
    policies = [{"destinations": ["0.0.0.0/0"], "protocols": ["dhcp"], "source": "127.0.0.9", "name": "uplink"}]
    intent = normalise(routes=routes, policies=policies)
    assert cannot("kernel", intent) == []
    found = "\n".join(cannot("frr", intent))
    assert "source_ip_routes[198.51.100.0/24].metrics" in found
    assert "source_ip_policies[uplink].protocols: dhcp" in found and "127.0.0.9 is a loopback address" in found


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("route-map SIP-1 permit 10\n set src 192.0.2.2\nexit\n", True),
        ("vrf red\n ip route 198.51.100.0/24 10.0.0.1 tag 1330133\nexit-vrf\n", True),
        ("ip route 198.51.100.0/24 10.0.0.1 tag 13301330\n", False),
        ("! ip route 198.51.100.0/24 10.0.0.1 tag 1330133\n! route-map SIP-1 permit 10\n", False),
        ("route-map MINE permit 10\nexit\n", False),
        (None, False),
    ],
)
def test_lines_of_ours_in_the_file_of_frr_are_told_from_those_that_look_like_them(
    tmp_path: Path, text: str | None, ours: bool
) -> None:
    path = tmp_path / "frr.conf"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert holds_frr(str(path), "SIP-", 1330133) is ours


@pytest.mark.parametrize(("content", "name"), [("function source_ip() {}\n", "bird"), ("", "kernel")])
def test_an_empty_file_that_the_operator_includes_already_holds_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, name: str
) -> None:
    """BIRD does not start where a file that it includes is missing, so operators make an empty one."""
    monkeypatch.setattr("os.access", lambda *_: False)  # no daemon is installed
    (tmp_path / "ours.conf").write_text(content, encoding="utf-8")
    options = {
        "kernel": {"record": str(tmp_path / "record")},
        "frr": {"conf": str(tmp_path / "frr.conf"), "prefix": "SIP-", "tag": 1330133, "vtysh": "vtysh"},
        "bird": {"include": str(tmp_path / "ours.conf"), "socket": None},
    }
    assert chosen("auto", options).name == name
