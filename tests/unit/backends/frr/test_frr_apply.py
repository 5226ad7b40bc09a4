# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failure half-way leaves the host as it was. FRR and systemd are stand-ins here, which fail wherever they can.

The real ones fail in molecule/frr/side_effect.yml.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends import systemd
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr import apply, paths, record, services
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr import conf as frr_conf
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.decide import Found, FrrPlan, decide
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.parse import Objects, parse
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.stages import same
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.commands import CommandError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import SourceIPError
from ansible_collections.l3host.source_ip.plugins.module_utils._files.snapshot import read
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.backends.frr import model
from tests.unit.backends.frr.common import POLICY, PREFIX, SIX, TAG, options

OPERATOR = "route-map OP permit 10\nexit\nip protocol ospf route-map OP\n"
CONF = f"! the operator's\nrouter bgp 65001\n neighbor 10.0.0.9 password s3cret\nexit\n{OPERATOR}"
OSPF = {**POLICY, "protocols": ["ospf"], "source": "192.0.2.3"}
ROUTE = {"destination": "100.64.10.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2"}
INTENTS: dict[str, dict[str, list[Any]]] = {
    "none": {},
    "bgp": {"policies": [POLICY]},
    "both": {"policies": [{**POLICY, "source": "192.0.2.3"}, SIX, OSPF], "routes": [ROUTE]},
    "ospf": {"policies": [OSPF], "routes": [{**ROUTE, "gateway": "10.0.0.2"}]},
}


class Fails:
    """Counts steps, and fails at one of them."""

    def __init__(self) -> None:
        self.left = -1
        self.reached = False

    def step(self) -> bool:
        self.left -= 1
        self.reached = self.reached or self.left == 0
        return self.left == 0


class Host:
    """A running FRR that has taken half of the lines when it fails."""

    def __init__(self, fails: Fails) -> None:
        self.fails = fails
        self.frr = model.Frr()
        self.frr.feed(OPERATOR.splitlines())
        #: How many more times it passes over a binding without a word; and how many times after it has failed.
        self.deaf = self.late = 0

    def show(self, command: str) -> str:
        assert command == "show running-config"
        ours = copy.deepcopy(self.frr.objects)
        ours.maps.pop("OP")
        bound = {key for key, name in ours.bindings.items() if name == "OP"}
        for key in bound:
            del ours.bindings[key]
        operators = [f"{word} protocol {protocol} route-map OP" for _vrf, word, protocol in bound]
        return "\n".join(["route-map OP permit 10", "exit", *operators, *frr_conf.render(ours)])

    def wait_for_maps(self, names: Sequence[str]) -> None:
        if self.fails.step():
            raise CommandError(f"zebra does not show {names}")

    def load(self, lines: Sequence[str]) -> None:
        if self.fails.step():
            self.frr.feed(list(lines[: len(lines) // 2]))
            self.deaf, self.late = self.late, 0
            raise CommandError("vtysh -f: % Configuration failed.")
        if self.deaf and lines[-1].startswith("ip protocol"):
            self.deaf -= 1
            lines = lines[:-1]
        self.frr.feed(list(lines))

    def configure(self, lines: Sequence[str]) -> None:
        self.load(lines)


class Systemd:
    """What is enabled and what runs; FRR does."""

    def __init__(self, fails: Fails) -> None:
        self.fails = fails
        self.enabled: set[str] = set()
        self.active = {"frr.service"}

    def run(self, argv: Sequence[str], accept: Sequence[int] = (0,)) -> str:
        if self.fails.step():
            raise CommandError(f"`{' '.join(argv)}` ended with 1: no")
        assert argv[0] == "systemctl"
        verb, named = argv[1], {word for word in argv[2:] if not word.startswith("--")}
        if verb == "is-active":
            return "active\n" if named <= self.active else "inactive\n"
        if verb in ("enable", "reenable"):
            for unit in named:
                assert (Path(paths.UNITS) / unit).exists()
            self.enabled |= named
        elif verb == "disable":
            self.enabled -= named
            self.active -= named if "--now" in argv else set()
        elif verb in ("start", "restart"):
            self.active |= named
        elif verb == "stop":
            self.active -= named
        else:
            assert verb == "daemon-reload"
        return ""


class World:
    """A host in a folder."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.fails = Fails()
        self.host = Host(self.fails)
        self.systemd = Systemd(self.fails)
        self.folder = folder
        self.conf = folder / "etc" / "frr.conf"
        self.conf.parent.mkdir()
        self.conf.write_text(CONF)
        patch.setattr(paths, "LIBRARY", str(folder / "lib"))
        patch.setattr(paths, "UNITS", str(folder / "units"))
        patch.setattr(paths, "STATE", str(folder / "state" / "frr.json"))
        patch.setattr(paths, "FORMER", str(folder / "former.json"))
        patch.setattr(services, "run", self.systemd.run)
        patch.setattr(systemd, "run", self.systemd.run)
        # Fewer files, and no disk: the steps are as many.
        patch.setattr(services, "shipped", lambda _start: {"a.b": "b = 1\n", "a.c": "c = 1\n"})
        patch.setattr("os.fsync", lambda _handle: None)
        patch.setattr(apply, "_SETTLING", 0)
        (folder / "units").mkdir()

    def plan(self, name: str) -> FrrPlan:
        running = parse(self.host.show("show running-config"), PREFIX, TAG)
        saved = frr_conf.read(self.conf.read_bytes(), str(self.conf), PREFIX, TAG)
        there = services.look("frr")._replace(linked=frozenset(self.systemd.enabled))
        found = Found((8, 4, 4), running, read(str(self.conf)), saved, boot=there)
        return decide(normalise(**INTENTS[name], backend="frr"), found, self.options())

    def options(self) -> dict[str, Any]:
        return options(conf=str(self.conf))

    def carry_out(self, name: str) -> FrrPlan:
        plan = self.plan(name)
        assert not plan.refusals
        apply.carry_out(plan, self.host, None, self.options())  # type: ignore[arg-type]
        return plan

    def state(self) -> Any:
        files = {
            str(path.relative_to(self.folder)): (path.stat().st_mode, path.is_file() and path.read_bytes())
            for path in sorted(self.folder.rglob("*"))
        }
        return files, sorted(self.systemd.enabled), sorted(self.systemd.active)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(INTENTS, 2)))
def test_whatever_step_fails_the_host_is_as_it_was(world: World, before: str, after: str) -> None:
    if before != "none":
        world.carry_out(before)
    objects, state = copy.deepcopy(world.host.frr.objects), world.state()
    for number in range(1, 200):
        world.fails.left, world.fails.reached = number, False
        plan = world.plan(after)
        try:
            world.carry_out(after)
        except SourceIPError as error:
            assert world.fails.reached
            assert "the host is as it was" in error.message
            assert "s3cret" not in error.message
        else:
            break
        assert same(world.host.frr.objects, objects), (number, plan.lines)
        assert world.state() == state, number
    assert number > 6, "it failed nowhere"
    assert not world.fails.reached
    assert same(world.host.frr.objects, _with_operator(world.plan(after)))
    assert not world.plan(after).changed


def _with_operator(plan: FrrPlan) -> Objects:
    """What the plan wants, and what the operator has bound where nothing of ours is."""
    objects = copy.deepcopy(plan.want)
    objects.maps["OP"] = {10: ("permit", ())}
    objects.bindings.setdefault(("", "ip", "ospf"), "OP")
    return objects


def test_all_goes_with_the_intent(world: World) -> None:
    before = world.state()
    world.carry_out("both")
    assert world.systemd.active == {"frr.service", "l3host-source-ip-frr-watch.service"}
    assert len(world.systemd.enabled) == 3
    world.carry_out("none")
    for backup in world.conf.parent.glob("frr.conf.*~"):
        backup.unlink()
    assert record.read().places, "the judge has not seen yet that every route is right"
    record.forget()
    assert world.state() == before


def test_an_operator_who_writes_meanwhile_is_not_overwritten(world: World) -> None:
    before = copy.deepcopy(world.host.frr.objects)
    load = world.host.load

    def slow(lines: Sequence[str]) -> None:
        load(lines)
        world.conf.write_text(CONF + "! in between\n")

    world.host.load = slow  # type: ignore[method-assign]
    with pytest.raises(SourceIPError, match="was changed by somebody else"):
        world.carry_out("bgp")
    assert world.conf.read_text() == CONF + "! in between\n"
    assert same(world.host.frr.objects, before)
    assert not world.systemd.enabled


def test_what_cannot_be_put_back_is_told(world: World) -> None:
    def dead(command: str) -> str:
        raise CommandError("`vtysh -c show running-config` did not answer within 60 s, and was ended")

    plan = world.plan("bgp")
    world.fails.left = 4
    world.host.show = dead  # type: ignore[method-assign]
    with pytest.raises(SourceIPError, match="FRR refused: ") as raised:
        apply.carry_out(plan, world.host, None, world.options())  # type: ignore[arg-type]
    assert "Not everything could be put back" in raised.value.message
    assert "FRR's running configuration: `vtysh -c show running-config` did not answer" in raised.value.message


def test_a_line_that_frr_passes_over_without_a_word_is_missed(world: World) -> None:
    before = copy.deepcopy(world.host.frr.objects)
    world.host.deaf = 99
    with pytest.raises(
        SourceIPError, match="took our lines without a word, but still lacks: ip protocol bgp"
    ) as raised:
        world.carry_out("bgp")
    assert "the host is as it was" in raised.value.message
    assert same(world.host.frr.objects, before)


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_line_that_frr_lost_is_given_again(world: World, times: int) -> None:
    """As mgmtd of FRR 10.3 does while somebody else reads its running configuration."""
    world.host.deaf = times
    world.carry_out("bgp")
    assert world.host.deaf == 0, "no line was passed over"
    assert same(world.host.frr.objects, _with_operator(world.plan("bgp")))
    assert not world.plan("bgp").changed


def test_what_frr_refuses_with_a_word_is_not_given_again(world: World) -> None:
    given: list[Sequence[str]] = []
    load = world.host.load

    def refuses(lines: Sequence[str]) -> None:
        given.append(lines)
        load(lines)
        raise CommandError("vtysh -f: % Configuration failed.")

    world.host.load = refuses  # type: ignore[method-assign]
    plan = world.plan("bgp")
    with pytest.raises(SourceIPError, match=r"FRR refused: vtysh -f: % Configuration failed"):
        apply.carry_out(plan, world.host, None, world.options())  # type: ignore[arg-type]
    assert given[0] == plan.stages[0].lines
    assert plan.stages[0].lines not in given[1:]


def test_what_is_put_back_is_looked_at_again(world: World) -> None:
    world.carry_out("ospf")
    before = copy.deepcopy(world.host.frr.objects)
    world.fails.left, world.host.late = 4, 1
    with pytest.raises(SourceIPError) as raised:
        world.carry_out("bgp")
    assert "the host is as it was" in raised.value.message
    assert (world.host.late, world.host.deaf) == (0, 0), "no line was passed over"
    assert same(world.host.frr.objects, before)


def test_a_full_disk_is_found_before_frr_is_asked(world: World) -> None:
    def full(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    state, objects = world.state(), copy.deepcopy(world.host.frr.objects)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SourceIPError, match="No space left on device"):
        patch.setattr("os.fsync", full)
        world.carry_out("bgp")
    assert same(world.host.frr.objects, objects)
    assert world.state() == state
