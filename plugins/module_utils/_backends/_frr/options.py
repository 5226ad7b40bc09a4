# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the back end frr, as the module intent documents them. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

OPTIONS: dict[str, t.Any] = {
    "prefix": {"type": "str", "default": "SIP-"},
    "tag": {"type": "int", "default": 1330133},
    "conf": {"type": "path", "default": "/etc/frr/frr.conf"},
    "persist": {"type": "bool", "default": True},
    "backup": {"type": "bool", "default": True},
    "service": {"type": "str", "default": "frr"},
    "vtysh": {"type": "str", "default": "vtysh"},
    "repair": {"type": "str", "choices": ["none", "safe", "routes", "sessions"], "default": "safe"},
    "edit_kernel": {"type": "bool", "default": True},
    "delay": {"type": "float", "default": 6},
    "timeout": {"type": "float", "default": 15},
    "boot": {"type": "bool", "default": True},
    "boot_wait": {"type": "int", "default": 30},
    "boot_watch": {"type": "int", "default": 60},
}
