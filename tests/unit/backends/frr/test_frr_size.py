# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time is linear in the size of intents and files: each of these takes a second at most."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.audit import (
    Judge,
    Table,
    Wrong,
    judge_absent,
    judge_kernel,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.conf import MARKERS, edit, render
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.former import Former
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.objects import build, former_places
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.parse import Config, Objects, parse
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.repair import steps
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.settings import Settings
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.stages import stages
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.backends.frr.common import PREFIX, TAG, edited, saved

MANY = 20000
MAIN4 = Table("", "ipv4", 254)


def prefixes(first: int, length: int = 24) -> list[str]:
    return [f"{first + (n >> 16)}.{n >> 8 & 255}.{n & 255}.0/{length}" for n in range(MANY)]


INSIDE = [f"{text.rsplit('.', 1)[0]}.128/25" for text in prefixes(10)]
SHAPES: dict[str, dict[str, Any]] = {
    # Each destination has an exemption of its own.
    "an exemption each": {
        "policies": [{"destinations": prefixes(10), "match": "orlonger", "except": INSIDE, "source": "192.0.2.1"}]
    },
    "all exempted from one": {
        "policies": [
            {"destinations": ["0.0.0.0/0"], "match": "orlonger", "except": prefixes(10), "source": "192.0.2.1"},
            {"destinations": prefixes(100), "source": "192.0.2.2"},
        ]
    },
    "own routes": {
        "routes": [{"destination": text, "gateway": "10.0.0.1", "source": "192.0.2.1"} for text in prefixes(100)]
    },
}


@contextmanager
def a_second(what: str) -> Iterator[None]:
    begin = time.process_time()
    yield
    took = time.process_time() - begin
    assert took < 1, f"{what} took {took:.2f} s"


@pytest.mark.parametrize("shape", SHAPES)
def test_from_the_intent_to_the_file_and_back(shape: str) -> None:
    intent = normalise(**SHAPES[shape], backend="frr")
    with a_second("the objects"):
        want = build(intent, Config(), PREFIX, TAG)
    with a_second("the stages"):
        assert stages(Objects(), want, {})
    with a_second("the stages of no change"):
        assert not stages(want, want, {})
    with a_second("the block"):
        text = "\n".join(render(want))
    with a_second("reading it back"):
        found = parse(text, PREFIX, TAG)
    with a_second("the stages of no change, read back"):
        assert not stages(found.ours, want, {})
    with a_second("a file after write memory"):
        content = edit(saved(f"! the operator's\n{text}\n".encode()), Objects()).content
    assert content is not None and content.startswith(b"! the operator's\n")


@pytest.mark.parametrize("shape", SHAPES)
def test_judging_as_many_routes(shape: str) -> None:
    intent = normalise(**SHAPES[shape], backend="frr")
    want = build(intent, Config(), PREFIX, TAG)
    dumped = [
        {"dst": text, "protocol": "196", "gateway": "10.0.0.9", "dev": "eth0", "metric": 20}
        for text in [*prefixes(100)[:7000], *prefixes(10)[:7000], *INSIDE[:6000]]
    ]
    judged = {"policies": intent["policies"], "routes": intent["routes"]}
    with a_second("the judge"):
        judge = Judge(judged)
    with a_second("the judgement"):
        _checked, wrong = judge_kernel(judge, MAIN4, dumped)
    with a_second("what is absent"):
        judge_absent(judge, MAIN4, dumped, set())
    with a_second("what was left over"):
        former = Judge({"policies": [], "routes": []}, Former(former_places(Config(ours=want))))
        with_source = [{**route, "prefsrc": "192.0.2.1"} for route in dumped]
        judge_kernel(former, MAIN4, with_source)
    with a_second("the repairs"):
        statics = [("", f"ip route {route['dst']} 10.0.0.9") for route in dumped]
        found = steps(wrong, Settings([], statics, [("1", "")], [], None, True), (10, 3, 0))
        texts = [step.describe() for step in found]
    assert all(isinstance(one, Wrong) for one in wrong)
    assert all(len(text) < 3000 for text in texts)


def test_a_hundred_kilobytes_of_markers() -> None:
    want = build(normalise(policies=[{"destinations": ["10.0.0.0/8"], "source": "192.0.2.1"}]), Config(), PREFIX, TAG)
    block = edited(b"", want)
    looks_like = b"! BEGIN of something, END of nothing\n" * 2700
    with a_second("a file of what looks like markers"):
        assert MARKERS.take(edited(looks_like + block, Objects()), "frr.conf") == looks_like
