# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken as it is, and what only the template engine can read."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.plugin_utils._raw import plain, resolve, uncollected


class Vaulted:
    """Stands for what Ansible decrypts when it is asked for: no text, and nothing to look into."""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, True),
        ([], True),
        ([{"destination": "10.0.0.0/8", "metric": 5, "onlink": True, "share": 0.5, "device": None}], True),
        (["a { b", "{ {x} }", "}}"], True),
        ("{{ x }}", False),
        ([{"a": [{"b": "10.0.0.{{ n }}"}]}], False),
        ([{"{{ key }}": 1}], False),
        (["{% if x %}y{% endif %}"], False),
        (["{# note #}"], False),
        ([{"source": Vaulted()}], False),
        ((1, ("{{ x }}",)), False),
    ],
)
def test_plain(value: Any, expected: bool) -> None:
    assert plain(value) is expected


def test_a_plain_value_is_not_templated() -> None:
    value = [{"destination": "10.0.0.0/8"}]
    assert resolve(value, {}, pytest.fail) is value


def test_a_variable_that_is_only_named_is_looked_up() -> None:
    variables = {"a": "{{ b }}", "b": "{{b_2}}", "b_2": [1]}
    assert resolve("{{ a }}", variables, pytest.fail) is variables["b_2"]


@pytest.mark.parametrize(
    "value",
    ["{{ a + b }}", "{{ missing }}", "{{ a | default([]) }}", ["{{ x }}"], "x {{ a }}", "{{ a }}\n", "{{ a.b }}"],
)
def test_everything_else_is_the_engines(value: Any) -> None:
    assert resolve(value, {"a": [1], "b": [2]}, lambda found: ("templated", found)) == ("templated", value)


def test_variables_that_name_each_other_end_with_the_engine() -> None:
    assert resolve("{{ a }}", {"a": "{{ b }}", "b": "{{ a }}"}, lambda found: "error")[:5] == "error"


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_afterwards_as_it_was(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(KeyError), uncollected():
            assert not gc.isenabled()
            raise KeyError
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
