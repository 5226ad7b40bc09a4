# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The view of the host: what it says of devices, tables and sources, and that it asks only for what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._base.names import TABLES
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import (
    INET,
    INET6,
    Address,
    Link,
    Prefix,
    Rule,
    parse_address,
    parse_prefix,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import Host, snapshot
from ansible_collections.l3host.source_ip.plugins.module_utils._host.tables import table_names
from tests.unit.host.hosts import Written

LINKS = (
    Link(1, "lo"),
    Link(2, "v0", altnames=("uplink", "enp0s31f6np0")),
    Link(3, "v1", master=9),
    Link(5, "v5", master=8),
    Link(8, "bridge"),
    Link(9, "blue", table=100),
)
ADDRESSES = (
    Address("192.0.2.2", 32, INET, 1, "lo"),
    Address("10.1.0.1", 24, INET, 3, "v1"),
    Address("10.9.0.1", 24, INET, 2, "v0"),
    Address("10.9.0.1", 24, INET, 3, "v1"),
    Address("2001:db8:1::1", 64, INET6, 3, "v1"),
    Address("2001:db8::2", 128, INET6, 1, "lo"),
    Address("2001:db8::77", 64, INET6, 2, "v0", flags=Address.TENTATIVE),
    Address("2001:db8::78", 64, INET6, 2, "v0", flags=Address.DADFAILED),
    Address("2001:db8::79", 64, INET6, 2, "v0", flags=Address.TENTATIVE | Address.OPTIMISTIC),
)
LOCAL = {(INET, 255): ["203.0.113.0/24"], (INET, 77): ["192.88.99.1/32"]}


def local(family: int, table: int) -> list[Prefix]:
    return [parse_prefix(text, "test") for text in LOCAL.get((family, table), [])]


def kernel() -> Written:
    return Written(LINKS, ADDRESSES, local, [Rule(INET, 0, "lookup", 255)])


def packed(text: str) -> bytes:
    return parse_address(text, "test")[1]


@pytest.mark.parametrize(
    ("ask", "asked"),
    [
        (lambda host: host.table("main", None, "x"), []),
        (lambda host: host.table(77, None, "x"), []),
        (lambda host: host.device("v0", "x"), ["links"]),
        (lambda host: host.table(None, "blue", "x"), ["links"]),
        (lambda host: host.domain_of(3), ["links"]),
        (lambda host: host.domain_of(None), []),
        (lambda host: host.holders(packed("10.1.0.1")), ["links", "addresses"]),
        (lambda host: host.why_not_source(packed("192.0.2.2")), ["links", "addresses"]),
        (
            lambda host: host.why_not_source(packed("203.0.113.9"), 77),
            ["links", "addresses", "destinations 2 255 2"],
        ),
        (
            lambda host: host.why_not_source(packed("192.0.2.9"), 77),
            ["links", "addresses", "destinations 2 255 2", "destinations 2 77 2"],
        ),
        (lambda host: host.rules(INET), ["rules 2"]),
        (lambda host: host.labels, ["labels"]),
    ],
)
def test_reads_what_is_asked_for_and_nothing_else_and_once(ask: Callable[[Host], object], asked: list[str]) -> None:
    written = kernel()
    host = snapshot(written)
    assert written.asked == []
    first = ask(host)
    assert ask(host) == first and written.asked == asked


def test_devices_are_known_by_their_alternative_names() -> None:
    host = snapshot(kernel())
    for name in ("v0", "uplink", "enp0s31f6np0"):
        assert host.device(name, "x") == LINKS[1]
    assert host.find("nosuch0") is None and host.find(None) is None and host.find("") is None
    with pytest.raises(InvalidInput, match="x: there is no device 'nosuch0'; this host has blue, bridge, lo, v0, v1"):
        host.device("nosuch0", "x")


def test_a_name_is_taken_before_an_alternative_name() -> None:
    """The kernel forbids the same name twice, but between two reads a name can move."""
    host = snapshot(Written([Link(1, "lo"), Link(2, "v0", altnames=("v1",)), Link(3, "v1", altnames=("v0",))]))
    assert [host.device(name, "x").index for name in ("v0", "v1")] == [2, 3]


@pytest.mark.parametrize(("index", "domain"), [(1, None), (2, None), (3, 9), (5, None), (8, None), (9, 9), (77, None)])
def test_domains(index: int, domain: int | None) -> None:
    found = snapshot(kernel()).domain_of(index)
    assert (found.index if found else None) == domain


def test_vrfs() -> None:
    host = snapshot(kernel())
    assert host.table(None, "blue", "x") == 100
    with pytest.raises(InvalidInput, match=r"x\.vrf: 'v0' is a device, but not a VRF; VRFs of this host: blue"):
        host.table(None, "v0", "x")
    with pytest.raises(InvalidInput, match="VRFs of this host: none"):
        snapshot(Written([Link(1, "lo")])).vrf("lo", "x")


MAIN, BLUE = 254, 100


@pytest.mark.parametrize(
    ("source", "table", "devices", "reason"),
    [
        ("192.0.2.2", MAIN, None, ""),
        ("192.0.2.2", BLUE, None, ""),
        ("10.1.0.1", BLUE, None, ""),
        ("10.1.0.1", MAIN, None, "10.1.0.1 belongs to vrf blue, but the route is in table main"),
        ("10.9.0.1", MAIN, None, ""),
        ("10.9.0.1", BLUE, None, ""),
        ("10.1.0.9", MAIN, None, "10.1.0.9 is not an address of this host; add it first"),
        ("203.0.113.7", MAIN, None, ""),
        ("203.0.113.7", BLUE, None, ""),
        ("192.88.99.1", 77, None, ""),
        ("192.88.99.1", MAIN, None, "192.88.99.1 is not an address of this host"),
        ("2001:db8::2", MAIN, None, ""),
        ("2001:db8::2", MAIN, {2}, ""),
        ("2001:db8::2", MAIN, {3}, "2001:db8::2 belongs to no vrf, but device v1 to vrf blue"),
        ("2001:db8:1::1", MAIN, {3}, ""),
        ("2001:db8:1::1", BLUE, None, ""),
        ("2001:db8:1::1", MAIN, None, "2001:db8:1::1 belongs to vrf blue, but the route is in table main"),
        ("2001:db8::77", MAIN, None, "2001:db8::77 on v0 is tentative: duplicate address detection has not finished"),
        ("2001:db8::78", MAIN, None, "2001:db8::78 on v0 failed duplicate address detection: another host uses it"),
        ("2001:db8::79", MAIN, None, ""),
        ("192.0.2.99", MAIN, None, ""),
    ],
)
def test_why_not_source(source: str, table: int, devices: set[int] | None, reason: str) -> None:
    host = snapshot(kernel(), planned=["192.0.2.99/32"])
    found = host.why_not_source(packed(source), table, frozenset(devices) if devices else None)
    assert (found or "").startswith(reason) and bool(found) == bool(reason)
    if reason:
        with pytest.raises(InvalidInput, match=f"^x: {reason}"):
            host.check_source(packed(source), table, "x", frozenset(devices) if devices else None)
    else:
        host.check_source(packed(source), table, "x", frozenset(devices) if devices else None)


def test_an_ipv6_prefix_of_type_local_makes_no_sources() -> None:
    """``ip6_route_info_create()`` looks for an address on a device."""
    written = Written(LINKS, (), lambda family, table: [parse_prefix("2001:db8:a::/48", "test")])
    assert "is not an address of this host" in str(snapshot(written).why_not_source(packed("2001:db8:a::1")))


def test_sysctls_that_are_not_there_are_zero() -> None:
    host = snapshot(kernel())
    assert host.sysctl("ipv4/ip_default_ttl") > 0
    assert host.sysctl("ipv4/conf/no-such-device/forwarding") == 0
    assert host.sysctl("ipv4/no_such_key") == 0


def test_names_of_tables_come_from_the_hosts_files(tmp_path: Path) -> None:
    (tmp_path / "rt_tables").write_text("# comment\n255\tlocal\n100 blue # behind\n0x64 hex\n#7 off\n", "utf-8")
    (tmp_path / "rt_tables.d").mkdir()
    (tmp_path / "rt_tables.d" / "own.conf").write_text("200 green\n", "utf-8")
    (tmp_path / "rt_tables.d" / "own.txt").write_text("201 not-read\n", "utf-8")
    names = table_names([str(tmp_path), str(tmp_path / "absent")])
    assert names == {**TABLES, "blue": 100, "hex": 100, "green": 200}


def test_first_names() -> None:
    host = Host(kernel())
    assert [host.first_name(name) for name in ("v0", "uplink", "new0")] == ["v0", "v0", "new0"]
    with pytest.raises(InvalidInput, match="no device 'a-name-of-16-chr'"):
        host.first_name("a-name-of-16-chr")


def test_rules_have_the_first_names_of_their_devices() -> None:
    rules = [Rule(INET, 7, "lookup", 100, oif="uplink"), Rule(INET, 8, "lookup", 100, iif="lo"), Rule(INET, 9, "nop")]
    host = Host(Written(LINKS, policy=rules))
    assert [(rule.iif, rule.oif) for rule in host.rules(INET)] == [(None, "v0"), ("lo", None), (None, None)]
