# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first look: what is warned of, and that a host where nothing is costs nothing."""

from __future__ import annotations

import errno
import struct
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._preflight import look as looks
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._preflight import sentences, translated
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import KernelError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.protocols import PROTOCOLS
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET6, parse_address
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import nat, wire
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Header, join
from tests.unit.backends.preflight.around import around

KEEP = "ipv6/conf/{}/keep_addr_on_down"


def test_a_list_names_each_thing_once_and_counts_the_rest() -> None:
    assert sentences.listed(["b", "a", "b"]) == "b, a"
    assert sentences.listed(map(str, range(7))) == "0, 1, 2, 3, 4 and 2 more"


def test_a_device_with_a_dot_in_its_name() -> None:
    assert sentences.setting("ipv4", "v0", "rp_filter") == "net.ipv4.conf.v0.rp_filter"
    assert sentences.setting("ipv4", "eth0.10", "rp_filter") == "net/ipv4/conf/eth0.10/rp_filter"


def test_what_cannot_be_looked_at_is_said_and_the_rest_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_around: Any) -> list[str]:
        raise KernelError("routes: no", 1, "no")

    def breaks(_around: Any) -> list[str]:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(looks, "_KINDS", (fails, breaks, lambda _around: ["another"]))
    failed, broke, other = looks.look(around())
    assert "routes: no" in failed and "not permitted" in broke and other == "another"


V6 = [{"address": "2001:db8::5/64", "device": "v0"}, {"address": "2001:db8::6/128", "device": "v1"}]


def lost(**known: Any) -> list[str]:
    return looks._lost_when_down(around(**{"addresses": V6, **known}))


@pytest.mark.parametrize("backend", ["kernel", "frr", "bird"])
def test_addressesthat_go_when_their_device_is_set_down(backend: str) -> None:
    (said,) = lost(backend=backend)
    assert said.startswith("net.ipv6.conf.v0.keep_addr_on_down = 0, net.ipv6.conf.v1.keep_addr_on_down = 0: ")
    assert "2001:db8::5 (v0), 2001:db8::6 (v1)" in said and ("source_ip_keep" in said) is (backend == "kernel")


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({KEEP.format("v0"): 1}, ["v1"]),
        ({KEEP.format("all"): 1}, []),
        # Below zero it is off, and that of all devices counts before the device's own.
        ({KEEP.format("all"): -1, KEEP.format("v0"): 1}, ["v0", "v1"]),
    ],
)
def test_the_settings_count_as_the_kernel_counts_them(settings: dict[str, int], warned: list[str]) -> None:
    said = "".join(lost(settings=settings))
    assert [name for name in ("v0", "v1") if f"({name})" in said] == warned
    assert said.startswith("net.ipv6.conf.all.keep_addr_on_down = -1: ") is (settings.get(KEEP.format("all"), 0) < 0)


@pytest.mark.parametrize(
    "known",
    [
        {"options": {"keep": True}},
        {"backend": "networkd"},
        {"addresses": [{"address": "2001:db8::5/128", "device": "lo"}]},
        {"addresses": [{"address": "192.0.2.5/32", "device": "v0"}]},
        {"addresses": [{"address": "2001:db8::5/128", "device": "not_there"}]},
    ],
)
def test_addressesthat_stay_or_come_back(known: dict[str, Any]) -> None:
    assert lost(**known) == []


def test_an_intent_of_ipv4_reads_no_setting() -> None:
    here = around(addresses=[{"address": "192.0.2.5/32", "device": "lo"}])
    assert looks._lost_when_down(here) == [] and here.hands.host.read == []  # type: ignore[attr-defined]


ANY6 = {"destinations": ["::/0"], "match": "orlonger", "source": "2001:db8::2"}


@pytest.mark.parametrize(
    "known",
    [
        {"policies": [ANY6], "backend": "bird"},
        {"policies": [ANY6], "options": {"force": True, "keep": True}},
        {"policies": [ANY6], "options": {}},
        {"policies": [ANY6], "changed": True},
        {"policies": [{**ANY6, "destinations": ["0.0.0.0/0"], "source": "192.0.2.2"}]},
        {"routes": [{"destination": "::/0", "gateway": "2001:db8::1", "source": "2001:db8::2"}]},
    ],
)
def test_routes_that_end_are_looked_for_only_where_they_matter(known: dict[str, Any]) -> None:
    here = around(**{"options": {"force": True}, **known})
    assert looks._expire(here) == [] and here.hands.kernel.asked == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("seconds", "protocols", "said"),
    [(1800, "any", "default via fe80::1 dev v0: what"), (0, "any", ""), (1800, "static", "")],
)
def test_routes_that_end(seconds: int, protocols: str, said: str) -> None:
    attributes = {
        wire.RTA_TABLE: wire.U32.pack(254),
        wire.RTA_OIF: wire.U32.pack(2),
        wire.RTA_GATEWAY: parse_address("fe80::1", "test")[1],
        wire.RTA_CACHEINFO: struct.pack("=IIiIIIII", 0, 0, seconds * 100, 0, 0, 0, 0, 0),
    }
    route = join(Header(INET6, table=254, protocol=PROTOCOLS["ra"], type=1), attributes)
    here = around(policies=[{**ANY6, "protocols": [protocols]}], options={"force": True})
    kernel: Any = here.hands.kernel
    kernel.dump_routes = lambda family, protocol, kind: [wire.message(wire.RTM_NEWROUTE, 0, 1, route)][: protocol == 9]
    found = "".join(looks._expire(here))
    assert found.startswith(said) and bool(found) is bool(said) and "1800" not in found


class Netfilter:
    """nf_tables with one table for NAT, or with none; ``opened`` counts."""

    opened = 0
    tables: Sequence[nat.NatTable] = ()

    def __enter__(self) -> Netfilter:
        type(self).opened += 1
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def nat_tables(self) -> list[nat.NatTable]:
        return list(self.tables)


ROUTE = {"destination": "198.51.100.0/24", "device": "v0", "source": "192.0.2.2"}
CONNTRACK, BOTH = ["nf_conntrack 1 0"], ["nf_conntrack 1 0", "nf_nat 1 0"]
TABLE = nat.NatTable("ip", "nat")


@pytest.fixture
def netfilter(monkeypatch: pytest.MonkeyPatch) -> type[Netfilter]:
    monkeypatch.setattr(Netfilter, "opened", 0)
    monkeypatch.setattr(nat, "Netfilter", Netfilter)
    monkeypatch.setattr(translated, "translated", lambda around, tables, old: [f"{tables} {old}"])
    return Netfilter


@pytest.mark.parametrize(("tracked", "modules"), [(False, []), (False, BOTH), (True, CONNTRACK)])
def test_nothing_is_asked_where_the_kernel_has_no_nat(
    monkeypatch: pytest.MonkeyPatch, netfilter: type[Netfilter], tracked: bool, modules: list[str]
) -> None:
    monkeypatch.setattr(looks, "_CONNTRACK", "/" if tracked else "/not/there")
    monkeypatch.setattr(looks, "_lines", lambda path: modules)
    assert looks._replaced(around(routes=[ROUTE])) == [] and netfilter.opened == 0


def test_a_kernel_without_nf_tables_has_none_of_its_tables(
    monkeypatch: pytest.MonkeyPatch, netfilter: type[Netfilter]
) -> None:
    def no_socket(_self: Netfilter) -> list[nat.NatTable]:
        raise OSError(errno.EPROTONOSUPPORT, "Protocol not supported")

    monkeypatch.setattr(netfilter, "nat_tables", no_socket)
    monkeypatch.setattr(looks, "_CONNTRACK", "/")
    monkeypatch.setattr(looks, "_lines", lambda path: ["nat"] if "ip_" in path else [])
    assert looks._replaced(around(routes=[ROUTE])) == ["[] ['iptables']"]


@pytest.mark.parametrize(
    ("modules", "tables", "old", "said"),
    [
        (BOTH, [], [], []),
        ([], [], ["filter"], []),
        (BOTH, [TABLE], [], [f"{[TABLE]} []"]),
        ([], [], ["filter", "nat"], ["[] ['iptables', 'ip6tables']"]),
    ],
)
def test_rules_are_read_where_there_is_a_table_for_nat(
    monkeypatch: pytest.MonkeyPatch,
    netfilter: type[Netfilter],
    modules: list[str],
    tables: list[nat.NatTable],
    old: list[str],
    said: list[str],
) -> None:
    monkeypatch.setattr(netfilter, "tables", tables)
    monkeypatch.setattr(looks, "_CONNTRACK", "/")
    monkeypatch.setattr(looks, "_lines", lambda path: modules if path == "/proc/modules" else old)
    assert looks._replaced(around(routes=[ROUTE])) == said
    assert looks._replaced(around()) == [], "nobody speaks of a source"
