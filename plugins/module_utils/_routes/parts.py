# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rarer options of an entry to values: encapsulation, realms, lifetime, preference, locks. PRIVATE."""

from __future__ import annotations

import struct
import typing as t

from .._base.errors import InvalidInput
from .._base.names import ENCAPSULATIONS, FEATURES, METRICS, PREFERENCES, RTAX_CONGCTL, RTAX_FEATURES, number
from .._base.values import INET, INET6, Prefix, parse_address, parse_prefix
from .._netlink.wire import U32, attribute
from .encap import SEG6_MODES, TUNNEL_FLAGS

#: Type and payload of an encapsulation; this one is none.
Encap = tuple[int, bytes]
NO_ENCAP: Encap = (0, b"")
_MAX_LABEL = (1 << 20) - 1
_OPTIONS = {
    "none": (),
    "mpls": ("labels", "ttl"),
    "ip": ("id", "src", "dst", "ttl", "tos", "flags"),
    "ip6": ("id", "src", "dst", "hoplimit", "tc", "flags"),
    "seg6": ("mode", "segs"),
}
_NEEDED = {"mpls": "labels", "ip": "dst", "ip6": "dst", "seg6": "segs"}
_LOCKABLE = {"congctl": RTAX_CONGCTL, "features": RTAX_FEATURES, **{name: kind for name, (kind, _u) in METRICS.items()}}
_PREFERENCE = {name: code for code, name in PREFERENCES.items()}


#: The options of an entry that are read here.
OPTIONS = ("from", "locked", "encap", "realms", "expires", "pref")
#: Those that say nothing of a route without a next hop; the kernel drops them without a word.
OF_A_WAY = ("encap", "realms", "expires", "pref")


def of_hop(item: t.Mapping[str, t.Any], family: int, what: str) -> dict[str, t.Any]:
    """What a next hop has beside its way: fields of ``Hop``, and of ``Shape`` as well."""
    return {
        "encap": encapsulation(item.get("encap"), f"{what}.encap"),
        "realms": realms(item.get("realms"), family, f"{what}.realms"),
    }


def of_route(item: t.Mapping[str, t.Any], family: int, what: str) -> dict[str, t.Any]:
    """The fields of ``Shape`` that these options are about."""
    own = of_hop(item, family, what)
    if any(value is not None for value in own.values()) and (
        item.get("nexthops") or item.get("nexthop_id") is not None
    ):
        raise InvalidInput(f"{what}: encap and realms belong to a next hop; name them in each of nexthops")
    only_for = from_prefix(item.get("from"), family, f"{what}.from")
    return {
        **own,
        "from_prefix": only_for if only_for and only_for.length else None,
        "locked": locks(item.get("locked"), item.get("metrics") or {}, f"{what}.locked"),
        "expires": lifetime(item.get("expires"), family, f"{what}.expires"),
        "preference": preference(item.get("pref"), family, f"{what}.pref"),
    }


def from_prefix(text: str | None, family: int, what: str) -> Prefix | None:
    """The prefix that a route is only for the packets from; InvalidInput where the family has no such routes."""
    if text is None:
        return None
    found = parse_prefix(text, what, INET6)
    if family == INET or found.family == INET:
        raise InvalidInput(f"{what}: {text}: only IPv6 routes are for the packets from a prefix")
    return found


def encapsulation(given: t.Mapping[str, t.Any] | None, what: str) -> Encap | None:
    """What an ``encap`` option says, in the order in which the kernel dumps it; None where it is not given."""
    if given is None:
        return None
    kind = given.get("type")
    if kind not in _OPTIONS:
        raise InvalidInput(f"{what}.type: {kind!r} is not one of {', '.join(_OPTIONS)}")
    named = {name: value for name, value in given.items() if value is not None and name != "type"}
    for name in named:
        if name not in _OPTIONS[kind]:
            others = ", ".join(_OPTIONS[kind]) or "nothing else"
            raise InvalidInput(f"{what}.{name}: says nothing about encap {kind}, which has {others}")
    if kind == "none":
        return NO_ENCAP
    if not named.get(_NEEDED[kind]):
        raise InvalidInput(f"{what}.{_NEEDED[kind]}: encap {kind} needs it")
    code = next(code for code, name in ENCAPSULATIONS.items() if name == kind)
    return code, _PACKERS[kind](named, what)


def _bounded(value: t.Any, most: int, what: str) -> int:
    return number(value, {}, what, most)


def _mpls(named: t.Mapping[str, t.Any], what: str) -> bytes:
    labels = [_bounded(label, _MAX_LABEL, f"{what}.labels") for label in named["labels"]]
    last = len(labels) - 1
    stack = b"".join(struct.pack("!I", label << 12 | (0x100 if at == last else 0)) for at, label in enumerate(labels))
    ttl = named.get("ttl")
    return attribute(1, stack) + (attribute(2, bytes((_bounded(ttl, 255, f"{what}.ttl"),))) if ttl else b"")


def _ip(named: t.Mapping[str, t.Any], what: str) -> bytes:
    return _tunnel(named, INET, ("tos", "ttl"), (5, 4), what)


def _ip6(named: t.Mapping[str, t.Any], what: str) -> bytes:
    return _tunnel(named, INET6, ("tc", "hoplimit"), (5, 4), what)


def _tunnel(
    named: t.Mapping[str, t.Any], family: int, names: tuple[str, str], kinds: tuple[int, int], what: str
) -> bytes:
    found = attribute(1, struct.pack("!Q", _bounded(named.get("id", 0), (1 << 64) - 1, f"{what}.id")))
    for name, kind in (("dst", 2), ("src", 3)):
        found += attribute(kind, _address(named.get(name), family, f"{what}.{name}"))
    for name, kind in zip(names, kinds):
        found += attribute(kind, bytes((_bounded(named.get(name, 0), 255, f"{what}.{name}"),)))
    flags = 0
    for flag in named.get("flags", ()):
        if flag not in TUNNEL_FLAGS:
            raise InvalidInput(f"{what}.flags: {flag!r} is not one of {', '.join(TUNNEL_FLAGS)}")
        flags |= TUNNEL_FLAGS[flag]
    return found + attribute(6, struct.pack("!H", flags))


def _address(text: str | None, family: int, what: str) -> bytes:
    if text is None:
        return bytes(4 if family == INET else 16)
    found, packed = parse_address(text, what)
    if found != family:
        raise InvalidInput(f"{what}: {text} is not of the family of the encapsulation")
    return packed


def _seg6(named: t.Mapping[str, t.Any], what: str) -> bytes:
    mode = named.get("mode", "encap")
    if mode not in SEG6_MODES:
        raise InvalidInput(f"{what}.mode: {mode!r} is not one of {', '.join(SEG6_MODES)}")
    segments = [_address(text, INET6, f"{what}.segs") for text in named["segs"]]
    if mode == "inline" and any(segments[-1]):
        segments.append(bytes(16))  # where the kernel puts the packet's own destination
    count = len(segments)
    if count > 127:
        raise InvalidInput(f"{what}.segs: {count} segments are more than a routing header has room for")
    # struct ipv6_sr_hdr: next header, length in 8 bytes behind the first 8, type, segments left, the first of them.
    header = struct.pack("=BBBBBBH", 0, 2 * count, 4, count - 1, count - 1, 0, 0)
    return attribute(1, struct.pack("=i", SEG6_MODES.index(mode)) + header + b"".join(reversed(segments)))


_PACKERS = {"mpls": _mpls, "ip": _ip, "ip6": _ip6, "seg6": _seg6}


def realms(text: t.Any, family: int, what: str) -> int | None:
    """``4`` or ``3/4`` as the kernel's number; 0 is none."""
    if text is None:
        return None
    if family == INET6:
        raise InvalidInput(f"{what}: {text}: IPv6 routes have no realms")
    source, slash, own = str(text).rpartition("/")
    first = number(source, {"cosmos": 0}, what, 0xFFFF) if slash else 0
    return first << 16 | number(own, {"cosmos": 0}, what, 0xFFFF)


def lifetime(value: int | None, family: int, what: str) -> int | None:
    """Seconds; 0 is for ever."""
    if value is None:
        return None
    if family == INET:
        raise InvalidInput(f"{what}: {value}: only IPv6 routes have a lifetime")
    return number(value, {}, what, 0x7FFFFFFF // 1000)


def preference(text: str | None, family: int, what: str) -> int | None:
    """The router preference of RFC 4191 by its word."""
    if text is None:
        return None
    if family == INET:
        raise InvalidInput(f"{what}: {text}: only IPv6 routes have a preference")
    return number(text, _PREFERENCE, what, 3)


def locks(names: t.Sequence[str] | None, metrics: t.Mapping[str, t.Any], what: str) -> int | None:
    """The metrics of these names as RTAX_LOCK has them; ``metrics`` are those that the entry gives a value."""
    if names is None:
        return None
    if "congctl" in names and not metrics.get("congctl"):
        # The kernel takes such a lock, and `ip route show` of iproute2 6.1 ends at it with a fault.
        raise InvalidInput(f"{what}: congctl: there is nothing to lock; name the algorithm in metrics as well")
    found = 0
    for name in names:
        if name not in _LOCKABLE:
            raise InvalidInput(f"{what}: {name!r} is no route metric; use some of {', '.join(sorted(_LOCKABLE))}")
        found |= 1 << _LOCKABLE[name]
    return found


def features(text: str, what: str) -> bytes:
    """The value of RTAX_FEATURES for words between blanks; none for ``0``."""
    found = 0
    for word in "" if text == "0" else text.split():
        found |= number(word, FEATURES, what, 0xFF)
    return U32.pack(found)
