# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module label against the kernel, and what `ip addrlabel` says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.modules import ModuleRunner
from tests.lab.netns import Namespace
from tests.lab.pair import Host

Args = dict[str, Any]


def listed(ns: Namespace) -> list[str]:
    return sorted(" ".join(line.split()) for line in ns.ip("addrlabel list").splitlines())


def converge(ns: Host, module: ModuleRunner, *labels: Args) -> Args:
    before = listed(ns)
    predicted = module.ok("label", {"labels": list(labels)}, check=True, diff=True)
    assert listed(ns) == before
    done = module.ok("label", {"labels": list(labels)}, diff=True)
    assert done == predicted and done["changed"]
    assert set(done["diff"]["after"].splitlines()) <= set(listed(ns))
    assert set(done["diff"]["before"].splitlines()) <= set(before)
    again = module.ok("label", {"labels": list(labels)}, diff=True)
    assert not again["changed"] and again["diff"] == {"before": "", "after": ""}
    return done


def test_made_changed_removed(ns: Host, module: ModuleRunner) -> None:
    before = listed(ns)
    site = {"prefix": "2001:DB8:a::/48", "label": 100}
    here = {"prefix": "2001:db8:ff::2", "label": 100, "device": "v0"}
    done = converge(ns, module, site, here)
    assert [one["after"] for one in done["results"]] == [
        "prefix 2001:db8:a::/48 label 100",
        "prefix 2001:db8:ff::2/128 dev v0 label 100",
    ]
    assert converge(ns, module, {**site, "label": 101})["counts"]["changed"] == 1
    # Another label is not the one that is to go.
    assert not module.ok("label", {"labels": [{**site, "state": "absent"}]})["changed"]
    converge(ns, module, {"prefix": site["prefix"], "state": "absent"}, {**here, "state": "absent"})
    assert listed(ns) == before


def test_the_label_decides(ns: Host, module: ModuleRunner) -> None:
    ns.ip("-6 route add 2001:db8:a::/48 via 2001:db8::fe")
    question = {"queries": [{"destination": "2001:db8:a::1"}]}
    (first,) = module.ok("source_info", question)["sources"]
    labels = [{"prefix": "2001:db8:a::/48", "label": 100}, {"prefix": "2001:db8::2/128", "label": 100}]
    converge(ns, module, *labels)
    (second,) = module.ok("source_info", question)["sources"]
    assert second["source"] == "2001:db8::2", (first, second)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"prefix": "192.0.2.0/24", "label": 1}, "labels[1].prefix: 192.0.2.0/24 is IPv4: write it as IPv6 has it"),
        ({"prefix": "2001:db8::1/64", "label": 1}, "labels[1].prefix: 2001:db8::1/64 has bits set behind"),
        ({"prefix": "2001:db8::/64"}, "labels[1].label: is required"),
        ({"prefix": "2001:db8::/64", "label": 4294967295}, "labels[1].label: 4294967295 is not between 0 and"),
        ({"prefix": "2001:db8::/64", "label": 1, "device": "x9"}, "labels[1].device: there is no device 'x9'"),
        ({"prefix": "2001:db8:b::/48", "label": 1}, "labels[1].prefix: 2001:db8:b::/48 is already in labels[0]"),
    ],
)
def test_bad_input_is_refused_before_the_first_write(ns: Host, module: ModuleRunner, entry: Args, words: str) -> None:
    before = listed(ns)
    text = module.fails("label", {"labels": [{"prefix": "2001:db8:b::/48", "label": 2}, entry]})["msg"]
    assert text.startswith(words), text
    assert listed(ns) == before
