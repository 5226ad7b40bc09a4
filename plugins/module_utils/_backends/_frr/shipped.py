# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of our own code for a host, with all that it imports. PRIVATE to the collection."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys

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


def _source(name: str) -> str:
    read = getattr(importlib.import_module(name).__loader__, "get_source", None)
    text: str | None = read(name) if read else None
    if text is None:
        raise ImportError(f"the source of {name} cannot be read, so it cannot be copied to a service")
    return text
