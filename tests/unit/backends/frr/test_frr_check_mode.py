# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random intents one after another: a plan says "changed" exactly when carrying it out changes FRR, files or units."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr import apply, services
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr import conf as frr_conf
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.decide import Found, FrrPlan, decide
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.parse import parse
from ansible_collections.l3host.source_ip.plugins.module_utils._files.snapshot import read
from tests.unit.backends.frr.common import PREFIX, TAG
from tests.unit.backends.frr.test_frr_apply import World
from tests.unit.backends.frr.test_frr_properties import intent, policies, routes


def planned(world: World, wanted: Any) -> FrrPlan:
    running = parse(world.host.show("show running-config"), PREFIX, TAG)
    saved = frr_conf.read(world.conf.read_bytes(), str(world.conf), PREFIX, TAG)
    there = services.look("frr")._replace(linked=frozenset(world.systemd.enabled))
    found = Found((8, 4, 4), running, read(str(world.conf)), saved, boot=there)
    return decide(wanted, found, world.options())


def state(world: World) -> Any:
    files, *units = world.state()
    return {name: content for name, (_mode, content) in files.items()}, units, copy.deepcopy(world.host.frr.objects)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(policies, routes), min_size=1, max_size=3))
def test_changed_is_what_changes(steps: list[tuple[list[Any], list[Any]]]) -> None:
    intents = [intent(p, r) for p, r in steps]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        world = World(Path(folder), patch)
        for wanted in (*intents, intents[-1], intent([], [])):
            before = state(world)
            plan = planned(world, wanted)
            assert state(world) == before, "planning changed the host"
            if plan.refusals:
                continue
            if plan.changed:
                apply.carry_out(plan, world.host, None, world.options())  # type: ignore[arg-type]
            assert plan.changed == (state(world) != before), plan.lines
            assert not planned(world, wanted).changed
