# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight warnings on a real kernel: each is given where the trouble really comes, and not where it does not."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.lab.modules import ModuleRunner, Result
from tests.lab.netns import within
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


INSIDE4 = "198.51.100.34"
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
            except TimeoutError:
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
