# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drawing of docs/which-source.md: python which_source.py > docs/which-source.svg

A file without anything to load, with a background of its own, so that it is the same wherever it is shown.
"""

from __future__ import annotations

import html
from typing import NamedTuple

_HEADER = """\
<!--
Copyright (c) 2026 The l3host.source_ip contributors
GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->
"""
_WIDTH, _LEFT, _BOX, _HIGH, _GAP, _TOP = 980, 20, 490, 56, 30, 96
_WORD, _OUT = 118, 570  # width of a reason's box, and where the first stands
_INK, _FAINT, _LINE = "#1f2328", "#57606a", "#8c959f"
_GOOD, _BAD = ("#ddf4ff", "#0969da"), ("#ffebe9", "#cf222e")
_NONE = ("no_route", "unreachable", "prohibited", "blackhole")


class Step(NamedTuple):
    """A question, what is meant by it, the answer that leads out of it, and the reasons that this gives."""

    question: str
    detail: str
    answer: str
    reasons: tuple[str, ...]


STEPS = (
    Step("Does the packet name its source?", "IP_PKTINFO, IPV6_PKTINFO", "yes", ("pktinfo",)),
    Step("Is the socket bound to an address?", "bind()", "yes", ("bound",)),
    Step(
        "Which rule is the first that leads to a route?",
        "by priority: from, to, fwmark, uidrange, ports …; a VRF, a device",
        "it refuses",
        ("unreachable", "prohibited", "blackhole"),
    ),
    Step(
        "Which route? The longest prefix, then the lowest metric",
        "by the device, where SO_BINDTODEVICE or IP_UNICAST_IF names one",
        "none",
        ("no_route",),
    ),
    Step("Does the route refuse?", "its type: unreachable, prohibit, blackhole", "yes", _NONE[1:]),
    Step("Does the route carry a source?", "src, RTA_PREFSRC", "yes", ("prefsrc",)),
    Step(
        "IPv6: the rules of RFC 6724",
        "over the addresses of the host; IPV6_ADDR_PREFERENCES turns two round",
        "the winner",
        ("rfc6724",),
    ),
    Step(
        "IPv4: has the device an address that would do?",
        "first the one whose subnet holds the gateway, never a secondary one",
        "yes",
        ("interface",),
    ),
    Step("IPv4: another device's, lo before the rest", "in a VRF, first the VRF's own", "the first", ("borrowed",)),
)


def _text(x: float, y: float, words: str, **attributes: str) -> str:
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:g}" y="{y:g}"{more}>{html.escape(words)}</text>'


def _box(x: float, y: float, wide: float, high: float, fill: str, edge: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" rx="6" fill="{fill}" stroke="{edge}"/>'


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{_LINE}" marker-end="url(#head)"/>'


def _step(number: int, step: Step) -> list[str]:
    y = _TOP + number * (_HIGH + _GAP)
    middle = y + _HIGH / 2
    rows = [_box(_LEFT, y, _BOX, _HIGH, "#f6f8fa", _LINE)]
    rows.append(_text(_LEFT + 14, y + 24, step.question, font_weight="600"))
    rows.append(_text(_LEFT + 14, y + 43, step.detail, fill=_FAINT, font_size="12"))
    rows.append(_arrow(_LEFT + _BOX, middle, _OUT + 20, middle))
    rows.append(_text(_LEFT + _BOX + 8, middle - 6, step.answer, fill=_FAINT, font_size="12"))
    for place, reason in enumerate(step.reasons):
        x = _OUT + 26 + place * (_WORD + 6)
        fill, edge = _BAD if reason in _NONE else _GOOD
        rows.append(_box(x, middle - 15, _WORD, 30, fill, edge))
        rows.append(
            f'<text x="{x + _WORD / 2:g}" y="{middle + 5:g}" text-anchor="middle" fill="{edge}"'
            f' font-family="ui-monospace, monospace" class="reason">{reason}</text>'
        )
    if number + 1 < len(STEPS):
        rows.append(_arrow(_LEFT + 40, y + _HIGH, _LEFT + 40, y + _HIGH + _GAP))
        rows.append(_text(_LEFT + 50, y + _HIGH + 20, _onwards(number), fill=_FAINT, font_size="12"))
    return rows


def _onwards(number: int) -> str:
    """What leads to the next step."""
    if number == 1:
        return "no; and where the source is named, its way is looked for all the same"
    if STEPS[number].question.startswith("IPv6"):
        return "IPv4 comes here instead"
    return {2: "a table", 3: "one"}.get(number, "no")


def drawing() -> str:
    """The whole file."""
    high = _TOP + len(STEPS) * (_HIGH + _GAP)
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {high}" font-family="system-ui, sans-serif"',
        f' font-size="14" fill="{_INK}" role="img" aria-label="How the kernel comes to a source">',
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{_LINE}"/></marker></defs>',
        '<rect width="100%" height="100%" fill="#fff"/>',
        _text(_LEFT, 34, "Which source, and why", font_size="18", font_weight="600"),
        _text(_LEFT, 60, "A packet of this host, from the socket down. On the right the word that source_info says:"),
        _text(_LEFT, 80, "blue, there is a source; red, there is none.", fill=_FAINT),
    ]
    for number, step in enumerate(STEPS):
        rows += _step(number, step)
    return _HEADER + "\n".join([*rows, "</svg>"]) + "\n"


if __name__ == "__main__":
    print(drawing(), end="")
