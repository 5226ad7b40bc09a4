# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The growth of what a fleet costs, as an SVG file without anything to load. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.lab.svg import svg

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 420, 60, 150, 56, 48
_LABEL = 15
_COLOURS = {"apply": "#1f6feb", "apply, no change": "#8250df", "audit": "#bf8700", "ping": "#57606a"}


def _spread(places: Mapping[str, float]) -> dict[str, float]:
    """The places of labels, from the lowest up, so far apart that none lies on another."""
    found: dict[str, float] = {}
    for what in sorted(places, key=lambda one: -places[one]):
        found[what] = min(places[what], *(place - _LABEL for place in found.values()), _HEIGHT)
    return found


def plot(rows: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Two lines for each playbook: seconds of processor on the controller, and with the hosts', by number of hosts."""
    series = {what: rows[what] for what in _COLOURS if what in rows}
    points = [row for found in series.values() for row in found]
    most, longest = max(row["hosts"] for row in points), max(row["processor"] for row in points)

    def x(hosts: float) -> float:
        return _LEFT + hosts / most * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - value / longest * (_HEIGHT - _TOP - _BOTTOM)

    parts = ['<text x="16" y="46">dashed: the controller\'s part; whole: with that of the hosts</text>']
    for hosts in sorted({row["hosts"] for row in points}):
        parts.append(f'<text x="{x(hosts):.1f}" y="{_HEIGHT - 28}" text-anchor="middle">{hosts:.0f}</text>')
    for step in range(5):
        value = longest * step / 4
        parts.append(f'<text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.0f} s</text>')
        ends = f'x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"'
        parts.append(f'<line {ends} stroke="#d0d7de"/>')
    for what, found in series.items():
        controller = [(row["hosts"], row["processor"] - row["of_hosts"]) for row in found]
        for pairs, look in (
            (controller, 'stroke-dasharray="4 4"'),
            ([(r["hosts"], r["processor"]) for r in found], ""),
        ):
            line = " ".join(f"{x(hosts):.1f},{y(value):.1f}" for hosts, value in pairs)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{_COLOURS[what]}" stroke-width="2" {look}/>')
    for what, place in _spread({what: y(found[-1]["processor"]) + 4 for what, found in series.items()}).items():
        where = f'x="{x(most) + 8:.1f}" y="{place:.1f}"'
        parts.append(f'<text {where} fill="{_COLOURS[what]}" font-weight="600">{what}</text>')
    parts.append(f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 8}" text-anchor="middle">hosts</text>')
    title = "Processor seconds by number of hosts"
    return svg(_WIDTH, _HEIGHT, "Seconds of processor by the number of hosts", title, parts)
