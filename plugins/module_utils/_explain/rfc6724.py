# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPv6 source address selection, as Linux does it. PRIVATE to the collection.

RFC 6724, section 5, in the order and with the tie-breaks of ``ipv6_dev_get_saddr()`` in net/ipv6/addrconf.c: rule 5.5
is not there, ORCHIDs come before rule 8, optimistic addresses last, and among equals the first of the list wins.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from .._base.values import Address, Label, Link
from .._host.domain import domain_of

TEMPORARY = 0x01  # IFA_F_TEMPORARY, the same bit as IPv4's IFA_F_SECONDARY
NO_LABEL = 0xFFFFFFFF
SCOPES = {-1: "no", 1: "interface-local", 2: "link-local", 5: "site-local", 8: "organization-local", 14: "global"}
_LINK_LOCAL, _SITE_LOCAL, _GLOBAL = 2, 5, 14

#: Linux's order: the rule's number in RFC 6724 and what it prefers. ``8-`` and ``8+`` are Linux's own.
RULES = (
    ("1", "the destination itself"),
    ("2", "the appropriate scope"),
    ("3", "an address that is not deprecated"),
    ("4", "a home address"),
    ("5", "the outgoing device"),
    ("6", "the destination's label"),
    ("7", "a public address"),
    ("8-", "an ORCHID for an ORCHID"),
    ("8", "the longest matching prefix"),
    ("8+", "an address that is not optimistic"),
)


@dataclass(frozen=True)
class Settings:
    """Sysctls of one device: ``net.ipv6.conf.DEVICE``; ``optimistic``: optimistic_dad and use_optimistic are on."""

    use_tempaddr: int = 0
    optimistic: bool = False
    use_oif_addrs_only: bool = False


@dataclass(frozen=True)
class Destination:
    """What the rules compare with: the address and the index of the device that the route leaves by.

    ``index`` is 0 where there is no route: then no device is preferred. ``settings`` of every device with a candidate.
    ``mobility``: the kernel has rule 4. ``temporary`` and ``care_of``: what the socket prefers by RFC 5014; None: what
    ``use_tempaddr`` says. ``near_only``: in a VRF the addresses of the outgoing device and of the VRF's own are the
    only candidates where there are any, as on kernels before 6.11; since then they mostly are only the first ones.
    """

    packed: bytes
    index: int
    labels: t.Sequence[Label]
    settings: t.Mapping[int, Settings]
    mobility: bool = False
    temporary: bool | None = None
    care_of: bool = False
    near_only: bool = False

    @property
    def label(self) -> int:
        return label_of(self.packed, self.index, self.labels)


def preferred(rule: str, to: Destination) -> str | None:
    """What a rule of RULES prefers, in words; the socket may have turned it round."""
    if rule == "7" and to.temporary:
        return "a temporary address"
    if rule == "4" and to.care_of:
        return "a care-of address"
    return dict(RULES).get(rule)


@dataclass(frozen=True)
class Decision:
    """``rule`` decided between ``winner`` and ``runner_up``.

    ``rule`` is one of RULES, ``order`` where all of them leave the two equal, ``only`` where there is no runner-up,
    ``unknown`` where by these rules the runner-up would have won: the kernel went by something that they do not know.
    """

    winner: Address
    runner_up: Address | None
    rule: str


def scope_of(packed: bytes) -> int:
    """``__ipv6_addr_src_scope()``: 1 to 14, -1 for the unspecified address."""
    if packed[0] == 0xFF:
        return packed[1] & 0x0F
    if packed == bytes(16):
        return -1
    if _loopback(packed) or (packed[0] == 0xFE and packed[1] & 0xC0 == 0x80):
        return _LINK_LOCAL
    if packed[0] == 0xFE and packed[1] & 0xC0 == 0xC0:
        return _SITE_LOCAL
    return _GLOBAL


def _loopback(packed: bytes) -> bool:
    return packed == bytes(15) + b"\x01"


def _never_avoided(packed: bytes) -> bool:
    """``ipv6_saddr_preferred()``: loopback, and what maps or embeds an IPv4 address."""
    return packed[:12] in (bytes(12), bytes(10) + b"\xff\xff")


def label_of(packed: bytes, index: int, labels: t.Sequence[Label]) -> int:
    """The label of an address on a device; ``labels`` in the kernel's order, longest prefix first."""
    host = int.from_bytes(packed, "big")
    for shift, network, label, device in _numbers(tuple(labels)):
        if device in (0, index) and host >> shift == network:
            return label
    return NO_LABEL


@functools.lru_cache(maxsize=8)
def _numbers(labels: tuple[Label, ...]) -> tuple[tuple[int, int, int, int], ...]:
    shifts = [128 - entry.prefix.length for entry in labels]
    return tuple(
        (shift, int.from_bytes(entry.prefix.packed, "big") >> shift, entry.label, entry.device)
        for shift, entry in zip(shifts, labels)
    )


def common_bits(one: bytes, other: bytes) -> int:
    """How many leading bits two addresses share."""
    return 128 - (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_length()


def _orchid(packed: bytes) -> bool:
    return packed[:3] == b"\x20\x01\x00" and packed[3] & 0xF0 == 0x10


def score(candidate: Address, to: Destination) -> tuple[int, ...]:
    """One number for each of RULES; the first that differs decides, and the greater one wins."""
    packed, settings = candidate.packed, to.settings.get(candidate.index, Settings())
    scope, wanted = scope_of(packed), scope_of(to.packed)
    avoided = Address.DEPRECATED | (0 if settings.optimistic else Address.OPTIMISTIC)
    temporary, wished = bool(candidate.flags & TEMPORARY), to.temporary
    if wished is None:
        wished = settings.use_tempaddr >= 2
    return (
        int(packed == to.packed),
        -scope if scope >= wanted else scope - 128,
        int(_never_avoided(packed) or not candidate.flags & avoided),
        int(to.mobility and bool(candidate.flags & Address.HOMEADDRESS) != to.care_of),
        int(candidate.index == to.index),
        int(label_of(packed, candidate.index, to.labels) == to.label),
        int(temporary == wished),
        int(_orchid(packed) == _orchid(to.packed)),
        min(common_bits(packed, to.packed), candidate.prefix_length),
        int(not candidate.flags & Address.OPTIMISTIC),
    )


def candidates(addresses: t.Iterable[Address], links: t.Mapping[int, Link], to: Destination) -> list[Address]:
    """The addresses that come into question, in the order in which the kernel meets them."""
    usable = [
        address
        for address in addresses
        if len(address.packed) == 16
        and address.packed != bytes(16)
        and address.packed[0] != 0xFF
        and (not address.flags & Address.TENTATIVE or address.flags & Address.OPTIMISTIC)
    ]
    only_here = to.settings.get(to.index, Settings()).use_oif_addrs_only
    near_only = to.packed[0] == 0xFF or scope_of(to.packed) <= _LINK_LOCAL or only_here
    if to.index and near_only:
        return [address for address in usable if address.index == to.index]
    domain = domain_of(to.index, links)
    everywhere = [address for address in usable if domain_of(address.index, links) == domain]
    if not domain:
        return everywhere
    near = [address for address in everywhere if address.index == to.index]
    near += [address for address in everywhere if address.index == domain != to.index]
    if near and to.near_only:
        return near
    return near + [address for address in everywhere if address.index not in (to.index, domain)]


def choose(found: t.Sequence[Address], to: Destination) -> Address | None:
    """The address that Linux would take; None without candidates."""
    # max() keeps the first of several equals, as the kernel's loop does.
    return max(found, key=lambda candidate: score(candidate, to), default=None)


def decide(found: t.Sequence[Address], to: Destination, chosen: str) -> Decision | None:
    """Why ``chosen`` (canonical text) is preferred to the best of the others; None where it is no candidate."""
    winner = choose([candidate for candidate in found if candidate.address == chosen], to)
    if winner is None:
        return None
    runner_up = choose([candidate for candidate in found if candidate.address != chosen], to)
    if runner_up is None:
        return Decision(winner, None, "only")
    pairs = zip(RULES, score(winner, to), score(runner_up, to))
    name, one, other = next(((rule[0], one, other) for rule, one, other in pairs if one != other), ("order", 0, 0))
    if name == "order":
        # Between devices the kernel goes by a list of its own, which no dump tells; on one device by that of the dump.
        known = winner.index != runner_up.index or found.index(winner) < found.index(runner_up)
        return Decision(winner, runner_up, "order" if known else "unknown")
    return Decision(winner, runner_up, name if one > other else "unknown")
