# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the back end kernel, as the module intent documents them. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

OPTIONS: dict[str, t.Any] = {
    "record": {"type": "path", "default": "/run/l3host.source_ip.kernel.json"},
    "purge": {"type": "bool", "default": False},
    "purge_tables": {"type": "list", "elements": "str", "default": []},
    "force": {"type": "bool", "default": False},
    "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "ignore"},
    "dead": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
    "wait": {"type": "float", "default": 5},
    "keep": {"type": "bool", "default": False},
}
