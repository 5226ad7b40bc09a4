# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper, run as the archive that a host gets, against a real kernel: what goes comes back, and nothing else."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyroute2
import pytest

from tests.lab.keeper import Keeper, document, resident, wakes
from tests.lab.pair import Host

NEW4, NEW6 = "192.0.2.77", "2001:db8:ff::77"
ROUTES = [
    {"destination": Host.P4, "gateway": Host.G4, "source": Host.S4},
    {"destination": Host.P6, "gateway": Host.G6, "source": Host.S6},
]
OF_V0 = ["address add 2001:db8::1/64 dev v0 nodad"]
# The kernel's part is the same under every Python: the newest kills more, the others fewer.
KILLS = 60 if sys.version_info >= (3, 10) and pyroute2.__version__ >= "0.9" else 15


def keeper(ns: Host, folder: Path, **options: Any) -> Keeper:
    return Keeper(ns, folder, **{"routes": ROUTES, **options})


def right(ns: Host) -> bool:
    """Both routes of the intent are there, as it says."""
    return (
        f"via {ns.G4} dev v0 proto 133 src {ns.S4}" in ns.ip(f"route show {ns.P4}")
        and f"src {ns.S6}" in ns.ip(f"-6 route show {ns.P6}")
        and f"via {ns.G6}" in ns.ip(f"-6 route show {ns.P6}")
    )


def test_what_is_not_there_at_the_start_comes(ns: Host, tmp_path: Path) -> None:
    addresses = [{"address": f"{NEW4}/32", "device": "lo"}, {"address": f"{NEW6}/128", "device": "lo"}]
    routes = [
        {"destination": Host.P4, "gateway": Host.G4, "source": NEW4, "metrics": {"mtu": 1300}},
        {"destination": Host.P6, "gateway": Host.G6, "source": NEW6},
    ]
    with keeper(ns, tmp_path, addresses=addresses, routes=routes) as one:
        one.until_state("holds")
        assert f"src {NEW4} mtu 1300" in ns.ip(f"route show {ns.P4}")
        assert f"src {NEW6}" in ns.ip(f"-6 route show {ns.P6}")
        assert NEW4 in (tmp_path / "record.json").read_text(), "a task could not take it off"
        ns.batch([f"address del {NEW4}/32 dev lo", f"address del {NEW6}/128 dev lo"])
        one.until(lambda: NEW4 in ns.ip("address") and f"src {NEW4}" in ns.ip(f"route show {ns.P4}"), "IPv4")
        one.until(lambda: NEW6 in ns.ip("address") and f"src {NEW6}" in ns.ip(f"-6 route show {ns.P6}"), "IPv6")
        one.until_state("holds")


def test_rules_labels_and_lifetimes_come_back(ns: Host, tmp_path: Path) -> None:
    rules = [
        {"from": "192.0.2.2", "table": 100, "priority": 1000},
        {"family": "ipv6", "vrf": "not-there", "priority": 1001},
        {"from": "2001:db8::/32", "table": 100, "priority": 1002},
    ]
    labels = [{"prefix": "2001:db8:a::/48", "label": 100}, {"prefix": "2002::/16", "label": 44}]
    addresses = [{"address": f"{NEW4}/32", "device": "lo", "preferred_lifetime": 0}]

    def there() -> bool:
        said = ns.ip("rule") + ns.ip("-6 rule")
        return all(f"from {source} lookup 100 proto 133" in said for source in ("192.0.2.2", "2001:db8::/32"))

    with keeper(ns, tmp_path, rules=rules, labels=labels, addresses=addresses) as one:
        one.until(there, "the rules, but for the one whose VRF is not there")
        one.until_state("waits")
        assert [one["what"] for one in one.status["waiting"]] == ["rule of priority 1001"]
        said = ns.ip("addrlabel list")
        assert "2001:db8:a::/48 label 100" in said and "2002::/16 label 44" in said
        assert "deprecated" in ns.ip(f"address show to {NEW4}")
        # Others' rules are none of its business.
        ns.batch(["rule add from 10.9.0.0/16 lookup 9 pref 7", "rule del pref 1000"])
        ns.ip("-6 rule del pref 1002")
        one.until(there, "the rules again")
        ns.ip(f"address del {NEW4}/32 dev lo")
        one.until(lambda: "deprecated" in ns.ip(f"address show to {NEW4}"), "the address, not to be chosen")
        assert "from 10.9.0.0/16 lookup 9" in ns.ip("rule")
        # What a task needs to take it off again.
        text = (tmp_path / "record.json").read_text(encoding="utf-8")
        assert '"priority":1000' in text and '"before":2' in text and '"deprecated":[{' in text


def test_an_address_that_was_there_before_stays_somebody_elses(ns: Host, tmp_path: Path) -> None:
    """Or taking the intent off would take what the operator had."""
    ns.ip("address add 192.0.2.78/32 dev lo")
    late = {"address": "192.0.2.79/32", "device": "late"}
    addresses = [{"address": f"{NEW4}/32", "device": "lo"}, {"address": "192.0.2.78/32", "device": "lo"}, late]
    with keeper(ns, tmp_path, addresses=addresses) as one:
        one.until_state("waits")
        ns.batch(["link add late type veth peer name later", "link set late up"])
        one.until_state("holds")
        for _turn in range(2):
            ns.batch([f"address del {NEW4}/32 dev lo", "address del 192.0.2.78/32 dev lo"])
            one.until(lambda: NEW4 in ns.ip("address") and "192.0.2.78" in ns.ip("address"), "both are back")
            one.until_state("holds")
            record = json.loads((tmp_path / "record.json").read_text())
            assert [item["address"] for item in record["addresses"]] == [f"{NEW4}/32", "192.0.2.79/32"]
            assert [item["address"] for item in record["found"]] == ["192.0.2.78/32"]


def test_a_source_that_goes_and_comes_back(ns: Host, tmp_path: Path) -> None:
    """As a lease does: the address is not the intent's to make."""
    with keeper(ns, tmp_path) as one:
        one.until(lambda: right(ns), "the routes")
        for _turn in range(5):
            ns.batch([f"address del {ns.S4}/32 dev lo", f"address del {ns.S6}/128 dev lo"])
            one.until_state("waits")
            assert {"what": ns.P4, "why": one.status["waiting"][0]["why"]} in one.status["waiting"]
            assert "is not an address of this host" in one.status["waiting"][0]["why"]
            assert not ns.ip(f"route show {ns.P4}")
            ns.batch([f"address add {ns.S4}/32 dev lo", f"address add {ns.S6}/128 dev lo nodad"])
            one.until(lambda: right(ns), "the routes")
        one.until_state("holds")
        assert not one.status["waiting"]
        assert f"repaired {ns.P4}: was absent, is {ns.P4} via" in one.log


def test_a_link_that_goes_down_and_up(ns: Host, tmp_path: Path) -> None:
    with keeper(ns, tmp_path) as one:
        for _turn in range(5):
            one.until(lambda: right(ns), "the routes")
            ns.ip("link set v0 down")
            one.until_state("waits")
            ns.batch(["link set v0 up", *OF_V0])
        one.until(lambda: right(ns), "the routes")
        one.until_state("holds")


def test_a_device_that_goes_and_comes_back(ns: Host, tmp_path: Path) -> None:
    route = {"destination": "203.0.113.0/24", "device": "late0", "source": Host.S4}
    with keeper(ns, tmp_path, routes=[*ROUTES, route]) as one:
        one.until_state("waits")
        assert right(ns), "one that cannot be keeps the others from coming"
        assert "late0" in one.status["waiting"][0]["why"]
        for _turn in range(3):
            ns.batch(["link add late0 type veth peer name late1", "link set late0 up"])
            one.until(lambda: f"src {ns.S4}" in ns.ip("route show 203.0.113.0/24"), "the route")
            one.until_state("holds")
            ns.ip("link del late0")
            one.until_state("waits")


@pytest.mark.parametrize(
    "damage",
    [
        f"route del {Host.P4}",
        f"-6 route del {Host.P6}",
        f"route change {Host.P4} via {Host.G4} proto 133",
        f"-6 route change {Host.P6} via {Host.G6} proto 133",
        f"route change {Host.P4} via 10.0.0.253 proto 133 src {Host.S4}",
        f"route change {Host.P4} via {Host.G4} proto 133 src {Host.S4_OTHER}",
    ],
)
def test_a_route_that_somebody_has_damaged(ns: Host, tmp_path: Path, damage: str) -> None:
    with keeper(ns, tmp_path) as one:
        one.until(lambda: right(ns), "the routes")
        repairs = one.status["repairs"]
        ns.ip(damage)
        one.until(lambda: right(ns), "the route")
        one.until(lambda: one.status["repairs"] > repairs, "the repair in the status")
        time.sleep(0.2)
        assert one.status["repairs"] == repairs + 1, "done twice"


def test_a_policy_is_for_routes_that_come_later_but_not_for_those_of_daemons(ns: Host, tmp_path: Path) -> None:
    policies = [
        {"destinations": ["198.18.0.0/15"], "match": "orlonger", "source": Host.S4},
        {"destinations": ["2001:db8:7::/48"], "match": "orlonger", "source": Host.S6},
    ]
    with keeper(ns, tmp_path, policies=policies) as one:
        ns.batch(
            [
                f"route add 198.18.1.0/24 via {ns.G4} proto static mtu 1400",
                f"route add 198.18.2.0/24 via {ns.G4} proto dhcp",
                f"route add 198.51.0.0/16 via {ns.G4} proto static",
                f"route add 2001:db8:7:1::/64 via {ns.G6} proto static",
            ]
        )
        one.until(lambda: f"src {ns.S4} mtu 1400" in ns.ip("route show 198.18.1.0/24"), "IPv4")
        one.until(lambda: f"src {ns.S6}" in ns.ip("-6 route show 2001:db8:7:1::/64"), "IPv6")
        time.sleep(0.2)
        assert "src" not in ns.ip("route show 198.18.2.0/24") and "src" not in ns.ip("route show 198.51.0.0/16")


def test_a_route_of_others_outlives_the_source_that_a_policy_gave_it(ns: Host, tmp_path: Path) -> None:
    """The kernel removes it with its source. Without us it would have had none, and stayed."""
    policies = [{"destinations": ["198.18.0.0/15"], "match": "orlonger", "source": Host.S4}]
    with keeper(ns, tmp_path, policies=policies) as one:
        ns.ip(f"route add 198.18.1.0/24 via {ns.G4} proto static mtu 1400 metric 7")
        one.until(lambda: f"src {ns.S4}" in ns.ip("route show 198.18.1.0/24"), "the source")
        ns.ip(f"address del {ns.S4}/32 dev lo")
        bare = f"198.18.1.0/24 via {ns.G4} dev v0 proto static metric 7 mtu 1400"
        one.until(lambda: ns.ip("route show 198.18.1.0/24").strip() == bare, "the route without its source")
        ns.ip(f"address add {ns.S4}/32 dev lo")
        one.until(lambda: f"src {ns.S4}" in ns.ip("route show 198.18.1.0/24"), "the source")
        ns.ip("route del 198.18.1.0/24")
        time.sleep(0.3)
        assert not ns.ip("route show 198.18.1.0/24"), "who removes his route has it removed"


def test_a_policy_leaves_to_each_leg_of_a_route_what_is_its_own(ns: Host, tmp_path: Path) -> None:
    """One message for all legs of an IPv6 route would give all of them what the first has."""
    ns.ip(f"-6 route add {ns.P6} via {ns.G6} mtu 1400 proto static")
    ns.ip(f"-6 route append {ns.P6} via {ns.G6_V1} mtu 1300 proto static")
    policy = {"destinations": [ns.P6], "protocols": ["static"], "source": ns.S6}

    def of(device: str) -> str:
        return ns.ip(f"-6 -o route get fibmatch 2001:db8:100::1 oif {device}").split("nexthop")[0]

    with Keeper(ns, tmp_path, policies=[policy]) as one:
        one.until(lambda: f"src {ns.S6}" in of("v0"), "the source")
        one.until_state("holds")
        for device, mtu in (("v0", 1400), ("v1", 1300)):
            assert f"src {ns.S6}" in of(device) and f"mtu {mtu}" in of(device)


def test_by_force_a_daemons_route_gets_its_source_at_each_renewal(ns: Host, tmp_path: Path) -> None:
    policies = [{"destinations": ["198.18.0.0/15"], "match": "orlonger", "protocols": ["dhcp"], "source": Host.S4}]
    with keeper(ns, tmp_path, policies=policies, force=True) as one:
        for _renewal in range(3):
            ns.ip(f"route replace 198.18.2.0/24 via {ns.G4} proto dhcp")
            one.until(lambda: f"src {ns.S4}" in ns.ip("route show 198.18.2.0/24"), "the source")


def test_a_route_of_a_daemon_in_the_place_of_ours_is_left_alone(ns: Host, tmp_path: Path) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} proto bird")
    with keeper(ns, tmp_path) as one:
        one.until_state("waits")
        assert "belongs to bird" in one.status["waiting"][0]["why"]
        assert "proto bird" in ns.ip(f"route show {ns.P4}") and f"src {ns.S6}" in ns.ip(f"-6 route show {ns.P6}")
        ns.ip(f"route del {ns.P4}")
        one.until(lambda: right(ns), "the routes")


def test_who_undoes_it_again_and_again_is_not_fought(ns: Host, tmp_path: Path) -> None:
    """Three at once, then after 1, 2, 4 … seconds: five in these six seconds."""
    with keeper(ns, tmp_path) as one:
        one.until(lambda: right(ns), "the routes")
        start, end = one.status["repairs"], threading.Event()

        def stubborn() -> None:
            while not end.is_set():
                ns.ip(f"route del {ns.P4}", check=False)
                time.sleep(0.05)

        thread = threading.Thread(target=stubborn)
        thread.start()
        try:
            time.sleep(6)
            made = one.status["repairs"] - start
            waiting = one.status["waiting"]
        finally:
            end.set()
            thread.join()
        assert 3 <= made <= 5, one.log
        assert [entry["what"] for entry in waiting] == [ns.P4]
        assert "undone" in waiting[0]["why"] and "netlink port" in waiting[0]["why"]
        one.until(lambda: right(ns), "the route, when it is left in peace", seconds=20)


def test_at_rest_it_does_not_wake(ns: Host, tmp_path: Path) -> None:
    with keeper(ns, tmp_path) as one:
        one.until(lambda: right(ns), "the routes")
        time.sleep(0.5)
        before = wakes(one.pid)
        time.sleep(3)
        assert wakes(one.pid) == before
        assert resident(one.pid) < 20, "MiB"
        assert (Path("/proc") / str(one.pid) / "task").is_dir()
        assert len(os.listdir(f"/proc/{one.pid}/task")) == 1


def test_routes_that_are_nobodys_business_here_cost_no_look(ns: Host, tmp_path: Path) -> None:
    with keeper(ns, tmp_path) as one:
        one.until(lambda: right(ns), "the routes")
        time.sleep(0.5)
        record = (tmp_path / "record.json").stat().st_mtime_ns
        lock = Path("/run/l3host.source_ip") / f"lock-{os.stat(ns.path).st_ino}"
        before = lock.stat().st_mtime_ns
        ns.batch(f"route add 203.0.113.{at}/32 via {ns.G4} proto bgp" for at in range(200))
        time.sleep(0.5)
        assert lock.stat().st_mtime_ns == before and (tmp_path / "record.json").stat().st_mtime_ns == record
        assert right(ns)


def test_another_intent_is_taken_in_without_a_word(ns: Host, tmp_path: Path) -> None:
    """A task writes it while it changes the kernel, so the next look reads it."""
    with keeper(ns, tmp_path) as one:
        one.until(lambda: right(ns), "the routes")
        other = [{**ROUTES[0], "source": Host.S4_OTHER}, ROUTES[1]]
        one.write(document(tmp_path, routes=other))
        ns.ip(f"route change {ns.P4} via {ns.G4} proto 133 src {ns.S4_OTHER}")
        time.sleep(0.3)
        assert f"src {ns.S4_OTHER}" in ns.ip(f"route show {ns.P4}")
        ns.ip(f"route del {ns.P4}")
        one.until(lambda: f"src {ns.S4_OTHER}" in ns.ip(f"route show {ns.P4}"), "the new source")
        one.write(document(tmp_path, routes=ROUTES))
        one.process.send_signal(signal.SIGHUP)  # type: ignore[union-attr]
        one.until(lambda: right(ns), "the old one, by a signal")


def test_it_waits_for_a_task(ns: Host, tmp_path: Path) -> None:
    with keeper(ns, tmp_path) as one:
        one.until(lambda: right(ns), "the routes")
        lock = Path("/run/l3host.source_ip") / f"lock-{os.stat(ns.path).st_ino}"
        with lock.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            ns.ip(f"route del {ns.P4}")
            time.sleep(0.5)
            assert not ns.ip(f"route show {ns.P4}"), "two writers at once"
        one.until(lambda: right(ns), "the route")


@pytest.mark.parametrize("case", ["right", "waits", "locked"])
def test_when_it_is_ready_by_its_own_word(ns: Host, tmp_path: Path, case: str) -> None:
    """When the intent is there. Not yet while something waits; at once where a task is at work, which waits for it."""
    lock = Path("/run/l3host.source_ip") / f"lock-{os.stat(ns.path).st_ino}"
    lock.parent.mkdir(exist_ok=True)
    if case == "waits":
        ns.ip(f"address del {ns.S4}/32 dev lo")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, lock.open("a+") as held:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10 if case != "waits" else 1.5)
        if case == "locked":
            fcntl.flock(held, fcntl.LOCK_EX)
        one = keeper(ns, tmp_path, environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        one.start()
        try:
            said = b""
            with contextlib.suppress(TimeoutError, socket.timeout):
                while b"READY=1" not in said:
                    said += systemd.recv(1000) + b"\n"
            assert (b"READY=1" in said) is (case != "waits"), said
            assert right(ns) is (case == "right")
            if case == "waits":
                ns.ip(f"address add {ns.S4}/32 dev lo")
                systemd.settimeout(10)
                while b"READY=1" not in said:
                    said += systemd.recv(1000)
                assert right(ns)
        finally:
            one.end()


DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not an intent"),
    "half": (b'{"version": 1, "backend": "kern', "is not an intent"),
    "list": (b"[]", "is not an intent"),
    "later": (b'{"version": 99}', "a later release"),
    "intent": (b'{"version": 1, "backend": "kernel", "options": {}, "intent": "{}"}', "cannot be used"),
    "back end": (b'{"version": 1, "backend": "ifconfig", "options": {}, "intent": "{\\"version\\": 1}"}', "ifconfig"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_document_is_said_and_the_last_good_one_kept(ns: Host, tmp_path: Path, name: str) -> None:
    content, words = DAMAGED[name]
    with keeper(ns, tmp_path) as one:
        one.until(lambda: right(ns), "the routes")
        one.write(content)
        ns.ip(f"route del {ns.P4}")
        one.until(lambda: right(ns), "the route")
        one.until(lambda: words in str(one.status["document_error"]), "the error in the status")
        assert words in one.log
        one.write(document(tmp_path, routes=ROUTES))
        ns.ip(f"route del {ns.P4}")
        one.until(lambda: right(ns) and one.status["document_error"] is None, "the good one")
        assert one.end() == 0
        assert one.status["state"] == "ended"
    one.write(content)
    one.start()
    assert one.process and one.process.wait(10) == 78, "a start without an intent ends, and systemd lets it be"
    assert words in one.log


def test_a_document_that_others_may_write_is_not_used(ns: Host, tmp_path: Path) -> None:
    one = keeper(ns, tmp_path)
    one.document.chmod(0o622)
    one.start()
    assert one.process and one.process.wait(10) == 78
    assert "can be written by others" in one.log


def test_one_look_and_its_exit_status(ns: Host, tmp_path: Path) -> None:
    def once() -> subprocess.CompletedProcess[str]:
        program = [str(tmp_path / "keeper.zip"), "--document", str(one.document), "--status", str(tmp_path / "said")]
        return ns.run([sys.executable, "-I", "-S", *program, "--once"], check=False)

    one = keeper(ns, tmp_path)
    assert once().returncode == 0 and right(ns)
    ns.ip(f"address del {ns.S4}/32 dev lo")
    done = once()
    assert done.returncode == 1 and "is not an address of this host" in done.stdout


def test_killed_at_random_points(ns: Host, tmp_path: Path) -> None:
    """Whatever the moment: the next one converges, document and record can be read, nothing is there twice."""
    many = [{"destination": f"203.0.113.{at}/32", "gateway": Host.G4, "source": Host.S4} for at in range(200)]
    one = keeper(ns, tmp_path, addresses=[{"address": f"{NEW4}/32", "device": "lo"}], routes=[*ROUTES, *many])
    chance = random.Random("keeper")
    written = one.document.read_bytes()
    for _kill in range(KILLS):
        one.start()
        ns.batch([f"address del {ns.S4}/32 dev lo", f"address add {ns.S4}/32 dev lo"])
        time.sleep(chance.uniform(0, 0.6))
        one.end(signal.SIGKILL)
        lines = ns.ip("route show proto 133").splitlines()
        assert len(lines) == len({line.split()[0] for line in lines})
        assert all(f"src {ns.S4}" in line for line in lines)
        assert one.document.read_bytes() == written
    with one:
        one.until_state("holds")
        assert len(ns.ip("route show proto 133").splitlines()) == 201 and right(ns)


def _flap(ns: Host, turn: int) -> Callable[[], None]:
    if turn % 2:
        return lambda: ns.batch([f"address del {ns.S4}/32 dev lo", f"address add {ns.S4}/32 dev lo"])
    return lambda: ns.batch(["link set v0 down", "link set v0 up", *OF_V0])


def test_fifty_flaps_in_a_row(ns: Host, tmp_path: Path) -> None:
    """Nothing lost, and none of it taken for somebody's ill will; ``make keeper`` has a thousand, with their times."""
    with keeper(ns, tmp_path) as one:
        for turn in range(50):
            _flap(ns, turn)()
        one.until(lambda: right(ns), "the routes")
        one.until_state("holds")
        assert "undone" not in one.log
