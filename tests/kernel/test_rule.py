# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module rule against the kernel: check, run, run again, check again, and what `ip rule` says."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import Rule
from ansible_collections.l3host.source_ip.plugins.module_utils._rules import plan
from ansible_collections.l3host.source_ip.plugins.module_utils._rules.payload import new_payload
from tests.lab.kernel import KNOWS_DSCP_OF_RULE
from tests.lab.modules import ModuleRunner, Result, run_forked
from tests.lab.netns import Namespace
from tests.lab.pair import Host

Args = dict[str, Any]


def listed(ns: Namespace) -> list[str]:
    """What `ip rule` says of both families, one line each, in its words but for the state of devices and targets."""
    lines = ns.ip("-4 rule").splitlines() + ns.ip("-6 rule").splitlines()
    return [re.sub(r" \[(detached|unresolved)\]", "", line).replace(":\t", ": ").strip() for line in lines]


def said(result: Result) -> str:
    """The warnings, each a text or, with a newer Ansible, a mapping that holds it."""
    found = [one if isinstance(one, str) else one["event"]["msg"] for one in result.get("warnings", ())]
    return "\n".join(found)


def task(*rules: Args, **options: Any) -> Args:
    return {"rules": list(rules), **options}


def converge(ns: Host, module: ModuleRunner, args: Args) -> Result:
    """Check, run, run, check: only the run changes, the check says what it will do, and the second run nothing."""
    before = listed(ns)
    predicted = module.ok("rule", args, check=True, diff=True)
    assert listed(ns) == before
    done = module.ok("rule", args, diff=True)
    assert predicted == done and done["changed"]
    after = listed(ns)
    # The diff is what ip prints.
    assert set(done["diff"]["after"].splitlines()) <= set(after)
    assert set(done["diff"]["before"].splitlines()) <= set(before)
    for check in (False, True):
        again = module.ok("rule", args, check=check, diff=True)
        assert not again["changed"] and again["diff"] == {"before": "", "after": ""}
    assert listed(ns) == after
    return done


EVERYTHING: list[Args] = [
    {"from": "10.0.0.1", "table": 100},
    {"from": "10.0.0.0/24", "to": "198.51.100.0/24", "tos": "0x10", "fwmark": "0x1/0xff", "iif": "lo", "oif": "v0"},
    {"not": True, "from": "2001:db8::/32", "uidrange": "5-9", "ipproto": "tcp", "sport": "1-4", "dport": 5},
    {"family": "both", "fwmark": "0/0x10", "table": 77, "suppress_prefixlength": 0, "suppress_ifgroup": 5},
    {"family": "ipv4", "fwmark": "0/0xffffffff", "tun_id": 7, "realms": "3/4", "table": 70000},
    {"family": "ipv4", "realms": 4, "uidrange": 0, "table": "default", "protocol": "static"},
    {"family": "both", "priority": 40, "goto": 50, "ipproto": "sctp"},
    {"family": "both", "priority": 50, "action": "nop", "iif": "not_there"},
    {"family": "both", "priority": 51, "action": "blackhole", "to": None, "ipproto": 89},
    {"to": "2001:db8:7::1", "priority": 52, "action": "unreachable", "tos": "0x20"},
    {"to": "198.51.100.9", "priority": 0, "action": "prohibit", "ipproto": "ipencap"},
    {"family": "both", "priority": 1000, "l3mdev": True},
]


def test_everything_of_ip_rule(ns: Host, module: ModuleRunner) -> None:
    before = listed(ns)
    done = converge(ns, module, task(*EVERYTHING))
    assert done["counts"]["created"] == len(listed(ns)) - len(before) == 17
    assert "the rule waits for it" in said(done)
    converge(ns, module, task(*({**one, "state": "absent"} for one in EVERYTHING)))
    assert listed(ns) == before


def test_dscp(ns: Host, module: ModuleRunner) -> None:
    wanted = task({"family": "both", "dscp": "EF", "table": 9}, {"to": "10.9.0.0/16", "dscp": 0})
    before = listed(ns)
    if not KNOWS_DSCP_OF_RULE:
        assert "the kernel took the change, but now holds" in module.fails("rule", wanted)["msg"]
        assert listed(ns) == before
        return
    done = module.ok("rule", wanted)
    # ip(8) says it from 6.13 on.
    assert done["results"][0]["after"].endswith("from all dscp EF lookup 9 proto 133")
    assert done["counts"]["created"] == 3 and not module.ok("rule", wanted)["changed"]
    assert not module.ok("rule", task({"family": "both", "dscp": 46, "table": "9"}))["changed"]
    assert module.ok("rule", task(purge=True))["counts"]["removed"] == 3
    assert listed(ns) == before


@pytest.mark.parametrize(
    ("made", "same"),
    [
        ("from 10.0.0.1 lookup 254 pref 7", {"from": "10.0.0.1/32", "table": "main", "priority": 7}),
        ("from 10.0.0.1 lookup main", {"from": "10.0.0.1"}),
        ("fwmark 0x10/0xffffffff lookup 5", {"family": "ipv4", "fwmark": 16, "table": 5}),
        ("ipproto tcp dport 80 lookup 5", {"from": "0.0.0.0/0", "ipproto": 6, "dport": "80-80", "table": "0x5"}),
        ("uidrange 7-7 tos 0x10 lookup 5", {"from": "0.0.0.0/0", "to": "all", "uidrange": 7, "tos": 16, "table": 5}),
    ],
)
def test_two_spellings_are_one_rule(ns: Host, module: ModuleRunner, made: str, same: Args) -> None:
    ns.ip(f"-4 rule add {made}")
    before = listed(ns)
    found = module.ok("rule", task(same))
    assert not found["changed"] and listed(ns) == before
    assert module.fails("rule", task(same, {**same, "protocol": "static"}))["msg"].startswith("rules[1]: the rule '")


def test_devices_by_alternative_names(ns: Host, module: ModuleRunner) -> None:
    ns.ip("link property add dev v0 altname a-name-longer-than-fifteen")
    converge(ns, module, task({"from": "10.0.0.1", "oif": "a-name-longer-than-fifteen", "table": 5}))
    assert any("from 10.0.0.1 oif v0 lookup 5" in line for line in listed(ns))
    text = module.fails("rule", task({"from": "10.0.0.1", "iif": "another-name-longer-than-that"}))["msg"]
    assert text.startswith("rules[0].iif: there is no device 'another-name-longer-than-that'")


def test_new_rules_without_a_priority_keep_their_order(ns: Host, module: ModuleRunner) -> None:
    ns.ip("rule add from 10.9.0.0/16 lookup 9 pref 300")
    converge(ns, module, task(*({"from": f"10.0.0.{last}", "table": 5} for last in (3, 1, 2))))
    assert [line for line in listed(ns) if "10.0.0." in line] == [
        "297: from 10.0.0.3 lookup 5 proto 133",
        "298: from 10.0.0.1 lookup 5 proto 133",
        "299: from 10.0.0.2 lookup 5 proto 133",
    ]
    ns.ip("rule add from 10.9.0.0/16 lookup 9 pref 1")
    text = module.fails("rule", task({"from": "10.0.0.9"}))["msg"]
    assert text.startswith("rules[0].priority: there is no room for 1 rule(s) between the priorities 0 and 1")


def test_purge_takes_ours_and_nothing_else(ns: Host, module: ModuleRunner) -> None:
    ns.ip("rule add from 10.9.0.0/16 lookup 9 pref 300 protocol static")
    ns.ip("-6 rule add from 2001:db8:9::/48 lookup 9 pref 300")
    before = listed(ns)
    first = {"from": "10.0.0.1", "table": 100, "priority": 200}
    converge(ns, module, task(first, {"from": "2001:db8::1", "table": 100, "priority": 200}))
    done = converge(ns, module, task({**first, "table": 101}, purge=True))
    assert [one["action"] for one in done["results"]] == ["created", "removed", "removed"]
    assert done["diff"] == {
        "before": "200: from 10.0.0.1 lookup 100 proto 133\n200: from 2001:db8::1 lookup 100 proto 133\n",
        "after": "200: from 10.0.0.1 lookup 101 proto 133\n",
    }
    converge(ns, module, task(purge=True))
    assert listed(ns) == before


def test_a_rule_that_selects_the_same_and_comes_first_is_warned_of(ns: Host, module: ModuleRunner) -> None:
    ns.ip("rule add from 10.0.0.1 lookup 9 pref 300")
    done = converge(ns, module, task({"from": "10.0.0.1", "table": 10, "priority": 300}))
    assert "'300: from 10.0.0.1 lookup 9' selects the same and comes before" in said(done)
    done = converge(ns, module, task({"from": "10.0.0.1", "priority": 300, "state": "absent"}))
    assert done["counts"]["removed"] == 2


def test_rules_that_the_kernel_takes_for_each_other(ns: Host, module: ModuleRunner) -> None:
    # Asked to remove 'from all', the kernel takes the first with this priority and table, whatever it selects; asked to
    # make it, ip(8) is told that it is there (NLM_F_EXCL).
    for selector in ("from 10.0.0.1", "not from 10.0.0.2", "iif v0 from 10.0.0.1", "fwmark 1"):
        ns.ip(f"-4 rule add {selector} lookup 5 pref 300")
    before = listed(ns)
    for wanted in ({"family": "ipv4"}, {"from": "10.0.0.2"}, {"from": "10.0.0.1", "to": "10.9.0.0/16"}):
        same = {**wanted, "table": 5, "priority": 300}
        converge(ns, module, task(same))
        ns.ip("-4 rule add from 10.0.0.3 lookup 5 pref 300 protocol static")
        with_it = listed(ns)
        converge(ns, module, task({**same, "state": "absent"}))
        assert listed(ns) == [line for line in with_it if " proto 133" not in line]
        ns.ip("-4 rule del from 10.0.0.3 pref 300")
        assert listed(ns) == before


def test_another_protocol_keeps_the_rule_and_its_place(ns: Host, module: ModuleRunner) -> None:
    for last in (1, 2, 3):
        ns.ip(f"rule add from 10.0.0.{last} lookup 5 pref 300 suppress_ifgroup 7 realms 3/9")
    same = {"from": "10.0.0.2", "table": 5, "priority": 300, "suppress_ifgroup": 7, "realms": "3/9"}
    done = converge(ns, module, task({**same, "protocol": "static"}))
    assert done["counts"]["changed"] == 1
    assert [line.split()[2] for line in listed(ns) if line.startswith("300:")] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]


@pytest.mark.parametrize("protocol", ["ra", "bird", "186"])
def test_rules_of_a_daemon_are_left_alone(ns: Host, module: ModuleRunner, protocol: str) -> None:
    ns.ip(f"rule add from 10.0.0.1 lookup 5 pref 300 protocol {protocol}")
    before = listed(ns)
    text = module.fails("rule", task({"from": "10.0.0.1", "table": 5, "state": "absent"}))["msg"]
    assert text.startswith("rules[0]: the rule '300: from 10.0.0.1 lookup 5 proto ") and "force: true" in text
    assert listed(ns) == before
    assert not module.ok("rule", task({"from": "10.0.0.1", "table": 5}))["changed"]
    converge(ns, module, task({"from": "10.0.0.1", "table": 5, "state": "absent"}, force=True))


def test_the_local_table_moves_behind(ns: Host, module: ModuleRunner) -> None:
    rules = [
        {"family": "both", "priority": 500, "table": "local"},
        {"family": "both", "priority": 0, "table": "local", "state": "absent"},
    ]
    converge(ns, module, task(*rules, force=True))
    assert [line for line in listed(ns) if "local" in line] == ["500: from all lookup local proto 133"] * 2


def test_all_or_nothing(ns: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel refuses one rule of many: none is there, and none is gone."""
    ns.ip("rule add from 10.0.0.9 lookup 5 pref 300 protocol 133")
    for last in (1, 2, 3):
        ns.ip(f"rule add from 10.1.0.{last} lookup 5 pref 301")
    before = listed(ns)

    def spoiled(rule: Rule) -> bytes:
        # What every kernel refuses is refused before; so one request is spoiled on its way.
        ports = (9, 7) if rule.destination_ports == (7, 7) else rule.destination_ports
        return new_payload(replace(rule, destination_ports=ports))

    monkeypatch.setattr(plan, "new_payload", spoiled)
    rules = [
        {"from": "10.0.0.1", "table": 5, "priority": 10},
        {"from": "10.1.0.2", "table": 5, "priority": 301, "protocol": "static"},
        {"from": "2001:db8::1", "dport": 7, "priority": 11},
        {"from": "10.0.0.2", "table": 5, "priority": 10},
    ]
    failed = run_forked("rule", task(*rules, purge=True), ns)
    assert failed["msg"].startswith("rules[2]: from 2001:db8::1 dport 9-7 lookup main: the kernel refused to create it")
    assert "the host is as before" in failed["msg"]
    assert [one["action"] for one in failed["results"]] == ["failed", "undone", "undone", "undone", "undone"]
    assert listed(ns) == before


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"table": 5}, "rules[0].family: neither from nor to says which family; set family: ipv4, ipv6 or both"),
        ({"from": "10.0.0.1/24"}, "rules[0].from: 10.0.0.1/24 has bits set behind its prefix length; did you mean"),
        ({"from": "10.0.0.1", "to": "2001:db8::1"}, "rules[0].to: 2001:db8::1/128 is not of the family of from"),
        ({"from": "10.0.0.1", "family": "both"}, "rules[0].family: both does not go with 10.0.0.1/32"),
        ({"from": "10.0.0.1", "goto": 5, "priority": 5}, "rules[0].goto: 5 is not behind the rule's own priority 5"),
        ({"from": "10.0.0.1", "goto": 5}, "rules[0].goto: 5 is not behind the rule's own priority 32764"),
        ({"from": "10.0.0.1", "goto": 5, "table": 5}, "rules[0].table: a rule with the action goto looks up no table"),
        ({"from": "10.0.0.1", "action": "goto"}, "rules[0].goto: the action goto and the priority"),
        ({"from": "10.0.0.1", "l3mdev": True, "table": 5}, "rules[0].l3mdev: give only one of table and l3mdev"),
        ({"from": "10.0.0.1", "vrf": "v0"}, "rules[0].vrf: 'v0' is a device, but not a VRF"),
        ({"from": "10.0.0.1", "table": "nowhere"}, "rules[0].table: 'nowhere' is unknown"),
        ({"from": "10.0.0.1", "fwmark": "0x1f/0xf"}, "rules[0].fwmark: 0x1f has bits outside of its mask 0xf"),
        ({"from": "10.0.0.1", "fwmark": "1/2/3"}, "rules[0].fwmark: '2/3' is unknown"),
        ({"from": "10.0.0.1", "sport": "9-5"}, "rules[0].sport: '9-5' is not a range between 1 and 65534"),
        ({"from": "10.0.0.1", "uidrange": "root"}, "rules[0].uidrange: 'root' is neither a number nor a range"),
        ({"from": "10.0.0.1", "ipproto": "xyz"}, "rules[0].ipproto: 'xyz' is unknown; use a number or one of icmp"),
        ({"from": "10.0.0.1", "tos": "0x11"}, "rules[0].tos: 0x11 has bits of ECN"),
        ({"from": "10.0.0.1", "tos": "CS1"}, "rules[0].tos: 0x20 has bits that IPv4 rules do not select by"),
        ({"from": "10.0.0.1", "tos": 4, "dscp": 1}, "rules[0].dscp: give tos or dscp, not both"),
        ({"from": "10.0.0.1", "dscp": 64}, "rules[0].dscp: '64' is not between 0 and 63"),
        ({"from": "10.0.0.1", "suppress_prefixlength": 33}, "rules[0].suppress_prefixlength: 33 is not between 0 and"),
        ({"from": "2001:db8::1", "realms": 3}, "rules[0].realms: IPv6 has no realms"),
        ({"from": "10.0.0.1", "iif": "a b"}, "rules[0].iif: 'a b' can be no device's name"),
        ({"from": "10.0.0.1", "priority": -1}, "rules[0].priority: -1 is not between 0 and 4294967295"),
    ],
)
def test_bad_input_is_refused_before_the_first_write(ns: Host, module: ModuleRunner, entry: Args, words: str) -> None:
    before = listed(ns)
    text = module.fails("rule", task(entry, {"from": "10.0.0.9"}))["msg"]
    assert text.startswith(words), text
    assert listed(ns) == before


def connected(ns: Host, monkeypatch: pytest.MonkeyPatch, local: str, remote: str) -> None:
    monkeypatch.setenv("SSH_CONNECTION", f"{remote} 50000 {local} 22")


def test_what_would_cut_off_the_connection_is_warned_of(
    ns: Host, module: ModuleRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    ns.batch([f"route add {ns.P4} via {ns.G4}", "route add default via 10.1.0.254 table 100"])
    remote = ns.P4.split("/")[0][:-1] + "7"
    connected(ns, monkeypatch, "10.0.0.1", remote)

    def warned(*rules: Args) -> str:
        return said(module.ok("rule", task(*rules), check=True))

    words = f"the connection that Ansible came by (10.0.0.1 port 22 to {remote}) may be cut off: its packets leave by "
    text = warned({"from": "10.0.0.0/24", "table": 100, "priority": 10})
    assert text.startswith(f"{words}'via {ns.G4} dev v0' now; with the rules of this task rule '10: from 10.0.0.0/24 ")
    assert "lookup 100 proto 133' sends them by 'via 10.1.0.254 dev v1'. Put a rule before it" in text
    text = warned({"from": "all", "family": "ipv4", "ipproto": "tcp", "sport": 22, "action": "prohibit"})
    assert "ipproto tcp sport 22 prohibit proto 133' ends them (prohibit)" in text
    assert "lookup 100" in warned({"family": "ipv4", "not": True, "fwmark": 7, "table": 100})
    # The table has no route, the rule is not about these packets, or the way is the same.
    assert not warned({"from": "10.0.0.0/24", "table": 101, "priority": 10})
    assert not warned({"from": "10.0.0.0/24", "table": 100, "suppress_prefixlength": 0, "priority": 10})
    assert not warned({"from": "10.0.0.0/24", "dport": 22, "ipproto": "tcp", "table": 100, "priority": 10})
    ns.ip(f"route add {ns.P4} via {ns.G4} table 102")
    assert not warned({"from": "10.0.0.0/24", "table": 102, "priority": 10})
    # A rule that goes can do it as well.
    ns.ip("rule add from 10.0.0.1 lookup 102 pref 10")
    ns.ip(f"route del {ns.P4}")
    assert "no rule leads to a route" in warned({"from": "10.0.0.1", "state": "absent"})
    # The address is none of this namespace: the connection is not here.
    connected(ns, monkeypatch, "10.77.0.1", remote)
    assert not warned({"from": "10.0.0.0/24", "table": 100, "priority": 10})
