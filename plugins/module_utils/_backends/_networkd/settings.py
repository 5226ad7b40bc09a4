# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of networkd.conf(5) that concern routes of others. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

#: What each of them would take from others when networkd reads its files for a device, or starts. Default is yes.
FOREIGN = {
    "ManageForeignRoutes": "routes",
    "ManageForeignRoutingPolicyRules": "policy rules",
}
_NO = ("0", "no", "n", "false", "f", "off")


class Setting(t.NamedTuple):
    """``value``: as it counts; ``where``: FILE:LINE of the line that says so, or that none does."""

    value: bool
    where: str


def settings(files: t.Sequence[tuple[str, str]]) -> dict[str, Setting]:
    """The settings of FOREIGN. ``files``: (path, text), the one that counts least first."""
    found = {key: Setting(True, "no line sets it, so it is yes") for key in FOREIGN}
    for path, text in files:
        section = ""
        for number, line in enumerate(text.splitlines(), start=1):
            words = line.strip()
            if words.startswith("["):
                section = words
            key, equals, value = (part.strip() for part in words.partition("="))
            if section == "[Network]" and equals and key in found:
                found[key] = Setting(value.lower() not in _NO, f"{path}:{number}: {words}")
    return found


def order(paths: t.Iterable[str]) -> list[str]:
    """networkd's configuration files, the one that counts least first: networkd.conf, then drop-ins by their names.

    Of files with one name only that of the first folder counts: /etc, /run, /usr/local/lib, /usr/lib.
    """
    ranks = ("/etc/", "/run/", "/usr/local/lib/", "/usr/lib/", "/lib/")
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)

    def rank(path: str) -> int:
        return next((at for at, folder in enumerate(ranks) if folder in path), len(ranks))

    chosen = [min(same, key=rank) for same in by_name.values()]
    return sorted(chosen, key=lambda path: (path.endswith(".conf") and ".conf.d/" in path, path.rpartition("/")[2]))


def warnings(found: t.Mapping[str, Setting], foreign: t.Mapping[str, t.Sequence[str]]) -> list[str]:
    """``foreign``: {setting: lines of what others have made there}. What the settings would do to it."""
    result = []
    for key, what in FOREIGN.items():
        lines = foreign.get(key) or ()
        if found[key].value and lines:
            more = f" and {len(lines) - 3} more" if len(lines) > 3 else ""
            result.append(
                f"{key}=yes ({found[key].where}): systemd-networkd removes {what} that others made when it reads its "
                f"files for a device or starts, here: {'; '.join(lines[:3])}{more}. Set {key}=no in [Network] of "
                "/etc/systemd/networkd.conf.d/50-foreign.conf to keep them"
            )
    return result
