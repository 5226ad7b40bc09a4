# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden folders of a manager of devices: NAME/case.yml is an intent and a host, desired.txt every file of ours that
the host is to have, diff.txt what a run shows, or the refusals and warnings.

SOURCE_IP_GOLDEN=write rewrites them; read the difference before you commit it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.interface import File, Rendered


def cases(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("*/case.yml"))


def text(files: Rendered, modes: bool = False) -> str:
    """All files, those that are there only while networkd reads, too; ``modes``: with their modes."""
    kinds = (("", files.files), ("while networkd reads: ", files.transient))
    return "".join(
        f"=== {when}{path}{f' {file.mode:o}' if modes and not when else ''}\n{(file.content or b'').decode()}"
        for when, found in kinds
        for path, file in sorted(found.items())
    )


def diff(before: Mapping[str, File], after: Mapping[str, File]) -> str:
    """Of files that are ours alone."""
    lines: list[str] = []
    for path in sorted({*before, *after}):
        old, new = (
            ((files[path].content or b"").decode().splitlines() if path in files else []) for files in (before, after)
        )
        lines += difflib.unified_diff(old, new, path, path if new else "/dev/null", n=0, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def check(folder: Path, wanted: Rendered, desired: str, shown: str) -> None:
    """Hold both texts against the files of the case; ``shown``: the diff, which refusals take the place of."""
    warned = "".join(f"warning: {one}\n" for one in wanted.warnings)
    refused = "".join(f"refused: {one}\n" for one in wanted.refusals)
    for name, content in (("desired.txt", desired), ("diff.txt", warned + (refused or shown))):
        path = folder / name
        if os.environ.get("SOURCE_IP_GOLDEN") == "write":
            path.write_text(content, encoding="utf-8")
        assert content == path.read_text(encoding="utf-8")
