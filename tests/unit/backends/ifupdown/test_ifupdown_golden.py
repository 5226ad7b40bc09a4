# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""golden/NAME/case.yml is an intent and a host, desired.txt every file that it is to have of ours, diff.txt what a run
shows from ``current`` (the files of another case, none by default) to there, or the refusals and warnings.

SOURCE_IP_GOLDEN=write rewrites them; read the difference before you commit it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._ifupdown.place import Found, hooks_off, place
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.interface import Rendered, is_ours
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.manages import Shows
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.pieces import Way, split
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.backends.managers import golden

GOLDEN = Path(__file__).with_name("golden")
CASES = golden.cases(GOLDEN)
FILE = "/etc/network/if-up.d/l3host-source_ip"


def rendered(name: str) -> tuple[Rendered, str]:
    """What the case gives, and the case whose files are there before."""
    case: dict[str, Any] = yaml.safe_load((GOLDEN / name / "case.yml").read_text(encoding="utf-8"))
    shown = {device: Shows(**one) for device, one in case.get("shows", {}).items()}
    found = Found(lambda device: shown.get(device, Shows()), case.get("installed", True), case.get("off", ""))
    intent = normalise(**case["intent"], backend="ifupdown")
    pieces, problems = split(intent, case.get("vrfs", {}), lambda _gateway, _vrf: Way("eth0"))
    assert problems == []
    return place(pieces, found, FILE), case.get("current", "")


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    wanted, current = rendered(name)
    before = rendered(current)[0].files if current else {}
    golden.check(GOLDEN / name, wanted, golden.text(wanted, modes=True), golden.diff(before, wanted.files))


def test_there_are_cases_and_every_file_is_known_for_ours() -> None:
    assert len(CASES) >= 5
    for name in CASES:
        assert all(is_ours(file.content) for file in rendered(name)[0].files.values())


@pytest.mark.parametrize("name", CASES)
def test_the_shell_takes_it(name: str) -> None:
    for file in rendered(name)[0].files.values():
        subprocess.run(["/bin/sh", "-n"], input=file.content, check=True)


def run(script: bytes, folder: Path, **environment: str) -> list[str]:
    """What the hook tells an ip(8) that fails each time."""
    tool, hook = folder / "ip", folder / "hook"
    tool.write_text('#!/bin/sh\necho "$@" >>"$0.log"\ncase "$*" in *tentative) exit 0 ;; *) exit 2 ;; esac\n', "ascii")
    tool.chmod(0o755)
    hook.write_bytes(script)
    log = folder / "ip.log"
    log.unlink(missing_ok=True)
    path = f"{folder}:{os.environ['PATH']}"
    subprocess.run(["/bin/sh", str(hook)], env={"PATH": path, **environment}, check=True)
    return log.read_text("ascii").splitlines() if log.exists() else []


def test_the_hook_does_all_for_each_of_its_devices_and_fails_for_nobody(tmp_path: Path) -> None:
    script = rendered("everything")[0].files[FILE].content or b""
    said = run(script, tmp_path, IFACE="eth0", MODE="start")
    assert said[0] == "-4 address replace 10.5.0.5/24 dev br0.5" and len(said) == 12
    assert run(script, tmp_path, IFACE="--all", MODE="start") == run(script, tmp_path, IFACE="lo", MODE="start") == said
    assert run(script, tmp_path, IFACE="eth9", MODE="start") == run(script, tmp_path, IFACE="eth0", MODE="stop") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("addon_scripts_support=1\n", ""),
        ("a=0\n addon_scripts_support = 0\n", "/c:2: addon_scripts_support = 0"),
        ("#addon_scripts_support=0\n", ""),
        ("addon_scripts_support=0\naddon_scripts_support=1\n", ""),
    ],
)
def test_where_ifupdown2_runs_no_hooks(text: str, said: str) -> None:
    assert hooks_off(text, "/c") == said
