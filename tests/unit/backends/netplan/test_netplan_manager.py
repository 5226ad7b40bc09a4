# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What netplan is asked and which renderer is told, with a generator that writes what the test wants."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.pieces import Piece
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._netplan import manager
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkd.place import Found as Networkd
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkd.place import Link
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkmanager.place import (
    Found as NetworkManager,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused

NETWORK = "/run/systemd/network/10-netplan-eth0.network"
PROFILE = "/run/NetworkManager/system-connections/netplan-eth1.nmconnection"
ROUTE = {
    "destination": "203.0.113.0/24",
    "gateway": "10.0.0.1",
    "source": "192.0.2.2",
    "family": "ipv4",
    **dict.fromkeys(("table", "metric", "onlink", "metrics", "nexthops")),
}
MADE = b"[Route]\nDestination=203.0.113.0/24\nGateway=10.0.0.1\nPreferredSource=192.0.2.2\nMetric=0\nTable=254\n"


class Renderer:
    """Says what it was told."""

    def __init__(self, found: Any, later: str = "") -> None:
        self.found, self.later = found, later
        self.told: list[Any] = []

    def read(self) -> Any:
        return self.found

    def changed(self, paths: list[str]) -> None:
        self.told.append(paths)

    def activate(self, devices: list[str]) -> str:
        self.told.append(devices)
        return self.later

    def costs(self, devices: list[str]) -> list[str]:
        return []


class Host:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.yaml, self.file = folder / "50-operator.yaml", folder / "90-ours.yaml"
        self.yaml.write_text("network: {}\n", encoding="utf-8")
        self.inside: list[list[str]] = []
        self.error = ""
        self.made: dict[str, bytes] = {NETWORK: b"[Network]\n"}
        # Of the host itself: what is there now, and after `netplan generate`.
        self.there: list[dict[str, bytes]] = [self.made]
        self.networkd = Renderer(Networkd(True, {"eth0": Link(NETWORK, "configured")}, {}))
        self.nm = Renderer(NetworkManager())
        monkeypatch.setattr(manager, "_FOLDERS", (str(folder),))
        monkeypatch.setattr(manager, "_generator", lambda: "/generator")
        monkeypatch.setattr(manager, "_generate", self._generate)
        monkeypatch.setattr(manager, "_generated", self._generated)
        monkeypatch.setattr(manager, "run", self._run)
        monkeypatch.setattr(manager, "Networkd", lambda *_: self.networkd)
        monkeypatch.setattr(manager, "NetworkManager", lambda *_: self.nm)
        self.netplan = manager.Netplan(None, str(self.file))  # type: ignore[arg-type]
        self.ran: list[list[str]] = []

    def _run(self, argv: list[str], **_options: Any) -> str:
        self.ran.append(argv[:2])
        return "network:\n  version: 2\n  ethernets:\n    eth0: {}\n"

    def _generate(self, root: str) -> str:
        assert os.stat(root).st_mode & 0o77 == 0
        links = list(Path(root).rglob("*.yaml"))
        assert all(path.is_symlink() for path in links)
        self.inside.append(sorted(path.name for path in links))
        return self.error

    def _generated(self, root: str) -> dict[str, bytes]:
        if root:
            return self.made
        return self.there.pop(0) if len(self.there) > 1 else self.there[0]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Host:
    return Host(monkeypatch, tmp_path)


def test_netplan_is_asked_of_the_operators_files_and_of_all(host: Host) -> None:
    found = host.netplan.read()
    assert (found.definitions, found.generated, host.inside) == (
        {"eth0": "ethernets"},
        host.made,
        [["50-operator.yaml"]],
    )
    host.file.write_text("ours\n", encoding="utf-8")
    host.netplan.read()
    assert host.inside[1:] == [["50-operator.yaml"], ["50-operator.yaml", "90-ours.yaml"]]
    assert ["netplan", "generate"] not in host.ran and host.netplan.costs(["eth0"]) == []


def test_what_is_not_in_force_yet_is_told(host: Host) -> None:
    host.there = [{}]
    host.netplan.read()
    (warning,) = host.netplan.costs(["eth0"])
    assert "changed and not brought into force" in warning and NETWORK in warning


def test_files_that_netplan_does_not_take_are_not_read_further(host: Host) -> None:
    host.error = "/etc/netplan/50.yaml:1:1: no"
    found = host.netplan.read()
    assert found.error == host.error and host.ran == []


def test_the_judge_sees_ours_at_its_place_and_what_it_drops_is_refused(host: Host) -> None:
    rendered = host.netplan.render([Piece("eth0", routes=(ROUTE,))], host.netplan.read(), {})
    assert rendered.refusals == []
    new = host.file.with_name(".new")
    new.write_text("x\n", encoding="utf-8")
    host.inside.clear()
    with pytest.raises(Refused, match=r"source_ip_routes\[203.0.113.0/24\]: netplan takes it and passes it over"):
        host.netplan.check({str(host.file): str(new)})
    assert host.inside == [["50-operator.yaml", "90-ours.yaml"]]
    host.made = {NETWORK: MADE}
    host.netplan.check({str(host.file): str(new)})
    host.error = "it says no"
    with pytest.raises(Refused, match="it says no"):
        host.netplan.check({str(host.file): str(new)})
    # A file that goes needs no judge.
    host.netplan.check({str(host.file): None})


@pytest.mark.parametrize(
    ("now", "networkd", "nm"),
    [
        ({NETWORK: MADE, PROFILE: b""}, [["eth0"]], []),
        ({NETWORK: b"", PROFILE: b"x"}, [], [[PROFILE], ["eth0"]]),
        ({PROFILE: b"x"}, [["eth0"]], [[PROFILE], ["eth0"]]),
    ],
)
def test_only_the_renderer_of_which_something_has_changed_is_told(
    host: Host, now: dict[str, bytes], networkd: list[Any], nm: list[Any]
) -> None:
    host.there = [{NETWORK: b"", PROFILE: b""}, now]
    host.nm.later, host.networkd.later = "later", ""
    assert host.netplan.activate(["eth0"]) == ("later" if nm else "")
    assert (host.networkd.told, host.nm.told, host.ran) == (networkd, nm, [["netplan", "generate"]])
