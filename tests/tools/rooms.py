# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: python rooms.py [FOLDER]    checks who imports whom in plugins/, and prints what breaks the rule, a line each.

A room (a package of module_utils) imports only rooms before it; nothing goes in circles; what is pure imports nothing
that touches the host; pyroute2 has one importer.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOMS = (
    "_base _netlink _host _change _routes _nexthops _addresses _rules _labels _probe _explain _sockets "
    "_intent _files _backends"
).split()
#: Rooms that import less than what stands before them.
ONLY = {"_intent": {"_base"}, "_files": {"_base"}}
#: Modules (or all of a room) that touch the host, Ansible or a daemon; all others are pure.
EDGES = """
    _netlink.altnames _netlink.library _netlink.plain _netlink.netns _netlink.kernel _netlink.connection _netlink.diag
    _netlink.dump _netlink.events _netlink.nat
    _host.host _host.tables _host.mobility _host.version
    _change.archive _change.boundary _change.entries _change.flow _change.transaction
    _routes.listing _routes.ways_out _routes.planners _routes.write
    _nexthops.task
    _addresses.task
    _rules.connection _rules.planners _rules.write
    _labels.write
    _probe
    _explain.question _explain.lookups _explain.explain _explain.refusal _explain.choice _explain.bound
    _explain.domains _explain.options
    _sockets.listing _sockets.processes
    _files.replace _files.snapshot
    _backends
""".split()
#: What is pure of a room that is an edge.
PURE = """
    _backends.expected _backends.finding _backends.hardened _backends.interface _backends.shipped _backends.verify
    _backends.ways
    _backends._kernel.items _backends._kernel.options _backends._kernel.recorded
    _backends._bird.answers _backends._bird.clauses _backends._bird.compare _backends._bird.conf
    _backends._bird.expressions _backends._bird.filters _backends._bird.hook _backends._bird.include
    _backends._bird.kernels _backends._bird.lexer _backends._bird.marks _backends._bird.options
    _backends._bird.plan _backends._bird.statics
    _backends._keeper.audit _backends._keeper.interest _backends._keeper.kept _backends._keeper.places
    _backends._keeper.rivals _backends._keeper.rounds _backends._keeper.unit
    _backends._frr.audit _backends._frr.conf _backends._frr.decide _backends._frr.former _backends._frr.objects
    _backends._frr.options _backends._frr.parse _backends._frr.paths _backends._frr.release
    _backends._frr.settings _backends._frr.stages _backends._frr.units
    _backends._managers.interface _backends._managers.manages _backends._managers.pieces
    _backends._managers.record
    _backends._managers.cloud_init _backends._preflight.nat _backends._preflight.nat_text
    _backends._preflight.sentences
    _backends._networkd.options _backends._networkd.place _backends._networkd.render
    _backends._networkd.settings
    _backends._ifupdown.options _backends._ifupdown.place _backends._ifupdown.render
    _backends._netplan.generated _backends._netplan.options _backends._netplan.place _backends._netplan.render
    _backends._networkmanager.answers _backends._networkmanager.keyfile _backends._networkmanager.options
    _backends._networkmanager.place _backends._networkmanager.render
""".split()
#: What a pure module may not import. `socket` only converts addresses there.
TOUCHES = (
    "ansible asyncio concurrent ctypes fcntl glob grp os pathlib pwd pyroute2 select shutil signal subprocess tempfile "
    "threading time urllib"
).split()


class Import(NamedTuple):
    """One import: ``name`` from the root of plugins for our own modules; ``typing``: only type checkers see it."""

    line: int
    name: str
    typing: bool


def imports(path: Path, module: str, known: set[str]) -> Iterator[Import]:
    """What a file imports, wherever in the file that stands; names of one module in one statement once."""
    yield from dict.fromkeys(_imports(path, module, known))


def _imports(path: Path, module: str, known: set[str]) -> Iterator[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    unseen = {id(inner) for check in checks for statement in check.body for inner in ast.walk(statement)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name, id(node) in unseen) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*parent, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield Import(node.lineno, whole if whole in known else base, id(node) in unseen)


def room(module: str) -> str:
    """The room of a module, empty for the doors (modules, actions)."""
    first, *rest = module.split(".")
    return rest[0] if first == "module_utils" and rest else ""


def is_edge(module: str) -> bool:
    inside = module.partition(".")[2]
    return inside not in PURE and any(inside == edge or inside.startswith(f"{edge}.") for edge in EDGES)


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """One circle of imports, empty where there is none."""
    done: set[str] = set()

    def follow(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module not in done:
            for other in sorted(arrows.get(module, ())):
                found = follow(other, [*path, module])
                if found:
                    return found
            done.add(module)
        return []

    return next(filter(None, (follow(module, []) for module in sorted(arrows))), [])


def faults(folder: Path) -> Iterator[str]:
    """What breaks the rule in the modules below ``folder``."""
    files = {".".join(path.relative_to(folder).with_suffix("").parts): path for path in sorted(folder.rglob("*.py"))}
    arrows: dict[str, set[str]] = {}
    for module, path in files.items():
        here = room(module)
        if here and here not in ROOMS:
            yield f"{path}: the room {here} has no place in the order of rooms ({Path(__file__).name})"
            continue
        for line, name, typing in imports(path, module, set(files)):
            where, there = f"{path}:{line}", room(name)
            if name in files and not typing:
                arrows.setdefault(module, set()).add(name)
            if here and there and there != here:
                before = ONLY.get(here, set(ROOMS[: ROOMS.index(here)]))
                if there not in before:
                    yield f"{where}: {here} imports {name}; it may import {', '.join(sorted(before)) or 'no room'}"
            touches = name.partition(".")[0] in TOUCHES or (name in files and is_edge(name))
            if here and touches and not typing and not is_edge(module):
                yield f"{where}: a pure module imports {name}, which touches the host"
            if name.partition(".")[0] == "pyroute2" and module != "module_utils._netlink.library":
                yield f"{where}: only module_utils._netlink.library imports pyroute2"
    found = circle(arrows)
    if found:
        yield "a circle of imports: " + " -> ".join(found)


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "plugins"
    found = list(faults(folder))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
