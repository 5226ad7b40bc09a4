# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses: what a task wants, what the kernel says, and the bytes between. PRIVATE to the collection.

Pure functions over the payload of RTM_NEWADDR: ``struct ifaddrmsg`` (8 bytes) and its attributes, as in
``include/uapi/linux/if_addr.h``. A change starts from the dumped payload, because whatever a request leaves out
(metric, protocol, lifetimes) the kernel resets.
"""

from __future__ import annotations

import socket
import typing as t
from dataclasses import dataclass

from .._base.errors import InvalidInput
from .._base.names import NAME_OF_SCOPE, SCOPES, number
from .._base.values import BITS, INET, INET6, Address, Link
from .._netlink.decode import (
    CACHEINFO,
    FOREVER,
    IFA_ADDRESS,
    IFA_CACHEINFO,
    IFA_FLAGS,
    IFA_LABEL,
    IFA_LOCAL,
    IFA_PROTO,
    IFADDRMSG,
    Entry,
    lifetimes,
)
from .._netlink.wire import (
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    RTM_DELADDR,
    RTM_NEWADDR,
    U32,
    Message,
    attribute,
    attribute_dict,
    attributes,
)

_IFA_BROADCAST, _IFA_RT_PRIORITY = 4, 9
_MANAGETEMPADDR, _MCAUTOJOIN = 0x100, 0x400
#: Of the flags that a dump shows, those that a request decides; the others are state.
_REQUEST_FLAGS = {
    INET: Address.NOPREFIXROUTE | _MCAUTOJOIN,
    INET6: Address.NODAD | Address.HOMEADDRESS | _MANAGETEMPADDR | Address.NOPREFIXROUTE | _MCAUTOJOIN,
}
_REQUEST_ATTRIBUTES = (
    *(IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, _IFA_BROADCAST, IFA_CACHEINFO),
    *(IFA_FLAGS, _IFA_RT_PRIORITY, IFA_PROTO),
)
_WORDS = (
    (Address.SECONDARY, "secondary"),
    (Address.DEPRECATED, "deprecated"),
    (Address.NODAD, "nodad"),
    (Address.OPTIMISTIC, "optimistic"),
    (Address.TENTATIVE, "tentative"),
    (Address.DADFAILED, "dadfailed"),
    (Address.NOPREFIXROUTE, "noprefixroute"),
)


@dataclass(frozen=True)
class Item:
    """An entry of the task. Lifetimes in seconds, FOREVER, or None where unnamed, like every other None."""

    name: str
    family: int
    packed: bytes
    prefix_length: int
    index: int
    device: str
    present: bool = True
    label: str | None = None
    scope: int | None = None
    preferred_lifetime: int | None = None
    valid_lifetime: int | None = None
    noprefixroute: bool | None = None
    nodad: bool = False

    @property
    def text(self) -> str:
        return f"{socket.inet_ntop(self.family, self.packed)}/{self.prefix_length}"


def parse(items: t.Sequence[t.Mapping[str, t.Any]], device: t.Callable[[str, str], Link]) -> list[Item]:
    """The task's list as values. InvalidInput names the item; ``device`` finds a link by name, or raises it."""
    parsed: list[Item] = []
    seen: dict[tuple[t.Any, ...], str] = {}
    for position, given in enumerate(items):
        item = _item(given, f"addresses[{position}]", device)
        # The kernel holds an IPv6 address with one prefix length on each device, an IPv4 address with several.
        key = (item.index, item.packed, item.prefix_length if item.family == INET else None)
        if key in seen:
            raise InvalidInput(f"{item.name}: {item.text} on {item.device} is already in {seen[key]}")
        seen[key] = item.name
        parsed.append(item)
    return parsed


def _item(given: t.Mapping[str, t.Any], where: str, device: t.Callable[[str, str], Link]) -> Item:
    family, packed, length = _parse_address(given["address"], f"{where}.address")
    link = device(given["device"], f"{where}.device")
    item = Item(
        name=where,
        family=family,
        packed=packed,
        prefix_length=length,
        index=link.index,
        device=link.name,
        present=(given.get("state") or "present") == "present",
        label=given.get("label"),
        scope=None if given.get("scope") is None else number(given["scope"], SCOPES, f"{where}.scope", 255),
        preferred_lifetime=_parse_lifetime(given.get("preferred_lifetime"), f"{where}.preferred_lifetime"),
        valid_lifetime=_parse_lifetime(given.get("valid_lifetime"), f"{where}.valid_lifetime"),
        noprefixroute=given.get("noprefixroute"),
        nodad=bool(given.get("nodad")),
    )
    if item.label is not None:
        _check_label(item)
    if family == INET6 and item.scope not in (None, default_scope(family, packed)):
        natural = NAME_OF_SCOPE[default_scope(family, packed)]
        raise InvalidInput(
            f"{where}.scope: the kernel derives the scope of an IPv6 address from the address;"
            f" {item.text} has {natural}, not {given['scope']}"
        )
    if item.valid_lifetime == 0:
        raise InvalidInput(f"{where}.valid_lifetime: 0 would remove the address at once; use state: absent")
    check_lifetimes(item, item.preferred_lifetime, item.valid_lifetime)
    return item


def _parse_address(text: str, what: str) -> tuple[int, bytes, int]:
    address, slash, digits = str(text).strip().partition("/")
    family = INET6 if ":" in address else INET
    try:
        packed = socket.inet_pton(family, address)
    except (OSError, ValueError):
        raise InvalidInput(f"{what}: {text!r} is not an IP address, such as 192.0.2.2/32 or 2001:db8::2/128") from None
    bits = BITS[family]
    if slash and not (digits.isdecimal() and int(digits) <= bits):
        raise InvalidInput(f"{what}: {text!r} has a prefix length outside 0 to {bits}")
    multicast = packed[0] >> 4 == 0xE if family == INET else packed[0] == 0xFF
    if multicast or not any(packed) or packed == b"\xff" * 4:
        kind = "a multicast" if multicast else "the broadcast" if any(packed) else "the unspecified"
        raise InvalidInput(f"{what}: {address} is {kind} address; a host cannot send from it")
    return family, packed, int(digits) if slash else bits


def _parse_lifetime(value: t.Any, what: str) -> int | None:
    if value is None:
        return None
    text = str(value).strip()
    if text == "forever":
        return FOREVER
    if not text.isdecimal() or int(text) >= FOREVER:
        raise InvalidInput(f"{what}: {value!r} is neither a number of seconds below {FOREVER} nor 'forever'")
    return int(text)


def _check_label(item: Item) -> None:
    label = item.label or ""
    if item.family == INET6:
        raise InvalidInput(f"{item.name}.label: IPv6 addresses have no label ({item.text}, {label!r})")
    if label != item.device and not label.startswith(f"{item.device}:"):
        raise InvalidInput(f"{item.name}.label: {label!r} must be {item.device} or begin with '{item.device}:'")
    if len(label.encode()) > 15:
        raise InvalidInput(f"{item.name}.label: {label!r} is longer than the 15 bytes that the kernel keeps")


def check_lifetimes(item: Item, preferred: int | None, valid: int | None, left: str = "") -> None:
    """InvalidInput for lifetimes that the kernel refuses or ignores; None is unnamed."""
    if preferred is None or valid is None:
        return
    if preferred > valid:
        raise InvalidInput(
            f"{item.name}.preferred_lifetime: {item.text} cannot be preferred for longer"
            f" ({_lifetime_text(preferred)}) than it is valid ({_lifetime_text(valid)}{left})"
        )
    if item.family == INET and valid == FOREVER and preferred not in (0, FOREVER):
        raise InvalidInput(
            f"{item.name}.preferred_lifetime: the kernel ignores {_lifetime_text(preferred)} for {item.text}, because"
            " an IPv4 address that is valid for ever stays preferred; name valid_lifetime too, or 0 to deprecate it now"
        )


def _lifetime_text(seconds: int) -> str:
    return "forever" if seconds == FOREVER else f"{seconds} s"


def default_scope(family: int, packed: bytes) -> int:
    """The scope that ``ip address add`` (IPv4) or the kernel (IPv6, ``ipv6_addr_type``) gives."""
    if family == INET:
        return SCOPES["host"] if packed[0] == 127 else SCOPES["global"]
    if packed[0] == 0xFE and packed[1] & 0xC0 == 0x80:
        return SCOPES["link"]
    if packed[0] == 0xFE and packed[1] & 0xC0 == 0xC0:
        return SCOPES["site"]
    return SCOPES["host"] if packed == bytes(15) + b"\1" else SCOPES["global"]


def line(address: Address) -> str:
    """One line in the words of ``ip address`` (``ipaddress.c`` of iproute2); lifetimes only where they end."""
    words = ["inet" if address.family == INET else "inet6"]
    words.append(address.address if address.peer else f"{address.address}/{address.prefix_length}")
    if address.peer:
        words.append(f"peer {address.peer}/{address.prefix_length}")
    words.append(f"dev {address.device} scope {NAME_OF_SCOPE.get(address.scope, str(address.scope))}")
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


Key = tuple[t.Any, ...]


def key(one: Address | Item) -> Key:
    """What the kernel tells addresses apart by: in IPv6 neither prefix length nor peer, in IPv4 both."""
    if one.family == INET6:
        return one.index, one.packed
    return one.index, one.packed, one.prefix_length, one.peer if isinstance(one, Address) else None


def by_key(entries: t.Iterable[Entry]) -> dict[Key, Entry]:
    """The host's addresses, to be looked up by the ``key`` of an address or an item."""
    return {key(entry.address): entry for entry in entries}


def lifetime_met(named: int | None, left: int | None) -> bool:
    """Whether what is left of a lifetime (None: for ever) fulfils what is named.

    A number is fulfilled while at least half of it is left and not more than it: so a second run changes nothing,
    and runs that come often enough keep the address alive. 0 wants 0, FOREVER wants None.
    """
    if named is None:
        return True
    if named == FOREVER or left is None:
        return named == FOREVER and left is None
    return left <= named <= 2 * left


def wanted_lifetimes(item: Item, address: Address | None) -> tuple[int, int]:
    """``(preferred, valid)`` to send: what is named, else what is left, else for ever.

    An unnamed preferred lifetime ends with the valid one where it did so before, or would end later.
    """
    before = address or Address("", 0, item.family, 0, "")
    left_preferred = FOREVER if before.preferred_lifetime is None else before.preferred_lifetime
    left_valid = FOREVER if before.valid_lifetime is None else before.valid_lifetime
    due = not (
        lifetime_met(item.preferred_lifetime, before.preferred_lifetime)
        and lifetime_met(item.valid_lifetime, before.valid_lifetime)
    )
    if address is not None and not due:
        return left_preferred, left_valid
    valid = left_valid if item.valid_lifetime is None else item.valid_lifetime
    if item.preferred_lifetime is not None:
        there = "" if address is None else " left; name valid_lifetime too"
        check_lifetimes(item, item.preferred_lifetime, valid, there)
        return item.preferred_lifetime, valid
    if left_preferred == left_valid:
        return valid, valid
    # What the kernel ignores is not sent either: see check_lifetimes.
    kept = FOREVER if item.family == INET and valid == FOREVER and left_preferred else left_preferred
    return min(kept, valid), valid


def differs(item: Item, address: Address) -> bool:
    """Whether the entry has to change in what the kernel can change in place."""
    if not lifetime_met(item.preferred_lifetime, address.preferred_lifetime):
        return True
    if not lifetime_met(item.valid_lifetime, address.valid_lifetime):
        return True
    return item.family == INET6 and _other_flag(item, address)


def _other_flag(item: Item, address: Address) -> bool:
    return item.noprefixroute is not None and item.noprefixroute != bool(address.flags & Address.NOPREFIXROUTE)


def fixed_differences(item: Item, address: Address) -> list[str]:
    """What an IPv4 entry has that its replacing cannot change (``inet_rtm_newaddr``), as ``label is lo, not lo:1``."""
    found = []
    if item.family == INET:
        if item.label is not None and item.label != address.label:
            found.append(f"label is {address.label}, not {item.label}")
        if item.scope is not None and item.scope != address.scope:
            names = [NAME_OF_SCOPE.get(scope, str(scope)) for scope in (address.scope, item.scope)]
            found.append(f"scope is {names[0]}, not {names[1]}")
        if _other_flag(item, address):
            found.append(f"noprefixroute is {str(not item.noprefixroute).lower()}")
    return found


def _pack(header: t.Sequence[int], attrs: t.Mapping[int, bytes]) -> bytes:
    return IFADDRMSG.pack(*header) + b"".join([attribute(kind, attrs[kind]) for kind in sorted(attrs)])


def new_payload(item: Item) -> bytes:
    """The request that makes this address."""
    flags = Address.NOPREFIXROUTE if item.noprefixroute else 0
    if item.nodad and item.family == INET6:
        flags |= Address.NODAD
    scope = default_scope(item.family, item.packed) if item.scope is None else item.scope
    attrs = {
        IFA_ADDRESS: item.packed,
        IFA_LOCAL: item.packed,
        IFA_FLAGS: U32.pack(flags),
        IFA_CACHEINFO: CACHEINFO.pack(*wanted_lifetimes(item, None), 0, 0),
    }
    if item.label:
        attrs[IFA_LABEL] = item.label.encode() + b"\0"
    return _pack((item.family, item.prefix_length, flags & 0xFF, scope, item.index), attrs)


def restoring_payload(payload: bytes, extra_flags: int = 0) -> bytes:
    """The request that makes this dumped address again; lifetimes go on from what was left."""
    header = list(IFADDRMSG.unpack_from(payload))
    attrs = {k: value for k, value in attributes(payload, IFADDRMSG.size) if k in _REQUEST_ATTRIBUTES}
    shown = U32.unpack(attrs[IFA_FLAGS])[0] if IFA_FLAGS in attrs else header[2]
    _set_flags(header, attrs, shown & _REQUEST_FLAGS[header[0]] | extra_flags)
    attrs[IFA_CACHEINFO] = CACHEINFO.pack(*lifetimes(attrs, shown), 0, 0)
    return _pack(header, attrs)


def changed_payload(item: Item, entry: Entry) -> bytes:
    """The request that keeps everything about this entry but what the item names."""
    payload = restoring_payload(entry.payload)
    header = list(IFADDRMSG.unpack_from(payload))
    attrs = attribute_dict(payload, IFADDRMSG.size)
    if item.noprefixroute is not None and item.family == INET6:
        flags = U32.unpack(attrs[IFA_FLAGS])[0] & ~Address.NOPREFIXROUTE
        _set_flags(header, attrs, flags | (Address.NOPREFIXROUTE if item.noprefixroute else 0))
    attrs[IFA_CACHEINFO] = CACHEINFO.pack(*wanted_lifetimes(item, entry.address), 0, 0)
    return _pack(header, attrs)


def _set_flags(header: list[int], attrs: dict[int, bytes], flags: int) -> None:
    header[2] = flags & 0xFF
    attrs[IFA_FLAGS] = U32.pack(flags)


def addition(payload: bytes) -> Message:
    """Make an address that is not there; EEXIST where it is."""
    return Message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, payload)


def replacement(payload: bytes) -> Message:
    """Change an address that is there."""
    return Message(RTM_NEWADDR, NLM_F_REPLACE, payload)


def removal(payload: bytes) -> Message:
    """Remove the address that a request or a dump describes, told from its twins by prefix length and peer."""
    header = IFADDRMSG.unpack_from(payload)
    attrs = attribute_dict(payload, IFADDRMSG.size)
    return Message(RTM_DELADDR, 0, _pack(header, {k: attrs[k] for k in (IFA_ADDRESS, IFA_LOCAL) if k in attrs}))
