# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's table of back ends says what each back end says of itself."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "ansible_collections.l3host.source_ip.plugins.module_utils._backends"
NAMES = sorted(path.parent.name[1:] for path in (ROOT / "plugins" / "module_utils" / "_backends").glob("_*/backend.py"))


def rows() -> dict[str, str]:
    table = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("| back end | own routes")[2].partition("\n\n")[0]
    )
    return {line.split("`")[1]: line for line in table.splitlines()[2:]}


def test_every_back_end_is_in_the_table() -> None:
    assert sorted(rows()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_row_is_what_the_back_end_says(name: str) -> None:
    capabilities = importlib.import_module(f"{PACKAGE}._{name}.backend").BackEnd.CAPABILITIES
    assert rows()[name].startswith(f"| `{name}` | {' | '.join(capabilities)} | `molecule/")
