# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values: prefixes, routes, links, addresses, rules, queries. PRIVATE to the collection.

Nothing here touches the host. Each value has one canonical text form, the one ``ip`` prints, and that form is what
diffs and messages show.
"""

from __future__ import annotations

import functools
import socket
import typing as t
from dataclasses import dataclass, field

from .errors import InvalidInput
from .names import (
    NAME_OF_SCOPE,
    NAME_OF_TYPE,
    table_name,
)
from .protocols import protocol_name

INET, INET6 = int(socket.AF_INET), int(socket.AF_INET6)
BITS = {INET: 32, INET6: 128}
MAIN = 254


class Prefix(t.NamedTuple):
    """A destination: address family, network address in network byte order, length in bits."""

    family: int
    packed: bytes
    length: int

    def __str__(self) -> str:
        return f"{socket.inet_ntop(self.family, self.packed)}/{self.length}"

    @property
    def short(self) -> str:
        """As ``ip route`` prints it: ``default``, and no length on a host route."""
        if self.length == 0:
            return "default"
        text = socket.inet_ntop(self.family, self.packed)
        return text if self.length == BITS[self.family] else f"{text}/{self.length}"

    @property
    def key(self) -> bytes:
        """Length and address in a row, to be found among thousands."""
        return bytes((self.length,)) + self.packed

    @property
    def start(self) -> int:
        """The first address as a number."""
        return int.from_bytes(self.packed, "big")

    def covers(self, other: Prefix) -> bool:
        """Whether ``other`` is this prefix or inside it."""
        if self.family != other.family or self.length > other.length:
            return False
        shift = BITS[self.family] - self.length
        return self.start >> shift == other.start >> shift


DEFAULTS = {INET: Prefix(INET, bytes(4), 0), INET6: Prefix(INET6, bytes(16), 0)}


def family_of(text: str) -> int:
    """AF_INET6 where the text has a colon, else AF_INET."""
    return INET6 if ":" in text else INET


class NoPrefix(ValueError):
    """Text that is no prefix.

    ``meant``: the prefix that it probably stands for, where only host bits are set; ``bits``: how long a prefix of its
    family can be, where only the length is wrong.
    """

    def __init__(self, bits: int | None = None, meant: Prefix | None = None) -> None:
        super().__init__()
        self.bits = bits
        self.meant = meant


def read_address(text: str) -> tuple[int, bytes] | None:
    """``(family, packed)`` of one IP address, as inet_pton(3) reads it: no length, no zone. None for other text."""
    family = INET6 if ":" in text else INET
    try:
        return family, socket.inet_pton(family, text)
    except (OSError, ValueError):
        return None


def read_interface(text: str) -> tuple[int, bytes, int]:
    """``(family, packed, length)`` of an address with its prefix length; a bare address is alone. NoPrefix."""
    address, slash, digits = text.partition("/")
    found = read_address(address)
    if found is None:
        raise NoPrefix
    family, packed = found
    bits = BITS[family]
    if not slash:
        return family, packed, bits
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 3):
        raise NoPrefix(bits if digits.strip().lstrip("+-").isdecimal() else None)
    length = int(digits)
    if length > bits:
        raise NoPrefix(bits)
    return family, packed, length


def read_prefix(text: str) -> Prefix:
    """A prefix whose host bits are zero; a bare address is a host route. NoPrefix."""
    family, packed, length = read_interface(text)
    host = BITS[family] - length
    if host and int.from_bytes(packed, "big") & ((1 << host) - 1):
        network = int.from_bytes(packed, "big") >> host << host
        raise NoPrefix(meant=Prefix(family, network.to_bytes(len(packed), "big"), length))
    return Prefix(family, packed, length)


@functools.lru_cache(maxsize=4096)
def parse_address(text: str, what: str) -> tuple[int, bytes]:
    """``(family, packed)`` of one IP address without a prefix length. InvalidInput starts with ``what``."""
    found = read_address(text)
    if found is None:
        hint = "; give the address alone, without a prefix length" if "/" in text else ""
        raise InvalidInput(f"{what}: {text!r} is not an IP address{hint}")
    return found


def parse_prefix(text: str, what: str, family: int | None = None) -> Prefix:
    """A destination prefix; a bare address is a host route; ``default`` needs ``family``.

    Bits behind the length are refused, with the prefix that was probably meant.
    """
    if text == "default":
        if family is None:
            raise InvalidInput(f"{what}: 'default' does not say which family; write 0.0.0.0/0 or ::/0")
        return DEFAULTS[family]
    try:
        return read_prefix(text)
    except NoPrefix as fault:
        if fault.meant is not None:
            cause = f"{text} has bits set behind its prefix length; did you mean {fault.meant}?"
        elif fault.bits is not None:
            cause = f"{text!r} has a prefix length outside 0 to {fault.bits}"
        else:
            cause = f"{text!r} is not a prefix such as 198.51.100.0/24 or 2001:db8::/32"
    raise InvalidInput(f"{what}: {cause}")


def address_text(packed: bytes | None) -> str | None:
    """Canonical text of an address of 4 or 16 bytes; None stays None."""
    if packed is None:
        return None
    return socket.inet_ntop(INET if len(packed) == 4 else INET6, packed)


@dataclass(frozen=True)
class Link:
    """A device: ``table`` is set for a VRF, ``master`` is the index of the VRF or bridge it belongs to (0: none).

    ``running``: up, and with a carrier (IFF_RUNNING). ``altnames``: other names it goes by (``ip link property``).
    """

    index: int
    name: str
    master: int = 0
    table: int | None = None
    running: bool = True
    altnames: tuple[str, ...] = ()


@dataclass(frozen=True)
class Address:
    """An address of the host. ``flags`` are IFA_F_*; lifetimes in seconds, None for ever (``if_addr.h``)."""

    address: str
    prefix_length: int
    family: int
    index: int
    device: str
    scope: int = 0
    flags: int = 0
    label: str | None = None
    peer: str | None = None
    preferred_lifetime: int | None = None
    valid_lifetime: int | None = None
    protocol: int | None = None

    SECONDARY: t.ClassVar[int] = 0x01
    NODAD: t.ClassVar[int] = 0x02
    OPTIMISTIC: t.ClassVar[int] = 0x04
    DADFAILED: t.ClassVar[int] = 0x08
    HOMEADDRESS: t.ClassVar[int] = 0x10
    DEPRECATED: t.ClassVar[int] = 0x20
    TENTATIVE: t.ClassVar[int] = 0x40
    PERMANENT: t.ClassVar[int] = 0x80
    NOPREFIXROUTE: t.ClassVar[int] = 0x200

    @property
    def packed(self) -> bytes:
        return socket.inet_pton(self.family, self.address)

    @property
    def usable(self) -> bool:
        """Whether the kernel takes it as a source: neither tentative (unless optimistic) nor dadfailed."""
        if self.flags & self.DADFAILED:
            return False
        return not self.flags & self.TENTATIVE or bool(self.flags & self.OPTIMISTIC)

    @property
    def deprecated(self) -> bool:
        return bool(self.flags & self.DEPRECATED)


@dataclass(frozen=True)
class Rule:
    """A policy rule (``ip-rule(8)``); None or 0 where it has no such selector."""

    family: int
    priority: int
    action: str
    table: int | None = None
    source: Prefix | None = None
    destination: Prefix | None = None
    iif: str | None = None
    oif: str | None = None
    mark: int | None = None
    mask: int = 0xFFFFFFFF
    tos: int = 0
    ip_protocol: int | None = None
    source_ports: tuple[int, int] | None = None
    destination_ports: tuple[int, int] | None = None
    uids: tuple[int, int] | None = None
    goto: int | None = None
    invert: bool = False
    l3mdev: bool = False
    suppress_prefixlength: int | None = None
    protocol: int = 0


class Label(t.NamedTuple):
    """An entry of the RFC 6724 policy table (``ip addrlabel``); ``device`` 0 holds for every device."""

    prefix: Prefix
    label: int
    device: int


@dataclass(frozen=True)
class NextHop:
    """One way out. ``weight`` counts from 1."""

    gateway: str | None = None
    device: str | None = None
    weight: int = 1
    onlink: bool = False

    def result(self) -> dict[str, t.Any]:
        return {"gateway": self.gateway, "device": self.device, "weight": self.weight, "onlink": self.onlink}


@dataclass(frozen=True)
class Route:
    """A route as the kernel holds it. ``metric`` is 0 where IPv4 has none; ``expires`` in seconds."""

    destination: Prefix
    table: int
    metric: int
    protocol: int
    scope: int
    type: int
    tos: int = 0
    source: str | None = None
    hops: tuple[NextHop, ...] = ()
    nexthop_id: int | None = None
    metrics: tuple[tuple[str, t.Any], ...] = ()
    locked: tuple[str, ...] = ()
    from_prefix: Prefix | None = None
    encapsulation: str | None = None
    realm: int | None = None
    preference: str | None = None
    expires: int | None = None
    flags: tuple[str, ...] = ()
    multipath: bool = False

    @property
    def family(self) -> int:
        return self.destination.family

    def result(self) -> dict[str, t.Any]:
        """The form that tasks return."""
        single = self.hops[0] if len(self.hops) == 1 and not self.multipath else NextHop()
        return {
            "destination": str(self.destination),
            "gateway": single.gateway,
            "device": single.device,
            "nexthops": [hop.result() for hop in self.hops] if self.multipath else [],
            "nexthop_id": self.nexthop_id,
            "source": self.source,
            "metric": self.metric,
            "table": self.table,
            "protocol": protocol_name(self.protocol),
            "scope": NAME_OF_SCOPE.get(self.scope, str(self.scope)),
            "type": NAME_OF_TYPE.get(self.type, str(self.type)),
            "tos": self.tos,
            "metrics": dict(self.metrics),
            "locked": list(self.locked),
            "line": self.line(),
        }

    def line(self) -> str:
        """One line in the words and the order of ``ip route show`` (``iproute.c`` of iproute2)."""
        words = [] if self.type == 1 else [NAME_OF_TYPE.get(self.type, str(self.type))]
        words.append(self.destination.short)
        if self.from_prefix:
            words.append(f"from {self.from_prefix.short}")
        if self.encapsulation:
            words.append(f"encap {self.encapsulation}")
        if self.nexthop_id:
            words.append(f"nhid {self.nexthop_id}")
        if self.tos:
            words.append(f"tos 0x{self.tos:02x}")
        if self.hops and not self.multipath:
            words.append(_hop_words(self.hops[0], self.family))
        if self.table != MAIN:
            words.append(f"table {table_name(self.table)}")
        words.append(f"proto {protocol_name(self.protocol)}")
        if self.scope:
            words.append(f"scope {NAME_OF_SCOPE.get(self.scope, str(self.scope))}")
        if self.source:
            words.append(f"src {self.source}")
        if self.metric or self.family == INET6:
            words.append(f"metric {self.metric}")
        words += self.flags
        if self.hops and not self.multipath and self.hops[0].onlink:
            words.append("onlink")
        if self.realm:
            source_realm, realm = self.realm >> 16, self.realm & 0xFFFF
            words.append(f"realms {source_realm}/{realm}" if source_realm else f"realm {realm}")
        if self.expires is not None:
            words.append(f"expires {self.expires}sec")
        for name, value in self.metrics:
            words.append(f"{name} {'lock ' if name in self.locked else ''}{value}{_unit(name)}")
        if self.preference:
            words.append(f"pref {self.preference}")
        if self.multipath:
            words += [
                f"nexthop {_hop_words(hop, self.family)} weight {hop.weight}{' onlink' if hop.onlink else ''}"
                for hop in self.hops
            ]
        return " ".join(words)


def _unit(name: str) -> str:
    return "ms" if name in ("rtt", "rttvar", "rto_min") else ""


def _hop_words(hop: NextHop, family: int) -> str:
    words = []
    if hop.gateway:
        other = "inet6 " if family == INET and ":" in hop.gateway else ""
        words.append(f"via {other}{hop.gateway}")
    if hop.device:
        words.append(f"dev {hop.device}")
    return " ".join(words)


@dataclass(frozen=True)
class Query:
    """What to ask the kernel: a packet that the host would send."""

    family: int
    destination: bytes
    source: bytes | None = None
    device: int | None = None
    mark: int | None = None
    uid: int | None = None
    ip_protocol: int | None = None
    source_port: int | None = None
    destination_port: int | None = None
    tos: int = 0


@dataclass(frozen=True)
class Hop:
    """A next hop that the user wants; None is unnamed. ``gateway`` is (family, packed), ``device`` an index."""

    gateway: tuple[int, bytes] | None = None
    device: int | None = None
    weight: int = 1
    onlink: bool | None = None


@dataclass(frozen=True)
class Shape:
    """Everything that a task names of a route but its destination; None is unnamed.

    Thousands of routes share one, so that what is costly is done once for each Shape.
    """

    family: int
    table: int = MAIN
    metric: int | None = None
    tos: int = 0
    protocol: int | None = None
    scope: int | None = None
    type: int | None = None
    source: bytes | None = None
    hops: tuple[Hop, ...] | None = None
    nexthop_id: int | None = None
    metrics: tuple[tuple[int, bytes], ...] = field(default=())
