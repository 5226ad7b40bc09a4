# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The path of one row through the lab, as an inline SVG. Pure; colours come from the page's style sheet."""

from __future__ import annotations

from html import escape

from tests.demo.rows import Row
from tests.lab import topology

WIDTH, HEIGHT = 760, 214
_CHIP = (134, 48)
_CHIPS = {"up0": (188, 34), "lo": (24, 76), "up1": (188, 132)}
_GONE = (24, 140)
_ROUTERS = {"up0": ("r1", 476, 58), "up1": ("r2", 476, 156)}
_WEB = (608, 73, 142, 68)


def draw(row: Row) -> str:
    """The drawing: host with its addresses, routers, web server; the path in the row's colour with its source on it."""
    family = 6 if ":" in row.destination else 4
    title = f"{row.destination}: source {row.source or 'none'}, device {row.device or 'none'}, wire {row.wire_text}"
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}">',
        f"<title>{escape(title)}</title>",
        f'<rect class="host" x="10" y="10" width="326" height="{HEIGHT - 20}" rx="14"/>',
        '<text class="place" x="26" y="34">host</text>',
        *(_link(device) for device in _ROUTERS),
        *_path(row, family),
        *(_chip(name, address, _CHIPS[name], row) for name, address in _addresses(family).items()),
        *_router_boxes(row),
        _web(row),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part)


def owner(address: str | None) -> str | None:
    """The device of the lab's host that holds an address; None when none does."""
    for family in (4, 6):
        for device, held in _addresses(family).items():
            if held == address:
                return device
    return None


def _addresses(family: int) -> dict[str, str]:
    return {"lo": topology.HOST_SOURCE[family], **{name: held[family] for name, held in topology.UPLINKS.items()}}


def _link(device: str) -> str:
    x, y = _ROUTERS[device][1:]
    left, right = _CHIPS[device][0] + _CHIP[0], _WEB[0]
    end = _WEB[1] + (22 if device == "up0" else 46)
    return f'<path class="link" d="M{left} {y} H{x}"/><path class="link" d="M{x + 64} {y} L{right} {end}"/>'


def _path(row: Row, family: int) -> list[str]:
    if row.device not in _ROUTERS:
        return []
    x, y = _ROUTERS[row.device][1:]
    exit_x = _CHIPS[row.device][0] + _CHIP[0]
    held = owner(row.source)
    parts = []
    if held != row.device:
        start = _CHIPS[held] if held else _GONE
        middle = start[1] + _CHIP[1] // 2
        edge = start[0] + _CHIP[0]
        target = _CHIPS[row.device][0]
        parts.append(f'<path class="path" d="M{edge} {middle} C{edge + 14} {middle} {target - 14} {y} {target} {y}"/>')
    if held is None and row.source:
        parts.append(_box("gone", _GONE, "gone", row.source))
    if not row.wire:
        stop = (exit_x + x) // 2
        parts.append(f'<path class="path" d="M{exit_x} {y} H{stop - 10}"/>')
        parts.append(f'<path class="stop" d="M{stop - 8} {y - 8} l16 16 m0 -16 l-16 16"/>')
        parts.append(f'<text class="wire" x="{stop}" y="{y - 14}">{escape(row.error or "nothing")}</text>')
        return parts
    end = _WEB[1] + (22 if row.device == "up0" else 46)
    parts.append(f'<path class="path" d="M{exit_x} {y} H{x}"/>')
    parts.append(f'<path class="path head" d="M{x + 64} {y} L{_WEB[0] - 2} {end}"/>')
    parts.append(f'<path class="tip" d="M{_WEB[0] - 1} {end} l-11 -6 v12 z"/>')
    parts.append(f'<text class="wire" x="{(exit_x + x) // 2}" y="{y - 9}">{escape(row.wire)}</text>')
    parts.append(
        f'<text class="note" x="{(exit_x + x) // 2}" y="{y + 19}">captured on {escape(str(row.wire_device))}</text>'
    )
    return parts


def _chip(name: str, address: str, corner: tuple[int, int], row: Row) -> str:
    used = row.source == address
    return _box("chip used" if used else "chip", corner, name, address)


def _box(kind: str, corner: tuple[int, int], name: str, address: str) -> str:
    x, y = corner
    middle = x + _CHIP[0] // 2
    return (
        f'<g class="{kind}"><rect x="{x}" y="{y}" width="{_CHIP[0]}" height="{_CHIP[1]}" rx="8"/>'
        f'<text class="name" x="{middle}" y="{y + 20}">{escape(name)}</text>'
        f'<text class="address" x="{middle}" y="{y + 38}">{escape(address)}</text></g>'
    )


def _router_boxes(row: Row) -> list[str]:
    boxes = []
    for device, (name, x, y) in _ROUTERS.items():
        kind = "router used" if device == row.device and row.wire else "router"
        boxes.append(
            f'<g class="{kind}"><rect x="{x}" y="{y - 19}" width="64" height="38" rx="19"/>'
            f'<text class="name" x="{x + 32}" y="{y + 5}">{name}</text></g>'
        )
    return boxes


def _web(row: Row) -> str:
    x, y, width, height = _WEB
    return (
        f'<g class="web"><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="14"/>'
        f'<text class="name" x="{x + width // 2}" y="{y + 29}">web</text>'
        f'<text class="address" x="{x + width // 2}" y="{y + 51}">{escape(row.destination)}</text></g>'
    )
