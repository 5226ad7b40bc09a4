# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back end for systemd-networkd: drop-ins beside the .network files that it uses. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._managers.managed import ManagedBackEnd
from ..interface import Capabilities
from ..view import Hands
from .manager import Networkd


class BackEnd(ManagedBackEnd):
    """systemd-networkd; its options are those of ``options.py``."""

    CAPABILITIES: t.ClassVar[Capabilities] = Capabilities(
        own="yes, on devices that networkd manages",
        learned="none",
        tables="yes, and VRFs; rules",
        reboot="yes",
        cannot="policies; devices of other managers; some metrics, selectors of rules",
    )

    def __init__(self, hands: Hands, options: t.Mapping[str, t.Any]) -> None:
        super().__init__(hands, options, Networkd(hands, options["folder"]))
