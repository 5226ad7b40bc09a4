# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single values of the intent: each function takes what the user wrote and returns its canonical form.

Every function raises `FieldError` with a message that names the value and the cause, never the entry: the caller
knows the entry. The back ends write these values into configuration files of daemons, so text is held to a small
alphabet here and nowhere else.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

FAMILIES = ("ipv4", "ipv6")
DEFAULT_ROUTE = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
MAX_U32 = 4294967295
MAIN_TABLE = 254
LOCAL_TABLE = 255

# IFNAMSIZ is 16 with the terminating zero (linux/if.h). The kernel allows more characters than these; a daemon's
# configuration language gives the others a meaning of their own.
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,14}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._,:/@+()=-]{0,79}\Z")
_ADDRESS_TEXT = re.compile(r"[0-9A-Fa-f:.]+\Z")
_PREFIX_TEXT = re.compile(r"[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?\Z")
_IPV4_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


class FieldError(ValueError):
    """One value that cannot be accepted; the text says which value and why."""


def show(value: Any) -> str:
    """The value as one printable line of at most 60 characters, for a message."""
    text = ascii(str(value)) if isinstance(value, str) else ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def family_of(value: Network | Address) -> str:
    return "ipv4" if value.version == 4 else "ipv6"


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise FieldError(f"{show(value)} is not text; write {what} as a string")
    # str() of a templated value strips Ansible's own subclasses, which do not survive every serializer.
    return str.__str__(value)


def address(value: Any) -> Address:
    """A bare IPv4 or IPv6 address: no prefix length, no zone."""
    text = _text(value, "an address")
    if not text:
        raise FieldError("is empty; write an IPv4 or IPv6 address")
    if "/" in text and _PREFIX_TEXT.match(text):
        raise FieldError(f"{show(text)} has a prefix length; write {show(text.split('/')[0])}")
    if not _ADDRESS_TEXT.match(text):
        raise FieldError(f"{show(text)} is not an IPv4 or IPv6 address")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise FieldError(f"{show(text)} is not an IPv4 or IPv6 address") from None


def destination(value: Any) -> Network:
    """A prefix in canonical form. An address without a length is that one host. Host bits are refused."""
    text = _text(value, "a prefix")
    if not text:
        raise FieldError("is empty; write a prefix such as 198.51.100.0/24")
    if not _PREFIX_TEXT.match(text):
        raise FieldError(f"{show(text)} is not a prefix")
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise FieldError(f"{show(text)} is not a prefix") from None
    host = text.split("/")[0]
    raise FieldError(
        f"{show(text)} has host bits set; probably {meant} (the network) or {host} (the one host) was meant"
    )


def source(value: Any, loopback_allowed: bool) -> Address:
    """An address a packet can leave with (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5)."""
    found = address(value)
    kind = None
    if found.is_unspecified:
        kind = "the unspecified address"
    elif found.is_multicast:
        kind = "a multicast address"
    elif found.is_link_local:
        kind = "a link-local address, which other hosts cannot answer through a router"
    elif str(found) == "255.255.255.255":
        kind = "the broadcast address"
    elif found.is_loopback and not loopback_allowed:
        kind = "a loopback address, which never leaves the host"
    elif isinstance(found, ipaddress.IPv6Address) and found in _IPV4_MAPPED:
        kind = "an IPv4-mapped IPv6 address; write the IPv4 address itself"
    if kind:
        raise FieldError(f"{found} is {kind}")
    return found


def interface_address(value: Any) -> str:
    """`address/length`; without a length the address is a /32 or /128."""
    text = _text(value, "an address with its prefix length")
    if not _PREFIX_TEXT.match(text):
        raise FieldError(f"{show(text)} is not an address with a prefix length")
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        raise FieldError(f"{show(text)} is not an address with a prefix length") from None
    source(str(found.ip), loopback_allowed=True)
    return found.with_prefixlen


def device(value: Any) -> str:
    """The name of an interface or of a VRF: 1 to 15 characters."""
    text = _text(value, "a name")
    if not _DEVICE.match(text):
        raise FieldError(
            f"{show(text)} is not a usable interface name (1 to 15 of A-Z a-z 0-9 _ . : @ -, "
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


def table(value: Any) -> int | None:
    """A kernel table number. `None` stands for main, so that `main`, 254 and nothing at all compare as equal."""
    if value == "main":
        return None
    if isinstance(value, str) and not value.isdigit():
        raise FieldError(f"{show(value)} is a name; write the table's number (or main)")
    found = number(value, 1, MAX_U32)
    if found == LOCAL_TABLE:
        raise FieldError("255 is the kernel's own table (local)")
    return None if found == MAIN_TABLE else found
