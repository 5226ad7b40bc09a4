# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reasons of source_info: those that the code gives, those of its table, and those that people are told of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from ansible_collections.l3host.source_ip.plugins.module_utils._explain import reasons, refusal, rfc6724
from ansible_collections.l3host.source_ip.plugins.modules import source_info
from tests.tools import which_source

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "which-source.md"


def given(path: Path) -> Iterator[str]:
    """Constants that a module of the room sets a reason to."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Subscript) and ast.unparse(target.slice) == "'reason'":
                yield from filter(None, map(text, ast.walk(node.value)))
        elif isinstance(node, ast.Call):
            yield from filter(None, (text(one.value) for one in node.keywords if one.arg == "reason"))


def text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_reason_that_the_code_gives_is_in_the_table() -> None:
    room = Path(reasons.__file__).parent
    found = {word for path in room.glob("*.py") for word in given(path)} - {"reason"}
    found |= {*refusal.REASONS.values(), *refusal.ACTIONS.values()}
    assert found == set(reasons.REASONS)


def test_the_module_says_what_each_means() -> None:
    (told,) = yaml.safe_load(source_info.RETURN)["sources"]["contains"]["reason"]["description"][1:2]
    text = " ".join(yaml.safe_load(source_info.RETURN)["sources"]["contains"]["reason"]["description"])
    assert told and set(re.findall(r"V\((\w+)\)", text)) == set(reasons.REASONS)


def test_the_page_tells_of_each_reason_and_each_rule() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^### `(\w+)`", text, re.MULTILINE) == list(reasons.REASONS)
    rows = re.findall(r"^\| ([0-9]+[-+]?) \|", text, re.MULTILINE)
    assert [row for row in rows if row in dict(rfc6724.RULES)] == list(dict(rfc6724.RULES))


def test_the_drawing_has_each_reason_and_is_what_its_script_draws() -> None:
    drawn = (ROOT / "docs" / "which-source.svg").read_text(encoding="utf-8")
    assert drawn == which_source.drawing()
    assert set(re.findall(r'class="reason">(\w+)<', drawn)) == set(reasons.REASONS)
