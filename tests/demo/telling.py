# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the story shows a task and its answer in the terminal. Pure: text out of what Ansible knows of a task."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from tests.demo.ink import Ink, columns, folded
from tests.demo.rows import short

WIDTH = 100
INCLUDES = ("include_role", "include_tasks")
SHELLS = ("command", "shell")
_INDENT = "    "


def command(action: str, args: Mapping[str, Any], ink: Ink) -> list[str]:
    """What a user would type: the shell's line, or the task as it stands in a playbook."""
    # Ansible's own kinds of text and dict carry tags that YAML cannot write.
    action, plain = json.loads(json.dumps([action, args]))
    if short(action) in SHELLS:
        typed = str(plain.get("_raw_params") or plain.get("cmd")).strip().splitlines()
        return [f"{_INDENT}{ink('$', 'cyan')} {ink(line, 'bold')}" for line in typed]
    text = yaml.safe_dump(
        {action: plain}, default_flow_style=None, sort_keys=False, width=WIDTH - 8, allow_unicode=True
    )
    return [f"{_INDENT}{ink(line, 'bold') if number == 0 else line}" for number, line in enumerate(text.splitlines())]


def answer(action: str, result: Mapping[str, Any], ink: Ink) -> list[str]:
    """What came back, in the fewest lines that tell it."""
    if short(action) in INCLUDES:
        return []  # what came of it is told by the tasks that follow
    tellers: dict[str, Callable[[Mapping[str, Any], Ink], list[str]]] = {
        "assert": _assertion,
        "command": _output,
        "debug": lambda said, _ink: folded(str(said.get("msg")), WIDTH - 4, ""),
        "set_fact": lambda _result, _ink: [],
        "shell": _output,
        "source_info": _sources,
        "probe": _probes,
    }
    lines = tellers.get(short(action), _changes)(result, ink)
    space = [""] if lines and short(action) not in SHELLS else []
    return [*space, *(f"{_INDENT}{line}".rstrip() for line in lines)]


def failure(action: str, result: Mapping[str, Any], ink: Ink) -> list[str]:
    """A failed task: its message, whatever else it printed, nothing left out."""
    text = str(result.get("msg") or result.get("assertion") or "failed without a message")
    extra = [
        str(result[key])
        for key in ("assertion", "module_stdout", "module_stderr", "stderr", "stdout")
        if result.get(key)
    ]
    lines = [ink(f"failed: {text}", "red"), *"\n".join(extra).splitlines()]
    return [f"{_INDENT}{line}" for line in lines]


def _assertion(result: Mapping[str, Any], ink: Ink) -> list[str]:
    return [f"{ink('✓', 'green')} {ink(str(result.get('msg')), 'green')}"]


def _output(result: Mapping[str, Any], ink: Ink) -> list[str]:
    printed = [*str(result.get("stdout", "")).splitlines(), *str(result.get("stderr", "")).splitlines()]
    if result.get("rc"):
        printed.append(ink(f"exit {result['rc']}", "red"))
    return [line.rstrip() for line in printed]


def _sources(result: Mapping[str, Any], ink: Ink) -> list[str]:
    lines = []
    for found in result.get("sources", []):
        stale = found.get("stale")
        way = f"dev {found.get('device') or 'none'}"
        if found.get("gateway"):
            way = f"{way} via {found['gateway']}"
        source = ink(found.get("source") or "no source", "red" if stale or not found.get("source") else "green")
        told = f"{found['destination']}  from {source}  {way}  {ink(found.get('reason') or '', 'cyan')}"
        lines.append(f"{told}  {ink('stale', 'red', 'bold')}" if stale else told)
        lines += [ink(line, "dim") for line in folded(str(found.get("explanation") or ""), WIDTH - 8, "  ")]
    return lines


def _probes(result: Mapping[str, Any], ink: Ink) -> list[str]:
    probes = result.get("probes", [])
    if all(_plain(probe) for probe in probes):
        return columns(
            [probe["destination"], f"socket {_good(probe.get('source'), ink)}", f"captured {_wire(probe, ink)}"]
            for probe in probes
        )
    lines = []
    for probe in probes:
        calls = []
        for call in probe.get("calls", []):
            good = str(call["result"]) == "ok"
            said = probe.get("source") if good and call["call"] == "getsockname" else call["result"]
            calls.append(("", call["call"], call["arguments"], ink(str(said), "green" if good else "red")))
        lines += [probe["destination"], *columns([*calls, ("", "captured", "", _wire(probe, ink))])]
    return lines


def _plain(probe: Mapping[str, Any]) -> bool:
    """Whether the socket calls are those of any program that binds nothing, and worked."""
    calls = {call["call"] for call in probe.get("calls", [])}
    return not probe.get("error") and calls <= {"socket", "connect", "getsockname"}


def _wire(probe: Mapping[str, Any], ink: Ink) -> str:
    wire = probe.get("wire") or {}
    if wire.get("source"):
        return f"{_good(wire['source'], ink)} on {wire.get('device')}"
    return ink(str(probe.get("wire_error") or "nothing"), "red")


def _good(text: Any, ink: Ink) -> str:
    return ink(str(text), "green")


def _changes(result: Mapping[str, Any], ink: Ink) -> list[str]:
    changed = bool(result.get("changed"))
    lines = [ink("changed", "yellow", "bold") if changed else ink("ok: nothing to do", "green", "bold")]
    for item in result.get("results", []):
        for sign, key, colour in (("-", "before", "red"), ("+", "after", "green")):
            if item.get(key) and item.get("action") != "unchanged":
                lines.append(ink(f"{sign} {_line(item[key])}", colour))
    return lines


def _line(state: Any) -> str:
    if isinstance(state, Mapping):
        return str(state.get("line") or json.dumps(state))
    return ", ".join(map(_line, state)) if isinstance(state, list) else str(state)
