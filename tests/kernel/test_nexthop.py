# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module nexthop on a real kernel: objects and groups made, changed, kept, removed, undone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab import raw
from tests.lab.kernel import GREATEST_WEIGHT
from tests.lab.modules import ModuleRunner, Result
from tests.lab.pair import Host

Entry = dict[str, Any]
G4, G6 = Host.G4, Host.G6
V0: Entry = {"id": 7, "gateway": G4, "device": "v0"}
V1: Entry = {"id": 8, "gateway": Host.G4_V1, "device": "v1"}


def task(*entries: Entry, **options: Any) -> dict[str, Any]:
    return {"nexthops": list(entries), **options}


def objects(ns: Host) -> list[str]:
    """``ip``'s own lines."""
    return [" ".join(line.split()) for line in ns.ip("nexthop show").splitlines()]


def converge(ns: Host, module: ModuleRunner, *entries: Entry, **options: Any) -> Result:
    """Check, fail, run, run: only the run changes, the check says what it will do, the second run nothing."""
    before = objects(ns)
    predicted = module.ok("nexthop", task(*entries, **options), check=True, diff=True)
    failed = module.fails("nexthop", task(*entries, {"id": 99, "gateway": "172.16.7.7", "device": "v0"}, **options))
    assert "Nexthop has invalid gateway" in failed["msg"]
    assert objects(ns) == before
    done = module.ok("nexthop", task(*entries, **options), diff=True)
    assert (done["results"], done["diff"]) == (predicted["results"], predicted["diff"])
    assert done["changed"]
    assert not module.ok("nexthop", task(*entries, **options))["changed"]
    return done


#: Name: the entry, what ``ip`` says of it; a change, and what ``ip`` says then.
KINDS: dict[str, tuple[Entry, str, Entry, str]] = {
    "gateway": (
        V0,
        "id 7 via 10.0.0.254 dev v0 scope link proto 133",
        {"id": 7, "gateway": "10.0.0.253", "device": "v0"},
        "id 7 via 10.0.0.253 dev v0 scope link proto 133",
    ),
    "device": (
        {"id": 7, "device": "v0"},
        "id 7 dev v0 scope host proto 133",
        {"id": 7, "device": "v1"},
        "id 7 dev v1 scope host proto 133",
    ),
    "onlink": (
        {"id": 7, "gateway": "172.16.9.9", "device": "v0", "onlink": True},
        "id 7 via 172.16.9.9 dev v0 scope link proto 133 onlink",
        {"id": 7, "protocol": "static"},
        "id 7 via 172.16.9.9 dev v0 scope link proto static onlink",
    ),
    "blackhole": (
        {"id": 7, "blackhole": True},
        "id 7 blackhole proto 133",
        V0,
        "id 7 via 10.0.0.254 dev v0 scope link proto 133",
    ),
    "encap": (
        {**V0, "encap": {"type": "ip", "id": 5, "dst": "10.9.9.9"}},
        "id 7 encap ip id 5 src 0.0.0.0 dst 10.9.9.9 ttl 0 tos 0 via 10.0.0.254 dev v0 scope link proto 133",
        {"id": 7, "encap": {"type": "none"}},
        "id 7 via 10.0.0.254 dev v0 scope link proto 133",
    ),
    "IPv6 gateway": (
        {"id": 7, "gateway": G6, "device": "v0"},
        "id 7 via 2001:db8::fe dev v0 scope link proto 133",
        {"id": 7, "gateway": Host.G6_V1, "device": "v1"},
        "id 7 via 2001:db8:1::fe dev v1 scope link proto 133",
    ),
    "IPv6 device": (
        {"id": 7, "device": "v0", "family": "ipv6"},
        "id 7 dev v0 scope link proto 133",
        {"id": 7, "device": "v1", "family": "ipv6"},
        "id 7 dev v1 scope link proto 133",
    ),
    "IPv6 blackhole": (
        {"id": 7, "blackhole": True, "family": "ipv6"},
        "id 7 blackhole proto 133",
        {"id": 7, "protocol": "77"},
        "id 7 blackhole proto 77",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_made_changed_removed(ns: Host, module: ModuleRunner, kind: str) -> None:
    entry, line, change, changed = KINDS[kind]
    made = converge(ns, module, entry)
    assert made["counts"]["created"] == 1
    assert objects(ns) == [line]
    other = converge(ns, module, change)
    assert other["counts"]["changed"] == 1
    assert objects(ns) == [changed]
    assert (other["results"][0]["before"], other["results"][0]["after"]) == (line, changed)
    assert made["results"][0]["after"] == line
    gone = converge(ns, module, {"id": 7, "state": "absent"})
    assert gone["counts"]["removed"] == 1
    assert objects(ns) == []


def test_groups(ns: Host, module: ModuleRunner) -> None:
    group = {"id": 9, "group": [{"id": 7, "weight": 3}, {"id": 8}]}
    # Its members come after it in the list, and before it in the kernel.
    made = converge(ns, module, group, V0, V1)
    assert [one["id"] for one in made["results"]] == ["7", "8", "9"]
    assert "id 9 group 7,3/8 proto 133" in objects(ns)
    route = {"destination": ns.P4, "nexthop_id": 9, "source": ns.S4}
    module.ok("route", {"routes": [route]})
    used = module.fails("nexthop", task({"id": 9, "state": "absent"}))
    assert f"would remove '{ns.P4} nhid 9" in used["msg"]
    member = module.fails("nexthop", task({"id": 7, "state": "absent"}))
    assert "7 is a member of group 9" in member["msg"]
    converge(ns, module, {"id": 7, "state": "absent"}, {"id": 9, "group": [{"id": 8, "weight": GREATEST_WEIGHT}]})
    assert f"id 9 group 8,{GREATEST_WEIGHT} proto 133" in objects(ns)
    assert f"src {ns.S4}" in ns.ip(f"route show {ns.P4}")
    module.ok("route", {"routes": [{**route, "state": "absent"}]})
    gone = converge(ns, module, {"id": 8, "state": "absent"}, {"id": 9, "state": "absent"})
    assert [one["id"] for one in gone["results"]] == ["9", "8"]
    assert objects(ns) == []


def test_a_member_that_was_to_go_stays_in_a_group_that_the_kernel_does_not_change(
    ns: Host, module: ModuleRunner
) -> None:
    blackhole = {"id": 6, "blackhole": True}
    module.ok("nexthop", task(V0, V1, blackhole, {"id": 9, "group": [{"id": 7}, {"id": 8}]}))
    before = objects(ns)
    refused = module.fails("nexthop", task({"id": 9, "group": [{"id": 8}, {"id": 6}]}, {"id": 7, "state": "absent"}))
    assert "lackhole" in refused["msg"] and "Nothing was changed" in refused["msg"], refused["msg"]
    assert objects(ns) == before


def test_a_change_is_one_for_all_routes(ns: Host, module: ModuleRunner) -> None:
    module.ok("nexthop", task(V0))
    routes = [{"destination": f"198.51.{at}.0/24", "nexthop_id": 7, "source": ns.S4} for at in (100, 101)]
    module.ok("route", {"routes": routes})
    module.ok("nexthop", task({**V1, "id": 7}))
    text = ns.ip("route show")
    assert text.count(f"nhid 7 via {ns.G4_V1} dev v1") == text.count(f"src {ns.S4}") == 2
    assert not module.ok("route", {"routes": routes})["changed"]


def test_what_is_not_named_is_kept(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"nexthop add id 7 via {G4} dev v0 onlink proto static")
    for entry in ({"id": 7}, {"id": 7, "device": "v0"}, {"id": 7, "gateway": G4}, {"id": 7, "onlink": True}):
        assert not module.ok("nexthop", task(entry))["changed"]
    assert not module.ok("nexthop", task({**V1, "id": 7, "state": "absent"}))["changed"]
    converge(ns, module, {"id": 7, "gateway": "none", "device": "v0"})
    assert objects(ns) == ["id 7 dev v0 scope host proto static"]


def test_a_resilient_group_keeps_its_kind(ns: Host, module: ModuleRunner) -> None:
    module.ok("nexthop", task(V0, V1))
    ns.ip("nexthop add id 9 group 7 type resilient buckets 32 idle_timer 60")
    converge(ns, module, {"id": 9, "group": [{"id": 7}, {"id": 8}]})
    text = ns.ip("nexthop show id 9")
    assert "group 7/8 type resilient buckets 32 idle_timer 60" in text


def test_a_daemons_object_is_refused_unless_forced(ns: Host, module: ModuleRunner) -> None:
    ns.ip(f"nexthop add id 7 via {G4} dev v0 proto zebra")
    for entry in (V1 | {"id": 7}, {"id": 7, "state": "absent"}):
        assert module.fails("nexthop", task(entry))["owner"] == "zebra"
    assert module.ok("nexthop", task({"id": 7, "state": "absent"}, force=True))["changed"]


def test_routes_are_left_alone_when_a_task_fails(ns: Host, module: ModuleRunner) -> None:
    module.ok("nexthop", task(V0))
    ns.ip(f"route add {ns.P4} nhid 7 src {ns.S4}")
    before = raw.routes(ns)
    bad = {"id": 99, "gateway": "172.16.7.7", "device": "v0"}
    module.fails("nexthop", task({"id": 7, "gateway": "10.0.0.253"}, bad))
    assert raw.routes(ns) == before


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"id": 0, "device": "v0"}, "nexthops[0].id: 0 is not between 1 and"),
        ({"id": 7}, "needs a device"),
        ({"id": 7, "gateway": G4}, "needs a device"),
        ({**V0, "group": [{"id": 8}]}, "give group or gateway or device, not both"),
        ({"id": 7, "group": [{"id": 8}], "blackhole": True}, "not both"),
        ({"id": 7, "group": []}, "is empty"),
        ({"id": 7, "group": [{"id": 8}, {"id": 8}]}, "names 8 twice"),
        ({"id": 7, "group": [{"id": 8, "weight": 257}]}, "is not between 1 and 256"),
        ({**V0, "device": "nosuch0"}, "there is no device 'nosuch0'"),
        ({**V0, "encap": {"type": "geneve"}}, "encap.type: 'geneve' is not one of"),
    ],
)
def test_bad_input_is_refused(ns: Host, module: ModuleRunner, entry: Entry, words: str) -> None:
    assert words in module.fails("nexthop", task(entry))["msg"]


def test_two_entries_for_one_object_are_refused(ns: Host, module: ModuleRunner) -> None:
    assert "names the same object as nexthops[0]: 7" in module.fails("nexthop", task(V0, V0))["msg"]
