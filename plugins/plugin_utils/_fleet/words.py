# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of a fleet document mean, for people who read a report. Pure. PRIVATE to the collection."""

from __future__ import annotations

from ...module_utils._backends.finding import PROBLEMS as _FINDINGS

#: Everything that can be wrong with a line of a report, in the order in which to look at it.
PROBLEMS = {
    "unreachable": "the host was not reached",
    "failed": "the host was reached, and the question ended with an error",
    **_FINDINGS,
    "differs": "the answer is not as it should be; another finding of the host may say why",
    "connection": "an open connection leaves with another source; it keeps it until it ends",
}
#: Why a host uses a source, or has none: the words of `source_info`.
REASONS = {
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
