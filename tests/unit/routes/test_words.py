# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and numbers of a task that mean nothing, or more than a message to the kernel can hold."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._addresses import items as addresses
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._base.names import number
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import Link, parse_prefix
from ansible_collections.l3host.source_ip.plugins.module_utils._explain.question import questions
from ansible_collections.l3host.source_ip.plugins.module_utils._intent import fields
from ansible_collections.l3host.source_ip.plugins.module_utils._probe import sockets
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.wanted import bounded, routes
from tests.unit.host.hosts import view

ARABIC = "٢٤"  # 24, by the Unicode database and by int()
HOST = view([Link(1, "lo"), Link(2, "v0")])


def refused(call: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        call()
    return caught.value.message


def test_digits_are_those_of_ascii() -> None:
    assert refused(lambda: parse_prefix(f"192.0.2.0/{ARABIC}", "destination")) == (
        f"destination: '192.0.2.0/{ARABIC}' is not a prefix such as 198.51.100.0/24 or 2001:db8::/32"
    )
    for text in (ARABIC, "1_0", "²"):
        assert "is unknown; use a number" in refused(lambda text=text: number(text, {}, "protocol", 255))
        assert "is not a whole number" in refused(lambda text=text: bounded(text, "metric", 0, 255))
        assert "is unknown; use a number" in refused(lambda text=text: HOST.table(text, None, "routes[0]"))
    query = {"destination": "198.51.100.1", "ip_protocol": "٦"}
    assert "for tcp (6), udp (17)" in refused(lambda: questions([query], [], HOST))
    assert "unknown to this host" in refused(lambda: sockets.protocol_number("٦"))
    item = {"address": "192.0.2.9/24", "device": "lo", "valid_lifetime": ARABIC}
    assert "is neither a number of seconds" in refused(lambda: addresses.parse([item], HOST.device))
    with pytest.raises(fields.FieldError, match="is a name; write the table's number"):
        fields.table(ARABIC)


def test_a_name_of_congestion_control_that_is_none() -> None:
    item = {"destination": "198.51.100.0/24", "device": "v0", "metrics": {"congctl": "c" * 100_000}}
    found = refused(lambda: routes([item], HOST))
    assert len(found) < 300
    assert found.startswith("routes[0].metrics.congctl: 'cccc")
    assert found.endswith("is longer than the 15 bytes that the kernel gives such a name (TCP_CA_NAME_MAX)")
    assert "is no name; see the sysctl" in refused(lambda: routes([{**item, "metrics": {"congctl": "c\0c"}}], HOST))


@pytest.mark.parametrize(("family", "most"), [("ipv4", 2000), ("ipv6", 1142)])
def test_more_next_hops_than_a_message_holds(family: str, most: int) -> None:
    def item(count: int) -> dict[str, Any]:
        hops = [f"10.1.{at >> 8}.{at & 255}" if family == "ipv4" else f"2001:db8::{at:x}" for at in range(1, count + 1)]
        prefix = "198.51.100.0/24" if family == "ipv4" else "2001:db8:100::/48"
        return {"destination": prefix, "nexthops": [{"gateway": hop, "device": "v0"} for hop in hops]}

    HOST.warnings.clear()
    assert len(routes([item(120)], HOST)) == 1 and not HOST.warnings
    assert len(routes([item(most)], HOST)) == 1
    assert "such as ip route, see neither this route nor those behind it" in HOST.warnings[0]
    assert refused(lambda: routes([item(most + 1)], HOST)) == (
        f"routes[0].nexthops: {most + 1} of them take {(most + 1) * (16 if family == 'ipv4' else 28)} bytes, and the "
        "limit is 32000: the kernel cannot list a larger route, and would end every list in front of it without a word "
        "(above 65531 it takes none); use fewer"
    )
