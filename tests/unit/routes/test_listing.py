# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dumps as lists: what a busy IPv6 table says twice is one route."""

from __future__ import annotations

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET6
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import listing as _listing
from tests.unit.routes import routes as R


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("wanted", [[], ["2001:db8::/32", "2001:db8:1::/48"], ["2001:db8::/32"]])
def test_what_a_dump_repeats_is_listed_once(wanted: list[str], within: bool) -> None:
    one, two, other = (R.payload(text) for text in ("2001:db8::/32", "2001:db8:1::/48", "2001:db9::/32"))
    chunks = [R.chunk([one, two]), R.chunk([other, one]), R.chunk([two, R.payload("2001:db8::/32", metric=5)])]
    found = list(_listing._payloads(chunks, INET6, within, [R.prefix(text) for text in wanted]))
    assert len(found) == len(set(found))
    expected = {one, two, other, R.payload("2001:db8::/32", metric=5)}
    if wanted:
        expected.discard(other)
    if len(wanted) == 1 and not within:
        expected.discard(two)
    assert set(found) == expected
