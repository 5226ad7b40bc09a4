# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper as a task brings it to a host: its files, its unit, systemd's part, and the way back."""

from __future__ import annotations

import importlib
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends import shipped as made
from ansible_collections.l3host.source_ip.plugins.module_utils._backends import systemd
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._keeper import program, service
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._keeper.kept import Kept, parse
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._keeper.notify import Notify
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._keeper.places import Places
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._keeper.service import Change, Service
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._keeper.unit import unit
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.undo import Undo
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import SourceIPError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.lab.keeper import archive

RECORD = "/run/l3host.source_ip.kernel.json"
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze on this machine")


def kept(source: str = "192.0.2.2") -> Kept:
    routes = [{"destination": "198.51.100.0/24", "gateway": "10.0.0.254", "source": source}]
    return Kept("kernel", {"record": RECORD, "force": False}, normalise(routes=routes, backend="kernel"))


class Systemd:
    """What systemctl would do, and what it was asked for; ``fails``: the verb that does not work."""

    def __init__(self, units: Path) -> None:
        self.units = units
        self.fails = ""
        self.active = False
        self.asked: list[str] = []

    def run(self, argv: list[str], accept: Any = (0,), **_more: Any) -> str:
        verb = argv[1]
        self.asked.append(verb)
        if verb == self.fails:
            self.fails = ""
            raise SourceIPError(f"systemctl {verb}: no")
        link = self.units / "multi-user.target.wants" / argv[-1]
        if verb == "is-active":
            return "active" if self.active else "inactive"
        if verb == "enable":
            link.parent.mkdir(exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(self.units / argv[-1])
        if verb == "disable":
            link.unlink(missing_ok=True)
        if verb == "restart":
            self.active = True
        if verb == "disable" and "--now" in argv:
            self.active = False
        return ""


class World:
    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, booted: bool = True) -> None:
        (folder / "units").mkdir()
        self.places = Places(
            document=str(folder / "etc" / "l3host.source_ip" / "keeper.json"),
            program=str(folder / "lib" / "l3host.source_ip" / "keeper.zip"),
            unit=str(folder / "units" / "l3host-source-ip-keeper.service"),
            status=str(folder / "run" / "status.json"),
        )
        self.folder = folder
        self.systemd = Systemd(folder / "units")
        self.service = Service(self.places, booted)
        patch.setattr(service, "run", self.systemd.run)
        patch.setattr(systemd, "run", self.systemd.run)
        patch.setattr(systemd, "same_network", lambda _process: True)
        patch.setattr("os.fsync", lambda _handle: None)

    def carry_out(self, wanted: Kept | None, fail: str = "") -> Change:
        change = self.service.plan(wanted, RECORD)
        self.systemd.asked.clear()
        self.systemd.fails = fail
        with self.service.ready(change) as files, Undo() as undo:
            self.service.put_to_work(change, files, undo)
        return change

    def state(self) -> Any:
        return (
            {
                str(path.relative_to(self.folder)): path.read_bytes()
                for path in self.folder.rglob("*")
                if path.is_file()
            },
            self.systemd.active,
        )


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_it_comes_is_idempotent_and_goes(world: World) -> None:
    before = world.state()
    assert world.carry_out(kept())
    assert Path(world.places.document).stat().st_mode & 0o777 == 0o600
    assert parse(Path(world.places.document).read_bytes(), "") == kept()
    assert world.systemd.active and "enable" in world.systemd.asked
    assert not world.carry_out(kept()) and world.systemd.asked == []
    assert world.carry_out(None)
    assert world.state() == before
    assert not Path(world.places.document).parent.exists() and not Path(world.places.program).parent.exists()
    assert not world.carry_out(None)


def test_another_intent_is_a_reload_and_other_code_a_restart(world: World) -> None:
    world.carry_out(kept())
    world.carry_out(kept("192.0.2.3"))
    assert world.systemd.asked == ["is-active", "reload"]
    Path(world.places.program).write_bytes(b"the last release")
    world.carry_out(kept("192.0.2.3"))
    assert world.systemd.asked == ["is-active", "restart"]


@pytest.mark.parametrize("verb", ["daemon-reload", "enable", "restart"])
@pytest.mark.parametrize("earlier", [None, kept("192.0.2.3")])
def test_what_fails_leaves_all_as_it_was(world: World, verb: str, earlier: Kept | None) -> None:
    world.carry_out(earlier)
    if earlier:
        # All of it differs.
        Path(world.places.unit).write_text("the last release")
        Path(world.places.program).write_bytes(b"the last release")
        (world.folder / "units" / "multi-user.target.wants" / world.places.service).unlink()
    before = world.state()
    with pytest.raises(SourceIPError) as caught:
        world.carry_out(kept(), verb)
    assert "the host is as it was" in caught.value.message
    assert world.state() == before


def test_the_diff_shows_what_people_read(world: World) -> None:
    shown = {diff["after_header"]: diff["after"] for diff in world.service.plan(kept(), RECORD).diffs}
    assert "198.51.100.0/24" in shown[world.places.document] and "ExecStart" in shown[world.places.unit]
    assert len(shown[world.places.program]) < 100


def test_without_systemd_it_says_that_nothing_starts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, monkeypatch, booted=False)
    change = world.carry_out(kept())
    assert "nothing starts the keeper" in change.warnings[0] and world.places.program in change.warnings[0]
    assert world.systemd.asked == [] and not Path(world.places.unit).exists()
    assert Path(world.places.document).exists()


def test_in_another_network_namespace_it_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "same_network", lambda _process: False)
    change = world.service.plan(kept(), RECORD)
    assert "another network namespace" in change.refusals[0] and not change
    assert not world.service.plan(None, RECORD).refusals


def test_the_archive_does_not_depend_on_what_else_was_imported() -> None:
    """A task that proves, or an audit, has more in its memory than one that only applies."""
    for name in ("info", "proof", "_frr.backend", "_bird.backend", "_kernel.backend", "engine"):
        importlib.import_module(f"{program.__name__.partition('._keeper')[0]}.{name}")
    assert made.archive(made.shipped(program.__name__), program.__name__) == archive()


def test_the_archive_runs_alone_and_is_the_same_each_time(tmp_path: Path) -> None:
    code = made.shipped(program.__name__)
    program_file = made.archive(code, program.__name__)
    assert program_file == made.archive(dict(reversed(code.items())), program.__name__)
    (tmp_path / "keeper.zip").write_bytes(program_file)
    argv = [sys.executable, "-I", "-S", "-X", "importtime", str(tmp_path / "keeper.zip")]
    done = subprocess.run([*argv, "--document", str(tmp_path / "none")], capture_output=True, text=True, check=False)
    assert done.returncode == 78 and "No such file" in done.stderr
    assert not re.search(r"\| +(pyroute2|ansible$|ansible\.|asyncio|threading|subprocess)", done.stderr)
    helped = subprocess.run([*argv[:-1], argv[-1], "--help"], capture_output=True, text=True, check=False)
    assert helped.returncode == 0 and "--once" in helped.stderr


def test_what_is_told_to_systemd(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemds:
        systemds.bind(str(tmp_path / "notify"))
        systemds.settimeout(5)
        notify = Notify({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3600000000"})
        notify(READY="1", STATUS="3 kept")
        assert systemds.recv(1000) == b"READY=1\nSTATUS=3 kept"
    assert notify.watchdog == 1800, "half of what systemd allows"
    notify(READY="1")  # nobody listens any more
    assert Notify({}).watchdog is None
    assert Notify({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}).watchdog is None


@needs_systemd
def test_the_unit_is_one_by_systemds_own_judgement(tmp_path: Path) -> None:
    path = tmp_path / "l3host-source-ip-keeper.service"
    path.write_bytes(unit(Places(), sys.executable, RECORD))
    done = subprocess.run([str(ANALYZE), "verify", "--man=no", str(path)], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if path.name in line]
    assert done.returncode == 0 and said == [], done.stderr


@needs_systemd
def test_the_unit_may_do_next_to_nothing(tmp_path: Path) -> None:
    """Exposure below 3.0 of 10 (systemd-analyze security)."""
    path = tmp_path / "l3host-source-ip-keeper.service"
    path.write_bytes(unit(Places(), "/usr/bin/python3", RECORD))
    argv = [str(ANALYZE), "security", "--no-pager", "--offline=true", "--threshold=29", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
