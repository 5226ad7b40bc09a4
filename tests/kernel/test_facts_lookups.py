# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measured facts, sections A, C, E: what dumps are filtered by, which of their errors count, what a look-up proves."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import KernelError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6, Query, parse_address
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.kernel import Kernel
from tests.kernel.test_socket_source import inside
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

NLM_F_DUMP_FILTERED = 0x20


def query(text: str) -> Query:
    return Query(*parse_address(text, "test"))


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"table": 100}, 2),
        ({"table": 254, "protocol": 77}, 1),
        ({"table": 254, "kind": 6}, 1),
        ({"protocol": 77}, 2),
    ],
    ids=str,
)
def test_c_dump_filters_are_the_kernels(ns: Host, filters: dict[str, int], count: int) -> None:
    ns.ip(f"route add {ns.P4} via {ns.G4} table 100")
    ns.ip(f"route add 198.18.0.0/24 via {ns.G4} table 100 proto 77")
    ns.ip(f"route add 198.18.0.0/24 via {ns.G4} proto 77")
    ns.ip("route add blackhole 198.18.1.0/24")

    def read() -> list[int]:
        with Kernel() as kernel:
            chunks = list(kernel.dump_routes(INET, **filters))
        return [flags for chunk in chunks for kind, flags, _sequence, _payload in wire.messages(chunk) if kind == 24]

    flags = inside(ns, read)
    assert len(flags) == count
    assert all(flag & NLM_F_DUMP_FILTERED for flag in flags), "filtered by nobody but us"


@pytest.mark.parametrize("family", [INET, INET6])
def test_a_e13_a_dump_that_is_refused_is_an_error_and_an_absent_table_is_none(ns: Host, family: int) -> None:
    def read() -> list[Any]:
        found: list[Any] = []
        with Kernel() as kernel:
            found.append(len(list(kernel.dump_routes(family, 4242))))
            try:
                found.append(len(list(kernel.dump_routes(family, 254, device=99999))))
            except KernelError as error:
                found += [error.errno, error.text]
            # The connection is as good as before.
            found.append(bool(list(kernel.dump_routes(family, 254))))
        return found

    empty, errno, text, alive = inside(ns, read)
    assert (empty, errno, alive) == (0, 19, True)
    assert text


def test_a_dump_that_its_reader_gave_up_is_in_nobodys_way(ns: Host) -> None:
    """The kernel lists one thing at a time on a socket, and is busy until somebody has read the rest."""
    ns.batch(f"route add 198.{18 + at // 250}.{at % 250}.0/24 via {ns.G4}" for at in range(3000))

    def read() -> tuple[int, int]:
        with Kernel() as kernel:
            next(iter(kernel.dump_routes(INET)))
            chunks = [*kernel.dump_routes(INET)]
            return sum(chunk.count(b"\xc6") for chunk in chunks), len(kernel.links())

    routes, links = inside(ns, read)
    assert routes >= 3000 and links == 3


def test_c_lookup_names_the_table_that_answered(ns: Host, module: ModuleRunner) -> None:
    """Without RTM_F_LOOKUP_TABLE IPv4 always says 254."""
    for family, destination, gateway in (("-4", ns.P4, ns.G4), ("-6", ns.P6, ns.G6)):
        ns.ip(f"{family} route add {destination} via {gateway} table 100")
        ns.ip(f"{family} rule add to {destination} lookup 100")
    found = module.ok("source_info", {"destinations": ["198.51.100.34", "2001:db8:100::34"]})["sources"]
    assert [(source["table"], source["route"]["table"]) for source in found] == [(100, 100), (100, 100)]


def test_c_fib_match_is_no_proof_of_presence(ns: Host, module: ModuleRunner) -> None:
    """It answers by longest match: the /32 for .0, the /24 for .255. So existence is read by dump (E8)."""
    ns.ip(f"route add 198.51.100.0/32 via {ns.G4} proto static")
    assert (
        "no route to 198.51.100.0/24"
        in (module.fails("prefsrc", {"routes": [{"destination": ns.P4, "source": ns.S4}]})["msg"])
    )
    assert not module.ok("route_info", {"destinations": [ns.P4]})["routes"]
    task = {"routes": [{"destination": ns.P4, "gateway": ns.G4}]}
    assert module.ok("route", task)["counts"]["created"] == 1

    def lengths() -> list[int]:
        with Kernel() as kernel:
            answers = [kernel.lookup(query(text), fib_match=True) for text in ("198.51.100.0", "198.51.100.255")]
        return [answer[1] for answer in answers]

    assert inside(ns, lengths) == [32, 24]


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit", "throw"])
def test_c_e8_entries_that_a_lookup_cannot_read_are_read_by_dump(ns: Host, module: ModuleRunner, kind: str) -> None:
    for destination in (ns.P4, ns.P6):
        ns.ip(f"route add {kind} {destination} proto 133")
        assert not module.ok("route", {"routes": [{"destination": destination, "type": kind}]})["changed"]
        (route,) = module.ok("route_info", {"destinations": [destination]})["routes"]
        assert route["type"] == kind


def test_e22_a_lookup_asks_again_before_it_says_unreachable(ns: Host) -> None:
    """RTM_GETROUTE can miss an entry that is being replaced; a miss that stays is told in the kernel's words."""

    def read() -> list[Any]:
        asked = []
        with Kernel() as kernel:
            ask = kernel._ask

            def counted(body: bytes) -> Any:
                asked.append(body)
                return wire.Failure(0, 101, "Network is unreachable") if len(asked) < 3 else ask(body)

            kernel._ask = counted  # type: ignore[method-assign]
            answer = kernel.lookup(query("10.0.0.254"))
        return [len(asked), answer[0]]

    assert inside(ns, read) == [3, INET]

    def missing() -> list[Any]:
        with Kernel() as kernel:
            try:
                kernel.lookup(query("203.0.113.9"))
            except KernelError as error:
                return [error.errno, error.text]
        return []

    assert inside(ns, missing) == [101, "Network is unreachable"]


def test_e24_connected_local_and_multicast_entries_are_left_alone(ns: Host, module: ModuleRunner) -> None:
    """They show up in an unfiltered dump; nothing but force writes to them, and purging never does."""
    ns.ip(f"route add {ns.P4} via {ns.G4} proto static")
    before = ns.ip("route show table all"), ns.ip("-6 route show table all")
    everything = [{"destination": "0.0.0.0/0", "within": True, "source": ns.S4}]
    assert module.fails("prefsrc", {"routes": everything})["owner"] == "kernel"
    module.ok("route", {"routes": [], "purge": True, "purge_tables": ["main", "local"]})
    assert (ns.ip("route show table all"), ns.ip("-6 route show table all")) == before
    spared = [{**everything[0], "except_protocols": ["kernel"]}]
    changed = module.ok("prefsrc", {"routes": spared})["results"]
    assert [entry["destination"] for entry in changed if entry["action"] == "changed"] == [ns.P4]
