# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of our own code for a host, with all that it imports. PRIVATE to the collection."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys


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
        found[name] = inspect.getsource(importlib.import_module(name))
        for node in ast.walk(ast.parse(found[name])):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = importlib.util.resolve_name("." * node.level + (node.module or ""), name.rpartition(".")[0])
                names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
                waiting += [
                    name for name in names if name in sys.modules and not hasattr(sys.modules[name], "__path__")
                ]
    return found
