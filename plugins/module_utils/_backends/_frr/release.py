# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What which release of FRR does with sources. Pure; standard library only."""

from __future__ import annotations

import socket

#: Major, minor and patch number.
Version = tuple[int, int, int]


def stuck(version: Version) -> bool:
    """Whether this FRR leaves installed routes without a changed source, and writes them again as they were.

    Upstream issue 19611, in 10.2 to 10.6.
    """
    return (10, 2, 0) <= version < (10, 7, 0)


def narrow(version: Version) -> bool:
    """Whether this FRR takes IPv6 sources for one whose first 32 bits are the same.

    Its hash of a next hop ends there (001fcfa1dd): before 10.1.3, and in 10.2.0 and 10.2.1.
    """
    return not (version >= (10, 2, 2) or (10, 1, 3) <= version < (10, 2, 0))


def first_bits(address: str) -> bytes:
    """All that such an FRR sees of an IPv6 source."""
    return socket.inet_pton(socket.AF_INET6, address)[:4]


def version_text(version: Version) -> str:
    """As FRR writes it, but for a patch number of 0, which it leaves out."""
    return ".".join(map(str, version))
