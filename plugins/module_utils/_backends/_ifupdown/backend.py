# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back end for ifupdown and ifupdown2: a hook of ours, which they run when a device is up. PRIVATE."""

from __future__ import annotations

import typing as t

from .._managers.managed import ManagedBackEnd
from ..interface import Capabilities
from ..view import Hands
from .manager import Ifupdown


class BackEnd(ManagedBackEnd):
    """ifupdown and ifupdown2; its options are those of ``options.py``."""

    CAPABILITIES: t.ClassVar[Capabilities] = Capabilities(
        own="yes, on devices that ifupdown has brought up",
        learned="none",
        tables="yes, and VRFs",
        reboot="yes",
        cannot="policies; devices of other managers; it does not see a link that comes back by itself",
    )

    def __init__(self, hands: Hands, options: t.Mapping[str, t.Any]) -> None:
        super().__init__(hands, options, Ifupdown(hands, options["hook"]))
