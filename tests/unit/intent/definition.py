# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policies mean, by brute force: as the documentation says it, and slow."""

from __future__ import annotations

import ipaddress
from typing import Any


def decides(policies: list[dict[str, Any]], route: str, protocol: str, vrf: str | None) -> str | None:
    """The documented meaning of policies, by brute force over the normal form."""
    network = ipaddress.ip_network(route)
    best: tuple[int, bool] | None = None
    source = None
    for policy in policies:
        if policy["vrf"] != vrf or not {protocol, "any"} & set(policy["protocols"]):
            continue
        if any(network.subnet_of(ipaddress.ip_network(e)) for e in policy["except"]):  # type: ignore[arg-type]
            continue
        for text in policy["destinations"]:
            destination = ipaddress.ip_network(text)
            exact = policy["match"] == "exact"
            if network == destination if exact else network.subnet_of(destination):  # type: ignore[arg-type]
                rank = (destination.prefixlen, exact)
                if best is None or rank > best:
                    best, source = rank, policy["source"]
    return source
