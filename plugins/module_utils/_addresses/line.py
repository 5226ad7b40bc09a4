# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An address in one line. Pure. PRIVATE to the collection."""

from __future__ import annotations

from .._base.names import ADDRESS_PROTOCOLS, NAME_OF_SCOPE
from .._base.values import INET, INET6, Address

_NAME_OF_PROTOCOL = {number: name for name, number in ADDRESS_PROTOCOLS.items()}
_WORDS = (
    (Address.SECONDARY, "secondary"),
    (Address.DEPRECATED, "deprecated"),
    (Address.NODAD, "nodad"),
    (Address.OPTIMISTIC, "optimistic"),
    (Address.TENTATIVE, "tentative"),
    (Address.DADFAILED, "dadfailed"),
    (Address.NOPREFIXROUTE, "noprefixroute"),
)


def line(address: Address) -> str:
    """One line in the words of ``ip address`` (``ipaddress.c`` of iproute2); lifetimes only where they end."""
    words = ["inet" if address.family == INET else "inet6"]
    words.append(address.address if address.peer else f"{address.address}/{address.prefix_length}")
    if address.peer:
        words.append(f"peer {address.peer}/{address.prefix_length}")
    if address.metric:
        words.append(f"metric {address.metric}")
    words.append(f"dev {address.device} scope {NAME_OF_SCOPE.get(address.scope, str(address.scope))}")
    if address.protocol:
        words.append(f"proto {_NAME_OF_PROTOCOL.get(address.protocol, hex(address.protocol))}")
    words += [
        word
        for bit, word in _WORDS
        # In IPv6 the bit of 'secondary' means temporary, as ip-address(8) prints it.
        if address.flags & bit and not (bit == Address.SECONDARY and address.family == INET6)
    ]
    if address.family == INET6 and address.flags & Address.SECONDARY:
        words.append("temporary")
    if address.label and address.label != address.device:
        words.append(f"label {address.label}")
    if address.valid_lifetime is not None:
        words.append(f"valid_lft {address.valid_lifetime}sec")
    if address.preferred_lifetime:
        words.append(f"preferred_lft {address.preferred_lifetime}sec")
    return " ".join(words)
