# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Doing something at each line that the two-step replacement runs: looking, raising, ending the process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ansible_collections.l3host.source_ip.plugins.module_utils._files import replace, snapshot

_WATCHED = {replace.__file__, snapshot.__file__}


@contextmanager
def at_each_line(do: Callable[[int, str], None]) -> Iterator[None]:
    """Calls do(number, name of the function) before each line of the two modules that runs within the block, from 1."""
    count = 0

    def step(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename not in _WATCHED:
            return None
        if event == "line":
            count += 1
            do(count, frame.f_code.co_name)
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        yield
    finally:
        sys.settrace(before)
