# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The items of the role kernel, and what is left when an intent changes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.filter.kernel_record import kernel_record
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._kernel.plan import (
    RecordError,
    plan,
    read_record,
    record_after,
    record_text,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

LO = {"address": "192.0.2.2/32", "device": "lo"}
ROUTE = {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2"}
POLICY = {"destinations": ["203.0.113.0/24"], "match": "orlonger", "protocols": ["bgp"], "source": "192.0.2.2"}


def made(addresses: Any = (), routes: Any = (), policies: Any = (), record: Any = None) -> dict[str, Any]:
    return plan(normalise(list(addresses), list(routes), list(policies), "kernel"), record or {})


def recorded(result: dict[str, Any], created: list[str] | None = None) -> dict[str, Any]:
    return record_after({}, result["wanted"], [(address, "lo") for address in created or []], complete=True)


def test_what_is_not_set_is_left_out() -> None:
    assert made([LO], [ROUTE], [POLICY]) == {
        "addresses": [LO],
        "planned_addresses": ["192.0.2.2/32"],
        "routes": [ROUTE],
        "sources": [{"destination": "203.0.113.0/24", "source": "192.0.2.2", "within": True, "protocol": "186"}],
        "stale_addresses": [],
        "wanted": {
            "addresses": [LO],
            "routes": [
                {"destination": "198.51.100.0/24", "table": None, "vrf": None, "metric": 0, "metrics": []},
            ],
            "sources": [{"destination": "203.0.113.0/24", "source": "192.0.2.2", "within": True, "protocol": "186"}],
        },
    }


def test_everything_that_is_set_is_passed_on() -> None:
    route = {
        "destination": "2001:db8::/32",
        "nexthops": [{"gateway": "fe80::1", "device": "eth0", "weight": 2, "onlink": True}],
        "source": "2001:db8:ff::2",
        "metric": 7,
        "table": 100,
        "metrics": {"mtu": 1400},
    }
    assert made(routes=[route])["routes"] == [{**route, "table": "100"}]
    assert made(routes=[{**ROUTE, "vrf": "red"}])["routes"] == [{**ROUTE, "vrf": "red"}]


def test_any_protocol_means_all_but_ours() -> None:
    policy = {key: value for key, value in POLICY.items() if key != "protocols"}
    assert [item["except_protocols"] for item in made(policies=[policy])["sources"]] == [["133"]]


def test_protocols_that_share_a_number_are_asked_for_once() -> None:
    policy = {**POLICY, "protocols": ["connected", "kernel", "ospf"], "except": ["203.0.113.128/25"]}
    found = made(policies=[policy])["sources"]
    assert sorted(item["protocol"] for item in found) == ["188", "2"]
    assert [item["except"] for item in found] == [["203.0.113.128/25"]] * 2


def test_what_the_intent_no_longer_says_goes() -> None:
    before = recorded(made([LO], [{**ROUTE, "metrics": {"mtu": 1400}}], [POLICY]), ["192.0.2.2/32"])
    after = made(record=before)
    assert after["stale_addresses"] == [{**LO, "state": "absent"}]
    assert after["routes"] == [
        {"destination": "198.51.100.0/24", "metric": 0, "protocol": "133", "state": "absent"},
    ]
    assert after["sources"] == [{**before["sources"][0], "state": "absent"}]
    assert recorded(after) == {"addresses": [], "routes": [], "sources": []}


def test_a_changed_source_is_no_removal() -> None:
    before = recorded(made([LO], [ROUTE], [POLICY]), ["192.0.2.2/32"])
    after = made([LO], [{**ROUTE, "source": "192.0.2.3"}], [{**POLICY, "source": "192.0.2.3"}], before)
    assert [item.get("state") for item in after["routes"] + after["sources"]] == [None, None]


def test_another_metric_is_another_route() -> None:
    before = recorded(made(routes=[ROUTE]))
    after = made(routes=[{**ROUTE, "metric": 5}], record=before)
    assert [(item.get("state"), item["metric"]) for item in after["routes"]] == [(None, 5), ("absent", 0)]


@pytest.mark.parametrize(("destination", "metric"), [("198.51.100.0/24", 0), ("2001:db8::/32", 1024)])
def test_no_metric_is_the_kernels_own(destination: str, metric: int) -> None:
    source = "192.0.2.2" if metric == 0 else "2001:db8:ff::2"
    noted = made(routes=[{"destination": destination, "device": "eth0", "source": source}])["wanted"]["routes"]
    assert [item["metric"] for item in noted] == [metric]


def test_a_path_metric_that_goes_is_taken_away() -> None:
    before = recorded(made(routes=[{**ROUTE, "metrics": {"mtu": 1400, "advmss": 1200}}]))
    after = made(routes=[{**ROUTE, "metrics": {"mtu": 1300}}], record=before)
    assert after["routes"][0]["metrics"] == {"mtu": 1300, "advmss": 0}


def test_an_address_that_was_there_before_is_not_ours() -> None:
    first = made([LO])
    assert recorded(first, created=[])["addresses"] == []
    assert recorded(first, created=["192.0.2.2/32"])["addresses"] == [LO]
    again = record_after(recorded(first, ["192.0.2.2/32"]), first["wanted"], created=[], complete=True)
    assert again["addresses"] == [LO]


def test_after_a_failure_nothing_is_forgotten() -> None:
    before = recorded(made([LO], [ROUTE], [POLICY]), ["192.0.2.2/32"])
    other = made([{"address": "192.0.2.3/32", "device": "lo"}], record=before)
    after = record_after(before, other["wanted"], [("192.0.2.3/32", "lo")], complete=False)
    assert after["addresses"] == [{"address": "192.0.2.3/32", "device": "lo"}, LO]
    assert after["routes"] == before["routes"]
    assert after["sources"] == before["sources"]


def test_after_a_failure_an_address_that_was_there_before_is_still_not_ours() -> None:
    other = {"address": "192.0.2.3/32", "device": "lo"}
    wanted = made([LO, other], [ROUTE])["wanted"]
    after = record_after({}, wanted, [("192.0.2.3/32", "lo")], complete=False)
    assert after["addresses"] == [other]
    assert after["routes"] == wanted["routes"]


def test_the_same_address_on_another_device_is_not_ours() -> None:
    other = {**LO, "device": "eth0"}
    after = record_after({}, made([LO, other])["wanted"], [("192.0.2.2/32", "eth0")], complete=True)
    assert after["addresses"] == [other]


def test_what_the_module_address_created() -> None:
    results = [
        {"address": "192.0.2.2/32", "action": "created", "after": "inet 192.0.2.2/32 dev lo scope global"},
        {"address": "192.0.2.3/32", "action": "unchanged", "after": "inet 192.0.2.3/32 dev lo scope global"},
    ]
    wanted = made([LO, {"address": "192.0.2.3/32", "device": "lo"}])["wanted"]
    assert json.loads(kernel_record(wanted, None, results, complete=False))["addresses"] == [LO]


def test_the_record_survives_its_file() -> None:
    record = recorded(made([LO], [ROUTE], [POLICY]), ["192.0.2.2/32"])
    assert read_record(base64.b64encode(record_text(record).encode()).decode()) == record
    assert read_record("") == {}


@pytest.mark.parametrize(
    "content", ["not base64!", base64.b64encode(b"no json").decode(), base64.b64encode(b"{}").decode()]
)
def test_a_broken_record_is_an_error(content: str) -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        read_record(content)
