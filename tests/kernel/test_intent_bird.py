# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back end bird against a real kernel and a stand-in for BIRD that fails wherever a test wants it to.

The real ones, of three versions, are asked in molecule/bird.
"""

from __future__ import annotations

import functools
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends import commands
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import daemon
from tests.lab.modules import ModuleRunner, Result
from tests.lab.pair import Host

STAND_IN = Path(__file__).resolve().parent / "tools" / "bird.py"
OPERATOR = """\
# of the operator; password "secret-1"
protocol bgp b { password "secret-2"; ipv4 { import all; export none; }; }
protocol kernel k4 { ipv4 { export all; }; } # password "secret-3"
"""
NEW = "192.0.2.77"
POLICY = {"destinations": ["0.0.0.0/0"], "match": "orlonger"}


class Bird:
    """A host with the stand-in for BIRD, and a `bird.conf` of the operator's."""

    def __init__(self, folder: Path, host: Host, module: ModuleRunner) -> None:
        self.folder = folder
        self.host = host
        self.module = module
        self.conf = folder / "bird.conf"
        self.include = folder / "source_ip.conf"
        self.conf.write_text(OPERATOR, encoding="utf-8")
        self.conf.chmod(0o640)
        (folder / "running.json").write_text(json.dumps({"source": None, "revision": None}), encoding="utf-8")

    def arguments(self, source: str, **options: Any) -> dict[str, Any]:
        """The task: whatever BGP brings leaves from this source."""
        paths = {"config": str(self.conf), "include": str(self.include), "socket": str(self.folder / "bird.ctl")}
        return {
            "backend": "bird",
            "policies": [{**POLICY, "source": source}],
            "bird": {**paths, "user": "root", "group": "root", "wait": 1, **options},
        }

    def ok(self, source: str, check: bool = False, **options: Any) -> Result:
        return self.module.ok("intent", self.arguments(source, **options), check=check, diff=True)

    def fails(self, arguments: dict[str, Any]) -> str:
        return str(self.module.fails("intent", arguments, diff=True)["msg"])

    def fail(self, command: str, how: str = "refuse", times: int = 1) -> None:
        order = {"command": command, "how": how, "times": times}
        (self.folder / "fail.json").write_text(json.dumps(order), encoding="utf-8")

    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def route(self) -> str:
        return self.host.ip("route show 198.51.100.0/24 proto bird").strip()

    def state(self) -> dict[str, Any]:
        """All that must be as before when a run fails."""
        files = {
            path.name: (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
            for path in sorted(self.folder.iterdir())
            if path.name not in ("calls", "fail.json")
        }
        return {"files": files, "route": self.route(), "addresses": self.host.ip("address show dev lo")}


@pytest.fixture
def bird(tmp_path: Path, ns: Host, module: ModuleRunner, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bird]:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bird", "birdc", "runuser"):
        program = programs / name
        program.write_text(f"#!{sys.executable}\n{STAND_IN.read_text(encoding='utf-8')}", encoding="utf-8")
        program.chmod(0o755)
    folder = tmp_path / "etc"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}")
    monkeypatch.setenv("SI_BIRD", str(folder))
    yield Bird(folder, ns, module)


def test_first_run_second_run_change_and_removal(bird: Bird) -> None:
    before = bird.state()
    predicted = bird.ok("192.0.2.2", check=True)
    assert bird.state() == before
    done = bird.ok("192.0.2.2")
    assert done["changed"] and predicted["changed"]
    assert done["diff"] == predicted["diff"]
    assert bird.route().endswith("src 192.0.2.2 metric 32")
    assert (done["checked"], done["findings"]) == (1, [])
    again = bird.ok("192.0.2.2")
    assert (again["changed"], again["diff"]) == (False, [])
    assert bird.ok("192.0.2.3")["changed"]
    assert "src 192.0.2.3" in bird.route()
    gone = bird.module.ok("intent", {**bird.arguments("192.0.2.3"), "state": "absent"})
    assert gone["changed"]
    assert bird.conf.read_text(encoding="utf-8") == OPERATOR
    assert not bird.include.exists()
    assert "src" not in bird.route()
    assert not bird.module.ok("intent", {**bird.arguments("192.0.2.3"), "state": "absent"})["changed"]


def test_the_diff_has_our_pieces_and_no_password(bird: Bird) -> None:
    first = bird.ok("192.0.2.2")
    conf, include = first["diff"]
    assert conf["before"] == "…all…\n"
    assert conf["after"] == (
        f'include "{bird.include}"; /* source_ip */\n'
        "…/* source_ip{ was: all */ filter { source_ip(); accept; } /* }source_ip */…\n"
    )
    assert include["before"] == "" and "krt_prefsrc = 192.0.2.2" in include["after"]
    second = bird.ok("192.0.2.3")
    assert "secret" not in json.dumps([first, second])
    bird.fail("bird")
    failed = bird.module.fails("intent", bird.arguments("192.0.2.2"), diff=True)
    assert "secret" not in json.dumps(failed)


STEPS = {
    "bird": "bird -p refuses the new configuration, nothing was changed: bird.conf:1:1 simulated: bird",
    "configure check": "BIRD refuses the new configuration, nothing was changed: bird.conf:1:1 simulated",
    "configure": "birdc configure: bird.conf:1:1 simulated: configure",
    "configure status": "birdc configure status: bird.conf:1:1 simulated",
}


@pytest.mark.parametrize("step", STEPS)
def test_whatever_fails_the_host_is_as_it_was(bird: Bird, step: str) -> None:
    bird.ok("192.0.2.2")
    before = bird.state()
    bird.fail(step)
    arguments = {**bird.arguments(NEW), "addresses": [{"address": f"{NEW}/32", "device": "lo"}]}
    said = bird.fails(arguments)
    assert STEPS[step] in said
    assert bird.state() == before
    assert "1 change(s) made before were undone; the host is as before." in said
    if step.startswith("configure") and step != "configure check":
        assert "The files are as they were before, and BIRD runs with them again." in said
    assert bird.module.ok("intent", arguments)["changed"]
    assert f"src {NEW}" in bird.route()


def test_where_the_outcome_is_not_the_intent_everything_is_put_back(bird: Bird) -> None:
    bird.ok("192.0.2.2")
    before = bird.state()
    bird.fail("show route", times=100)
    said = bird.fails(bird.arguments("192.0.2.3"))
    assert "simulated: show route" in said
    assert "BIRD runs with them again." in said
    assert bird.state() == before


def test_with_a_time_limit_bird_is_told_to_keep_it_only_when_all_is_well(bird: Bird) -> None:
    bird.ok("192.0.2.2", timeout=60)
    calls = [line.partition("bird.ctl ")[2] for line in bird.calls()]
    assert calls.index("configure timeout 60") < calls.index("configure confirm")
    before = bird.state()
    (bird.folder / "calls").unlink()
    bird.fail("configure confirm")
    said = bird.fails(bird.arguments("192.0.2.3", timeout=60))
    assert "simulated: configure confirm" in said and bird.state() == before
    calls = [line.partition("bird.ctl ")[2] for line in bird.calls()]
    assert calls[-2:] == ["configure", "configure status"], "with the files of before, and for good"


def test_a_birdc_that_does_not_answer_is_named(bird: Bird, monkeypatch: pytest.MonkeyPatch) -> None:
    bird.ok("192.0.2.2")
    before = bird.state()
    monkeypatch.setattr(daemon, "call", functools.partial(commands.call, timeout=1))
    for command in ("show status", "configure check", "configure"):
        bird.fail(command, how="hang")
        said = bird.fails(bird.arguments("192.0.2.3"))
        assert f"{command}" in said and "did not answer within 1 s" in said, command
        assert bird.state() == before


def test_what_the_kernel_lost_is_written_again_and_told(bird: Bird) -> None:
    bird.ok("192.0.2.2")
    bird.host.ip("route replace 198.51.100.0/24 via 10.0.0.254 dev v0 proto bird metric 32")
    told = bird.module.fails("intent", bird.arguments("192.0.2.2", repair="report"))
    assert [finding["problem"] for finding in told["findings"]] == ["unset"]
    assert "birdc reload out k4" in told["msg"] and "birdc restart k4" in told["msg"]
    predicted = bird.ok("192.0.2.2", check=True)
    assert predicted["changed"] and predicted["possible"][0]["command"] == "birdc reload out k4"
    done = bird.ok("192.0.2.2")
    assert done["changed"] and done["repaired"][0]["loses"] == "nothing"
    assert "src 192.0.2.2" in bird.route()


def test_a_route_that_the_kernel_took_away_with_its_source_comes_back_at_once(bird: Bird) -> None:
    """Not only at BIRD's next scan: the run that adds the address again gives the route back too."""
    address = {"addresses": [{"address": f"{NEW}/32", "device": "lo"}]}
    bird.module.ok("intent", {**bird.arguments(NEW), **address})
    bird.host.ip(f"address delete {NEW}/32 dev lo")
    assert bird.route() == ""
    done = bird.module.ok("intent", {**bird.arguments(NEW), **address})
    assert done["changed"] and done["repaired"][0]["command"] == "birdc reload out k4"
    assert f"src {NEW}" in bird.route()


def test_a_symbolic_link_stays_one(bird: Bird) -> None:
    real = bird.folder.parent / "real.conf"
    bird.conf.rename(real)
    bird.conf.symlink_to(real)
    bird.ok("192.0.2.2")
    assert bird.conf.is_symlink() and "source_ip();" in real.read_text(encoding="utf-8")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    bird.module.ok("intent", {**bird.arguments("192.0.2.2"), "state": "absent"})
    assert bird.conf.is_symlink() and real.read_text(encoding="utf-8") == OPERATOR


@pytest.mark.parametrize(("mode", "ours"), [(0o644, 0o640), (0o640, 0o640), (0o600, 0o600)])
def test_our_file_is_readable_by_no_more_people_than_the_operators(bird: Bird, mode: int, ours: int) -> None:
    bird.conf.chmod(mode)
    bird.ok("192.0.2.2")
    assert stat.S_IMODE(bird.include.stat().st_mode) == ours
    assert stat.S_IMODE(bird.conf.stat().st_mode) == mode


def test_any_address_of_a_local_prefix_is_a_source(bird: Bird) -> None:
    """AnyIP, as the module prefsrc has it."""
    bird.host.ip("route add local 192.0.2.128/25 dev lo")
    bird.ok("192.0.2.200")
    assert "src 192.0.2.200" in bird.route()
    said = bird.fails(bird.arguments("192.0.2.99"))
    assert "source 192.0.2.99 is not an address of this host" in said


def test_in_mode_manual_our_file_waits_for_the_operators_two_lines(bird: Bird) -> None:
    before = bird.conf.read_bytes()
    checked = bird.ok("192.0.2.2", check=True, mode="manual")
    assert checked["changed"] and not bird.include.exists()
    for _run in (1, 2):
        said = bird.fails(bird.arguments("192.0.2.2", mode="manual"))
        assert f'include "{bird.include}";' in said and "source_ip();" in said
        assert bird.include.exists() and bird.conf.read_bytes() == before
    bird.conf.write_text(
        OPERATOR.replace("export all;", "export filter { source_ip(); accept; };").replace(
            "protocol kernel", f'include "{bird.include}";\nprotocol kernel'
        ),
        encoding="utf-8",
    )
    own = bird.conf.read_bytes()
    bird.ok("192.0.2.2", mode="manual")
    assert "src 192.0.2.2" in bird.route() and bird.conf.read_bytes() == own


def test_without_a_running_bird_the_files_wait_for_its_next_start(bird: Bird) -> None:
    bird.fail("show status", times=100)
    assert "simulated: show status" in bird.fails(bird.arguments("192.0.2.2")), "it runs, and does not talk to us"
    bird.fail("show status", how="absent", times=100)
    done = bird.ok("192.0.2.2")
    assert done["changed"] and "BIRD does not run on this host" in json.dumps(done["warnings"])
    assert "source_ip();" in bird.conf.read_text(encoding="utf-8") and bird.route() == ""
    assert not any("configure" in call for call in bird.calls())


@settings(
    max_examples=3, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([None, "192.0.2.2", "192.0.2.3", NEW]),
            st.booleans(),
            st.sampled_from(["", "# more\n", "protocol kernel k6 { ipv6 { export all; }; }\n"]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_check_mode_says_what_the_run_does(bird: Bird, steps: list[tuple[str | None, bool, str]]) -> None:
    """One intent after another, with an address of its own or none, while the operator writes his file."""
    bird.module("intent", {**bird.arguments("192.0.2.2"), "state": "absent"})
    bird.host.ip(f"address del {NEW}/32 dev lo", check=False)
    for source, named, written in steps:
        bird.conf.write_text(OPERATOR + written, encoding="utf-8")
        task = bird.arguments(source or "192.0.2.2")
        if source is None:
            task["state"] = "absent"
        elif named:
            task["addresses"] = [{"address": f"{source}/32", "device": "lo"}]
        before = bird.state()
        said = bird.module("intent", task, check=True, diff=True)
        assert bird.state() == before
        done = bird.module("intent", task, diff=True)
        assert said.get("failed") == done.get("failed"), (said, done)
        if not done.get("failed"):
            assert said["changed"] == done["changed"] == (bird.state() != before), (said, done)
            assert said["diff"] == done["diff"]
            assert not bird.module.ok("intent", task)["changed"]
