# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An intent as items of the modules, and what is left when it changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._kernel import record as records
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._kernel.items import Items, items
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

LO = {"address": "192.0.2.2/32", "device": "lo"}
ROUTE = {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2"}
NOTHING = records.parse(None, "")
POLICY = {"destinations": ["203.0.113.0/24"], "match": "orlonger", "protocols": ["bgp"], "source": "192.0.2.2"}


def made(addresses: Any = (), routes: Any = (), policies: Any = (), record: Any = None) -> Items:
    return items(normalise(list(addresses), list(routes), list(policies), "kernel"), record or NOTHING)


def recorded(result: Items, created: list[str] | None = None) -> records.Record:
    return records.after(NOTHING, result.record, {(address, "lo") for address in created or []}, complete=True)


def test_what_is_not_set_is_left_out() -> None:
    assert made([LO], [ROUTE], [POLICY]) == Items(
        addresses=[LO],
        routes=[ROUTE],
        sources=[{"destination": "203.0.113.0/24", "source": "192.0.2.2", "within": True, "protocol": ["186"]}],
        stale=[],
        record={
            "addresses": [LO],
            "routes": [
                {"destination": "198.51.100.0/24", "table": None, "vrf": None, "metric": 0, "metrics": []},
            ],
            "sources": [{"destination": "203.0.113.0/24", "source": "192.0.2.2", "within": True, "protocol": ["186"]}],
        },
    )


def test_everything_that_is_set_is_passed_on() -> None:
    route = {
        "destination": "2001:db8::/32",
        "nexthops": [{"gateway": "fe80::1", "device": "eth0", "weight": 2, "onlink": True}],
        "source": "2001:db8:ff::2",
        "metric": 7,
        "table": 100,
        "metrics": {"mtu": 1400},
    }
    assert made(routes=[route]).routes == [{**route, "table": "100"}]
    assert made(routes=[{**ROUTE, "vrf": "red"}]).routes == [{**ROUTE, "vrf": "red"}]


def test_any_protocol_means_all_but_ours() -> None:
    policy = {key: value for key, value in POLICY.items() if key != "protocols"}
    assert [item["except_protocols"] for item in made(policies=[policy]).sources] == [["133"]]


def test_protocols_that_share_a_number_are_asked_for_once() -> None:
    policy = {**POLICY, "protocols": ["connected", "kernel", "ospf"], "except": ["203.0.113.128/25"]}
    found = made(policies=[policy]).sources
    assert [item["protocol"] for item in found] == [["2", "188"]]
    assert [item["except"] for item in found] == [["203.0.113.128/25"]]


def test_rip_is_ripng_for_ipv6() -> None:
    """FRR gives the routes of RIP and of RIPng numbers of their own (zebra/rt_netlink.h)."""
    policy = {
        "destinations": ["203.0.113.0/24", "2001:db8::/32"],
        "protocols": ["rip"],
        "source": ["192.0.2.2", "2001:db8:ff::2"],
    }
    found = [(item["destination"], item["protocol"]) for item in made(policies=[policy]).sources]
    assert sorted(found) == [("2001:db8::/32", ["190"]), ("203.0.113.0/24", ["189"])]


def test_what_the_intent_no_longer_says_goes() -> None:
    before = recorded(made([LO], [{**ROUTE, "metrics": {"mtu": 1400}}], [POLICY]), ["192.0.2.2/32"])
    after = made(record=before)
    assert after.stale == [{**LO, "state": "absent"}]
    assert after.routes == [
        {"destination": "198.51.100.0/24", "metric": 0, "protocol": "133", "state": "absent"},
    ]
    assert after.sources == [{**before["sources"][0], "state": "absent"}]
    assert recorded(after) == NOTHING


def test_a_changed_source_is_no_removal() -> None:
    before = recorded(made([LO], [ROUTE], [POLICY]), ["192.0.2.2/32"])
    after = made([LO], [{**ROUTE, "source": "192.0.2.3"}], [{**POLICY, "source": "192.0.2.3"}], before)
    assert [item.get("state") for item in after.routes + after.sources] == [None, None]


def test_another_metric_is_another_route() -> None:
    before = recorded(made(routes=[ROUTE]))
    after = made(routes=[{**ROUTE, "metric": 5}], record=before)
    assert [(item.get("state"), item["metric"]) for item in after.routes] == [(None, 5), ("absent", 0)]


@pytest.mark.parametrize(("destination", "metric"), [("198.51.100.0/24", 0), ("2001:db8::/32", 1024)])
def test_no_metric_is_the_kernels_own(destination: str, metric: int) -> None:
    source = "192.0.2.2" if metric == 0 else "2001:db8:ff::2"
    noted = made(routes=[{"destination": destination, "device": "eth0", "source": source}]).record["routes"]
    assert [item["metric"] for item in noted] == [metric]


def test_a_path_metric_that_goes_is_taken_away() -> None:
    before = recorded(made(routes=[{**ROUTE, "metrics": {"mtu": 1400, "advmss": 1200}}]))
    after = made(routes=[{**ROUTE, "metrics": {"mtu": 1300}}], record=before)
    assert after.routes[0]["metrics"] == {"mtu": 1300, "advmss": 0}


def test_an_address_that_was_there_before_is_not_ours() -> None:
    first = made([LO])
    assert recorded(first, created=[])["addresses"] == []
    assert recorded(first, created=["192.0.2.2/32"])["addresses"] == [LO]
    again = records.after(recorded(first, ["192.0.2.2/32"]), first.record, created=[], complete=True)
    assert again["addresses"] == [LO]


def test_after_a_failure_nothing_is_forgotten() -> None:
    before = recorded(made([LO], [ROUTE], [POLICY]), ["192.0.2.2/32"])
    other = made([{"address": "192.0.2.3/32", "device": "lo"}], record=before)
    after = records.after(before, other.record, [("192.0.2.3/32", "lo")], complete=False)
    assert after["addresses"] == [{"address": "192.0.2.3/32", "device": "lo"}, LO]
    assert after["routes"] == before["routes"]
    assert after["sources"] == before["sources"]


def test_after_a_failure_an_address_that_was_there_before_is_still_not_ours() -> None:
    other = {"address": "192.0.2.3/32", "device": "lo"}
    wanted = made([LO, other], [ROUTE]).record
    after = records.after(NOTHING, wanted, [("192.0.2.3/32", "lo")], complete=False)
    assert after["addresses"] == [other]
    assert after["routes"] == wanted["routes"]


def test_what_the_keeper_has_found_stays_found_while_the_intent_names_it() -> None:
    first, other = made([LO]), made([{"address": "192.0.2.3/32", "device": "lo"}])
    by_keeper = records.after(NOTHING, {**first.record, "found": [LO]}, [], complete=False)
    assert by_keeper["found"] == [LO] and by_keeper["addresses"] == []
    assert records.after(by_keeper, first.record, [], complete=True) == by_keeper
    assert records.after(by_keeper, other.record, [], complete=True)["found"] == []
    # A task that makes it makes it ours.
    made_now = records.after(by_keeper, first.record, [("192.0.2.2/32", "lo")], complete=True)
    assert (made_now["addresses"], made_now["found"]) == ([LO], [])


def test_the_same_address_on_another_device_is_not_ours() -> None:
    other = {**LO, "device": "eth0"}
    after = records.after(NOTHING, made([LO, other]).record, [("192.0.2.2/32", "eth0")], complete=True)
    assert after["addresses"] == [other]


def test_the_record_survives_its_file(tmp_path: Path) -> None:
    record = recorded(made([LO], [ROUTE], [POLICY]), ["192.0.2.2/32"])
    path = str(tmp_path / "deeper" / "record.json")
    records.write(path, records.text(record))
    assert (tmp_path / "deeper" / "record.json").stat().st_mode & 0o777 == 0o600
    assert records.parse(records.read(path), path) == record
    records.write(path, None)
    assert records.parse(records.read(path), path) == NOTHING
    assert list((tmp_path / "deeper").iterdir()) == []


@pytest.mark.parametrize("content", [b"no json", b"{}", b"[]", b'{"addresses": 1, "routes": [], "sources": []}'])
def test_a_broken_record_is_an_error(content: bytes) -> None:
    with pytest.raises(records.RecordError, match="/run/x on the host cannot be read"):
        records.parse(content, "/run/x")
