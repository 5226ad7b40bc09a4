# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices ifupdown has, and why it is not to have ours. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._managers.interface import File, Rendered
from .._managers.manages import NAMES, Shows, manages
from .._managers.pieces import Piece, names_in
from .render import hook

LOOPBACK = "lo"


@dataclass
class Found:
    """``installed``: ifupdown or ifupdown2 is; ``shows``: what the managers show of a device; ``off``: the line of
    ifupdown2's configuration that turns hooks off, empty where none does."""

    shows: t.Callable[[str], Shows]
    installed: bool = True
    off: str = ""


def place(pieces: t.Sequence[Piece], found: Found, path: str) -> Rendered:
    """The hook at ``path``."""
    rendered = Rendered()
    if not pieces:
        return rendered
    if not found.installed:
        rendered.refusals.append("ifupdown is not installed on this host; name the back end that manages the devices")
        return rendered
    if found.off:
        rendered.refusals.append(
            f"ifupdown2 runs no hooks on this host ({found.off}), and ours would be one; set addon_scripts_support=1, "
            "or use the kernel back end"
        )
    for piece in pieces:
        if piece.device == LOOPBACK:
            continue
        shown = found.shows(piece.device)
        others = [one for one in manages(piece.device, shown) if one.name != "ifupdown"]
        if not shown.ifstate:
            why = "; ".join(one.why for one in others) or "nothing shows that it has brought it up"
            rendered.refusals += [
                f"{name}: ifupdown does not have {piece.device}: {why}. Use the back end of who does, or the kernel's"
                for name in names_in(piece)
            ]
        elif others:
            rendered.warnings.append(
                f"{piece.device} has two managers, ifupdown and {NAMES[others[0].name]} ({others[0].why}), which may "
                "take away what the other has made"
            )
    rendered.files[path] = File(hook(pieces), mode=0o755)
    return rendered


def hooks_off(text: str, path: str) -> str:
    """FILE:LINE of the last line in ifupdown2.conf about hooks, where it turns them off."""
    said = ""
    for number, line in enumerate(text.splitlines(), start=1):
        key, equals, value = (part.strip() for part in line.partition("="))
        if equals and key == "addon_scripts_support":
            said = "" if value == "1" else f"{path}:{number}: {line.strip()}"
    return said
