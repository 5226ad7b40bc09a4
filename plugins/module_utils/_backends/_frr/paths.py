# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the services and what they need lie on a host."""

from __future__ import annotations

STATE = "/etc/l3host-source-ip/frr.json"
LIBRARY = "/usr/local/lib/l3host-source-ip"
UNITS = "/etc/systemd/system"
# A reboot empties it.
FORMER = "/run/l3host.source_ip.frr.json"
