# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a comparison reports, and what the kernel is given where BIRD 3 does not write."""

from __future__ import annotations

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.answers import Difference
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.host import Scope, kernel_edits, report

OLD, NEW = "192.0.2.1", "192.0.2.2"
MAIN = Scope(
    {"family": "ipv4", "kernel_table": 254, "bird_table": "master4"},
    "kernel1",
    4,
    [
        Difference("198.51.100.0/24", "bgp", NEW, NEW, OLD, "differs"),
        Difference("198.51.101.0/24", "bgp", NEW, None, None, "filter"),
        Difference("198.51.102.0/24", "ospf", None, None, OLD, "differs"),
    ],
)
RIGHT = Scope({"family": "ipv6", "kernel_table": 254, "bird_table": "master6"}, "kernel2", 3, [])


def test_the_kernel_gets_what_bird_exports_and_nothing_where_the_filter_is_wrong() -> None:
    place = {"table": "254", "protocol": "bird"}
    assert kernel_edits(MAIN) == [
        {**place, "destination": "198.51.100.0/24", "source": NEW},
        {**place, "destination": "198.51.102.0/24", "state": "absent"},
    ]
    assert kernel_edits(RIGHT) == []


def test_the_report_has_all_in_numbers_and_the_first_by_name() -> None:
    found = report([MAIN, RIGHT], 1)
    assert found["routes"] == 7
    assert found["counts"] == {"filter": 1, "not_exported": 0, "absent": 0, "differs": 2}
    assert set(found["meanings"]) == {"filter", "differs"}
    assert [row["destination"] for row in found["differences"]] == ["198.51.101.0/24"], "the filter explains the rest"
    [affected] = found["affected"]
    assert (affected["instance"], affected["count"]) == ("kernel1", 2)
    assert affected["changes"] == [{"destination": "198.51.100.0/24", "source": NEW}]
