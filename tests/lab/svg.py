# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plot of the documentation as an SVG file without anything to load. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def svg(width: float, height: float, label: str, title: str, parts: Iterable[str]) -> str:
    """The file; ``label`` is for who does not see it, ``parts`` are elements, in the order in which they are drawn."""
    return f"""\
<!--
Copyright (c) 2026 The l3host.source_ip contributors
GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif"
 font-size="12" role="img" aria-label="{label}">
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="28" font-size="16" font-weight="600">{title}</text>
{chr(10).join(parts)}
</svg>
"""
