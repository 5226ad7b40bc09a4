# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of networkd.conf that would take from others."""

from __future__ import annotations

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkd.settings import (
    order,
    settings,
    warnings,
)

ROUTES = "ManageForeignRoutes"
NO = "[Network]\nManageForeignRoutes=no\n"


@pytest.mark.parametrize(
    ("files", "value", "where"),
    [
        ([], True, "no line sets it"),
        ([("/etc/systemd/networkd.conf", "[Network]\n#ManageForeignRoutes=no\n")], True, "no line sets it"),
        ([("/etc/systemd/networkd.conf", "[DHCPv4]\nManageForeignRoutes=no\n")], True, "no line sets it"),
        ([("/a", "[Network]\n\n ManageForeignRoutes = yes\n")], True, "/a:3: ManageForeignRoutes = yes"),
        ([("/a", "[Network]\nManageForeignRoutes=yes\n"), ("/b", NO)], False, "/b:2"),
    ],
)
def test_the_last_line_counts_and_is_named(files: list[tuple[str, str]], value: bool, where: str) -> None:
    found = settings(files)[ROUTES]
    assert found.value is value and where in found.where


def test_drop_ins_come_after_the_file_by_their_names_and_etc_hides_the_others() -> None:
    paths = [
        "/usr/lib/systemd/networkd.conf.d/20-b.conf",
        "/etc/systemd/networkd.conf.d/20-b.conf",
        "/run/systemd/networkd.conf.d/10-a.conf",
        "/usr/lib/systemd/networkd.conf",
        "/etc/systemd/networkd.conf",
    ]
    assert order(paths) == [
        "/etc/systemd/networkd.conf",
        "/run/systemd/networkd.conf.d/10-a.conf",
        "/etc/systemd/networkd.conf.d/20-b.conf",
    ]


def test_a_warning_names_the_line_what_goes_and_what_to_do() -> None:
    lines = [f"203.0.113.{number}/32 via 10.0.0.1 dev eth0 proto bgp" for number in range(5)]
    (text,) = warnings(settings([("/a", "[Network]\nManageForeignRoutes=yes\n")]), {ROUTES: lines})
    assert "/a:2: ManageForeignRoutes=yes" in text and lines[0] in text and "and 2 more" in text
    assert "Set ManageForeignRoutes=no" in text


@pytest.mark.parametrize("foreign", [{}, {ROUTES: []}])
def test_where_there_is_nothing_of_others_nothing_is_said(foreign: dict[str, list[str]]) -> None:
    assert warnings(settings([]), foreign) == []


def test_where_they_are_kept_nothing_is_said() -> None:
    assert warnings(settings([("/a", NO)]), {ROUTES: ["a route"]}) == []
