# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of nf_tables that can translate sources. PRIVATE to the collection.

`nf_tables_getchain()` in net/netfilter/nf_tables_api.c; `include/uapi/linux/netfilter/nf_tables.h`.
"""

from __future__ import annotations

import errno
import struct
import typing as t

from . import plain, wire
from .connection import Connection
from .dump import dump

_NETLINK_NETFILTER = 12
_NFT_MSG_NEWCHAIN, _NFT_MSG_GETCHAIN = 10 << 8 | 3, 10 << 8 | 4  # in the subsystem 10
_NFTA_CHAIN_TABLE, _NFTA_CHAIN_HOOK, _NFTA_CHAIN_TYPE, _NFTA_HOOK_HOOKNUM = 1, 4, 7, 1
_POSTROUTING = 4  # NF_INET_POST_ROUTING
_FAMILIES = {1: "inet", 2: "ip", 10: "ip6"}
_BE32 = struct.Struct("!I")


class NatTable(t.NamedTuple):
    """``family`` and ``name`` as nft(8) has them."""

    family: str
    name: str


class Netfilter(Connection):
    """One connection to nf_tables, in the namespace that the process is in."""

    def __init__(self) -> None:
        super().__init__(_NETLINK_NETFILTER, plain)

    def nat_tables(self) -> list[NatTable]:
        """Those with a chain for NAT where packets leave."""
        found: dict[NatTable, None] = {}
        none = (errno.ENOENT, errno.EOPNOTSUPP, errno.EINVAL)  # this kernel has no nf_tables
        for chunk in dump(self._socket, _NFT_MSG_GETCHAIN, self._sequence, bytes(4), "chains of nf_tables", none):
            for kind, _flags, _sequence, payload in wire.messages(chunk):
                table = of_chain(payload) if kind == _NFT_MSG_NEWCHAIN else None
                if table:
                    found[table] = None
        return list(found)


def of_chain(payload: bytes) -> NatTable | None:
    """The table of a chain (``struct nfgenmsg``, attributes); None of one that translates no source."""
    attrs = wire.attribute_dict(payload, 4)
    hook = wire.attribute_dict(attrs.get(_NFTA_CHAIN_HOOK, b""))
    number = hook.get(_NFTA_HOOK_HOOKNUM)
    kind = attrs.get(_NFTA_CHAIN_TYPE, b"").rstrip(b"\0")
    if payload[0] not in _FAMILIES or kind != b"nat" or number is None or _BE32.unpack(number)[0] != _POSTROUTING:
        return None
    return NatTable(_FAMILIES[payload[0]], attrs[_NFTA_CHAIN_TABLE].rstrip(b"\0").decode(errors="replace"))
