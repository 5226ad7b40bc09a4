# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nmcli answers, and what the manager does with it: which profiles are applied at once, and which wait."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.pieces import Piece
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkmanager import manager
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkmanager.answers import (
    DEVICE_FIELDS,
    of_devices,
    of_profiles,
    of_version,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkmanager.keyfile import (
    Entry,
    put,
    without,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkmanager.place import Device
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Address

DEVICES = """GENERAL.DEVICE:eth0
GENERAL.STATE:100 (connected)
GENERAL.CONNECTION:up: link
GENERAL.CON-UUID:2f1c
GENERAL.DBUS-PATH:/org/freedesktop/NetworkManager/Devices/2

GENERAL.DEVICE:lo
GENERAL.STATE:10 (unmanaged)
GENERAL.CONNECTION:--
GENERAL.CON-UUID:
GENERAL.DBUS-PATH:/org/freedesktop/NetworkManager/Devices/1
"""
ROUTE = {"destination": "203.0.113.0/24", "gateway": "10.0.0.1", "source": "10.0.0.2", "family": "ipv4"}


def test_devices() -> None:
    found = of_devices(DEVICES, of_profiles("2f1c:/etc/a: b.nmconnection\n"))
    assert found["eth0"].device == Device("100 (connected)", "up: link", "2f1c", "/etc/a: b.nmconnection")
    assert found["eth0"].bus.endswith("/Devices/2") and found["eth0"].device.managed
    assert found["lo"].device == Device("10 (unmanaged)") and not found["lo"].device.managed


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.42.4\n", (1, 42, 4)), ("1.52.1-2.fc40", (1, 52, 1)), ("1.53~dev", (1, 53)), ("", ()), ("--", ())],
)
def test_versions(text: str, version: tuple[int, ...]) -> None:
    assert of_version(text) == version


@given(st.text(alphabet=" \n\r#=[]aä", max_size=60), st.booleans())
def test_whatever_the_profile_is_it_comes_back_to_the_byte(text: str, end: bool) -> None:
    content = text.encode() + (b"\n" if end else b"")
    ours = [Entry("ipv4", "route", "203.0.113.0/24,10.0.0.1,0", "src=10.0.0.2,table=254")]
    assert without(put(content, "/x", ours), "/x", ours).content == content


class Host:
    """NetworkManager with one device, and what it was told."""

    def __init__(self, monkeypatch: Any, folder: Path, method: str, addresses: list[Address]) -> None:
        self.said: list[list[str]] = []
        path = folder / "up.nmconnection"
        path.write_text(f"[ipv4]\nmethod=manual\n[ipv6]\nmethod={method}\n", encoding="utf-8")
        self._answers = {"UUID,FILENAME": f"2f1c:{path}\n", "VERSION": "1.42.4\n", DEVICE_FIELDS: DEVICES}
        monkeypatch.setattr(manager, "run", self._run)
        monkeypatch.setattr(manager, "runs_here", lambda _unit: True)
        hands = SimpleNamespace(host=SimpleNamespace(addresses=addresses), forget=lambda: None)
        self.manager = manager.NetworkManager(hands, str(folder))  # type: ignore[arg-type]

    def _run(self, argv: list[str], **_options: Any) -> str:
        answer = next((text for key, text in self._answers.items() if key in argv), None)
        if answer is None:
            self.said.append(argv)
        return answer or ""

    def activated(self) -> str:
        route = {**ROUTE, "metric": 0, "table": None, "onlink": None, "metrics": None, "nexthops": None}
        rendered = self.manager.render([Piece("eth0", routes=(route,))], self.manager.read(), {})
        assert rendered.refusals == []
        return self.manager.activate(["eth0"])


FOUR = Address("10.0.0.2", 24, INET, 2, "eth0")
SIX = Address("fd00::2", 64, INET6, 2, "eth0")


@pytest.mark.parametrize(
    ("method", "addresses", "applied"),
    [
        ("manual", [FOUR], True),
        ("manual", [FOUR, SIX], False),
        ("ignore", [FOUR, SIX], True),
        ("disabled", [FOUR], True),
        ("disabled", [Address("10.0.0.2", 24, INET, 2, "eth0", valid_lifetime=3600)], False),
        ("auto", [FOUR, Address("fd00::2", 64, INET6, 3, "eth1")], True),
    ],
)
def test_a_profile_is_applied_again_only_where_no_address_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, method: str, addresses: list[Address], applied: bool
) -> None:
    host = Host(monkeypatch, tmp_path, method, addresses)
    later = host.activated()
    assert host.said[0] == ["nmcli", "connection", "load", str(tmp_path / "up.nmconnection")]
    assert [argv[0] for argv in host.said[1:]] == (["busctl"] if applied else [])
    assert ("profile of eth0" in later) == (not applied)
    if applied:
        # The flag that keeps what others made on the device.
        assert host.said[1][-3:] == ["0", "0", "1"] and "/org/freedesktop/NetworkManager/Devices/2" in host.said[1]
