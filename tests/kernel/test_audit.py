# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit on a real kernel: each kind of damage is found, and by its name."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.modules import ModuleRunner, Result
from tests.lab.netns import within
from tests.lab.pair import Host

NEW4 = "192.0.2.77"
ADDRESS = {"address": f"{NEW4}/32", "device": "lo"}
ROUTE = {"destination": Host.P4, "gateway": Host.G4, "source": NEW4}
THEIRS = "198.18.0.0/24"
INTENT: dict[str, Any] = {
    "addresses": [ADDRESS],
    "routes": [ROUTE],
    "policies": [{"destinations": [THEIRS], "source": NEW4, "protocols": ["static"]}],
}
NOTHING: dict[str, Any] = {"addresses": [], "routes": [], "policies": []}


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "record.json"


@pytest.fixture
def audit(ns: Host, module: ModuleRunner, record: Path) -> Callable[..., Result]:
    """The audit of an intent on the host, where somebody else's route is already."""
    ns.ip(f"route add {THEIRS} via {Host.G4} proto static")

    def ask(**lists: Any) -> Result:
        options = {"audit": True, "wire": "never", "backend": "kernel", "kernel": {"record": str(record)}}
        return module.ok("intent_info", {**options, **(lists or INTENT)})

    return ask


@pytest.fixture
def applied(audit: Callable[..., Result], module: ModuleRunner, record: Path) -> None:
    module.ok("intent", {"backend": "kernel", "kernel": {"record": str(record)}, **INTENT})


def named(result: Result) -> list[tuple[str, str]]:
    return [(finding["problem"], finding["destination"]) for finding in result["findings"]]


def test_a_host_without_damage(applied: None, audit: Callable[..., Result], record: Path) -> None:
    before = record.read_bytes()
    found = audit()
    assert found["findings"] == [] and found["checked"] == 2 and found["notes"] == []
    assert found["connections"] == {"checked": 0, "incoming": 0, "omitted": 0, "differing": []}
    assert found["backend"] == "kernel" and found["asked"].endswith("Z") and found["kernel"]
    assert record.read_bytes() == before


def test_an_intent_that_nobody_applied(audit: Callable[..., Result], ns: Host, record: Path) -> None:
    before = ns.ip("route show table all")
    assert named(audit()) == [("not_applied", "*")]
    assert ns.ip("route show table all") == before and not record.exists()


def test_a_record_that_is_gone(applied: None, audit: Callable[..., Result], record: Path) -> None:
    """All is as the intent says, and only the record would be written again."""
    record.unlink()
    assert ("not_applied", "*") not in named(audit())


def test_an_intent_that_does_not_fit_the_host(audit: Callable[..., Result]) -> None:
    """Nothing is silent: the source of a route is nobody's address."""
    found = audit(addresses=[], routes=[{**ROUTE, "source": "192.0.2.77"}], policies=[])
    assert ("refused", "*") in named(found) and "192.0.2.77" in str(found["findings"])


DAMAGE = {
    "another source": (f"route change {Host.P4} via {Host.G4} proto 133 src 192.0.2.3", ("different", Host.P4)),
    "no route": (f"route del {Host.P4}", ("absent", Host.P4)),
    "its owner wrote it again": (f"route change {THEIRS} via {Host.G4} proto static", ("different", THEIRS)),
    "another gateway": (f"route change {Host.P4} via 10.1.0.254 proto 133 src {NEW4}", ("drift", Host.P4)),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_each_damage_by_its_name(applied: None, audit: Callable[..., Result], ns: Host, name: str) -> None:
    line, finding = DAMAGE[name]
    ns.ip(line)
    assert named(audit()) == [finding]


def test_an_intent_of_policies_alone(audit: Callable[..., Result]) -> None:
    """Nothing but routes inside its destinations is asked for; the names of devices are not known before."""
    found = audit(policies=[{"destinations": ["198.18.0.0/15"], "match": "orlonger", "source": "192.0.2.2"}])
    assert named(found) == [("not_applied", "*")] and found["checked"] == 1


def test_a_second_route_that_wins(audit: Callable[..., Result], module: ModuleRunner, ns: Host, record: Path) -> None:
    """The intent's has a metric; another one, with a lower one, comes later."""
    intent = {**INTENT, "routes": [{**ROUTE, "metric": 50}], "policies": []}
    module.ok("intent", {"backend": "kernel", "kernel": {"record": str(record)}, **intent})
    ns.ip(f"route add {Host.P4} via {Host.G4} proto dhcp metric 5")
    found = audit(**intent)
    assert named(found) == [("twofold", Host.P4)]
    (finding,) = found["findings"]
    assert "metric 5" in finding["repair"] and "wins over" in finding["why"] and finding["expected"] == NEW4
    ns.ip(finding["repair"].partition(" ")[2])
    assert audit(**intent)["findings"] == []


def test_pieces_that_no_intent_names(applied: None, audit: Callable[..., Result]) -> None:
    found = audit(**NOTHING)
    assert ("orphan", Host.P4) in named(found)
    assert all(problem in ("orphan", "drift") for problem, _place in named(found))
    assert ["no intent" in note for note in found["notes"]] == [True]
    fewer = audit(**{**INTENT, "routes": []})
    assert named(fewer) == [("orphan", Host.P4)]


def test_a_host_without_an_intent(audit: Callable[..., Result]) -> None:
    found = audit(**NOTHING)
    assert found["findings"] == [] and found["checked"] == 0 and "no intent" in found["notes"][0]


def test_a_source_that_the_host_has_lost(
    audit: Callable[..., Result], module: ModuleRunner, ns: Host, record: Path
) -> None:
    """With the address IPv4 takes the routes of main along, and leaves those of other tables as they are."""
    intent = {**INTENT, "routes": [ROUTE, {**ROUTE, "table": 77}], "policies": []}
    module.ok("intent", {"backend": "kernel", "kernel": {"record": str(record)}, **intent})
    assert audit(**intent)["findings"] == []
    ns.ip(f"address del {NEW4}/32 dev lo")
    found = audit(**intent)
    (stale,) = [finding for finding in found["findings"] if finding["problem"] == "stale"]
    assert (stale["destination"], stale["table"], stale["actual"]) == (Host.P4, 77, NEW4)
    assert "not an address of this host" in stale["why"]
    assert sorted(named(found)) == [("absent", Host.P4), ("drift", f"{NEW4}/32"), ("stale", Host.P4)]


@pytest.mark.parametrize("bridge", ["docker0", "br-0123456789ab", "cni0", "virbr0"])
def test_a_source_borrowed_from_a_bridge(
    applied: None, audit: Callable[..., Result], ns: Host, module: ModuleRunner, bridge: str
) -> None:
    """The device of the route has no address that would do, so IPv4 takes the first of another one."""
    ns.batch(
        [
            f"link add {bridge} type bridge",
            f"link set {bridge} up",
            f"address add 172.17.0.1/16 dev {bridge}",
            "link add u0 type veth peer name u1",
            "link set u0 up",
            "link set u1 up",
            "address del 192.0.2.2/32 dev lo",
            "address del 192.0.2.3/32 dev lo",
            "address flush dev v0 scope global",
            "address flush dev v1 scope global",
            f"address del {NEW4}/32 dev lo",
            f"address add {NEW4}/32 dev lo scope host",
            f"route replace {Host.P4} dev u0 proto 133",
        ]
    )
    found = audit(**{**INTENT, "routes": [{"destination": Host.P4, "device": "u0", "source": NEW4}], "policies": []})
    (finding,) = [finding for finding in found["findings"] if finding["destination"] == Host.P4]
    assert finding["problem"] == "borrowed" and bridge in finding["why"] and finding["actual"] == "172.17.0.1"


def test_connections_that_are_open(applied: None, audit: Callable[..., Result], ns: Host) -> None:
    def opened() -> socket.socket:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind(("192.0.2.3", 0))
        one.connect(("198.51.100.34", 9))
        return one

    with within(ns.name, opened):
        found = audit()
    assert found["findings"] == []
    (row,) = found["connections"]["differing"]
    assert (row["source"], row["expected"], row["destination"]) == ("192.0.2.3", NEW4, "198.51.100.34")


def test_a_record_that_cannot_be_read(applied: None, audit: Callable[..., Result], record: Path) -> None:
    record.write_text("{", encoding="utf-8")
    found = audit()
    assert named(found) == [("silent", "*")] and str(record) in found["findings"][0]["why"]


@pytest.mark.parametrize("backend", ["frr", "bird"])
def test_a_daemon_that_does_not_answer(ns: Host, module: ModuleRunner, backend: str, tmp_path: Path) -> None:
    options = {
        "frr": {"vtysh": str(tmp_path / "vtysh"), "conf": str(tmp_path / "frr.conf")},
        "bird": {"config": str(tmp_path / "bird.conf"), "socket": str(tmp_path / "bird.ctl")},
    }
    policies = [{"destinations": ["0.0.0.0/0"], "match": "orlonger", "protocols": ["bgp"], "source": "192.0.2.2"}]
    asked = {"audit": True, "wire": "never", "backend": backend, backend: options[backend]}
    found = module.ok("intent_info", {**asked, "policies": policies})
    assert ("silent", "*") in named(found)
    assert module.ok("intent_info", asked)["findings"] == []
