# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module intent, back end kernel, on a real kernel: one transaction, and a record that outlives a kill."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyroute2
import pytest

from tests.lab import modules
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

NEW4, NEW6 = "192.0.2.77", "2001:db8:ff::77"
# What somebody else has made.
THEIRS = [
    f"route add 198.18.0.0/24 via {Host.G4} proto static mtu 1400",
    f"route add 198.18.1.0/24 via {Host.G4} proto static src 192.0.2.3",
    f"route add 2001:db8:7::/48 via {Host.G6} proto static",
]
# The kernel's part is the same under every Python: the newest kills more, the others fewer.
KILLS = 100 if sys.version_info >= (3, 10) and pyroute2.__version__ >= "0.9" else 20


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "record.json"
    assert {path.name for path in tmp_path.iterdir()} <= {"record.json"}, "a temporary file is left"


def task(record: Path, **lists: Any) -> dict[str, Any]:
    state = {"state": "absent"} if lists.pop("absent", False) else {}
    return {"backend": "kernel", "kernel": {"record": str(record), **lists.pop("kernel", {})}, **state, **lists}


def whole(**more: Any) -> dict[str, Any]:
    return {
        "addresses": [{"address": f"{NEW4}/32", "device": "lo"}, {"address": f"{NEW6}/128", "device": "lo"}],
        "routes": [
            {"destination": Host.P4, "gateway": Host.G4, "source": NEW4, "metrics": {"mtu": 1300}},
            {"destination": Host.P6, "gateway": Host.G6, "source": NEW6},
        ],
        "policies": [
            {"destinations": ["198.18.0.0/24"], "source": NEW4},
            {"destinations": ["2001:db8:7::/48"], "source": NEW6, "protocols": ["static"]},
        ],
        **more,
    }


def state(ns: Host) -> dict[str, str]:
    """All that this back end may touch."""
    return {
        family: ns.ip(f"-{family} route show table all") + ns.ip(f"-{family} -o address show") for family in ("4", "6")
    }


def test_the_whole_intent_and_all_of_it_off_again(ns: Host, module: ModuleRunner, record: Path) -> None:
    ns.batch(THEIRS)
    before = state(ns)
    predicted = module.ok("intent", task(record, **whole()), check=True, diff=True)
    assert state(ns) == before and not record.exists()
    made = module.ok("intent", task(record, **whole()), diff=True)
    assert {key: made[key] for key in ("changed", "counts", "diff")} == {
        key: predicted[key] for key in ("changed", "counts", "diff")
    }
    assert made["counts"] == {"created": 4, "changed": 2, "removed": 0, "unchanged": 0, "missing": 0}
    assert f"198.18.0.0/24 via {Host.G4} dev v0 proto static src {NEW4} mtu 1400" in ns.ip("route show")
    assert f"src {NEW6}" in ns.ip(f"-6 route show {Host.P6}")
    again = module.ok("intent", task(record, **whole()))
    assert not again["changed"] and again["counts"]["unchanged"] == 6
    assert not module.ok("intent", task(record, **whole()), check=True)["changed"]
    off = module.ok("intent", task(record, absent=True))
    assert off["changed"] and state(ns) == before and not record.exists()
    assert not module.ok("intent", task(record, absent=True))["changed"]


def test_only_what_we_made_goes(ns: Host, module: ModuleRunner, record: Path) -> None:
    ns.batch([*THEIRS, f"address add {NEW4}/32 dev lo"])
    module.ok("intent", task(record, **whole()))
    changed = module.ok("intent", task(record, **whole(routes=[], policies=[])))
    assert changed["counts"]["removed"] == 2 and changed["counts"]["changed"] == 2
    module.ok("intent", task(record, absent=True))
    assert NEW4 in ns.ip("address show dev lo") and NEW6 not in ns.ip("address show dev lo")
    assert "192.0.2.3" in ns.ip("route show 198.18.1.0/24")


def test_a_path_metric_that_the_intent_no_longer_names_goes(ns: Host, module: ModuleRunner, record: Path) -> None:
    module.ok("intent", task(record, **whole(policies=[])))
    bare = [{"destination": Host.P4, "gateway": Host.G4, "source": NEW4}]
    module.ok("intent", task(record, **whole(policies=[], routes=bare)))
    assert "mtu" not in ns.ip(f"route show {Host.P4}")


def test_the_route_that_an_address_brings_gets_its_source(ns: Host, module: ModuleRunner, record: Path) -> None:
    addresses = [{"address": "10.7.0.1/24", "device": "v1"}]
    policies = [{"destinations": ["10.7.0.0/24"], "protocols": ["connected"], "source": Host.S4}]
    intent = whole(addresses=addresses, routes=[], policies=policies, kernel={"force": True})
    module.ok("intent", task(record, **intent))
    assert f"src {Host.S4}" in ns.ip("route show 10.7.0.0/24")
    assert not module.ok("intent", task(record, **intent))["changed"]


FAILING = {
    "a gateway that no subnet reaches": (
        {"routes": [*whole()["routes"], {"destination": "203.0.113.0/24", "gateway": "172.31.0.1", "source": NEW4}]},
        "no subnet of this host holds 172.31.0.1",
    ),
    "a source that the host does not have": (
        {"policies": [{"destinations": ["198.18.0.0/24"], "source": "192.0.2.200"}]},
        "192.0.2.200 is not an address of this host",
    ),
    "a device that is not there": (
        {"addresses": [{"address": f"{NEW4}/32", "device": "v9"}], "routes": [], "policies": []},
        "there is no device 'v9'",
    ),
    "a route of a daemon": (
        {"policies": [{"destinations": ["198.18.9.0/24"], "source": NEW4}]},
        "belongs to bird",
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_leaves_the_host_and_the_record_as_they_were(
    ns: Host, module: ModuleRunner, record: Path, name: str
) -> None:
    ns.batch([*THEIRS, f"route add 198.18.9.0/24 via {Host.G4} proto bird"])
    lists, words = FAILING[name]
    for earlier in (None, whole(routes=whole()["routes"][:1], policies=[])):
        if earlier:
            module.ok("intent", task(record, **earlier))
        before, written = state(ns), record.read_bytes() if record.exists() else None
        failed = module.fails("intent", task(record, **whole(**lists)))
        assert words in failed["msg"]
        assert state(ns) == before
        assert (record.read_bytes() if record.exists() else None) == written


def test_an_address_that_somebody_needs_keeps_the_whole_intent(ns: Host, module: ModuleRunner, record: Path) -> None:
    """Found only when our own routes are gone; then they come back."""
    module.ok("intent", task(record, **whole(policies=[])))
    ns.ip(f"route add 198.18.2.0/24 via {Host.G4} proto static src {NEW4}")
    before, written = state(ns), record.read_bytes()
    failed = module.fails("intent", task(record, absent=True))
    assert NEW4 in failed["msg"] and "198.18.2.0/24" in failed["msg"] and "the host is as before" in failed["msg"]
    assert state(ns) == before and record.read_bytes() == written


def test_a_record_that_cannot_be_written_is_no_change(ns: Host, module: ModuleRunner, tmp_path: Path) -> None:
    before = state(ns)
    (tmp_path / "file").write_text("")
    failed = module.fails("intent", task(tmp_path / "file" / "record.json", **whole(policies=[])))
    assert "record" in failed["msg"] and state(ns) == before


@pytest.mark.parametrize("content", ["", "{}", '{"addresses": [], "routes": []', "[]"])
def test_a_damaged_record_is_refused(ns: Host, module: ModuleRunner, record: Path, content: str) -> None:
    record.write_text(content)
    before = state(ns)
    if content:
        assert str(record) in module.fails("intent", task(record, **whole(policies=[])))["msg"]
        assert state(ns) == before and record.read_text() == content
    else:
        assert module.ok("intent", task(record, **whole(policies=[])))["changed"]


def test_a_record_of_an_earlier_release_is_understood(ns: Host, module: ModuleRunner, record: Path) -> None:
    ns.batch([*THEIRS, f"address add {NEW4}/32 dev lo", f"route add {Host.P4} via {Host.G4} proto 133 src {NEW4}"])
    ns.ip(f"route change 198.18.0.0/24 via {Host.G4} proto static mtu 1400 src {NEW4}")
    old = {
        "addresses": [{"address": f"{NEW4}/32", "device": "lo"}],
        "routes": [{"destination": Host.P4, "table": None, "vrf": None, "metric": 0, "metrics": []}],
        "sources": [{"destination": "198.18.0.0/24", "source": NEW4, "within": False, "protocol": "4"}],
    }
    record.write_text(json.dumps(old, indent=1, sort_keys=True) + "\n")
    module.ok("intent", task(record, absent=True))
    assert NEW4 not in ns.ip("address show dev lo") and not ns.ip(f"route show {Host.P4}")
    assert "src" not in ns.ip("route show 198.18.0.0/24")


def test_one_writer_at_a_time(ns: Host, module: ModuleRunner, record: Path) -> None:
    module.ok("intent", task(record, **whole(policies=[])))
    lock = Path("/run/l3host.source_ip") / f"lock-{os.stat(f'/run/netns/{ns.name}').st_ino}"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("the night shift")
        file.flush()
        failed = module.fails("intent", {**task(record, absent=True), "lock_timeout": 0.2})
        assert "the night shift" in failed["msg"] and "0.2 s" in failed["msg"]
        assert module.ok("intent", task(record, **whole(policies=[])), check=True)["changed"] is False
    assert module.ok("intent", task(record, absent=True))["changed"]


def test_killed_at_random_points(ns: Host, module: ModuleRunner, record: Path) -> None:
    """Whatever the moment: the next run converges, and taking the intent off leaves what was there before."""
    ns.batch(THEIRS)
    before = state(ns)
    many = [
        {"destination": f"203.0.{at // 250}.{at % 250}/32", "gateway": Host.G4, "source": NEW4} for at in range(300)
    ]
    wanted = task(record, **whole(routes=many))
    started = time.monotonic()
    module.ok("intent", wanted)
    lasts = time.monotonic() - started
    module.ok("intent", task(record, absent=True))
    chance = random.Random("intent")
    interrupted = 0
    with tempfile.TemporaryFile() as out:
        for kill in range(KILLS):
            child = modules.fork("intent", wanted, ns, out.fileno(), out.fileno())
            time.sleep(chance.uniform(0, lasts))
            os.kill(child, signal.SIGKILL)
            early = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
            interrupted += early
            lasts *= 1.1 if early else 0.8  # a machine has better and worse minutes
            if kill % 2:
                module.ok("intent", wanted)
                assert not module.ok("intent", wanted)["changed"], f"after kill {kill}"
            module.ok("intent", task(record, absent=True))
            assert state(ns) == before, f"after kill {kill}"
    assert interrupted > KILLS // 4, "the kills came too late to prove anything"
