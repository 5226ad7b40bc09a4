#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: route_info
short_description: List routes and their preferred sources
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Lists the routes that the kernel holds, with everything it says about them.
  - Table, protocol, device and type are filtered by the kernel itself, so that a host with a full routing table answers
    a narrow question quickly.
  - To ask which source a packet would get, and why, use M(l3host.source_ip.source_info).
options:
  destinations:
    description: Only routes to these prefixes. An address alone is a host route; V(default) means both families.
    type: list
    elements: str
    default: []
  within:
    description: Whether to list all routes inside O(destinations) too.
    type: bool
    default: false
  family:
    description: Only routes of this address family.
    type: str
    choices: [any, ipv4, ipv6]
    default: any
  table:
    description:
      - Routing table, by number or name; V(all) for every table. Default is V(main), and V(local) where O(type) is
        V(local), V(broadcast) or V(anycast).
    type: str
  vrf:
    description: VRF device whose table is meant, instead of O(table).
    type: str
  protocol:
    description: Only routes of this protocol, by name such as V(static) or by number.
    type: str
  device:
    description: Only routes that leave through this device, be it by one of several next hops.
    type: str
  type:
    description: Only routes of this type.
    type: str
    choices: [unicast, local, broadcast, anycast, multicast, blackhole, unreachable, prohibit, throw]
  source:
    description: Only routes with this preferred source.
    type: str
  from:
    description:
      - Only IPv6 routes that are for the packets from this prefix; V(::/0) means those that are for all packets.
    type: str
    version_added: 0.2.0
  limit:
    description: How many routes to return at most. RV(total) counts them all.
    type: int
    default: 1000
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.info_module
  - l3host.source_ip._netns
  - l3host.source_ip._netns.pyroute2
seealso:
  - module: l3host.source_ip.source_info
  - name: ip-route(8)
    description: The words and their meaning.
    link: https://man7.org/linux/man-pages/man8/ip-route.8.html
"""

EXAMPLES = r"""
- name: Which routes use the loopback as source
  l3host.source_ip.route_info:
    source: 192.0.2.2
    table: all

- name: What BGP brought inside one prefix
  l3host.source_ip.route_info:
    destinations: [198.51.100.0/22]
    within: true
    protocol: bgp
"""

RETURN = r"""
routes:
  description: The routes, in the kernel's order, IPv4 first.
  returned: success
  type: list
  elements: dict
  contains:
    destination:
      description: Destination as a prefix.
      type: str
      sample: 198.51.100.0/24
    gateway:
      description: Gateway, where there is one next hop.
      type: str
      sample: 10.0.0.254
    device:
      description: Device, where there is one next hop.
      type: str
      sample: eth0
    nexthops:
      description: The next hops, where there are several.
      type: list
      elements: dict
      sample: []
      contains:
        gateway:
          description: Gateway.
          type: str
        device:
          description: Device.
          type: str
        weight:
          description: Share of the flows, from 1 on.
          type: int
        onlink:
          description: Whether the gateway is taken for reachable whatever the addresses say.
          type: bool
        encap:
          description: As RV(routes[].encap), of this next hop.
          type: dict
        realms:
          description: As RV(routes[].realms), of this next hop.
          type: str
        flags:
          description: Words of its state, such as V(dead) and V(linkdown).
          type: list
          elements: str
    nexthop_id:
      description: Number of the nexthop object, if any.
      type: int
    source:
      description: Preferred source, if any. Of an IPv6 route with several next hops, that of the first.
      type: str
      sample: 192.0.2.2
    metric:
      description: Metric; V(0) where an IPv4 route has none.
      type: int
    table:
      description: Number of the table.
      type: int
      sample: 254
    protocol:
      description: Protocol, by name where it has one.
      type: str
      sample: static
    scope:
      description: Scope.
      type: str
      sample: global
    type:
      description: Type.
      type: str
      sample: unicast
    tos:
      description: Type of service; IPv4 only.
      type: int
      sample: 0
    from:
      description: The prefix that the source of packets must be in, if any; IPv6 only.
      type: str
    metrics:
      description: Attributes of the path, such as C(mtu). Times are in milliseconds, sizes in bytes.
      type: dict
      sample: {mtu: 1400}
    locked:
      description: Names of those of RV(routes[].metrics) that are locked.
      type: list
      elements: str
      sample: [mtu]
    encap:
      description:
        - What the next hop wraps packets in, if anything. RV(routes[].encap.type) and the words of C(ip route).
        - Has V(labels) and V(ttl) for V(mpls), V(id), V(src), V(dst), V(ttl), V(tos) and V(flags) for V(ip),
          V(hoplimit) and V(tc) instead of V(ttl) and V(tos) for V(ip6), V(mode), V(segs) and V(hmac) for V(seg6),
          V(action) and what it needs for V(seg6local), names of programs for V(bpf).
      type: dict
      contains:
        type:
          description: Kind of encapsulation.
          type: str
      sample: {type: mpls, labels: [100, 200]}
    realms:
      description: Realms, as V(4) or V(3/4), if any; IPv4 only.
      type: str
    expires:
      description: For how many seconds the route exists, if it does not for ever; IPv6 only.
      type: int
    pref:
      description: Preference; IPv6 only.
      type: str
      sample: medium
    flags:
      description: Words of its state, such as V(linkdown).
      type: list
      elements: str
      sample: []
    line:
      description:
        - The route as C(ip -d route) prints it, without C(unicast), C(table main), C(scope global) and C(nh_info).
      type: str
      sample: 198.51.100.0/24 via 10.0.0.254 dev eth0 proto static src 192.0.2.2
total:
  description: How many routes there are.
  returned: success
  type: int
  sample: 1
omitted:
  description: How many of them RV(routes) leaves out because of O(limit).
  returned: success
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._change.boundary import NETNS, run
from ..module_utils._routes.listing import route_info_task


def main() -> None:
    """Ansible's door."""
    types = ["unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit", "throw"]
    module = AnsibleModule(
        argument_spec={
            "destinations": {"type": "list", "elements": "str", "default": []},
            "within": {"type": "bool", "default": False},
            "family": {"type": "str", "choices": ["any", "ipv4", "ipv6"], "default": "any"},
            "table": {"type": "str"},
            "vrf": {"type": "str"},
            "protocol": {"type": "str"},
            "device": {"type": "str"},
            "type": {"type": "str", "choices": types},
            "source": {"type": "str"},
            "from": {"type": "str"},
            "limit": {"type": "int", "default": 1000},
            **NETNS,
        },
        supports_check_mode=True,
    )
    run(module, route_info_task)


if __name__ == "__main__":
    main()
