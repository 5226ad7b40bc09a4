# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of routing tables, as iproute2's files give them. PRIVATE to the collection."""

from __future__ import annotations

import os
import re
import typing as t

from .._base.names import TABLES


def table_names(
    directories: t.Iterable[str] = ("/usr/share/iproute2", "/usr/lib/iproute2", "/etc/iproute2"),
) -> dict[str, int]:
    """The host's table names: the kernel's three and those of iproute2's ``rt_tables`` files."""
    names = dict(TABLES)
    for directory in directories:
        drop_ins = os.path.join(directory, "rt_tables.d")
        files = [os.path.join(directory, "rt_tables")]
        if os.path.isdir(drop_ins):
            files += [os.path.join(drop_ins, name) for name in sorted(os.listdir(drop_ins)) if name.endswith(".conf")]
        for path in files:
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    found = re.findall(r"^\s*(0x[0-9a-fA-F]+|\d+)\s+([^\s#]+)", file.read(), re.MULTILINE)
                names.update({name: int(digits, 0) for digits, name in found})
    return names
