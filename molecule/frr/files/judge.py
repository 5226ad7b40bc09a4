# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: judge.py FILE     FILE: a JSON list of configurations. Prints {good, bad: [[configuration, words]]}."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

good = 0
bad = []
with open(sys.argv[1], encoding="utf-8") as stream:
    configurations = json.load(stream)
for text in configurations:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".conf") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(["vtysh", "-C", "-f", file.name], capture_output=True, text=True, check=False)
    words = done.stdout + done.stderr
    if done.returncode or "% " in words:
        bad.append([text[:2000], words[:500]])
    else:
        good += 1
print(json.dumps({"good": good, "bad": bad}))
