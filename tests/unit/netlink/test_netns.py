# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of namespaces that cannot be, with whatever text encoding a task was started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
SCRIPT = """
import json, sys
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.netns import enter_netns
try:
    enter_netns(json.loads(sys.argv[1]))
except InvalidInput as error:
    print(json.dumps(error.message))
"""
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("encoding", [ASCII, {"LC_ALL": "C.UTF-8"}], ids=["ascii", "utf-8"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("é", "netns: there is no network namespace 'é'; see 'ip netns list'"),
        ("a\0b", "netns: 'a\\x00b' can be no name"),
        ("\ud800", "netns: '\\ud800' can be no name"),
        ("n" * 300, f"netns: cannot enter '{'n' * 300}': File name too long"),
    ],
    ids=["é", "zero", "surrogate", "long"],
)
def test_names(name: str, message: str, encoding: dict[str, str]) -> None:
    environment = {**os.environ, **encoding, "PYTHONPATH": str(CHECKOUT / ".ansible" / "collections")}
    argv = [sys.executable, "-c", SCRIPT, json.dumps(name)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == message
