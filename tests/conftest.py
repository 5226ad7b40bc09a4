# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test: no verdict depends on how busy the machine is, and in CI none on chance either."""

from __future__ import annotations

import os
import sys

from hypothesis import HealthCheck, settings

settings.register_profile(
    "l3host",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # New examples are for those who can look at them: a change must not fail for what was wrong before it.
    derandomize=os.environ.get("CI") == "true",
    # The code is pure: what an old Python alone does otherwise shows in a few. Controllers' Pythons try them all.
    max_examples=100 if sys.version_info >= (3, 12) else 25,
)
settings.load_profile("l3host")
