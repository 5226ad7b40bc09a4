# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of the kernel's numbers; those of route protocols are in ``protocols``. PRIVATE to the collection.

Sources: ``include/uapi/linux/rtnetlink.h``, ``ip-route(8)``.
"""

from __future__ import annotations

import typing as t

from .errors import InvalidInput

#: The bytes of a device's first name with the zero behind it; alternative names are longer (``linux/if.h``).
IFNAMSIZ = 16
TABLES = {"default": 253, "main": 254, "local": 255}
SCOPES = {"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}
TYPES = {
    "unspec": 0,
    "unicast": 1,
    "local": 2,
    "broadcast": 3,
    "anycast": 4,
    "multicast": 5,
    "blackhole": 6,
    "unreachable": 7,
    "prohibit": 8,
    "throw": 9,
    "nat": 10,
}
#: Of these ip-route(8) takes the table ``local`` where none is named.
_OF_LOCAL = ("local", "broadcast", "anycast", "nat")
#: RTAX_*: name -> (number, kernel units in one of ours). Times are in milliseconds, as ip-route(8) prints them.
METRICS = {
    "mtu": (2, 1),
    "window": (3, 1),
    "rtt": (4, 8),
    "rttvar": (5, 4),
    "ssthresh": (6, 1),
    "cwnd": (7, 1),
    "advmss": (8, 1),
    "reordering": (9, 1),
    "hoplimit": (10, 1),
    "initcwnd": (11, 1),
    "rto_min": (13, 1),
    "initrwnd": (14, 1),
    "quickack": (15, 1),
    "fastopen_no_cookie": (17, 1),
}
#: The greatest values that the kernel keeps; it makes greater ones these without a word (``ip_metrics_convert()``).
METRIC_LIMITS = {"mtu": 65520, "advmss": 65495, "hoplimit": 255}
RTAX_LOCK, RTAX_FEATURES, RTAX_CONGCTL = 1, 12, 16
FEATURES = {"ecn": 1, "tcp_usec_ts": 16}
PREFERENCES = {0: "medium", 1: "high", 3: "low"}
ENCAPSULATIONS = {1: "mpls", 2: "ip", 3: "ila", 4: "ip6", 5: "seg6", 6: "bpf", 7: "seg6local", 8: "rpl", 9: "ioam6"}

#: Types of service that iproute2's ``rt_dsfield`` has a name for (RFC 2474, 2597, 3246).
NAME_OF_TOS = {
    **{32 * number: f"CS{number}" for number in range(1, 8)},
    **{32 * number + 8 * drop: f"AF{number}{drop}" for number in range(1, 5) for drop in range(1, 4)},
    0xB8: "EF",
}
#: IFAPROT_* of ``include/uapi/linux/if_addr.h``, as iproute2's ``rt_addrprotos`` names them.
ADDRESS_PROTOCOLS = {"kernel_lo": 1, "kernel_ra": 2, "kernel_ll": 3}

#: Protocols above IP, as /etc/protocols names them and ``ip rule`` prints them (IANA's registry).
IP_PROTOCOLS = {
    "icmp": 1,
    "igmp": 2,
    "ipencap": 4,
    "tcp": 6,
    "udp": 17,
    "dccp": 33,
    "ipv6": 41,
    "rsvp": 46,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "ipv6-icmp": 58,
    "ospf": 89,
    "pim": 103,
    "vrrp": 112,
    "l2tp": 115,
    "sctp": 132,
    "udplite": 136,
}
NAME_OF_IP_PROTOCOL = {number: name for name, number in IP_PROTOCOLS.items()}
NAME_OF_TABLE = {number: name for name, number in TABLES.items()}
NAME_OF_SCOPE = {number: name for name, number in SCOPES.items()}
NAME_OF_TYPE = {number: name for name, number in TYPES.items()}
NAME_OF_METRIC = {number: (name, unit) for name, (number, unit) in METRICS.items()}


def default_table(kind: str | None) -> int:
    """The table of routes of this type where none is named."""
    return TABLES["local" if kind in _OF_LOCAL else "main"]


def table_name(number: int) -> str:
    """``main``, ``local``, ``default`` or the number as text."""
    return NAME_OF_TABLE.get(number, str(number))


def is_decimal(text: str) -> bool:
    """Whether a text is decimal digits of ASCII and nothing else; Python knows those of other scripts too."""
    return text.isascii() and text.isdecimal()


def whole(text: str, base: int = 10) -> int:
    """The number of ASCII digits; ``int()`` also takes those of other scripts, and ``1_000``. ValueError."""
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    return int(text, base)


def number(value: t.Any, names: t.Mapping[str, int], what: str, maximum: int) -> int:
    """A number given by its name or in digits (decimal or 0x), at most ``maximum``; InvalidInput names ``what``."""
    text = str(value).strip()
    found = names.get(text)
    if found is None:
        try:
            found = whole(text, 0)
        except ValueError:
            known = ", ".join(sorted(names, key=lambda name: names[name])) or "a number"
            raise InvalidInput(f"{what}: {value!r} is unknown; use a number or one of {known}") from None
    if not 0 <= found <= maximum:
        raise InvalidInput(f"{what}: {value!r} is not between 0 and {maximum}")
    return found
