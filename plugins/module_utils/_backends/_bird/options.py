# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the back end bird, as the module intent documents them. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

_FAMILY: dict[str, t.Any] = {"type": "str", "choices": ["ipv4", "ipv6"], "required": True}
_KERNEL_PROTOCOL: dict[str, t.Any] = {
    "family": _FAMILY,
    "table": {"type": "raw"},
    "bird_table": {"type": "str"},
    "metric": {"type": "int"},
    "scan_time": {"type": "int"},
    "persist": {"type": "bool"},
    "learn": {"type": "bool"},
    "merge_paths": {"type": "bool"},
    "export": {"type": "list", "elements": "str", "choices": ["any", "babel", "bgp", "ospf", "rip", "static"]},
}
_TABLE: dict[str, t.Any] = {
    "table": {"type": "raw"},
    "family": _FAMILY,
    "bird_table": {"type": "str", "required": True},
}

OPTIONS: dict[str, t.Any] = {
    "mode": {"type": "str", "choices": ["edit", "manual", "render"], "default": "edit"},
    "config": {"type": "path", "default": "/etc/bird/bird.conf"},
    "include": {"type": "path", "default": "/etc/bird/source_ip.conf"},
    "socket": {"type": "path", "default": "/run/bird/bird.ctl"},
    "user": {"type": "str", "default": "bird"},
    "group": {"type": "str", "default": "bird"},
    "kernel_protocols": {"type": "list", "elements": "dict", "default": [], "options": _KERNEL_PROTOCOL},
    "tables": {"type": "list", "elements": "dict", "default": [], "options": _TABLE},
    "timeout": {"type": "int", "default": 0},
    "wait": {"type": "int", "default": 5},
    "repair": {"type": "str", "choices": ["lossless", "withdraw", "restart", "report"], "default": "lossless"},
}
