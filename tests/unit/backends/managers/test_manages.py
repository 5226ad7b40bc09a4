# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who manages a device, by what the managers show of it."""

from __future__ import annotations

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.manages import (
    Shows,
    devices_of,
    manages,
    of_ifstate,
    of_interfaces,
    of_link_file,
    of_nmcli,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

NETWORKD = Shows(networkd_file="/etc/systemd/network/10-eth0.network", networkd_state="configured")
NM = Shows(nm_state="100 (connected)", profile="Wired 1", profile_file="/etc/NetworkManager/system-connections/w")
IFUPDOWN = Shows(ifstate=True, stanza="/etc/network/interfaces", method="static")


@pytest.mark.parametrize(
    ("shows", "names", "why"),
    [
        (Shows(), [], ""),
        (NETWORKD, ["networkd"], "systemd-networkd manages eth0 by /etc/systemd/network/10-eth0.network"),
        (NETWORKD._replace(networkd_state="unmanaged"), [], ""),
        (NETWORKD._replace(networkd_state="failed"), [], ""),
        (
            NETWORKD._replace(networkd_file="/run/systemd/network/10-netplan-eth0.network"),
            ["netplan"],
            "10-netplan-eth0.network, which netplan has generated",
        ),
        (NM, ["networkmanager"], "NetworkManager manages eth0 by the profile Wired 1 (/etc/NetworkManager/"),
        (NM._replace(nm_state="100 (connected (externally))"), [], ""),
        (NM._replace(nm_state="10 (unmanaged)"), [], ""),
        (NM._replace(profile_file="/run/NetworkManager/system-connections/netplan-eth0"), ["netplan"], "netplan"),
        (IFUPDOWN, ["ifupdown"], "ifupdown has brought eth0 up by its stanza in /etc/network/interfaces"),
        (IFUPDOWN._replace(method="manual"), [], ""),
        (IFUPDOWN._replace(ifstate=False), [], ""),
        (
            NETWORKD._replace(ifstate=True, stanza="/etc/network/interfaces", method="dhcp"),
            ["networkd", "ifupdown"],
            "",
        ),
    ],
)
def test_the_manager_of_a_device(shows: Shows, names: list[str], why: str) -> None:
    found = manages("eth0", shows)
    assert [one.name for one in found] == names
    assert not names or why in found[0].why


def test_what_networkd_writes_down_of_a_link() -> None:
    text = (
        "# This is private data. Do not parse.\nADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/a.network\n"
    )
    assert of_link_file(text) == ("/etc/systemd/network/a.network", "configured")
    assert of_link_file("ADMIN_STATE=unmanaged\n") == ("", "unmanaged")
    assert of_link_file("") == ("", "")


def test_what_nmcli_says_of_a_device() -> None:
    assert of_nmcli("100 (connected)\nWired 1\n/org/x/1\n") == ("100 (connected)", "Wired 1", "/org/x/1")
    assert of_nmcli("10 (unmanaged)\n--\n--\n")[:2] == ("10 (unmanaged)", "")
    assert of_nmcli("") == ("", "", "")


def test_what_ifupdown_has_up() -> None:
    assert of_ifstate("lo=lo\neth0=eth0\n\n") == {"lo", "eth0"}
    text = "auto eth0\niface eth0 inet manual\n  up true\niface eth0 inet6 static\n# iface eth1 inet dhcp\n"
    assert (of_interfaces(text, "eth0"), of_interfaces(text, "eth1")) == ("static", "")
    # As ifupdown2 takes it.
    assert of_interfaces("iface eth0\n\taddress 10.0.0.2/24\niface eth1 inet dhcp\n", "eth0") == "static"


def test_the_devices_of_an_intent_and_the_gateways_without_one() -> None:
    route = {"destination": "198.51.100.0/24", "source": "192.0.2.2"}
    intent = normalise(
        [{"address": "192.0.2.2", "device": "lo"}],
        [
            {**route, "gateway": "10.0.0.1"},
            {**route, "metric": 5, "device": "eth1"},
            {**route, "metric": 6, "nexthops": [{"gateway": "10.0.0.1"}, {"gateway": "10.0.0.2", "device": "eth2"}]},
        ],
    )
    assert devices_of(intent) == (["lo", "eth1", "eth2"], [("10.0.0.1", None)])
