# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is more than a message to the kernel can hold. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._base.errors import InvalidInput
from .._netlink.wire import MOST, RTA_MULTIPATH
from .payload import pack_hops
from .values import Hop

_LONGEST_NAME = 15  # TCP_CA_NAME_MAX without the terminating zero, include/net/tcp.h


def check_size(hops: t.Sequence[Hop], family: int, what: str) -> None:
    """InvalidInput for more next hops than one attribute takes."""
    # Two at a time: of one alone no list is made.
    size = sum(len(pack_hops((hop, hop), family)[1][RTA_MULTIPATH]) // 2 for hop in hops)
    if size > MOST:
        raise InvalidInput(
            f"{what}: {len(hops)} of them take {size} bytes of a message to the kernel, which holds {MOST} in one "
            "attribute; use fewer"
        )


def congestion_control(name: str, what: str) -> bytes:
    """The value of RTAX_CC_ALGO; an empty name takes it away. InvalidInput for what can't be a name."""
    packed = name.encode("utf-8", "surrogateescape")
    if b"\0" in packed:
        raise InvalidInput(f"{what}: {name!r} is no name; see the sysctl net.ipv4.tcp_available_congestion_control")
    if len(packed) > _LONGEST_NAME:
        shown = name if len(name) <= 60 else f"{name[:57]}..."
        raise InvalidInput(
            f"{what}: {shown!r} is longer than the {_LONGEST_NAME} bytes that the kernel gives such a name "
            "(TCP_CA_NAME_MAX)"
        )
    return packed + b"\0"
