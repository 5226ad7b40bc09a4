# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measurements to a plot: an SVG file without anything to load."""

from __future__ import annotations

from tests.bench.results import Found, times
from tests.bench.work import sizes
from tests.lab.svg import svg

_WIDTH, _LEFT, _BAR, _GAP, _TOP = 760, 250, 16, 6, 56
_COLOURS = {"module": "#1f6feb", "prebuilt": "#8c959f", "ip": "#bf8700", "pyroute2": "#cf222e"}
_WORDS = {"module": "l3host.source_ip", "prebuilt": "prebuilt bytes", "ip": "ip -batch", "pyroute2": "pyroute2"}
_TITLES = {"apply": "create", "check": "check again"}


def plot(found: Found) -> str:
    """One bar for each size and contender of the part "work": times as fast as ``ip -batch``."""
    bars: list[tuple[str, str, float]] = []
    for label in _TITLES:
        for size in sizes(found):
            for name in _COLOURS:
                if (ours := f"{size} {label} {name}") in found:
                    ratio = times(found, f"{size} {label} ip", ours)
                    bars.append((f"{_TITLES[label]} {size:,}", name, ratio))
    scale = (_WIDTH - _LEFT - 60) / max(ratio for _what, _name, ratio in bars)
    rows: list[str] = []
    y, before = _TOP, ""
    for what, name, ratio in bars:
        if what != before:
            y += _GAP * 2
            rows.append(f'<text x="{_LEFT - 130}" y="{y + 12}" text-anchor="end" font-weight="600">{what}</text>')
        before = what
        width = max(1.0, ratio * scale)
        rows.append(f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end">{_WORDS[name]}</text>')
        rows.append(
            f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2" fill="{_COLOURS[name]}">'
            f"<title>{what}, {_WORDS[name]}: {ratio:.2f}</title></rect>"
        )
        rows.append(f'<text x="{_LEFT + width + 6:.1f}" y="{y + 12}">{ratio:.2f}×</text>')
        y += _BAR + _GAP
    one = _LEFT + scale
    rule = f'x1="{one:.1f}" y1="{_TOP - 6}" x2="{one:.1f}" y2="{y}"'
    title = "Routes: times as fast as ip -batch (longer is better)"
    parts = [f'<line {rule} stroke="#57606a" stroke-dasharray="3 3"/>', *rows]
    return svg(_WIDTH, y + 16, "Times as fast as ip -batch", title, parts)
