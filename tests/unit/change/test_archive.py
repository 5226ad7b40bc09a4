# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is imported from an archive: how often it is compiled, and that it is the same module."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from tests.lab.modules import collections_path

ARCHIVE = "ansible_collections.l3host.source_ip.plugins.module_utils._change.archive"
SCRIPT = f"""
import collections, json, sys
from {ARCHIVE} import compile_once
compiled = collections.Counter()
def see(event, arguments):
    if event == "compile" and str(arguments[1]).startswith(sys.argv[1]):
        compiled[arguments[1][len(sys.argv[1]) + 1:]] += 1
sys.addaudithook(see)
sys.path.insert(0, sys.argv[1])
import parts
if sys.argv[2] == "once":
    compile_once()
    compile_once()
from parts.deep import bolt
from parts import nut
files = {{module.__name__: module.__file__ for module in (parts, parts.deep, bolt, nut)}}
said = [bolt.HELLO, bolt.__package__, parts.deep.__path__]
try:
    import parts.missing
except ModuleNotFoundError as error:
    said.append(str(error))
print(json.dumps([compiled, files, said]))
"""


def imported(archive: Path, how: str) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(collections_path()), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [sys.executable, "-c", SCRIPT, str(archive), how]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_sources_of_an_archive_are_compiled_once_and_are_the_same_modules(tmp_path: Path) -> None:
    archive = tmp_path / "sent.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("parts/__init__.py", "")
        file.writestr("parts/nut.py", "from .deep import bolt\n")
        file.writestr("parts/deep/__init__.py", "")
        file.writestr("parts/deep/bolt.py", "HELLO = 'hello'\n")
    usual, files, said = imported(archive, "as always")
    once, *same = imported(archive, "once")
    assert same == [files, said] and said[3] == "No module named 'parts.missing'"
    assert once == {**dict.fromkeys(usual, 1), "parts/__init__.py": usual["parts/__init__.py"]}
    assert {"parts/nut.py", "parts/deep/__init__.py", "parts/deep/bolt.py"} < set(once)
