# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role: what it documents is what it does without being told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.l3host.source_ip.plugins.plugin_utils._variables import LISTS

ROLES = Path(__file__).resolve().parents[3] / "roles"
NAMES = sorted(path.name for path in ROLES.iterdir() if (path / "tasks").is_dir())
# Every role that reads the intent reads all of it, under the same names.
INTENT = set(LISTS.values())
WITHOUT_INTENT = {"prerequisites"}


def _yaml(role: str, path: str) -> Any:
    return yaml.safe_load((ROLES / role / path).read_text(encoding="utf-8"))


def _options(role: str) -> dict[str, Any]:
    """Of all entry points: the lists of the intent stand in one of their own, which Ansible does not check."""
    specs = _yaml(role, "meta/argument_specs.yml")["argument_specs"]
    return {name: option for spec in specs.values() for name, option in spec["options"].items()}


def test_the_roles_are_found() -> None:
    assert {"kernel", "prerequisites", "verify"} <= set(NAMES)


@pytest.mark.parametrize("role", NAMES)
def test_defaults_and_documented_defaults_are_the_same(role: str) -> None:
    documented = {name: option["default"] for name, option in _options(role).items() if "default" in option}
    assert documented == (_yaml(role, "defaults/main.yml") or {})


@pytest.mark.parametrize("role", NAMES)
def test_a_required_option_has_no_default(role: str) -> None:
    """But for the lists of the intent, of which any will do: none at all is an error, which the task tells."""
    for name, option in _options(role).items():
        assert ("default" in option or bool(option.get("required"))) is (name not in INTENT), name


@pytest.mark.parametrize("role", NAMES)
def test_everything_is_described(role: str) -> None:
    def check(options: dict[str, Any], place: str) -> None:
        for name, option in options.items():
            assert option.get("description"), f"{place}.{name}"
            assert option.get("type"), f"{place}.{name}"
            check(option.get("options", {}), f"{place}.{name}")

    spec = _yaml(role, "meta/argument_specs.yml")["argument_specs"]["main"]
    assert spec["short_description"]
    assert spec["description"]
    check(_options(role), role)


@pytest.mark.parametrize("role", NAMES)
def test_every_setting_that_the_role_uses_is_documented(role: str) -> None:
    """A variable with the role's prefix that nothing in the role sets must be an option."""
    options = set(_options(role))
    files = [
        path for path in (ROLES / role).rglob("*") if path.suffix in (".yml", ".j2") and path.parent.name != "meta"
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files if path.parent.name != "defaults")
    for name in sorted(options):
        used = re.search(rf"\b{name}\b", text) or (name in INTENT and "l3host.source_ip.intent" in text)
        assert used, f"{name} is documented and never used"


@pytest.mark.parametrize("role", sorted(set(NAMES) - WITHOUT_INTENT))
def test_the_intent_has_the_same_names_everywhere(role: str) -> None:
    assert set(_options(role)) >= INTENT


@pytest.mark.parametrize("role", sorted(set(NAMES) - WITHOUT_INTENT))
def test_the_intent_has_the_same_fields_everywhere(role: str) -> None:
    """The fields themselves are documented once, in the module intent."""
    mine, kernel = (_yaml(name, "meta/argument_specs.yml")["argument_specs"]["intent"] for name in (role, "kernel"))
    assert set(mine["options"]) == INTENT
    for variable, option in mine["options"].items():
        assert option.keys() == kernel["options"][variable].keys(), variable


@pytest.mark.parametrize("role", NAMES)
def test_the_readme_names_every_variable_with_its_default(role: str) -> None:
    text = (ROLES / role / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `")]
    told = {name.strip(" `"): default.strip(" `") for name, default in rows}
    assert told == {name: _told(option.get("default")) for name, option in _options(role).items()}


def _told(default: Any) -> str:
    if default is None:
        return ""
    return "empty" if default == "" else str(default).lower() if isinstance(default, bool) else str(default)
