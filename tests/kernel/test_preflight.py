# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight warnings on a real kernel: each is given where the trouble really comes, and not where it does not."""

from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.lab.modules import ModuleRunner, Result
from tests.lab.netns import NamespaceError, within
from tests.lab.pair import Host

SO_MARK = 36
NEW6 = "2001:db8::77"


@pytest.fixture
def record(tmp_path: Path) -> dict[str, Any]:
    return {"backend": "kernel", "kernel": {"record": str(tmp_path / "record.json")}}


def texts(result: Result) -> list[str]:
    """The texts of the warnings of a task; newer releases of ansible-core wrap them."""
    return [one if isinstance(one, str) else one["event"]["msg"] for one in result.get("warnings", [])]


def warnings(module: ModuleRunner, task: dict[str, Any], **intent: Any) -> list[str]:
    """What the check, the run, a second run and the audit say, which has to be the same."""
    lists = {"addresses": [], "routes": [], "policies": [], **intent}
    predicted = texts(module.ok("intent", {**task, **lists}, check=True))
    said = texts(module.ok("intent", {**task, **lists}))
    again = texts(module.ok("intent", {**task, **lists}))
    audited = module.ok("intent_info", {**task, **lists, "audit": True, "wire": "never"})["notes"]
    assert predicted == said == again == audited
    return said


@pytest.mark.parametrize("stays", [0, 1])
def test_an_address_goes_with_its_device_where_it_is_said(
    ns: Host, module: ModuleRunner, record: dict[str, Any], stays: int
) -> None:
    ns.sysctl({"ipv6/conf/v0/keep_addr_on_down": stays})
    said = warnings(module, record, addresses=[{"address": f"{NEW6}/128", "device": "v0"}])
    ns.batch(["link set v0 down", "link set v0 up"])
    there = NEW6 in ns.ip("-6 address show dev v0")
    assert there is bool(stays) and len(said) == 1 - stays
    assert stays or ("net.ipv6.conf.v0.keep_addr_on_down = 0" in said[0] and f"{NEW6} (v0)" in said[0])


INSIDE4, INSIDE6 = "198.51.100.34", "2001:db8:100::34"
V1 = "10.1.0.1"
#: Replies to the address of v1 come in by v1; the route leaves by v0.
ELSEWHERE = {"routes": [{"destination": Host.P4, "gateway": Host.G4, "source": V1}]}
BACK = [f"route add {Host.P4} via {Host.G4_V1} table 77", f"rule add from {V1} lookup 77"]


def arrives(ns: Host, **bound: Any) -> bool:
    """Whether a reply comes in: what nobody listens to is refused by the peer, at once."""

    def connect() -> bool:
        with socket.socket() as one:
            one.settimeout(0.5)
            if bound.get("mark"):
                one.setsockopt(socket.SOL_SOCKET, SO_MARK, bound["mark"])
            try:
                one.connect((INSIDE4, 9))
            except ConnectionRefusedError:
                return True
            except socket.timeout:
                return False
        raise AssertionError("somebody listens")

    return within(ns.name, connect)


@pytest.mark.parametrize(
    ("strict", "lines", "dropped"),
    [
        ({"v1": 1}, [], True),
        ({"all": 1}, [], True),
        ({"v1": 1, "all": 2}, [], False),
        ({"v1": 2, "all": 1}, [], False),
        ({"v0": 1}, [], False),
        ({}, [], False),
        ({"v1": 1}, BACK, False),
    ],
    ids=lambda value: str(value),
)
def test_replies_are_dropped_where_it_is_said(
    ns: Host, module: ModuleRunner, record: dict[str, Any], strict: dict[str, int], lines: list[str], dropped: bool
) -> None:
    ns.sysctl({f"ipv4/conf/{device}/rp_filter": value for device, value in strict.items()})
    ns.batch(lines)
    said = warnings(module, record, **ELSEWHERE)
    assert arrives(ns) is not dropped and len(said) == dropped
    if dropped:
        assert said[0].startswith(f"net.ipv4.conf.{next(iter(strict))}.rp_filter = 1: ")
        assert f"to {V1} from {Host.P4}, which come in by v1 while the way back leaves by v0;" in said[0]


def test_replies_to_what_a_mark_led_out_are_dropped(ns: Host, module: ModuleRunner, record: dict[str, Any]) -> None:
    """The packet leaves by v1, and the way back, which knows no mark, by v0."""
    ns.sysctl({"ipv4/conf/v1/rp_filter": 1})
    ns.batch([f"route add {Host.P4} via {Host.G4}", "rule add fwmark 7 lookup 77"])
    route = {"destination": Host.P4, "gateway": Host.G4_V1, "source": V1, "table": 77}
    said = warnings(module, record, routes=[route])
    assert len(said) == 1 and "which come in by v1 while the way back leaves by v0" in said[0]
    assert not arrives(ns, mark=7)
    ns.sysctl({"ipv4/conf/v1/rp_filter": 2})
    assert arrives(ns, mark=7) and warnings(module, record, routes=[route]) == []


def test_one_next_hop_of_several_is_enough(ns: Host, module: ModuleRunner, record: dict[str, Any]) -> None:
    ns.sysctl({"ipv4/conf/v1/rp_filter": 1})
    both = [{"gateway": Host.G4}, {"gateway": Host.G4_V1}]
    assert warnings(module, record, routes=[{"destination": Host.P4, "nexthops": both, "source": V1}]) == []
    assert arrives(ns)


def test_replies_to_a_source_of_policies(ns: Host, module: ModuleRunner, record: dict[str, Any]) -> None:
    ns.sysctl({"ipv4/conf/v1/rp_filter": 1})
    ns.batch([f"route add {Host.P4} via {Host.G4} proto static"])
    policy = {"destinations": ["0.0.0.0/0"], "match": "orlonger", "protocols": ["static"], "source": V1}
    (said,) = warnings(module, record, policies=[policy])
    assert f"to {V1} from {Host.P4}" in said and not arrives(ns)


def test_replies_to_an_address_that_is_still_to_come(ns: Host, module: ModuleRunner, record: dict[str, Any]) -> None:
    ns.sysctl({"ipv4/conf/v1/rp_filter": 1})
    ns.peer.batch(["address add 10.7.0.254/24 dev v1"])
    address = {"address": "10.7.0.1/24", "device": "v1"}
    route = {"destination": Host.P4, "gateway": Host.G4, "source": "10.7.0.1"}
    (said,) = warnings(module, record, addresses=[address], routes=[route])
    assert "to 10.7.0.1 from" in said and not arrives(ns)


FROM_LO = {"routes": [{"destination": Host.P4, "gateway": Host.G4, "source": Host.S4}]}
NFT = (
    "add table ip mine; add chain ip mine post {{ type nat hook postrouting priority 100; }}; add rule ip mine post {}"
)


def source_at_the_peer(ns: Host) -> str:
    """The source that a packet of an application has when it comes to the neighbour."""
    server = within(ns.peer.name, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    client = within(ns.name, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    with server, client:
        server.settimeout(5)
        server.bind((INSIDE4, 0))
        client.sendto(b"?", server.getsockname())
        return str(server.recvfrom(1)[1][0])


def rule(ns: Host, command: list[str]) -> None:
    """Put a rule in; skipped, with the reason, where the tool or the kernel's part of it is not there."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    try:
        ns.run(command)
    except NamespaceError as error:
        if "legacy" not in command[0]:
            raise
        pytest.skip(f"this kernel has no iptables of the old kind: {error}")


@pytest.mark.parametrize(
    ("command", "certain"),
    [
        (["nft", NFT.format('oifname "v0" masquerade')], True),
        (["nft", NFT.format(f"ip saddr {Host.S4} snat to 10.0.0.2")], True),
        (["nft", NFT.format("udp dport != 53 masquerade")], False),
        (["iptables-nft", "-t", "nat", "-A", "POSTROUTING", "!", "-o", "v1", "-j", "MASQUERADE"], True),
        (["iptables-legacy", "-t", "nat", "-A", "POSTROUTING", "-o", "v0", "-j", "MASQUERADE"], True),
    ],
    ids=lambda value: value[0] + value[-1][-24:] if isinstance(value, list) else "",
)
def test_a_rule_that_replaces_the_source_is_named(
    ns: Host, module: ModuleRunner, record: dict[str, Any], command: list[str], certain: bool
) -> None:
    assert warnings(module, record, **FROM_LO) == [] and source_at_the_peer(ns) == Host.S4
    rule(ns, command)
    (said,) = warnings(module, record, **FROM_LO)
    assert source_at_the_peer(ns) == ("10.0.0.2" if "snat" in command[-1] else "10.0.0.1")
    assert f"{'replaces' if certain else 'may replace'} {Host.S4} of what leaves by v0" in said
    ns.run(said.rpartition(": `")[2].rstrip("`").split())
    assert warnings(module, record, **FROM_LO) == [] and source_at_the_peer(ns) == Host.S4


@pytest.mark.parametrize(
    "words",
    ['oifname "v1" masquerade', "ip saddr 10.0.0.0/8 masquerade", 'iifname "v1" masquerade', "mark 7 masquerade"],
)
def test_a_rule_for_others_is_not_named(ns: Host, module: ModuleRunner, record: dict[str, Any], words: str) -> None:
    rule(ns, ["nft", NFT.format(words)])
    assert warnings(module, record, **FROM_LO) == [] and source_at_the_peer(ns) == Host.S4


def test_masquerade_with_the_very_source(ns: Host, module: ModuleRunner, record: dict[str, Any]) -> None:
    """The device's first address takes the place of itself; of its second one the first takes the place."""
    rule(ns, ["nft", NFT.format("masquerade")])
    for source, count in ((V1, 0), ("10.0.0.2", 1)):
        ns.batch([f"route flush {Host.P4}"] if count else [])
        gateway = Host.G4 if count else Host.G4_V1
        said = warnings(module, record, routes=[{"destination": Host.P4, "gateway": gateway, "source": source}])
        assert len(said) == count
        assert source_at_the_peer(ns) == ("10.0.0.1" if count else V1)


def test_a_route_that_ends_comes_back_without_its_source(
    ns: Host, module: ModuleRunner, record: dict[str, Any]
) -> None:
    """As a router advertises it: with a lifetime, and anew later on."""
    advertised = f"default via {Host.G6} proto ra metric 100"
    policy = {"destinations": ["::/0"], "protocols": ["ra"], "source": Host.S6}
    record["kernel"]["force"] = True
    ns.ip(f"-6 route add {advertised} expires 1800")
    assert "was changed by force" in texts(module.ok("intent", {**record, "policies": [policy]}))[0]
    (said,) = warnings(module, record, policies=[policy])
    assert said.startswith(f"default via {Host.G6} dev v0: ") and "source_ip_keep: true" in said
    assert f"src {Host.S6}" in ns.ip("-6 route show default")
    ns.ip(f"-6 route change {advertised} src {Host.S6} expires 1")
    deadline = time.monotonic() + 20
    while Host.S6 in ns.ip(f"-6 route get {INSIDE6}", check=False):
        assert time.monotonic() < deadline, "the route does not end"
        time.sleep(0.2)
    ns.ip(f"-6 route del default via {Host.G6} metric 100", check=False)  # what the kernel does when it cleans up
    ns.ip(f"-6 route add {advertised} expires 1800")
    assert "src" not in ns.ip("-6 route show default")


def test_routes_that_stay_are_not_spoken_of(ns: Host, module: ModuleRunner, record: dict[str, Any]) -> None:
    ns.ip(f"-6 route add default via {Host.G6} proto ra metric 100")
    record["kernel"]["force"] = True
    policy = {"destinations": ["::/0"], "protocols": ["ra"], "source": Host.S6}
    module.ok("intent", {**record, "policies": [policy]})
    assert warnings(module, record, policies=[policy]) == []
