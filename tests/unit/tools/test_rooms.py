# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of who imports whom: what it finds, and that there is nothing to find here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "rooms.py"


def rooms(folder: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(TOOL), str(folder)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"_base/a.py": "import socket\n", "_netlink/b.py": "from .._base import a\n"}, ""),
        ({"_base/a.py": "from .._netlink import b\n", "_netlink/b.py": ""}, "_base imports module_utils._netlink.b"),
        ({"_base/a.py": "from .._netlink.b import f\n", "_netlink/b.py": "f = 1\n"}, "a.py:1: _base imports"),
        ({"_intent/a.py": "from .._netlink import b\n", "_netlink/b.py": ""}, "it may import _base"),
        ({"_files/a.py": "from .._base import b\n", "_base/b.py": ""}, ""),
        ({"_spare/a.py": ""}, "the room _spare has no place in the order of rooms"),
        ({"_base/a.py": "import os\n"}, "a pure module imports os, which touches the host"),
        ({"_base/a.py": "def f():\n    import subprocess\n"}, "a.py:2: a pure module imports subprocess"),
        ({"_routes/a.py": "from .._netlink.kernel import K\n", "_netlink/kernel.py": ""}, "a pure module imports"),
        (
            {
                "_routes/a.py": "import typing as t\nif t.TYPE_CHECKING:\n    from .._netlink.kernel import K\n",
                "_netlink/kernel.py": "",
            },
            "",
        ),
        ({"_backends/_frr/watch.py": "import os\n"}, ""),
        ({"_backends/_frr/stages.py": "import os\n"}, "a pure module imports os"),
        ({"_netlink/kernel.py": "import pyroute2\n"}, "only module_utils._netlink.library imports pyroute2"),
        ({"_netlink/library.py": "import pyroute2.netlink\n"}, ""),
        (
            {"_base/a.py": "from . import b\n", "_base/b.py": "from .c import f\n", "_base/c.py": "from . import a\n"},
            "a circle of imports: module_utils._base.a -> module_utils._base.b -> module_utils._base.c -> module_uti",
        ),
    ],
)
def test_findings(tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        path = tmp_path / "module_utils" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    code, output = rooms(tmp_path)
    assert code == (1 if said else 0), output
    assert said in output and len(output.splitlines()) == bool(said)


def test_modules_import_no_pyroute2(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "route.py").write_text("from pyroute2 import IPRoute\n", encoding="utf-8")
    assert "imports pyroute2" in rooms(tmp_path)[1]


def test_the_rooms_of_the_collection() -> None:
    assert rooms(TOOL.parents[2] / "plugins") == (0, "")
