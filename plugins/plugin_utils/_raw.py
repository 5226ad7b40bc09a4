# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long lists of variables without a template engine at each entry. PRIVATE to the collection.

Templating a list of ten thousand small mappings takes a second, looking for templates in it a twentieth of that.
"""

from __future__ import annotations

import contextlib
import gc
import re
import typing as t

_MARKS = ("{{", "{%", "{#")
_NAME = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}\Z")
_MOST_STEPS = 20


def plain(value: t.Any) -> bool:
    """Whether a value holds no template, and nothing that only the template engine can read (vaulted text)."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if "{" in one and any(mark in one for mark in _MARKS):
                return False
        elif isinstance(one, dict):
            waiting += one
            waiting += one.values()
        elif isinstance(one, (list, tuple)):
            waiting += one
        elif not (one is None or isinstance(one, (bool, int, float))):
            return False
    return True


def resolve(value: t.Any, variables: t.Mapping[str, t.Any], template: t.Callable[[t.Any], t.Any]) -> t.Any:
    """The value without its templates: as it is where it holds none, else what ``template`` makes of it.

    A value that is nothing but the name of a variable is that variable's.
    """
    found = value
    for _step in range(_MOST_STEPS):
        name = _NAME.match(found) if isinstance(found, str) else None
        if name is None or name.group(1) not in variables:
            break
        found = variables[name.group(1)]
    return found if plain(found) else template(value)


@contextlib.contextmanager
def uncollected() -> t.Iterator[None]:
    """No garbage is collected meanwhile.

    Every so many new objects the collector walks through all that this process holds, which is all of Ansible: half of
    the time that checking ten thousand entries takes.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
