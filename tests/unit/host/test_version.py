# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of Linux in what ``uname -r`` says."""

from __future__ import annotations

import os

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._host.version import kernel_version


@pytest.mark.parametrize(
    ("release", "expected"),
    [("6.12.113+deb13-amd64", (6, 12)), ("5.10", (5, 10)), ("6.6-rc1", (6, 6)), ("", (0, 0)), ("next", (0, 0))],
)
def test_of_a_release(release: str, expected: tuple[int, int]) -> None:
    assert kernel_version(release) == expected


def test_of_this_kernel() -> None:
    assert kernel_version() == kernel_version(os.uname().release) > (0, 0)
