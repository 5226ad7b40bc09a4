# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that are ours by their name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.l3host.source_ip.plugins.plugin_utils._variables import KNOWN, LISTS, undefined, unknown

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("source_ip_route", "Was source_ip_routes meant?"),
        ("source_ip_polices", "Was source_ip_policies meant?"),
        ("source_ip_adresses", "Was source_ip_addresses meant?"),
        ("source_ip_stat", "Was source_ip_state meant?"),
        (
            "source_ip_datacenter",
            "rename it: no variable but ours may begin with source_ip_ (site_source_ip_datacenter",
        ),
    ],
)
def test_a_name_that_nobody_reads_is_told_with_the_one_that_was_meant(name: str, meant: str) -> None:
    (said,) = unknown(["inventory_hostname", "source_ip_routes", name, "my_source_ip_x"])
    assert said.startswith(f"{name}: ") and meant in said


def test_known_names_are_no_problem() -> None:
    assert unknown(KNOWN) == []


@pytest.mark.parametrize(
    ("options", "variables", "expected"),
    [
        ({}, {}, True),
        ({"routes": None}, {"source_ip_routes": None}, True),
        ({"routes": []}, {}, False),
        ({}, {"source_ip_policies": []}, False),
    ],
)
def test_an_intent_that_nobody_wrote_is_not_an_empty_one(
    options: dict[str, object], variables: dict[str, object], expected: bool
) -> None:
    assert undefined(options, variables) is expected


def test_what_roles_and_playbooks_read_or_register_is_in_the_table() -> None:
    text = "\n".join(
        path.read_text("utf-8") for room in ("roles", "playbooks") for path in (ROOT / room).rglob("*.yml")
    )
    # Not a name: the collection's own (l3host.source_ip), a star, a file's name.
    names = set(re.findall(r"(?<![.\w/-])source_ip_[a-z][a-z_]*\b(?!\.conf)", text))
    assert names - KNOWN == set() and set(LISTS.values()) <= names
