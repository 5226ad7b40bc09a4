# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the terminal shows of a task and of the rows."""

from __future__ import annotations

import re

import pytest

from tests.demo.ink import Ink, columns, heading, summary, width_of
from tests.demo.rows import Row
from tests.demo.telling import answer, command, failure

PLAIN = Ink(False)
PAINTED = Ink(True)


def test_shell_commands_are_shown_as_typed_one_a_line() -> None:
    assert command("ansible.builtin.command", {"_raw_params": "ip route"}, PLAIN) == ["    $ ip route"]
    assert command("ansible.builtin.shell", {"cmd": "ip link\nip route\n"}, PLAIN) == [
        "    $ ip link",
        "    $ ip route",
    ]


def test_a_module_is_shown_as_the_task_of_a_playbook() -> None:
    shown = command("l3host.source_ip.prefsrc", {"routes": [{"destination": "198.51.100.0/24", "source": "a"}]}, PLAIN)
    assert shown == [
        "    l3host.source_ip.prefsrc:",
        "      routes:",
        "      - {destination: 198.51.100.0/24, source: a}",
    ]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"changed": False, "results": [{"action": "unchanged", "before": "r", "after": "r"}]}, ["ok: nothing to do"]),
        (
            {
                "changed": True,
                "results": [
                    {"action": "changed", "before": "r", "after": "r src a"},
                    {"action": "unchanged", "before": "q", "after": "q"},
                    {"action": "created", "before": None, "after": "p"},
                    {"action": "removed", "before": "o", "after": None},
                ],
            },
            ["changed", "- r", "+ r src a", "+ p", "- o"],
        ),
    ],
)
def test_changes_show_only_what_changed(result: dict[str, object], expected: list[str]) -> None:
    assert answer("l3host.source_ip.prefsrc", result, PLAIN) == ["", *(f"    {line}" for line in expected)]


def test_an_unbound_socket_takes_one_line_and_a_bound_one_shows_its_calls() -> None:
    def probe(*calls: str, **more: object) -> dict[str, object]:
        made = [{"call": call, "arguments": "x", "result": "ok"} for call in calls]
        return {
            "destination": "d",
            "source": "s",
            "error": None,
            "calls": made,
            "wire": {"source": "w", "device": "up0"},
            **more,
        }

    plain = probe("socket", "connect", "getsockname")
    assert answer("l3host.source_ip.probe", {"probes": [plain]}, PLAIN) == ["", "    d  socket s  captured w on up0"]
    bound = "\n".join(answer("l3host.source_ip.probe", {"probes": [probe("setsockopt", "getsockname")]}, PLAIN))
    assert "setsockopt" in bound
    assert "getsockname  x  s" in bound
    failed = probe("connect", error="ENETUNREACH: …", wire=None, wire_error="nothing was sent")
    shown = answer("l3host.source_ip.probe", {"probes": [failed]}, PLAIN)
    assert shown[1:] == ["    d", "      connect   x  ok", "      captured     nothing was sent"]


def test_a_stale_source_says_so() -> None:
    found = {
        "destination": "d",
        "source": "s",
        "device": "up0",
        "gateway": "g",
        "reason": "prefsrc",
        "explanation": "Why.",
    }
    fresh = answer("l3host.source_ip.source_info", {"sources": [found]}, PLAIN)
    stale = answer("l3host.source_ip.source_info", {"sources": [{**found, "stale": True}]}, PLAIN)
    assert fresh == ["", "    d  from s  dev up0 via g  prefsrc", "      Why."]
    assert stale[1] == f"{fresh[1]}  stale"


def test_a_failure_hides_nothing() -> None:
    shown = "\n".join(failure("x", {"msg": "the cause", "module_stderr": "Traceback\n  line"}, PLAIN))
    assert "failed: the cause" in shown and "Traceback" in shown and "  line" in shown
    assert "failed without a message" in failure("x", {}, PLAIN)[0]


def test_columns_are_aligned_whatever_their_colour() -> None:
    painted = columns([[PAINTED("a", "red"), "b"], ["ccc", PAINTED("d", "bold")]])
    assert [re.sub(r"\x1b\[\d*m", "", line) for line in painted] == ["a    b", "ccc  d"]
    assert painted != ["a    b", "ccc  d"]


@pytest.mark.parametrize("number", [None, 4])
def test_headings_are_as_wide_as_the_page(number: int | None) -> None:
    assert width_of(heading("A title", 80, PAINTED, number)) == len(heading("A title", 80, PLAIN, number)) == 80


def test_summary_has_one_line_a_row_under_its_request() -> None:
    good = Row(1, "t", "curl", "198.51.100.34", "s", "up0", None, "interface", socket="s", wire="s")
    stale = Row(4, "t", "curl", "203.0.113.80", "s", "up0", None, "prefsrc", stale=True, error="ENETUNREACH")
    lines = [line.split() for line in summary([good, stale], PLAIN) if line]
    assert lines == [
        ["destination", "source", "device", "reason", "wire"],
        ["1", "·", "curl"],
        ["198.51.100.34", "s", "up0", "interface", "✓", "s"],
        ["4", "·", "curl"],
        ["203.0.113.80", "s", "stale", "up0", "prefsrc", "✗", "nothing:", "ENETUNREACH"],
    ]


@pytest.mark.parametrize("action", ["include_role", "include_tasks", "set_fact"])
def test_what_only_prepares_has_no_answer(action: str) -> None:
    assert answer(f"ansible.builtin.{action}", {"changed": False, "ansible_facts": {"a": 1}}, PLAIN) == []


def test_a_message_is_folded_like_the_text_around_it() -> None:
    shown = answer("ansible.builtin.debug", {"msg": "word " * 40}, PLAIN)
    assert len(shown) > 2 and all(len(line) <= 100 for line in shown)
