# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing pyroute2: only what is used, and nothing that others would notice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.modules import collections_path

ROOM = "ansible_collections.l3host.source_ip.plugins.module_utils._netlink"
COUNT = "sum(name.partition('.')[0] == 'pyroute2' for name in sys.modules)"


def python(code: str, *paths: Path) -> Any:
    """What a fresh Python prints as JSON."""
    search = [str(path) for path in (*paths, collections_path())]
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys\nsys.path[:0] = {search!r}\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_fifth_of_pyroute2_is_imported() -> None:
    used, package = python(
        f"import {ROOM}.kernel as kernel\n"
        f"with kernel.Kernel() as one: one.links(), one.addresses({{}}), one.rules(2), one.labels()\n"
        f"print(json.dumps([{COUNT}, 'pyroute2' in sys.modules]))"
    )
    whole = python(f"import pyroute2\nprint({COUNT})")
    assert used * 4 < whole and not package


def test_who_imports_pyroute2_later_gets_all_of_it() -> None:
    found = python(
        f"import {ROOM}.kernel as kernel\n"
        "import pyroute2\n"
        "with pyroute2.IPRoute() as ip, kernel.Kernel() as one:\n"
        "    print(json.dumps([len(list(ip.get_links())), len(one.links())]))"
    )
    assert found[0] == found[1] > 0


def test_who_has_imported_pyroute2_before_keeps_it() -> None:
    assert python(
        "import pyroute2\n"
        f"import {ROOM}.kernel as kernel\n"
        "with kernel.Kernel() as one: print(json.dumps(sys.modules['pyroute2'] is pyroute2 and len(one.links()) > 0))"
    )


def written(folder: Path, version: str, parts: str) -> Path:
    """A pyroute2 of our own making in this folder."""
    package = folder / "pyroute2"
    for name in ("config", "netlink/rtnl"):
        (package / name).mkdir(parents=True)
    (package / "__init__.py").write_text("ready = True\n", encoding="utf-8")
    for name in ("config", "netlink", "netlink/rtnl"):
        (package / name / "__init__.py").touch()
    (package / "config" / "version.py").write_text(f"__version__ = {version!r}\n", encoding="utf-8")
    for name in ("netlink/nlsocket", "netlink/rtnl/ifinfmsg"):
        (package / f"{name}.py").write_text(parts, encoding="utf-8")
    return folder


CHECK = f"""
import {ROOM}.library as library
try:
    library.check_pyroute2()
    print(json.dumps(None))
except library.MissingLibrary as error:
    print(json.dumps([error.message, error.details]))
"""


def test_a_pyroute2_whose_parts_need_the_whole_is_imported_whole(tmp_path: Path) -> None:
    where = written(tmp_path, "99.1", "from pyroute2 import ready\n")
    assert python(CHECK, where) is None


@pytest.mark.parametrize(("version", "good"), [("0.7.1", False), ("0.7.2", True), ("unknown", True), ("1.0", True)])
def test_versions(tmp_path: Path, version: str, good: bool) -> None:
    found = python(CHECK, written(tmp_path, version, ""))
    if good:
        assert found is None
    else:
        message, details = found
        assert message.startswith(f"pyroute2 >= 0.7.2 is needed; found {version} at {tmp_path}")
        assert details == {"missing_library": "pyroute2 >= 0.7.2"}


@pytest.mark.parametrize("hidden", ["sys.modules['pyroute2'] = None\n", ""])
def test_without_pyroute2_the_message_says_what_to_do(tmp_path: Path, hidden: str) -> None:
    paths = []
    if not hidden:
        (tmp_path / "pyroute2.py").write_text("raise ImportError('half installed')\n", encoding="utf-8")
        paths.append(tmp_path)
    message, details = python(hidden + CHECK, *paths)
    assert "is needed on the host and cannot be imported by" in message and "l3host.source_ip.prerequisites" in message
    assert "Error" in details["exception"] and details["missing_library"] == "pyroute2 >= 0.7.2"
