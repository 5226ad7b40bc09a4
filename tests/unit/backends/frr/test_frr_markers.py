# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A frr.conf whose markers somebody has damaged: what stands behind them is the operator's and stays."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.plan import (
    BEGIN,
    BEGIN_NEWLINE,
    END,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.task import plan
from tests.unit.backends.frr import model

POLICY = {"protocols": ["bgp"], "destinations": ["0.0.0.0/0"], "match": "orlonger", "source": "192.0.2.2"}
BEFORE = "router bgp 65001\n neighbor 10.0.0.9 password s3cret\nexit\n"
AFTER = "router ospf\n network 10.0.0.0/8 area 0\nexit\n"


def planned(file: str, policies: list[Any], persist: bool = True) -> dict[str, Any]:
    host: dict[str, Any] = {"addresses": [], "routes": [], "policies": policies, "running": "", "persist": persist}
    host.update(version="FRRouting 10.3 (h) on Linux(6.1).", file=file.encode(), vtysh_conf="", others=[])
    return plan(host, "SIP-", 1330133)


def written(begin: str = BEGIN, end: str = END) -> str:
    """A file with our block between the operator's lines."""
    ours = model.render(planned("", [POLICY])).replace(f"{BEGIN}\n", "").replace(f"{END}\n", "")
    return f"{BEFORE}{begin}\n{ours}{end}\n{AFTER}"


@pytest.mark.parametrize("blank", [" ", "\t", "\r"])
@pytest.mark.parametrize("begin", [BEGIN, BEGIN_NEWLINE])
@pytest.mark.parametrize("policies", [[], [{**POLICY, "source": "192.0.2.3"}]])
def test_a_blank_or_cr_behind_a_marker(blank: str, begin: str, policies: list[Any]) -> None:
    for file in (written(begin, END + blank), written(begin + blank), written(begin + blank, END + blank)):
        found = planned(file, policies)
        assert not found["refusals"]
        assert found["file"]["changed"]
        assert found["file"]["rest"] == BEFORE + AFTER
        assert model.render(found).startswith(BEFORE + AFTER)


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
    found = planned(file, policies)
    (refusal,) = found["refusals"]
    assert f"frr.conf, line {line}: " in refusal
    assert "s3cret" not in refusal
    assert not found["file"]["changed"]
    assert not planned(file, policies, persist=False)["refusals"], "then the file is not ours to judge"
