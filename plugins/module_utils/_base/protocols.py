# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route protocols: number, name, owner, and the word the intent has for them. PRIVATE to the collection.

This is the only table of them. Sources: ``include/uapi/linux/rtnetlink.h`` and iproute2's ``rt_protos``; 66 is what
Google's guest agent installs the addresses of load balancers with, 80 ``defaultVXLANProto`` of Calico's Felix, 112
keepalived's before the kernel's headers had 18 for it; iproute2 prints these three as numbers. 190 to 198 are
``zebra/rt_netlink.h`` of FRR. Which of them FRR writes is ``zebra2proto()`` in its ``zebra/rt_netlink.c``: OSPFv2 and
OSPFv3 share 188, RIP and RIPng have a number each, OpenFabric has its own beside IS-IS, a static route has 196, and
what has no number of its own (an imported table) becomes 11. BIRD writes everything as 12 (``sysdep/linux/netlink.c``).
Standard library only: services of ours that run without Ansible import it.
"""

from __future__ import annotations

import typing as t

#: The protocol number of routes that are ours. Registered nowhere; change ``protocol:`` where it collides.
OWN_PROTOCOL = 133

_FRR = "Set it in FRR: a route-map with 'set src', attached by 'ip protocol … route-map' (role l3host.source_ip.frr)"
_BIRD = "Set it in BIRD: 'krt_prefsrc' in the kernel protocol's export filter (role l3host.source_ip.bird)"
_OTHER = "Change the configuration of the daemon that installs it, or add a route of your own"


class _Row(t.NamedTuple):
    """``instead``: what to configure instead of touching such a route; None where it is nobody's.

    ``words``: those of the intent; ``family``: the only one in which the words mean this number; ``program``: who
    installs such routes, where that is not the name.
    """

    number: int
    name: str
    instead: str | None = None
    words: tuple[str, ...] = ()
    family: str | None = None
    program: str | None = None


_KEEPALIVED = "Set it in keepalived: 'src' in virtual_routes"
_ROWS = (
    _Row(0, "unspec"),
    _Row(1, "redirect", _OTHER),
    _Row(
        2,
        "kernel",
        "A link flap would bring back the kernel's own source; add a route of your own instead",
        ("kernel", "connected"),
    ),
    _Row(3, "boot", None, ("boot",)),
    _Row(4, "static", None, ("static",)),
    _Row(8, "gated", _OTHER),
    _Row(9, "ra", "Router advertisements renew it; add a route of your own with a lower metric instead", ("ra",)),
    _Row(10, "mrt", _OTHER),
    _Row(11, "zebra", _FRR),
    _Row(12, "bird", _BIRD),
    _Row(13, "dnrouted", _OTHER),
    _Row(14, "xorp", _OTHER),
    _Row(15, "ntk", _OTHER),
    _Row(
        16,
        "dhcp",
        "Set the source where the DHCP client is configured, or add a route of your own with a lower metric",
        ("dhcp",),
    ),
    _Row(17, "mrouted", _OTHER),
    _Row(18, "keepalived", _KEEPALIVED),
    _Row(42, "babel", "Set it in babeld: 'pref-src' in an install filter", ("babel",)),
    _Row(66, "66", "Change the forwarding rules of the cloud, which the agent follows", program="google-guest-agent"),
    _Row(80, "80", "Set it in Calico: 'deviceRouteSourceAddress' of its FelixConfiguration", program="calico"),
    _Row(84, "ovn", _OTHER),
    _Row(99, "openr", _OTHER),
    _Row(112, "112", _KEEPALIVED, program="keepalived"),
    _Row(186, "bgp", _FRR, ("bgp",)),
    _Row(187, "isis", _FRR, ("isis",)),
    _Row(188, "ospf", _FRR, ("ospf",)),
    _Row(189, "rip", _FRR, ("rip",), "ipv4"),
    _Row(190, "ripng", _FRR, ("rip",), "ipv6"),
    _Row(191, "nhrp", _FRR, ("nhrp",)),
    _Row(192, "eigrp", _FRR, ("eigrp",)),
    _Row(193, "ldp", _FRR),
    _Row(194, "sharp", _FRR),
    _Row(195, "pbr", _FRR),
    _Row(196, "zstatic", _FRR, ("static",)),
    _Row(197, "openfabric", _FRR, ("openfabric",)),
    _Row(198, "srte", _FRR),
)
PROTOCOLS = {row.name: row.number for row in _ROWS}
NAME_OF_PROTOCOL = {row.number: row.name for row in _ROWS}
#: Who owns routes of which protocol, and what to configure instead of touching them.
OWNERS = {row.program or row.name: row.instead for row in _ROWS if row.instead}
_OWNER_OF = {row.number: row.program or row.name for row in _ROWS if row.instead}
#: The words of the intent, without ``any``.
WORDS = tuple(sorted({word for row in _ROWS for word in row.words}))
#: The numbers that FRR writes; babeld alone writes 42 as well.
FRR_NUMBERS = frozenset({42, *(row.number for row in _ROWS if row.instead is _FRR)})
FRR_WORDS = tuple(sorted({word for row in _ROWS if row.number in FRR_NUMBERS for word in row.words}))
#: The kernel does not know by which protocol BIRD came to a route.
BIRD_WORDS = ("babel", "bgp", "ospf", "rip", "static")

_FAMILIES = ("ipv4", "ipv6")
_NUMBERS = {
    (word, family): tuple(row.number for row in _ROWS if word in row.words and row.family in (None, family))
    for word in WORDS
    for family in _FAMILIES
}
_WORD = {(number, family): word for (word, family), numbers in _NUMBERS.items() for number in numbers}
_SYNONYMS = {"connected": "kernel"}
_FRR_WORDS6 = {"ospf": "ospf6", "rip": "ripng"}


def protocol_name(number: int) -> str:
    """The name of a route protocol, or the number as text where it has none."""
    return NAME_OF_PROTOCOL.get(number, str(number))


def owner(protocol: int) -> str | None:
    """The program (or ``kernel``) that owns routes of this protocol number; None for ours, static, boot and unknown."""
    return _OWNER_OF.get(protocol)


def numbers_of(word: str, family: str) -> tuple[int, ...]:
    """The protocol numbers that a word of the intent (not ``any``) means in one family (``ipv4`` or ``ipv6``)."""
    return _NUMBERS[(word, family)]


def word_of(number: int, family: str) -> str:
    """The word for a route of this number: the intent's, else a name or digits, which only ``any`` takes in.

    ``connected`` is ``kernel``: see ``one_word``.
    """
    word = _WORD.get((number, family))
    if word is not None:
        return one_word(word)
    name = protocol_name(number)
    # The other family's `rip` or `ripng`: nobody installs that, and the intent's `rip` does not mean it.
    return str(number) if name in WORDS else name


def one_word(word: str) -> str:
    """One word for those that mean the same routes: the kernel's own are the connected ones."""
    return _SYNONYMS.get(word, word)


def frr_word(number: int | str | None, family: str) -> str | None:
    """As ``word_of`` for a route that FRR wrote, None for a route of others; ``number`` may be in digits."""
    found = int(number) if isinstance(number, int) or (number and number.isdigit()) else None
    return word_of(found, family) if found in FRR_NUMBERS else None


def frr_binding(word: str, family: str) -> str:
    """How ``ip protocol`` or ``ipv6 protocol`` of FRR names a word of the intent."""
    return _FRR_WORDS6.get(word, word) if family == "ipv6" else word
