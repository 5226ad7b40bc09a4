# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stock that ``ns`` comes from: whatever a test does to its pair, no other test meets it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.lab import netns
from tests.lab.dozen import Dozen
from tests.lab.pair import Host, Pair


@pytest.fixture
def stock() -> Iterator[Dozen[Host]]:
    """A stock of this test's own."""
    own = Dozen(Host)
    yield own
    own.close()


def _shape(pair: Pair) -> list[str]:
    """What a test may find and change, without what differs from one pair to the next: indices, MACs, counters."""
    found = [pair.peer.ip("-br address show scope global"), pair.ip("-br address show scope global")]
    for table in ("-4 route show table all", "-6 route show table all", "-4 rule show", "-6 rule show", "nexthop show"):
        lines = [line for line in pair.ip(table).splitlines() if "fe80:" not in line]
        found.append("\n".join(lines))
    found.append(pair.run(["cat", "/proc/sys/net/ipv6/conf/v0/accept_dad", "/proc/sys/net/ipv4/ip_forward"]).stdout)
    return found


def test_each_is_fresh_whatever_became_of_the_last(stock: Dozen[Host]) -> None:
    seen: list[str] = []
    shapes = []
    for _turn in range(2 * Dozen.LARGEST):
        with stock.one() as pair:
            seen += pair.names
            shapes.append(_shape(pair))
            pair.ip(f"route add {pair.P4} via {pair.G4}")
            pair.ip("rule add to 192.0.2.9 table 9")
            pair.sysctl({"ipv4/ip_forward": 1})
            pair.peer.ip("link set v0 down")
            pair.ip("address flush dev v0")
    assert len(set(seen)) == len(seen)
    assert all(shape == shapes[0] for shape in shapes[1:])


def test_what_a_test_left_running_ends_with_it(stock: Dozen[Host]) -> None:
    with stock.one() as pair:
        left = [ns.popen(["sleep", "600"]) for ns in (pair, pair.peer)]
        while len(netns.process_ids(*pair.names)) < len(left):
            pass
    assert [process.wait() for process in left] == [-signal.SIGKILL] * 2


def test_none_is_left_of_a_stock(stock: Dozen[Host]) -> None:
    names: list[str] = []
    for _turn in range(5):
        with stock.one() as pair:
            names += pair.names
    assert any((netns.RUN_NETNS / name).exists() for name in names)
    before = set(netns.owned_by(os.getpid()))
    stock.close()
    # Those of the last lot that nobody took are gone too.
    gone = before - set(netns.owned_by(os.getpid()))
    assert set(names) <= gone and len(gone) == 2 * (1 + 2 + 4)


def test_a_lot_that_cannot_be_made_leaves_nothing() -> None:
    class Broken(Host):
        HOST_LINES = "link set nosuch up\n"

    stock = Dozen(Broken)
    before = netns.owned_by(os.getpid())
    with pytest.raises(netns.NamespaceError, match="nosuch"), stock.one():
        pass
    assert netns.owned_by(os.getpid()) == before
