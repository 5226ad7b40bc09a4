# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single values of the intent: each function takes what the user wrote and returns the value, parsed.

Every function raises `FieldError` with a message that names the value and the cause, never the entry: the caller
knows the entry. How an address or a prefix is read is in `_base/values.py`. The back ends write these values into
configuration files of daemons, so text is held to a small alphabet here and nowhere else.
"""

from __future__ import annotations

import functools
import re
import socket
from typing import Any, NamedTuple

from .._base.kinds import NO_GATEWAY, kind_of, reserved
from .._base.names import TABLES, is_decimal
from .._base.values import (
    DEFAULT_METRICS,
    DEFAULTS,
    INET,
    INET6,
    NoPrefix,
    Prefix,
    address_text,
    read_address,
    read_interface,
    read_prefix,
)

FAMILIES = ("ipv4", "ipv6")
NAME_OF_FAMILY = {INET: "ipv4", INET6: "ipv6"}
DEFAULT_ROUTE = {NAME_OF_FAMILY[family]: prefix for family, prefix in DEFAULTS.items()}
DEFAULT_METRIC = {NAME_OF_FAMILY[family]: metric for family, metric in DEFAULT_METRICS.items()}
MAX_U32 = 4294967295

# ALTIFNAMSIZ is 128 with the terminating zero (linux/if.h); only the host knows whether a name is a first one, which
# are shorter. The kernel allows more characters than these; a daemon's configuration language gives the others a
# meaning of their own.
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,126}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._,:/@+()=-]{0,79}\Z")
_KINDS = {
    "unspecified": "the unspecified address",
    "multicast": "a multicast address",
    "link-local": "a link-local address, which other hosts cannot answer through a router",
    "broadcast": "the broadcast address",
    "loopback": "a loopback address, which never leaves the host",
    "mapped": "an IPv4-mapped IPv6 address; write the IPv4 address itself",
}


class Ip(NamedTuple):
    """An address: canonical text, as `ip` prints it, and its bytes in network order."""

    text: str
    packed: bytes

    @property
    def family(self) -> str:
        return "ipv4" if len(self.packed) == 4 else "ipv6"


class FieldError(ValueError):
    """One value that cannot be accepted; the text says which value and why."""


def show(value: Any) -> str:
    """The value as one printable line of at most 60 characters, for a message."""
    text = ascii(str(value)) if isinstance(value, str) else ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _text(value: Any, what: str) -> str:
    if value.__class__ is str:
        return str(value)
    if not isinstance(value, str):
        raise FieldError(f"{show(value)} is not text; write {what} as a string")
    # str() of a templated value strips Ansible's own subclasses, which do not survive every serializer.
    return str.__str__(value)


def address(value: Any) -> Ip:
    """A bare IPv4 or IPv6 address: no prefix length, no zone."""
    return _address(_text(value, "an address"))


@functools.lru_cache(maxsize=1024)
def _address(text: str) -> Ip:
    if not text:
        raise FieldError("is empty; write an IPv4 or IPv6 address")
    found = read_address(text)
    if found is None:
        host, slash, length = text.partition("/")
        if slash and read_address(host) and is_decimal(length):
            raise FieldError(f"{show(text)} has a prefix length; write {show(host)}")
        raise FieldError(f"{show(text)} is not an IPv4 or IPv6 address")
    family, packed = found
    return Ip(socket.inet_ntop(family, packed), packed)


def gateway(value: Any) -> Ip:
    """An address that packets can be handed to on the link."""
    found = address(value)
    kind = kind_of(found.packed)
    if kind in NO_GATEWAY:
        raise FieldError(f"{found.text} is {NO_GATEWAY[kind]}; no gateway has that")
    return found


def destination(value: Any) -> Prefix:
    """A prefix. An address without a length is that one host. Host bits are refused."""
    text = _text(value, "a prefix")
    try:
        return read_prefix(text)
    except NoPrefix as fault:
        meant = fault.meant
    if not text:
        raise FieldError("is empty; write a prefix such as 198.51.100.0/24")
    if meant is None:
        raise FieldError(f"{show(text)} is not a prefix")
    host = text.split("/")[0]
    raise FieldError(
        f"{show(text)} has host bits set; probably {meant} (the network) or {host} (the one host) was meant"
    )


def source(value: Any, loopback_allowed: bool) -> Ip:
    """An address a packet can leave with (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5)."""
    return _source(_text(value, "an address"), loopback_allowed)


@functools.lru_cache(maxsize=1024)
def _source(text: str, loopback_allowed: bool) -> Ip:
    found = _address(text)
    kind = kind_of(found.packed)
    if kind and not (kind == "loopback" and loopback_allowed):
        raise FieldError(f"{found.text} is {_KINDS[kind]}")
    return found


@functools.lru_cache(maxsize=1024)
def is_loopback(text: str) -> bool:
    return kind_of(_address(text).packed) == "loopback"


@functools.lru_cache(maxsize=1024)
def reserved_block(text: str) -> str | None:
    """The reserved block that an address lies in, in words."""
    return reserved(_address(text).packed)


def interface_address(value: Any) -> tuple[Ip, int]:
    """(address, prefix length); without a length the address is a /32 or /128."""
    text = _text(value, "an address with its prefix length")
    try:
        _family, packed, length = read_interface(text)
    except NoPrefix:
        raise FieldError(f"{show(text)} is not an address with a prefix length") from None
    return _source(str(address_text(packed)), True), length


def device(value: Any) -> str:
    """A name of an interface or of a VRF, its first one or an alternative: 1 to 127 characters."""
    text = _text(value, "a name")
    if not _DEVICE.match(text):
        raise FieldError(
            f"{show(text)} is not a usable interface name (1 to 127 of A-Z a-z 0-9 _ . : @ -, "
            "beginning with a letter or digit)"
        )
    return text


def name(value: Any) -> str:
    """A label of a policy. It appears in messages and in comments of configuration files."""
    text = _text(value, "a name")
    if not _NAME.match(text):
        raise FieldError(
            f"{show(text)} is not a usable name (1 to 80 of A-Z a-z 0-9, space and . _ , : / @ + ( ) = -, "
            "beginning with a letter or digit)"
        )
    return text


def number(value: Any, low: int, high: int) -> int:
    if isinstance(value, str) and re.match(r"[0-9]{1,10}\Z", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise FieldError(f"{show(value)} is not a whole number")
    if not low <= value <= high:
        raise FieldError(f"{value} is outside {low} to {high}")
    return int(value)


def boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "yes", "false", "no"):
        return value.lower() in ("true", "yes")
    raise FieldError(f"{show(value)} is not true or false")


def table_number(value: Any) -> int:
    """The number of a kernel table; what a name stands for is known on the host only."""
    if isinstance(value, str) and not is_decimal(value):
        raise FieldError(f"{show(value)} is a name; write the table's number (or main)")
    return number(value, 1, MAX_U32)


def table(value: Any) -> int | None:
    """A kernel table number. `None` stands for main, so that `main`, 254 and nothing at all compare as equal."""
    if value == "main":
        return None
    found = table_number(value)
    if found == TABLES["local"]:
        raise FieldError("255 is the kernel's own table (local)")
    return None if found == TABLES["main"] else found
