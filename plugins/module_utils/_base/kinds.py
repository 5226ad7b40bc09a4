# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kind of address it is, as far as that decides whether a packet can leave from it. PRIVATE to the collection.

RFC 1122 section 3.2.1.3, RFC 4291 section 2.4. Python's ``ipaddress`` answers differently from one release to the next
for IPv4-mapped addresses, so it is not asked.
"""

from __future__ import annotations

_MAPPED = bytes(10) + b"\xff\xff"
#: The kinds that no gateway can have, in words.
NO_GATEWAY = {
    "unspecified": "the unspecified address",
    "multicast": "a multicast address",
    "broadcast": "the broadcast address",
    "loopback": "a loopback address",
    "mapped": "an IPv4-mapped address",
}


def kind_of(packed: bytes) -> str | None:
    """``unspecified``, ``multicast``, ``broadcast``, ``link-local``, ``loopback`` or ``mapped``; None for any other.

    ``packed``: 4 or 16 bytes.
    """
    if not any(packed):
        return "unspecified"
    if len(packed) == 4:
        return _kind4(packed)
    if packed[0] == 0xFF:
        return "multicast"
    if packed[0] == 0xFE and packed[1] & 0xC0 == 0x80:
        return "link-local"
    if packed[:12] == _MAPPED:
        return "mapped"
    return "loopback" if packed == bytes(15) + b"\x01" else None


def _kind4(packed: bytes) -> str | None:
    if packed[0] >> 4 == 0xE:
        return "multicast"
    if packed[0] == 127:
        return "loopback"
    if packed[:2] == b"\xa9\xfe":
        return "link-local"
    return "broadcast" if packed == b"\xff\xff\xff\xff" else None


def reserved(packed: bytes) -> str | None:
    """The block of an IPv4 address that is reserved, and by what; None for any other.

    Linux sends from such an address, to it and answers it as any other, but few other hosts and routers do.
    """
    if len(packed) != 4 or kind_of(packed) is not None:
        return None
    if packed[0] == 0:
        return "0.0.0.0/8, this network (RFC 1122)"
    return "240.0.0.0/4, for future use (RFC 1112)" if packed[0] >> 4 == 0xF else None


def kind_of_prefix(packed: bytes, length: int) -> str | None:
    """``multicast`` or ``loopback`` where every address of the prefix is that; None for any other."""
    kind = kind_of(packed)
    least = {"multicast": 4 if len(packed) == 4 else 8, "loopback": 8 if len(packed) == 4 else 128}
    return kind if length >= least.get(kind or "", 129) else None
