# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules, labels and lifetimes of an intent in the kernel: made, changed, taken off, and nothing of others touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.test_label import listed as labels_of
from tests.kernel.test_rule import listed as rules_of
from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

Args = dict[str, Any]


@pytest.fixture
def task(tmp_path: Path) -> Args:
    return {"backend": "kernel", "kernel": {"record": str(tmp_path / "record.json")}}


def state(ns: Host) -> tuple[list[str], list[str], str]:
    return rules_of(ns), labels_of(ns), ns.ip("address")


INTENT: Args = {
    "addresses": [{"address": "192.0.2.77/32", "device": "lo"}],
    "routes": [{"destination": "0.0.0.0/0", "gateway": "10.0.0.254", "source": "192.0.2.77", "table": 100}],
    "rules": [
        {"from": "192.0.2.77", "table": 100, "priority": 1000},
        {"family": "both", "table": "main", "suppress_prefixlength": 0, "priority": 900},
    ],
    "labels": [{"prefix": "2001:db8:a::/48", "label": 100}, {"prefix": "::ffff:0:0/96", "label": 44}],
}


def test_a_whole_intent_comes_changes_and_goes(ns: Host, module: ModuleRunner, task: Args) -> None:
    ns.ip("rule add from 10.9.0.0/16 lookup 9 pref 1000 protocol 133")
    ns.ip("rule add from 10.9.0.0/16 lookup 9 pref 1001")
    before = state(ns)
    predicted = module.ok("intent", {**task, **INTENT}, check=True, diff=True)
    assert state(ns) == before
    done = module.ok("intent", {**task, **INTENT}, diff=True)
    assert done["diff"] == predicted["diff"]
    made = {"1000: from 192.0.2.77 lookup 100", "900: from all lookup main suppress_prefixlength 0"}
    assert {f"{line} proto 133" for line in made} <= set(rules_of(ns))
    assert {"prefix 2001:db8:a::/48 label 100", "prefix ::ffff:0.0.0.0/96 label 44"} <= set(labels_of(ns))
    for check in (False, True):
        assert not module.ok("intent", {**task, **INTENT}, check=check)["changed"]
    moved = {"from": "192.0.2.77", "table": 100, "priority": 1002}
    other = {**INTENT, "rules": [moved], "labels": INTENT["labels"][:1]}
    assert module.ok("intent", {**task, **other})["changed"]
    assert "prefix ::ffff:0.0.0.0/96 label 4" in labels_of(ns)
    assert [line for line in rules_of(ns) if line not in before[0]] == ["1002: from 192.0.2.77 lookup 100 proto 133"]
    assert module.ok("intent", {**task, "state": "absent"})["changed"]
    assert state(ns) == before
    assert not module.ok("intent", {**task, "state": "absent"})["changed"]


def test_what_was_there_before_stays(ns: Host, module: ModuleRunner, task: Args) -> None:
    ns.ip("rule add from 192.0.2.77 lookup 100 pref 1000")
    ns.ip("addrlabel add prefix 2001:db8:a::/48 label 100")
    before = state(ns)
    intent = {"rules": INTENT["rules"][:1], "labels": INTENT["labels"][:1]}
    module.ok("intent", {**task, **intent})
    assert state(ns) == before
    module.ok("intent", {**task, "state": "absent"})
    assert state(ns) == before


def test_a_failure_undoes_rules_and_labels(ns: Host, module: ModuleRunner, task: Args) -> None:
    before = state(ns)
    # The address is found to be in use when all the rest is done.
    module.ok("intent", {**task, **INTENT})
    with_it = state(ns)
    ns.ip("route add 198.51.100.0/24 via 10.0.0.254 src 192.0.2.77")
    failed = module.fails("intent", {**task, "rules": [{"from": "10.0.0.1", "table": 7, "priority": 5}]})
    assert "192.0.2.77/32" in failed["msg"] and "were undone; the host is as before" in failed["msg"]
    assert state(ns) == with_it
    ns.ip("route del 198.51.100.0/24")
    module.ok("intent", {**task, "state": "absent"})
    assert state(ns) == before


@pytest.mark.parametrize("address", ["2001:db8::77/64", "192.0.2.78/32"])
def test_an_address_that_is_there_but_not_chosen(ns: Host, module: ModuleRunner, task: Args, address: str) -> None:
    ns.ip(f"address add {address} dev v0 nodad" if ":" in address else f"address add {address} dev v0")
    entry = {"address": address, "device": "v0"}
    before = state(ns)
    assert module.ok("intent", {**task, "addresses": [{**entry, "preferred_lifetime": 0}]})["changed"]
    assert "deprecated" in ns.ip(f"address show to {address}")
    assert not module.ok("intent", {**task, "addresses": [{**entry, "preferred_lifetime": 0}]})["changed"]
    assert module.ok("intent", {**task, "addresses": [entry]})["changed"]
    assert state(ns) == before
    module.ok("intent", {**task, "addresses": [{**entry, "preferred_lifetime": 0}]})
    module.ok("intent", {**task, "state": "absent"})
    assert state(ns) == before


def test_a_record_of_an_earlier_release_is_understood(ns: Host, module: ModuleRunner, task: Args) -> None:
    old: dict[str, list[Any]] = {"addresses": [], "routes": [], "sources": []}
    Path(task["kernel"]["record"]).write_text(json.dumps(old), encoding="utf-8")
    assert module.ok("intent", {**task, **INTENT})["changed"]


@pytest.mark.parametrize(
    ("intent", "words"),
    [
        ({"rules": [{"from": "10.0.0.1"}]}, "missing required arguments: priority found in rules"),
        ({"rules": [{"priority": 1}]}, "source_ip_rules[0].family: neither from nor to says which family"),
        ({"rules": [{"priority": 1, "from": "10.0.0.1", "table": "x"}]}, "source_ip_rules[0].table: 'x' is a name"),
        ({"labels": [{"prefix": "10.0.0.0/8", "label": 1}]}, "source_ip_labels[0].prefix: 10.0.0.0/8 is IPv4"),
        (
            {"addresses": [{"address": "10.0.0.9", "device": "v0", "preferred_lifetime": 60}]},
            "source_ip_addresses[0].preferred_lifetime: 60 is not 0",
        ),
    ],
)
def test_bad_entries_are_named(ns: Host, module: ModuleRunner, task: Args, intent: Args, words: str) -> None:
    before = state(ns)
    assert words in module.fails("intent", {**task, **intent})["msg"]
    assert state(ns) == before
