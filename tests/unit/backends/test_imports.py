# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is imported where an intent arrives: in a process of its own, as on a host."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.lab.modules import collections_path

PLUGINS = "ansible_collections.l3host.source_ip.plugins"
ROOMS = f"{PLUGINS}.module_utils"
BACK_ENDS = ("bird", "frr", "ifupdown", "kernel", "netplan", "networkd", "networkmanager")
#: What netplan makes is for these two, and told to them.
BESIDE = {"netplan": ("networkd", "networkmanager")}
SCRIPT = """
import importlib, json, sys
importlib.import_module({module!r})
{more}
print(json.dumps(sorted(sys.modules)))
"""
#: As the engine does it, with the options that the module gives it.
MADE = f"""
from {ROOMS}._backends.engine import back_end
from {ROOMS}._backends.view import Hands
from {ROOMS}._netlink.kernel import Kernel
from {ROOMS}._backends._{{name}}.options import OPTIONS
back_end({{name!r}}, Hands(Kernel), {{{{key: option.get("default") for key, option in OPTIONS.items()}}}})
"""


def _imported(module: str, more: str = "") -> set[str]:
    environment = {**os.environ, "PYTHONPATH": str(collections_path()), "PYTHONDONTWRITEBYTECODE": "1"}
    script = SCRIPT.format(module=f"{PLUGINS}.modules.{module}", more=more)
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def _used(modules: set[str]) -> set[str]:
    """The back ends of which more than the options is imported."""
    return {
        name
        for name in BACK_ENDS
        if any(
            one.startswith(f"{ROOMS}._backends._{name}.") and not one.endswith("._" + name + ".options")
            for one in modules
        )
    }


@pytest.mark.parametrize("name", BACK_ENDS)
def test_only_the_back_end_that_is_used_is_imported(name: str) -> None:
    assert _used(_imported("intent", MADE.format(name=name))) == {name, *BESIDE.get(name, ())}


def test_the_module_alone_imports_none() -> None:
    modules = _imported("intent")
    assert _used(modules) == set()


def test_what_only_a_proof_needs_is_not_imported_with_an_intent() -> None:
    rooms = (f"{ROOMS}._explain", f"{ROOMS}._backends.proof")
    assert not [one for one in _imported("intent", MADE.format(name="kernel")) if one.startswith(rooms)]
    asked = _imported("intent_info", f"import {ROOMS}._backends.info")
    assert {one for one in rooms if any(found.startswith(one) for found in asked)} == set(rooms)


def test_what_only_the_wire_needs_is_not_imported_with_a_proof() -> None:
    assert f"{ROOMS}._probe.probe" not in _imported("intent", f"import {ROOMS}._backends.proof")


def test_what_the_controller_has_checked_and_chosen_is_not_imported_for_it() -> None:
    """An intent in a document, through a back end that is named: nobody reads entries, nobody looks for managers."""
    modules = _imported("intent", f"import {ROOMS}._backends.task")
    for one in (
        "_intent.normal",
        "_intent.policies",
        "_intent.routes",
        "_intent.backends",
        "_backends._managers",
        "_backends._keeper",
    ):
        assert f"{ROOMS}.{one}" not in modules
