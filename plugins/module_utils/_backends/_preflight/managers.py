# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two managers of one device, and a manager's file that cloud-init writes. Reads only. PRIVATE to the collection."""

from __future__ import annotations

import glob
import os

from .._managers.cloud_init import DISABLED, FILES, HEADER, SETTINGS, is_off, is_written
from .._managers.manages import Manages, of_ifstate, of_link_file
from .._managers.shows import managing, text_of
from .sentences import rewritten, two_managers
from .surroundings import Surroundings


def twofold(around: Surroundings, links: str, devices: str, ifstate: str) -> list[str]:
    """One sentence for the devices of the intent that have two managers.

    ``links``, ``devices``, ``ifstate``: where networkd, NetworkManager and ifupdown write down what they manage. They
    are asked themselves, by commands, only where by these files two of them have the same device.
    """
    up = of_ifstate(text_of(ifstate))
    for index, name in around.hands.host.names.items():
        by_networkd = of_link_file(text_of(f"{links}/{index}"))[1] in ("configured", "configuring")
        by_nm = "connection-uuid=" in text_of(f"{devices}/{index}")
        if name != "lo" and by_networkd + by_nm + (name in up) > 1:
            break
    else:
        return []
    found: dict[str, list[Manages]] = {}
    for one in managing(around.hands, around.intent):
        found.setdefault(one.device, []).append(one)
    twice = [several for several in found.values() if len(several) > 1]
    return [two_managers(twice)] if twice else []


def written_at_boot(backend: str) -> list[str]:
    """One sentence for the files of this manager that cloud-init writes, unless it is told not to."""
    paths = sorted(path for pattern in FILES.get(backend, ()) for path in glob.glob(pattern))
    found = [path for path in paths if is_written(text_of(path)[:HEADER])]
    if not found or os.path.exists(DISABLED):
        return []
    settings = [text_of(path) for pattern in SETTINGS for path in sorted(glob.glob(pattern))]
    return [] if is_off(settings, text_of("/proc/cmdline")) else [rewritten(found)]
