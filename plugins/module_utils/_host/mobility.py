# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this kernel has rule 4 of RFC 6724, which prefers home addresses. PRIVATE to the collection.

Without CONFIG_IPV6_MIP6 a kernel takes the flag ``home`` of an address and makes nothing of it: the rule is not there
(``ipv6_get_saddr_eval()`` in net/ipv6/addrconf.c). Nor is it where CONFIG_IPV6_MIP6 is a module, though sockets take
all options of Mobile IPv6 then. So the kernel's own list of its functions tells: those of a module have its name behind
theirs.
"""

from __future__ import annotations

import typing as t

_SYMBOLS = "/proc/kallsyms"


def has_rule_4() -> bool:
    """Reads what the kernel is made of; False also where it does not say. Takes a tenth of a second."""
    try:
        with open(_SYMBOLS, encoding="ascii", errors="replace") as symbols:
            return has_mobility_built_in(symbols)
    except OSError:
        return False


def has_mobility_built_in(symbols: t.Iterable[str]) -> bool:
    """Whether lines such as ``ffffffff81a0 t mip6_destopt_input`` name a function of Mobile IPv6 and no module."""
    return any(" mip6_" in line and "[" not in line for line in symbols)
