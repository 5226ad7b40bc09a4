# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the keeper and what it needs lie on a host. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t


class Places(t.NamedTuple):
    """``document``: the intent that is kept. ``program``: the code, one archive. ``status``: what the keeper says."""

    document: str = "/etc/l3host.source_ip/keeper.json"
    program: str = "/usr/local/lib/l3host.source_ip/keeper.zip"
    unit: str = "/etc/systemd/system/l3host-source-ip-keeper.service"
    status: str = "/run/l3host.source_ip/keeper.json"

    @property
    def service(self) -> str:
        return self.unit.rpartition("/")[2]
