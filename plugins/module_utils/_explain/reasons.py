# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reason that there is for a source, or for none: the word, and what it means. PRIVATE to the collection."""

from __future__ import annotations

#: In the order in which they are come to; docs/which-source.md tells of each.
REASONS = {
    "pktinfo": "the packet, or the question, names the source",
    "bound": "the socket, or the question, names the source",
    "prefsrc": "the route carries the source",
    "interface": "an address of the device that the packets leave by (IPv4)",
    "borrowed": "that device has no address that would do, so IPv4 took one of another device",
    "rfc6724": "chosen among the addresses of the host by the rules of RFC 6724 (IPv6)",
    "no_route": "no table has a route, or a throw route ended the search",
    "unreachable": "a route or a rule of this type refuses",
    "prohibited": "a route or a rule of this type refuses",
    "blackhole": "a route or a rule of this type refuses, without a word",
}
