# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet on a terminal, and answers of source_info and probe as rows of the document."""

from __future__ import annotations

from typing import Any

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.document import document, host_row
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.text import PER_HOST, audit_text, plain, why_text
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.why import result

FINDING = {
    "destination": "198.51.100.0/24", "expected": "192.0.2.2", "actual": None, "problem": "drift", "why": "a line",
    "vrf": "blue", "table": None, "protocol": None, "repair": None,
}  # fmt: skip
LATE = {
    "protocol": "tcp", "source": "2001:db8::1", "sport": 40422, "destination": "2001:db8:100::34", "dport": 443,
    "device": None, "vrf": None, "expected": "2001:db8:ff::2", "process": "curl", "unit": "backup.service",
}  # fmt: skip
SOURCE: dict[str, Any] = {
    "destination": "198.51.100.34", "name": "www.example.com", "source": "192.0.2.2", "device": "eth0",
    "gateway": "10.0.0.254", "table": 254, "reason": "prefsrc", "explanation": "It carries it.", "stale": False,
    "route": {"destination": "198.51.100.0/24", "protocol": "bgp", "line": "198.51.100.0/24 via 10.0.0.254"},
    "socket": {"source": "192.0.2.2", "error": None}, "warnings": [],
}  # fmt: skip


def answered(**more: Any) -> dict[str, Any]:
    return {"answers": [], "findings": [], "checked": 1, "omitted": 0, **more}


def shown(*results: Any) -> str:
    return audit_text(document("", "", [host_row(f"h{at}", [], one) for at, one in enumerate(results)]))


def asked(found: Any, probed: Any = None) -> dict[str, Any]:
    return document("", "", [host_row("h0", [], result(found, probed))])


def test_nothing_differs() -> None:
    assert shown(answered()) == "1 host: 1 as intended, 0 differ. Checked: 1 destination, 0 open connections."


def test_a_line_for_each_difference_and_each_silent_host() -> None:
    late = {"checked": 2, "differing": [LATE]}
    text = shown(answered(findings=[FINDING], connections=late), {"unreachable": True, "msg": "no\nroute"}, None)
    lines = [line.split(maxsplit=2) for line in text.splitlines()[2:]]
    assert [line[:2] for line in lines[1:]] == [
        ["h0", "drift"], ["h0", "connection"], ["h1", "unreachable"], ["h2", "unreachable"],
    ]  # fmt: skip
    assert "198.51.100.0/24 vrf blue  192.0.2.2" in text and text.splitlines()[5].endswith("no route")
    assert "[2001:db8:100::34]:443" in text and "tcp from port 40422 of curl, backup.service" in text
    assert text.startswith("3 hosts: 0 as intended, 1 differs, 2 unreachable. Checked: 1 destination, 2 open")


def test_one_host_does_not_hide_the_others() -> None:
    text = shown(answered(findings=[FINDING] * (PER_HOST + 5)), answered(findings=[FINDING]))
    assert text.count("drift") == PER_HOST + 1 and "and 5 more" in text


def test_what_many_hosts_say_is_said_once() -> None:
    text = shown(*[answered(notes=["no intent"])] * 7)
    assert text.splitlines()[-1] == "h0, h1, h2, h3, h4 and 2 more: no intent"


def test_a_host_cannot_write_on_the_terminal() -> None:
    assert plain("a\x1b[31m\u202eb\nc\t\x07") == "a?[31m?b c ?"
    assert "\x1b" not in shown(answered(findings=[{**FINDING, "why": "\x1b]0;title\x07"}], notes=["\x1b[2J"]))


def test_why_with_and_without_the_wire() -> None:
    fleet = asked({"sources": [SOURCE]})
    (row,) = fleet["hosts"][0]["answers"]
    assert (row["kernel"], row["prefix"], row["owner"], row["wire"], row["good"]) == (
        "192.0.2.2", "198.51.100.0/24", "bgp", None, True,
    )  # fmt: skip
    words = [line.split() for line in why_text(fleet).splitlines()]
    assert words[1] == ["h0", "www.example.com", "(198.51.100.34)", "192.0.2.2", "eth0", "prefsrc", "192.0.2.2"]
    ours = {**SOURCE, "route": {**SOURCE["route"], "protocol": "133"}}
    assert asked({"sources": [ours]})["hosts"][0]["answers"][0]["owner"] == "ours"
    assert why_text(fleet, explain=True).endswith("It carries it.")
    (row,) = asked({"sources": [SOURCE]}, {"probes": [{"wire": {"source": "10.0.0.1"}}]})["hosts"][0]["answers"]
    assert (row["wire"], row["good"]) == ("10.0.0.1", False)
    seen = asked({"sources": [SOURCE]}, {"probes": [{"wire": None, "wire_error": "not permitted"}]})
    assert seen["hosts"][0]["answers"][0]["wire"] == "not permitted"
    (host,) = asked({"sources": [SOURCE]}, {"failed": True, "msg": "no python"})["hosts"]
    assert host["status"] == "answered" and host["warnings"] == ["the wire could not be seen: no python"]


def test_why_of_hosts_that_do_not_answer() -> None:
    assert "h0    failed  no pyroute2" in why_text(asked({"msg": "no pyroute2"}))
    assert "h0    unreachable" in why_text(asked(None)) and why_text(document("", "", [])) == "No host was asked."
