# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FRR through the engine: refusals, judgement, repairs and the answer, on a stand-in for the host."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends import engine
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr import acts, paths, record
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.backend import BackEnd
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.host import Host
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.commands import CommandError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput, Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import address_text
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.backends.frr.common import POLICY, decided, options

OURS = "\n".join(line for stage in decided().stages for line in stage.lines)
BGP_ROUTE = {
    "dst": "198.51.100.0/24",
    "protocol": "186",
    "gateway": "10.0.0.1",
    "dev": "eth0",
    "metric": 20,
    "flags": [],
}


class View:
    """The engine's view of a host with these sources, and one VRF, red, in table 10."""

    def __init__(self, sources: set[str]) -> None:
        self.sources = sources
        self.warnings: list[str] = []

    def table(self, number: int | None, vrf: str | None, what: str) -> int:
        if vrf not in (None, "red"):
            raise InvalidInput(f"{what}.vrf: there is no device {vrf!r}")
        return number or (10 if vrf else 254)

    def check_source(self, source: bytes, table: int, what: str) -> None:
        text = address_text(source)
        if text not in self.sources:
            raise InvalidInput(f"{what}: {text} is not an address of this host; add it first")


class Hands:
    def __init__(self, sources: set[str]) -> None:
        self.host = View(sources)


class Frr(Host):
    """FRR with a running configuration, and a kernel with one table of routes."""

    def __init__(self, running: str, routes: list[dict[str, Any]], sources: set[str], release: str) -> None:
        super().__init__()
        self.running = running
        self.kernel = routes
        self.sources = sources
        self.release = release
        self.edits: list[str] = []
        self.bad: list[tuple[int, str]] = []

    def show(self, command: str, daemon: str | None = None, timeout: float = 0) -> str:
        if command == "show version":
            return f"FRRouting {self.release} (h) on Linux(6.1)."
        return self.running if command == "show running-config" else ""

    def refused_lines(self, content: bytes) -> list[tuple[int, str]]:
        return self.bad

    def ip(self, *words: str) -> Any:
        if "address" in words:
            return [{"addr_info": [{"local": text} for text in self.sources]}]
        return self.kernel if "-4" in words and "254" in words else []

    def load(self, lines: Sequence[str]) -> None:
        raise CommandError("this test changes nothing")

    def configure(self, lines: Sequence[str]) -> None:
        self.edits.append(" / ".join(lines))

    def edit(self, _argv: Sequence[str], stdin: str) -> str:
        self.edits += stdin.splitlines()
        for line in stdin.splitlines():
            words = line.split()
            route = next(route for route in self.kernel if route["dst"] == words[2])
            route.pop("prefsrc", None)
            if "src" in words:
                route["prefsrc"] = words[words.index("src") + 1]
        return ""


class World:
    """What the engine calls."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        patch.setattr(paths, "STATE", str(folder / "frr.json"))
        patch.setattr(paths, "FORMER", str(folder / "former.json"))
        patch.setattr(paths, "LIBRARY", str(folder / "lib"))
        patch.setattr(paths, "UNITS", str(folder / "units"))
        patch.setattr("time.sleep", lambda _seconds: None)
        self.conf = folder / "frr.conf"
        self.conf.write_text(OURS + "\n")
        self.sources = {"192.0.2.2"}
        self.routes: list[dict[str, Any]] = [dict(BGP_ROUTE)]
        self.running = OURS
        self.release = "10.3"
        self.frr: Any = None

    def carry(self, check: bool, lists: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        chosen = {"conf": str(self.conf), "boot": False, "timeout": 0, **changes}
        hands: Any = Hands(self.sources)
        back_end = BackEnd(hands, options(**chosen))
        self.frr = back_end._host = Frr(self.running, self.routes, self.sources, self.release)
        self.patch.setattr(acts, "run", self.frr.edit)
        intent = normalise(**(lists or {"policies": [POLICY]}), backend="frr")
        return engine.carry(back_end, "frr", intent, check)

    def refused(self, check: bool = False, lists: dict[str, Any] | None = None, **changes: Any) -> str:
        with pytest.raises(Refused) as raised:
            self.carry(check, lists, **changes)
        return raised.value.message


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


EDIT = "route replace 198.51.100.0/24 table 254 proto 186 metric 20 via 10.0.0.1 dev eth0 src 192.0.2.2"


def test_nothing_to_do(world: World) -> None:
    world.routes[0]["prefsrc"] = "192.0.2.2"
    answer = world.carry(check=False)
    assert (answer["changed"], answer["checked"], answer["findings"], answer["diff"]) == (False, 1, [], [])


def test_check_mode_tells_what_would_be_repaired(world: World) -> None:
    answer = world.carry(check=True)
    assert answer["changed"]
    assert [repair["level"] for repair in answer["possible"]] == ["frr_repair: safe", "frr_repair: sessions"]
    assert answer["possible"][0]["command"] == f"ip -4 {EDIT}"
    assert answer["diff"] == [
        {"prepared": "-198.51.100.0/24 proto bgp\n+198.51.100.0/24 proto bgp src 192.0.2.2\n"},
    ]
    assert not world.frr.edits


def test_what_loses_nothing_is_repaired(world: World) -> None:
    answer = world.carry(check=False)
    assert answer["changed"]
    assert world.frr.edits == [EDIT]
    assert [repair["command"] for repair in answer["repaired"]] == [f"ip -4 {EDIT}"]
    assert answer["findings"] == []


def test_what_is_not_allowed_fails_with_a_table_and_commands(world: World) -> None:
    message = world.refused(repair="none")
    assert message.startswith("1 of 1 routes do not have the source of the intent.\ndestination ")
    assert "198.51.100.0/24  -    bgp       192.0.2.2  -       unset    FRR 10.2 to 10.6 does not" in message
    assert "To repair (frr_repair: safe; loses nothing; FRR 10.2 to 10.6 does not" in message
    assert f"ip -4 {EDIT}" in message
    assert not world.frr.edits


def test_a_source_that_the_host_does_not_have_is_refused(world: World) -> None:
    world.sources = set()
    message = world.refused()
    assert message.startswith("This host cannot carry the intent with the back end frr; nothing was changed:\n")
    assert "this host does not have 192.0.2.2 as a source: source_ip_policies: 192.0.2.2 is not an address" in message


def test_a_source_that_goes_while_we_look_is_a_finding(world: World) -> None:
    world.routes[0]["prefsrc"] = "192.0.2.2"
    original = Frr.ip

    def without(self: Frr, *words: str) -> Any:
        return [] if "address" in words else original(self, *words)

    world.patch.setattr(Frr, "ip", without)
    message = world.refused()
    assert "no_source" in message
    assert "this host does not have 192.0.2.2, or only as a tentative address" in message


def test_what_a_run_could_not_mend_is_found_by_the_next(world: World) -> None:
    """FRR 10.3 has left the source of the earlier intent; nothing in its configuration tells of that any more."""
    world.routes[0]["prefsrc"] = "192.0.2.2"
    places = decided(OURS, policies=[]).places
    with record.ready(record.read(), places) as file:
        file.commit()
    other = {"policies": [{**POLICY, "protocols": ["ospf"]}]}
    world.running = "\n".join(decided("", policies=other["policies"]).lines)
    world.conf.write_text(world.running + "\n")
    for _run in range(2):
        assert "leftover" in world.refused(lists=other, repair="none")
        assert record.read().places == places
    assert world.carry(check=True, lists=other)["changed"]
    assert record.read().places == places
    world.carry(check=False, lists=other)
    assert "prefsrc" not in world.routes[0]
    assert record.read().places == []
    # Whoever sets that source now is somebody else.
    world.routes[0]["prefsrc"] = "192.0.2.2"
    assert world.carry(check=False, lists=other)["findings"] == []


def test_a_vrf_that_is_not_there_is_a_finding(world: World) -> None:
    lists: dict[str, Any] = {"policies": [{**POLICY, "vrf": "blue"}]}
    plan = decided(**lists)
    world.running = "\n".join(line for stage in plan.stages for line in stage.lines)
    world.conf.write_text(world.running + "\n")
    assert "this host has no VRF blue" in world.refused(lists=lists)


def test_a_line_that_vtysh_does_not_know_is_refused_in_check_mode_too(world: World) -> None:
    original = Frr.__init__

    def bad(self: Frr, *arguments: Any) -> None:
        original(self, *arguments)
        self.bad = [(1, "% Unknown command: neighbor 10.0.0.9 password s3cret")]

    world.patch.setattr(Frr, "__init__", bad)
    world.conf.write_text("neighbor 10.0.0.9 password s3cret\n")
    for check in (True, False):
        message = world.refused(check)
        assert "frr.conf, line 1 as it would be: vtysh does not understand `neighbor …`" in message
        assert "s3cret" not in message


def test_services_need_systemd(world: World) -> None:
    world.patch.setenv("PATH", "/nonexistent")
    assert "this host has no systemctl: set frr_boot to false" in world.refused(boot=True)
