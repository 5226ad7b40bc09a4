# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of a task: read from its list, and compared with what is there. Pure. PRIVATE to the collection."""

from __future__ import annotations

import socket
import typing as t
from dataclasses import dataclass

from .._base.errors import InvalidInput
from .._base.kinds import kind_of
from .._base.lifetimes import still_met
from .._base.names import ADDRESS_PROTOCOLS, NAME_OF_SCOPE, SCOPES, is_decimal, number
from .._base.values import BITS, INET, INET6, Address, Link, NoPrefix, address_text, read_address, read_interface
from .._netlink.decode import (
    FOREVER,
    Entry,
)

#: Of the connected route, where the address has none of its own: IP6_RT_PRIO_ADDRCONF of include/net/ip6_route.h.
DEFAULT_METRIC = {INET: 0, INET6: 256}
_NO_SENDER = {"multicast": "a multicast", "broadcast": "the broadcast", "unspecified": "the unspecified"}


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
    peer: str | None = None
    metric: int | None = None
    protocol: int | None = None

    @property
    def far(self) -> bytes:
        """The address of the other end; that of this end where there is none."""
        return socket.inet_pton(self.family, self.peer) if self.peer else self.packed

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
        key = (item.index, item.packed, *((item.prefix_length, item.peer) if item.family == INET else ()))
        if key in seen:
            raise InvalidInput(f"{item.name}: {item.text} on {item.device} is already in {seen[key]}")
        seen[key] = item.name
        parsed.append(item)
    return parsed


def _item(given: t.Mapping[str, t.Any], where: str, device: t.Callable[[str, str], Link]) -> Item:
    family, packed, length = _parse_address(given["address"], f"{where}.address")
    peer = None
    if given.get("peer"):
        peer, length = _peer(given, family, packed, length, f"{where}.peer")
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
        peer=peer,
        metric=None if given.get("metric") is None else number(given["metric"], {}, f"{where}.metric", 0xFFFFFFFF),
        protocol=None
        if given.get("protocol") is None
        else number(given["protocol"], ADDRESS_PROTOCOLS, f"{where}.protocol", 255),
    )
    if item.present:
        _check_usable(item, f"{where}.address")
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
    plain = str(text).strip()
    try:
        family, packed, length = read_interface(plain)
    except NoPrefix:
        alone = read_address(plain.partition("/")[0])
        if alone is None:
            cause = "is not an IP address, such as 192.0.2.2/32 or 2001:db8::2/128"
        else:
            cause = f"has a prefix length outside 0 to {BITS[alone[0]]}"
        raise InvalidInput(f"{what}: {text!r} {cause}") from None
    kind = kind_of(packed)
    if kind in _NO_SENDER:
        raise InvalidInput(f"{what}: {address_text(packed)} is {_NO_SENDER[kind]} address; a host cannot send from it")
    return family, packed, length


def _peer(given: t.Mapping[str, t.Any], family: int, packed: bytes, length: int, what: str) -> tuple[str, int]:
    """The other end, and the prefix length, which is the other end's."""
    found, far, its = _parse_address(given["peer"], what)
    if found != family:
        raise InvalidInput(f"{what}: {given['peer']} is not of the family of {given['address']}")
    if far == packed:
        raise InvalidInput(
            f"{what}: {given['peer']} is the address itself; name that of the other end, or leave it out"
        )
    text = t.cast(str, address_text(far))
    if "/" not in given["peer"]:
        return text, length
    if "/" in given["address"] and length != its:
        raise InvalidInput(f"{what}: /{its} is not the /{length} of {given['address']}; the length belongs to the peer")
    return text, its


def _check_usable(item: Item, what: str) -> None:
    """Of those that are there already, any may be taken away."""
    if kind_of(item.packed) == "mapped":
        meant = socket.inet_ntop(INET, item.packed[12:])
        raise InvalidInput(f"{what}: {item.text} stands for {meant} inside a host; add that, as an IPv4 address")
    if item.prefix_length == 0:
        alone = f"{address_text(item.packed)}/{BITS[item.family]}"
        raise InvalidInput(
            f"{what}: {item.text} would put every destination on the link of {item.device}; name the length of the "
            f"subnet, or {alone} for the address alone"
        )


def is_broadcast(item: Item) -> bool:
    """Whether it is the last address of its own IPv4 subnet, to which the kernel makes a broadcast route as well."""
    host = 32 - item.prefix_length
    return item.family == INET and host > 1 and not ~int.from_bytes(item.packed, "big") & ((1 << host) - 1)


def _parse_lifetime(value: t.Any, what: str) -> int | None:
    if value is None:
        return None
    text = str(value).strip()
    if text == "forever":
        return FOREVER
    if not is_decimal(text) or int(text) >= FOREVER:
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


Key = tuple[t.Any, ...]


def key(one: Address | Item) -> Key:
    """What the kernel tells addresses apart by: in IPv6 neither prefix length nor peer, in IPv4 both."""
    if one.family == INET6:
        return one.index, one.packed
    return one.index, one.packed, one.prefix_length, one.peer


def by_key(entries: t.Iterable[Entry]) -> dict[Key, Entry]:
    """The host's addresses, to be looked up by the ``key`` of an address or an item."""
    return {key(entry.address): entry for entry in entries}


def lifetime_met(named: int | None, left: int | None) -> bool:
    """Whether what is left of a lifetime (None: for ever) fulfils what is named: a number, or FOREVER."""
    if named is None:
        return True
    if named == FOREVER or left is None:
        return named == FOREVER and left is None
    return still_met(named, left)


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
    metric = DEFAULT_METRIC[item.family]
    if item.metric is not None and (item.metric or metric) != (address.metric or metric):
        return True
    if _other_protocol(item, address):
        return True
    return item.family == INET6 and (_other_flag(item, address) or item.peer not in (None, address.peer))


def _other_protocol(item: Item, address: Address) -> bool:
    return item.protocol not in (None, address.protocol or 0)


def why_not_held(item: Item, address: Address, created: bool) -> str:
    """Why the kernel holds this entry and not what the item says, as the end of a line; empty where it is not known."""
    if not _other_protocol(item, address):
        return ""
    if item.family == INET and not created:
        return (
            ": this kernel does not change the protocol of an IPv4 address that is there; leave protocol out, or remove"
            " the address with state: absent in a task before, then add it again"
        )
    return ": this kernel keeps no protocol of addresses, as Linux does from 5.18 on; leave protocol out"


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
