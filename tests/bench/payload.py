# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What travels to a host and what is imported there: the archive of ``intent``, and the time until it can begin."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tests.bench.results import Found, Run, Target, middle, prose, seconds, table
from tests.lab.modules import CHECKOUT, collections_path

TITLE = "What the task `intent` carries and imports"
_ROOT = PurePosixPath("ansible_collections/l3host/source_ip/plugins")
_MODULES = {"ping": "ansible.builtin.ping", "route": "l3host.source_ip.route", "intent": "l3host.source_ip.intent"}
_IMPORT = """
import sys, time
sys.path.insert(0, {archive!r})
before, start = set(sys.modules), time.process_time()
import importlib
importlib.import_module({module!r})
{more}
spent = time.process_time() - start
new = [name for name in set(sys.modules) - before if name not in sys.builtin_module_names]
print(spent, len(new))
"""
_PACKAGE = str(_ROOT).replace("/", ".")
_BACK_END = f"importlib.import_module('{_PACKAGE}.module_utils._backends._{{name}}.backend')"


def back_ends() -> list[str]:
    """Those that there are."""
    return sorted(path.parent.name.lstrip("_") for path in CHECKOUT.glob("plugins/module_utils/_backends/*/backend.py"))


def archive(name: str, path: Path) -> tuple[int, bytes]:
    """Size of what Ansible sends to run a module (without arguments), and the zip archive in it, also as a file."""
    argv = [sys.executable, "-m", "tests.bench.archive", name, str(path)]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections_path()), "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout), path.read_bytes()


def sizes(data: bytes) -> dict[str, tuple[int, int]]:
    """Bytes and compressed bytes of each file in an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {one.filename: (one.file_size, one.compress_size) for one in opened.infolist()}


def imports(data: bytes) -> dict[str, set[str]]:
    """Which files of ours in an archive import which."""
    found: dict[str, set[str]] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        ours = {name for name in opened.namelist() if PurePosixPath(name).is_relative_to(_ROOT)}
        for name in ours:
            package = PurePosixPath(name).parent
            found[name] = set()
            for node in ast.walk(ast.parse(opened.read(name))):
                if isinstance(node, ast.ImportFrom) and node.level:
                    start = package if node.level == 1 else package.parents[node.level - 2]
                    base = start / (node.module or "").replace(".", "/")
                    paths = [f"{base}.py", *(f"{base / alias.name}.py" for alias in node.names)]
                    found[name] |= {path for path in paths if path in ours}
    return found


def added_by(graph: Mapping[str, set[str]], start: str, name: str) -> set[str]:
    """The files that an archive would not hold without the back end of this name."""

    def reached(without: str) -> set[str]:
        seen, waiting = set(), [start]
        while waiting:
            one = waiting.pop()
            if one not in seen and not (without and without in one):
                seen.add(one)
                waiting += graph.get(one, ())
        return seen

    return reached("") - reached(f"/_backends/_{name}/")


def _import(python: str, path: Path, module: str, more: str) -> tuple[float, int]:
    script = _IMPORT.format(archive=str(path), module=module, more=more)
    done = subprocess.run([python, "-I", "-B", "-c", script], capture_output=True, text=True, check=True)
    spent, count = done.stdout.split()
    return float(spent), int(count)


def measure(run: Run) -> dict[str, list[float]]:
    """Bytes of each archive and of each back end's part; seconds and number of modules of each import, as on a host."""
    found: dict[str, list[float]] = {}
    imported: dict[str, tuple[Path, str, str]] = {}
    for name, full in _MODULES.items():
        path = run.scratch / f"{name}.zip"
        sent, data = archive(full, path)
        files = sizes(data)
        found[f"{name} bytes"] = [sent, len(data), sum(plain for plain, _packed in files.values()), len(files)]
        imported[name] = path, "ansible.modules.ping" if name == "ping" else f"{_PACKAGE}.modules.{name}", ""
    graph = imports(data)
    for name in back_ends():
        added = added_by(graph, str(_ROOT / "modules" / "intent.py"), name)
        found[f"intent with {name} bytes"] = [sum(files[one][column] for one in added) for column in (1, 0)]
        found[f"intent with {name} bytes"].append(len(added))
        imported[f"intent with {name}"] = (*imported["intent"][:2], _BACK_END.format(name=name))
    for _number in range(run.rounds * 2):
        for name, what in imported.items():
            spent, count = _import(sys.executable, *what)
            found.setdefault(f"{name} import", []).append(spent)
            found[f"{name} modules"] = [count]
    return found


def targets(found: Found) -> list[Target]:
    """None is set."""
    return []


def section(found: Found) -> list[str]:
    """The part's text."""
    kib = "{:.0f} KiB".format
    rows = []
    for name in _MODULES:
        sent, packed, plain, files = found[f"{name} bytes"]
        rows.append([f"`{name}`", kib(sent / 1024), kib(packed / 1024), kib(plain / 1024), f"{files:.0f}"])
    lines = table(["module, without arguments", "sent", "archive", "unpacked", "files"], rows)
    rows = []
    names = [key.removesuffix(" import") for key in found if key.endswith(" import")]
    for name in names:
        extra = ["", "", ""]
        if f"{name} bytes" in found and " with " in name:
            packed, plain, files = found[f"{name} bytes"]
            extra = [kib(packed / 1024), kib(plain / 1024), f"{files:.0f}"]
        module, _with, back_end = name.partition(" with ")
        what = f"`{module}` with the back end {back_end}" if back_end else f"`{module}`"
        rows.append([what, seconds(found, f"{name} import"), f"{middle(found, f'{name} modules'):.0f}", *extra])
    return [
        *prose(
            "Ansible sends a module and all that it imports as one archive, in base64. Every back end travels each "
            "time."
        ),
        "",
        *lines,
        "",
        *prose(
            "On the host only the one that is used is imported. Measured in fresh processes, from the archive, which "
            "holds no compiled code, in processor time, the standard library included. What a back end adds to the "
            "archive: files that nothing else needs."
        ),
        "",
        *table(["", "import", "modules", "adds to the archive", "unpacked", "files"], rows),
    ]
