# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back end for netplan: a file of ours beside the operator's, held by the renderer of each device. PRIVATE."""

from __future__ import annotations

import typing as t

from .._managers.managed import ManagedBackEnd
from ..interface import Capabilities
from ..view import Hands
from .manager import Netplan


class BackEnd(ManagedBackEnd):
    """netplan; its options are those of ``options.py``."""

    CAPABILITIES: t.ClassVar[Capabilities] = Capabilities(
        own="yes, on devices that netplan defines",
        learned="none",
        tables="yes, and VRFs",
        reboot="yes",
        cannot="policies; several next hops; with NetworkManager the loopback device; some route metrics",
    )

    def __init__(self, hands: Hands, options: t.Mapping[str, t.Any]) -> None:
        super().__init__(hands, options, Netplan(hands, options["file"]))
