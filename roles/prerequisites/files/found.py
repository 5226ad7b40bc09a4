# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is pyroute2 importable by this interpreter, and at least of the version that the first argument names?

Prints one line and exits with 0 (yes) or 1 (no). The installed package's metadata are asked, because Debian 12 packages
0.7.2 with a `pyroute2.__version__` that says "unknown".
"""

from __future__ import annotations

import re
import sys
from importlib import metadata


def numbers(version: str) -> list[int]:
    """The first three numbers: 0.7.2.post1 counts as 0.7.2."""
    return [int(number) for number in re.findall(r"\d+", version)[:3]]


def main() -> int:
    """The exit status."""
    wanted = sys.argv[1]
    try:
        import pyroute2
    except ImportError as error:
        print(f"pyroute2 cannot be imported ({error})")
        return 1
    found = metadata.version("pyroute2")
    good = numbers(found) >= numbers(wanted)
    print(f"pyroute2 {found} at {pyroute2.__file__}{'' if good else f', older than {wanted}'}")
    return 0 if good else 1


sys.exit(main())
