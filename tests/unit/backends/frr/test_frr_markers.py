# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A frr.conf whose markers somebody has damaged: what stands behind them is the operator's and stays."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.conf import MARKERS
from tests.unit.backends.frr.common import POLICY, decided

BEGIN, BEGIN_NEWLINE, END = (text.decode("ascii") for text in (MARKERS.begin, MARKERS.joined, MARKERS.end))
BEFORE = "router bgp 65001\n neighbor 10.0.0.9 password s3cret\nexit\n"
AFTER = "router ospf\n network 10.0.0.0/8 area 0\nexit\n"


def written(begin: str = BEGIN, end: str = END) -> str:
    """A file with our block between the operator's lines."""
    content = decided(policies=[POLICY]).edit.content
    assert content is not None
    ours = content.decode().replace(f"{BEGIN}\n", "").replace(f"{END}\n", "")
    return f"{BEFORE}{begin}\n{ours}{end}\n{AFTER}"


@pytest.mark.parametrize("blank", [" ", "\t", "\r"])
@pytest.mark.parametrize("begin", [BEGIN, BEGIN_NEWLINE])
@pytest.mark.parametrize("policies", [[], [{**POLICY, "source": "192.0.2.3"}]])
def test_a_blank_or_cr_behind_a_marker(blank: str, begin: str, policies: list[Any]) -> None:
    for file in (written(begin, END + blank), written(begin + blank), written(begin + blank, END + blank)):
        found = decided(content=file.encode(), policies=policies)
        assert not found.refusals
        assert found.edit.content is not None
        assert MARKERS.take(found.edit.content, "frr.conf") == (BEFORE + AFTER).encode()
        assert found.edit.content.startswith((BEFORE + AFTER).encode())
        assert "s3cret" not in str(found.diffs)


DAMAGED = {
    "no end": (written().replace(f"{END}\n", ""), 4),
    "no end, the file had none": (written(BEGIN_NEWLINE).replace(f"{END}\n", ""), 4),
    "no begin": (written().replace(f"{BEGIN}\n", ""), 16),
    "end before begin": (f"{BEFORE}{END}\n{AFTER}{BEGIN}\n", 4),
    "two begins": (f"{BEFORE}{BEGIN}\n{AFTER}{written()}", 4),
    "two blocks": (written() + written(), 24),
    "an end in a comment": (written().replace(END, f"! {END}"), 17),
}


@pytest.mark.parametrize("policies", [[], [POLICY], [{**POLICY, "source": "192.0.2.3"}]])
@pytest.mark.parametrize("case", DAMAGED)
def test_anything_else_is_refused_before_anything_is_written(case: str, policies: list[Any]) -> None:
    file, line = DAMAGED[case]
    found = decided(content=file.encode(), policies=policies)
    (refusal,) = found.refusals
    assert f"frr.conf, line {line}: " in refusal
    assert "s3cret" not in refusal
    assert found.edit.content is None
    unjudged = decided(content=file.encode(), policies=policies, persist=False)
    assert not unjudged.refusals, "then the file is not ours to judge"
