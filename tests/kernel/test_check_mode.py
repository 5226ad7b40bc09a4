# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random hosts and random tasks: check mode says "changed", and fails, exactly when the real run does.

All that writes to the kernel: the modules ``route``, ``prefsrc``, ``address``, and ``intent`` with its back end
``kernel``. The back ends of daemons have the same in molecule, where there are daemons.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

SETTINGS = settings(
    max_examples=int(os.environ.get("L3HOST_CHECKED", "12")),
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # a smaller case than the one that failed takes minutes
    suppress_health_check=list(HealthCheck),
)
DEVICES = ("lo", "v0", "v1")
TABLES = (254, 100, 1000)
SOURCES = {"4": [Host.S4, Host.S4_OTHER, "10.0.0.2", "10.1.0.1"], "6": [Host.S6, Host.S6_OTHER, "2001:db8::2"]}
PREFIXES = {
    "4": ["198.51.100.0/24", "198.51.0.0/16", "198.51.100.7/32", "0.0.0.0/0"],
    "6": ["2001:db8:100::/64", "2001:db8:100::/40", "2001:db8:100::7/128", "::/0"],
}
GATEWAYS = {"4": {"v0": Host.G4, "v1": Host.G4_V1}, "6": {"v0": Host.G6, "v1": Host.G6_V1}}
OWN = {
    "4": ["192.0.2.2/32", "192.0.2.77/32", "10.0.0.2/24", "10.0.0.2/32"],
    "6": ["2001:db8:ff::2/128", "2001:db8::2/64"],
}
FAMILIES = st.sampled_from(["4", "6"])
METRICS = st.sampled_from([None, 1, 20])


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


# The host


@st.composite
def hosts(draw: Any) -> list[str]:
    """Lines for ``ip -batch``; those that the kernel refuses make the host another one, and no less a host."""
    lines = []
    for _address in range(draw(st.integers(0, 3))):
        text = draw(st.sampled_from(OWN["4"] + OWN["6"]))
        word = draw(st.sampled_from(["add", "del"]))
        lines.append(f"address {word} {text} dev {draw(st.sampled_from(DEVICES))}{' nodad' if word == 'add' else ''}")
    if draw(st.booleans()):
        lines.append("link property add dev v1 altname enp3s0np0")
    lines.append("nexthop add id 9 via 10.1.0.254 dev v1")
    for _route in range(draw(st.integers(0, 6))):
        family = draw(FAMILIES)
        device = draw(st.sampled_from(["v0", "v1"]))
        one, two = (f"via {GATEWAYS[family][name]} dev {name}" for name in ("v0", "v1"))
        hop = draw(
            st.sampled_from(
                [
                    f"dev {device}",
                    f"via {GATEWAYS[family][device]}",
                    f"via {GATEWAYS[family][device]} dev v0 onlink",
                    f"nexthop {one} nexthop {two} weight 3",
                    "nhid 9",
                ]
            )
        )
        kind = draw(st.sampled_from(["", "", "", "", "blackhole ", "unreachable "]))
        source = draw(st.sampled_from(["", "", *(f" src {text}" for text in SOURCES[family])]))
        line = f"route {draw(st.sampled_from(['add', 'append']))} {kind}{draw(st.sampled_from(PREFIXES[family]))}"
        line += "" if kind else f" {hop}{source}"
        line += f" table {draw(st.sampled_from(TABLES))}"
        metric = draw(METRICS)
        line += "" if metric is None else f" metric {metric}"
        line += draw(st.sampled_from(["", " proto static", " proto 133", " proto bgp"]))
        line += draw(st.sampled_from(["", "", " mtu 1400"]))
        lines.append(line)
    if draw(st.integers(0, 5)) == 0:
        lines.append("link set v1 down")
    return lines


def _reset(ns: Host, lines: list[str]) -> None:
    clean = ["link set v1 up", "nexthop flush", "link property del dev v1 altname enp3s0np0"]
    clean += [f"address flush dev {device} scope global" for device in DEVICES]
    clean += [
        f"-{family} route flush table {table} proto {number}"
        for family in "46"
        for table in TABLES
        for number in (3, 4, 133, 186)
    ]
    for batch in (clean, Host.HOST_LINES.splitlines(), lines):
        # In one process for each family: a batch has no options of its own.
        for family in "46":
            mine = [
                line.removeprefix(f"-{family} ")
                for line in batch
                if not line.startswith("-") or line.startswith(f"-{family}")
            ]
            argv = ["ip", f"-{family}", "-n", ns.name, "-force", "-batch", "-"]
            subprocess.run(argv, input="\n".join(mine) + "\n", capture_output=True, text=True, check=False)
    _wait_for_links(ns)


def _wait_for_links(ns: Host) -> None:
    """A device that was down gets its carrier, its link-local address and its routes a moment after it is set up."""
    for _wait in range(300):
        shown = ns.ip("-6 -o address show scope link") + ns.ip("-6 route show table local")
        ready = shown.count("fe80::") >= 4 and all(f" {device} " in shown for device in ("v0", "v1"))
        if ready and not ns.ip("-6 address show tentative"):
            return
        time.sleep(0.01)


def _state(ns: Host) -> list[str]:
    shown = []
    for family in "46":
        for command in ("-d -o route show table all", "-d -o address show"):
            shown += sorted(ns.ip(f"-{family} {command}").splitlines())
    return shown


# The tasks


@st.composite
def routes(draw: Any) -> dict[str, Any]:
    items = []
    for _item in range(draw(st.integers(1, 4))):
        family = draw(FAMILIES)
        device = draw(st.sampled_from(["v0", "v1"]))
        gateway = GATEWAYS[family][device]
        ways: list[dict[str, Any]] = [
            {},
            {"gateway": gateway},
            {"device": device},
            {"gateway": gateway, "device": device},
            {"gateway": gateway, "device": "v0", "onlink": True},
            {"nexthops": [{"gateway": GATEWAYS[family][name], "device": name} for name in ("v0", "v1")]},
            {"type": "blackhole"},
            {"nexthop_id": 9},
        ]
        way = draw(st.sampled_from(ways))
        source = draw(st.sampled_from([None, *SOURCES[family]])) if way.get("type") is None else None
        items.append(
            _given(
                destination=draw(st.sampled_from(PREFIXES[family])),
                source=source,
                metric=draw(METRICS),
                table=draw(st.sampled_from([None, "100", "1000"])),
                protocol=draw(st.sampled_from([None, None, "static"])),
                metrics=draw(st.sampled_from([None, None, {"mtu": 1400}, {"mtu": 0}])),
                state=draw(st.sampled_from(["present", "present", "absent"])),
                **way,
            )
        )
    return _given(
        routes=items,
        force=draw(st.sampled_from([None, True])),
        purge=draw(st.sampled_from([None, None, True])),
    )


@st.composite
def sources(draw: Any) -> dict[str, Any]:
    items = []
    for _item in range(draw(st.integers(1, 3))):
        family = draw(FAMILIES)
        items.append(
            _given(
                destination=draw(st.sampled_from(PREFIXES[family])),
                source=draw(st.sampled_from(SOURCES[family])),
                within=draw(st.sampled_from([None, True])),
                table=draw(st.sampled_from([None, "100", "all"])),
                protocol=draw(st.sampled_from([None, None, "static", "133"])),
                device=draw(st.sampled_from([None, None, "v1"])),
                metric=draw(METRICS),
                state=draw(st.sampled_from(["present", "present", "absent"])),
                except_protocols=["kernel"],
            )
        )
    return {
        "routes": items,
        "force": draw(st.booleans()),
        "missing": draw(st.sampled_from(["ignore", "ignore", "fail"])),
        "dead": draw(st.sampled_from(["ignore", "fail"])),
    }


@st.composite
def addresses(draw: Any) -> dict[str, Any]:
    items = []
    for _item in range(draw(st.integers(1, 4))):
        family = draw(FAMILIES)
        items.append(
            _given(
                address=draw(st.sampled_from(OWN[family])),
                device=draw(st.sampled_from(DEVICES)),
                state=draw(st.sampled_from(["present", "present", "absent"])),
                noprefixroute=draw(st.sampled_from([None, True])),
                nodad=True if family == "6" else None,
            )
        )
    return {"addresses": items, "force": draw(st.booleans())}


@st.composite
def intents(draw: Any) -> dict[str, Any]:
    wanted = []
    for _route in range(draw(st.integers(0, 3))):
        family = draw(FAMILIES)
        device = draw(st.sampled_from(["v0", "v1"]))
        way = draw(st.sampled_from([{"gateway": GATEWAYS[family][device]}, {"device": device}]))
        wanted.append(
            _given(
                destination=draw(st.sampled_from(PREFIXES[family])),
                source=draw(st.sampled_from(SOURCES[family][:2])),
                metric=draw(METRICS),
                table=draw(st.sampled_from([None, 100])),
                metrics=draw(st.sampled_from([None, {"mtu": 1400}])),
                **way,
            )
        )
    policies = []
    for _policy in range(draw(st.integers(0, 2))):
        family = draw(FAMILIES)
        policies.append(
            _given(
                destinations=[draw(st.sampled_from(PREFIXES[family]))],
                match=draw(st.sampled_from(["exact", "orlonger"])),
                protocols=draw(st.sampled_from([None, ["static"], ["boot"]])),
                source=draw(st.sampled_from(SOURCES[family][:2])),
            )
        )
    own = draw(st.lists(st.sampled_from(OWN["4"] + OWN["6"]), max_size=2, unique_by=lambda text: text.split("/")[0]))
    return {
        "addresses": [{"address": text, "device": draw(st.sampled_from(["lo", "v0"]))} for text in own],
        "routes": wanted,
        "policies": policies,
    }


# The property


def _compare(ns: Host, module: ModuleRunner, name: str, task: dict[str, Any]) -> dict[str, Any]:
    """Runs the task in check mode, for real, and both again; the result of the real run."""
    before = _state(ns)
    said = module(name, task, check=True, diff=True)
    assert _state(ns) == before, "check mode changed the host"
    done = module(name, task, diff=True)
    after = _state(ns)
    if done.get("failed"):
        assert after == before, f"failed, and changed the host: {done['msg']}"
        assert said.get("failed"), f"check mode said changed: {said.get('changed')}, the real run: {done['msg']}"
        return done
    assert not said.get("failed"), f"check mode failed where the real run did not: {said.get('msg')}"
    assert said["changed"] == done["changed"] == (after != before), (said, done)
    assert said["counts"] == done["counts"]
    assert said["diff"] == done["diff"]
    for check in (True, False):
        again = module(name, task, check=check)
        assert not again.get("failed") and not again["changed"], again
    assert _state(ns) == after
    return done


@pytest.mark.parametrize(
    ("name", "tasks"), [("route", routes()), ("prefsrc", sources()), ("address", addresses())], ids=lambda one: str(one)
)
def test_of_a_module(ns: Host, module: ModuleRunner, name: str, tasks: st.SearchStrategy[dict[str, Any]]) -> None:
    @SETTINGS
    @given(host=hosts(), task=tasks)
    def compared(host: list[str], task: dict[str, Any]) -> None:
        _reset(ns, host)
        _compare(ns, module, name, task)

    compared()


@SETTINGS
@given(host=hosts(), first=intents(), second=intents())
def test_of_an_intent(
    ns: Host, module: ModuleRunner, tmp_path: Path, host: list[str], first: dict[str, Any], second: dict[str, Any]
) -> None:
    """One intent after another, and all of it off again."""
    record = tmp_path / "record.json"
    record.unlink(missing_ok=True)
    _reset(ns, host)
    for intent in (first, second, {"state": "absent"}):
        _compare(ns, module, "intent", {"backend": "kernel", "kernel": {"record": str(record)}, **intent})
