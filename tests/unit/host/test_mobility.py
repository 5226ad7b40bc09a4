# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Mobile IPv6 is built into a kernel, from lines of /proc/kallsyms."""

from __future__ import annotations

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._host.mobility import has_mobility_built_in

OTHERS = ["0000000000000000 T ipv6_dev_get_saddr\n", "0000000000000000 t ndisc_rcv\t[ipv6]\n"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], False),
        (["0000000000000000 t mip6_destopt_input\n"], True),
        (["ffffffff81a0c540 t mip6_destopt_input.llvm.17\n"], True),
        # A module; and the framework that an IPsec stack has for both, without rule 4.
        (["0000000000000000 t mip6_destopt_input\t[mip6]\n"], False),
        (["0000000000000000 T xfrm6_input_addr\n", "0000000000000000 t not_mip6_at_all\n"], False),
    ],
    ids=["none", "built in", "built by another compiler", "module", "others"],
)
def test_built_in(lines: list[str], expected: bool) -> None:
    assert has_mobility_built_in([*OTHERS, *lines]) is expected
