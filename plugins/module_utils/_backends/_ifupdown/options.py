# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the back end ifupdown, as the module intent documents them. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

OPTIONS: dict[str, t.Any] = {
    "hook": {"type": "path", "default": "/etc/network/if-up.d/l3host-source_ip"},
    "record": {"type": "path", "default": "/var/lib/l3host.source_ip/ifupdown.json"},
    "wait": {"type": "float", "default": 15},
    "repair": {"type": "str", "choices": ["safe", "report"], "default": "safe"},
}
