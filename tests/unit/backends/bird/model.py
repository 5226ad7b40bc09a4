# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What BIRD does with our clauses, for the tests."""

from __future__ import annotations

import ipaddress
from typing import Any


def last_clause(clauses: list[dict[str, Any]], destination: str, protocol: str) -> str | None:
    """What BIRD does with our clauses: each that matches overwrites the one before."""

    def matches(sets: list[str]) -> bool:
        for text in sets:
            other: Any = ipaddress.ip_network(text.rstrip("+"))
            if net == other or (text.endswith("+") and net.subnet_of(other)):
                return True
        return False

    net: Any = ipaddress.ip_network(destination)
    source = None
    for clause in clauses:
        known = clause["condition"] is None or f"RTS_{protocol.upper()}" in clause["condition"]
        if known and matches(clause["nets"]) and not matches(clause["except"]):
            source = clause["source"]
    return source
