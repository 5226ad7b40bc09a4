# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!
"""The option C(queries) of the module source_info: all that a packet may be asked about."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  queries:
    description:
      - The queries. All of them are checked before the first is asked.
      - What a query leaves out is what a plain UDP socket of the module's user has.
    type: list
    elements: dict
    suboptions:
      destination:
        description:
          - An IP address or a host name.
          - An address such as V(::ffff:198.51.100.9) is answered as the IPv4 address that it stands for, and V(::) as
            V(::1), because so packets go.
          - A link-local IPv6 address needs its device, in O(queries[].device) or behind it, as in V(fe80::1%eth0).
          - A host name is resolved by C(getaddrinfo(3\)), and each of its addresses gets a result of its own. With
            O(queries[].from), only addresses of its family do.
        type: str
        required: true
      from:
        description:
          - The source that the socket is bound to. The answer is then where such packets go.
          - An address that this host does not have may be asked about.
        type: str
      device:
        description: The device that the socket is bound to. It may be a VRF. It must exist.
        type: str
      vrf:
        description:
          - The VRF that the socket is bound to.
          - With O(queries[].device), that device must belong to it.
        type: str
      mark:
        description:
          - The mark of the packets, for policy rules with C(fwmark).
          - The socket needs C(CAP_NET_ADMIN) for it, or C(CAP_NET_RAW) from Linux 5.17 on.
        type: int
      uid:
        description:
          - The id of the user that the packets belong to, for policy rules with C(uidrange). The module's own user is
            the default.
          - The socket needs C(CAP_CHOWN) for another user's id.
        type: int
      ip_protocol:
        description:
          - The protocol of the packets, for policy rules with C(ipproto). V(tcp), V(udp), V(icmp), or the number of
            one of them. The kernel looks routes up for no others. The default is V(udp).
          - V(icmp) is ICMPv6 where the destination is an IPv6 address.
          - Where a policy rule tells protocols apart, a raw socket is asked for V(tcp) and V(icmp), which needs
            C(CAP_NET_RAW).
        type: str
      source_port:
        description: The source port of the packets, for policy rules with C(sport).
        type: int
      destination_port:
        description: The destination port of the packets, for policy rules with C(dport).
        type: int
      tos:
        description:
          - The TOS byte of the packets, for policy rules and IPv4 routes with C(tos).
          - The kernel's look-up ignores it for IPv6. The socket has it in both families.
        type: int
      preferences:
        description:
          - What the socket prefers where the kernel chooses among several IPv6 addresses, as in
            O(l3host.source_ip.probe#module:probes[].preferences) (C(IPV6_ADDR_PREFERENCES), RFC 5014).
          - At most one of V(temporary), V(public), V(public_or_temporary), and one of V(home), V(care_of).
          - Without effect on an IPv4 destination, and where a route names the source.
        type: list
        elements: str
        choices: [temporary, public, public_or_temporary, care_of, home]
        version_added: 0.2.0
      unicast_device:
        description:
          - The device that the socket sends by with C(IP_UNICAST_IF) or C(IPV6_UNICAST_IF), without being bound to it.
          - For UDP. A connected socket follows it from Linux 6.1 on (IPv4 from 5.17 on); with older kernels only one
            that is not connected does, from which RV(sources[].socket) then differs.
          - Not with O(queries[].device), O(queries[].vrf) and O(queries[].packet_device), which would leave it without
            effect.
        type: str
        version_added: 0.2.0
      packet_source:
        description:
          - The source that is said beside the datagram, in C(IP_PKTINFO) or C(IPV6_PKTINFO), as servers do that answer
            from the address they were asked at.
          - For UDP. Not with O(queries[].from), than which it counts more.
          - No socket is asked then, so RV(sources[].socket.source) is V(null). Only a packet shows such a source, and
            this module sends none; M(l3host.source_ip.probe) does.
        type: str
        version_added: 0.2.0
      packet_device:
        description:
          - The device that is said there, with O(queries[].packet_source) or alone.
          - Not with O(queries[].device) and O(queries[].vrf).
        type: str
        version_added: 0.2.0
"""
