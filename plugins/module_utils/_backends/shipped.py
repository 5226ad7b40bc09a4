# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of our own code for a host, with all that it imports. PRIVATE to the collection."""

from __future__ import annotations

import importlib
import importlib.util
import io
import re
import sys
import typing as t
import zipfile

# Imports as the linters leave them; reading whole syntax trees would take a fifth of a second at each run.
_IMPORT = re.compile(r"^ *from (\.[\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)
_NAME = re.compile(r"\w+")


def shipped(start: str) -> dict[str, str]:
    """{dotted name: source} of a module and of all that it imports by relative imports, and those in turn.

    Services run on the host without the collection. Under Ansible the code lies in an archive: its loader has it.
    """
    found: dict[str, str] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = _source(name)
        for base, names in _IMPORT.findall(found[name]):
            package = importlib.util.resolve_name(base, name.rpartition(".")[0])
            whole = [package, *(f"{package}.{one}" for one in _NAME.findall(names))]
            waiting += [one for one in whole if one in sys.modules and not hasattr(sys.modules[one], "__path__")]
    return found


def archive(code: t.Mapping[str, str], main: str) -> bytes:
    """The same code as one file that Python runs (``python3 FILE``); ``main``: the module whose ``main`` is called.

    One file is put in its place at once, so a host never runs half of one release. The same code is the same bytes.
    """
    packages = {name.rpartition(".")[0] for name in code}
    for package in list(packages):
        parts = package.split(".")
        packages |= {".".join(parts[:count]) for count in range(1, len(parts))}
    files = {f"{name.replace('.', '/')}/__init__.py": "" for name in packages}
    files.update({f"{name.replace('.', '/')}.py": text for name, text in code.items()})
    files["__main__.py"] = f"import sys\n\nfrom {main} import main\n\nsys.exit(main(sys.argv[1:]))\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        for path in sorted(files):
            # The time of a member is part of the archive: one for all.
            file.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), files[path])
    return out.getvalue()


def _source(name: str) -> str:
    read = getattr(importlib.import_module(name).__loader__, "get_source", None)
    text: str | None = read(name) if read else None
    if text is None:
        raise ImportError(f"the source of {name} cannot be read, so it cannot be copied to a service")
    return text
