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
from dataclasses import dataclass

from .errors import InvalidInput
from .names import is_decimal

INET, INET6 = int(socket.AF_INET), int(socket.AF_INET6)
BITS = {INET: 32, INET6: 128}
MAIN = 254
#: A mask of 32 bits of which all count: that of a mark where a rule names none.
ALL_BITS = 0xFFFFFFFF
#: The kernel's own metric for a route without one (net/ipv6/route.c IP6_RT_PRIO_USER).
DEFAULT_METRICS = {INET: 0, INET6: 1024}


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
    if not (is_decimal(digits) and len(digits) <= 3):
        raise NoPrefix(bits if digits.isascii() and digits.strip().lstrip("+-").isdecimal() else None)
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

    ``up``: set up by an administrator (IFF_UP); ``running``: and with a carrier (IFF_RUNNING). ``altnames``: other
    names it goes by (``ip link property``). ``kind``: as ``ip -d link`` calls it (`vrf`, `dummy`), empty for hardware.
    """

    index: int
    name: str
    master: int = 0
    table: int | None = None
    running: bool = True
    altnames: tuple[str, ...] = ()
    up: bool = True
    kind: str = ""


@dataclass(frozen=True)
class Address:
    """An address of the host. ``flags`` are IFA_F_*; lifetimes in seconds, None for ever (``if_addr.h``).

    ``metric``: of its connected route, None for the kernel's own.
    """

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
    metric: int | None = None

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
    def subnet(self) -> Prefix:
        """What lies on the link by this address: that of the peer where it has one."""
        far = socket.inet_pton(self.family, self.peer or self.address)
        host = BITS[self.family] - self.prefix_length
        network = int.from_bytes(far, "big") >> host << host
        return Prefix(self.family, network.to_bytes(len(far), "big"), self.prefix_length)

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
    """A policy rule (``ip-rule(8)``); None or 0 where it has no such selector.

    ``realms``: the source's in the upper 16 bits. ``other``: attributes that have no name here, as the kernel dumped
    them, by number. ``detached``: it names a device that was not there under this name when either of them came.
    """

    family: int
    priority: int
    action: str
    table: int | None = None
    source: Prefix | None = None
    destination: Prefix | None = None
    iif: str | None = None
    oif: str | None = None
    mark: int | None = None
    mask: int = ALL_BITS
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
    detached: bool = False
    dscp: int | None = None
    tun_id: int = 0
    suppress_ifgroup: int | None = None
    realms: int = 0
    other: tuple[tuple[int, bytes], ...] = ()


#: The greatest label; the number above stands for none (IPV6_ADDR_LABEL_DEFAULT).
MAX_LABEL = 0xFFFFFFFE


class Label(t.NamedTuple):
    """An entry of the RFC 6724 policy table (``ip addrlabel``); ``device`` 0 holds for every device."""

    prefix: Prefix
    label: int
    device: int


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
