# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!
"""The option C(routes) of the module route: all that a route may have."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  routes:
    description:
      - The routes.
      - All entries are validated before the first write, and a refusal by the kernel takes the whole task back.
      - Needed unless O(routes_file) is given.
    type: list
    elements: dict
    suboptions:
      destination:
        description:
          - Destination as a prefix. An address alone is a host route.
          - V(default) takes its family from the entry's source or gateways.
          - Needed, but for O(routes[].state=absent). Without it all routes of the table go that agree with the entry,
            which must name one of O(routes[].device), O(routes[].gateway), O(routes[].protocol), O(routes[].source) and
            O(routes[].nexthop_id). Routes that other entries want present stay, and so do those of a daemon, unless
            O(force) is set, and of the kernel, unless their protocol is named and O(force) is set.
        type: str
      gateway:
        description:
          - Address of the next router. For an IPv4 destination it may be IPv6.
          - V(none) says that there is none, because the destination is on the link of O(routes[].device). A new route
            with a device and no gateway has none either.
        type: str
      device:
        description: Device to leave through.
        type: str
      nexthops:
        description: Several next hops, instead of O(routes[].gateway) and O(routes[].device).
        type: list
        elements: dict
        suboptions:
          gateway:
            description: Address of the next router, or V(none).
            type: str
          device:
            description: Device to leave through.
            type: str
          weight:
            description: Share of the flows, 1 to 256.
            type: int
            default: 1
          onlink:
            description: Whether to take the gateway for reachable on the device, whatever the addresses say.
            type: bool
          encap:
            description: What this next hop wraps packets in, with the options of O(routes[].encap).
            type: dict
            version_added: 0.2.0
          realms:
            description: The realms of this next hop, as in O(routes[].realms).
            type: str
            version_added: 0.2.0
      nexthop_id:
        description: Number of a nexthop object (C(ip nexthop)), instead of gateway, device and nexthops.
        type: int
      source:
        description: Preferred source, an address of the host that packets leave with.
        type: str
      metric:
        description: Metric; the route with the lowest one is used.
        type: int
      table:
        description:
          - Routing table, by number or name. Default is V(main), and V(local) for O(routes[].type=local), as with
            C(ip route).
        type: str
      vrf:
        description: VRF device whose table is meant, instead of O(routes[].table).
        type: str
      protocol:
        description: Protocol of the route, by name or number. For new routes the default is O(protocol).
        type: str
      scope:
        description: Scope, by name (V(global), V(link), V(host)) or number. IPv6 has only V(global).
        type: str
      type:
        description:
          - Type of the route. For new routes, and for a V(blackhole) and its like that get a next hop, the default is
            V(unicast).
        type: str
        choices: [unicast, local, blackhole, unreachable, prohibit, throw]
      onlink:
        description: Whether to take the gateway for reachable on O(routes[].device), whatever the addresses say.
        type: bool
      tos:
        description: Type of service that packets must have, as a number such as V(0x10). IPv4 only.
        type: str
      from:
        description:
          - Prefix that the source of packets must be in for the route to be taken. IPv6 only.
          - It is part of what identifies a route.
        type: str
        version_added: 0.2.0
      metrics:
        description: Attributes of the path, as in C(ip-route(8)). V(0) takes one away.
        type: dict
        suboptions:
          mtu:
            description: Largest packet, in bytes.
            type: int
          window:
            description: Largest TCP window to advertise, in bytes.
            type: int
          rtt:
            description: First estimate of the round-trip time, in milliseconds.
            type: int
          rttvar:
            description: First estimate of its variance, in milliseconds.
            type: int
          ssthresh:
            description: First slow-start threshold, in segments.
            type: int
          cwnd:
            description: Clamp of the congestion window, in segments.
            type: int
          advmss:
            description: Segment size to advertise to TCP peers, in bytes.
            type: int
          reordering:
            description: Reordering that is expected, in segments.
            type: int
          hoplimit:
            description: Hop limit of packets.
            type: int
          initcwnd:
            description: Initial congestion window, in segments.
            type: int
          rto_min:
            description: Smallest retransmission timeout, in milliseconds.
            type: int
          initrwnd:
            description: Initial receive window, in segments.
            type: int
          quickack:
            description: Whether to acknowledge at once, V(1) or V(0).
            type: int
          fastopen_no_cookie:
            description: Whether TCP Fast Open does without a cookie, V(1) or V(0).
            type: int
          congctl:
            description: Congestion control algorithm.
            type: str
          features:
            description: Words of C(ip route) with blanks between them, such as V(ecn).
            type: str
            version_added: 0.2.0
      locked:
        description:
          - Names of those of O(routes[].metrics) that are locked, so that path MTU discovery and the like leave them.
          - No others are. An empty list unlocks all.
          - With V(congctl) here, the entry names O(routes[].metrics.congctl) as well.
        type: list
        elements: str
        version_added: 0.2.0
      encap:
        description:
          - What the next hop wraps packets in. RV(l3host.source_ip.route_info#module:routes[].encap) has the same form.
          - Without a next hop in the entry, the one of the route keeps its way and gets this. Where the route has
            several, each does; in O(routes[].nexthops) each has its own.
          - A changed next hop loses its encapsulation unless the entry names one.
        type: dict
        version_added: 0.2.0
        suboptions:
          type:
            description:
              - Kind of encapsulation; V(none) takes it away.
              - Others are refused. C(seg6local) handles packets that arrive, and gives none of this host a source; a
                route that has it is listed with it, and keeps it where M(l3host.source_ip.prefsrc) sets its source.
                C(bpf) needs a program that somebody has loaded, and C(hmac) of C(seg6) a key that the kernel holds
                and no route names.
            type: str
            required: true
            choices: [none, mpls, ip, ip6, seg6]
          labels:
            description: MPLS labels, the outermost first.
            type: list
            elements: int
          id:
            description: Key of the tunnel.
            type: int
          src:
            description: Source address of the outer header.
            type: str
          dst:
            description: Destination address of the outer header.
            type: str
          ttl:
            description: Time to live of the outer header, for V(mpls) and V(ip).
            type: int
          tos:
            description: Type of service of the outer IPv4 header.
            type: int
          hoplimit:
            description: Hop limit of the outer IPv6 header.
            type: int
          tc:
            description: Traffic class of the outer IPv6 header.
            type: int
          flags:
            description: What the tunnel header has, of V(key), V(csum) and V(seq).
            type: list
            elements: str
          mode:
            description: How the segments are put in. The default is V(encap).
            type: str
            choices: [inline, encap, l2encap, encap.red, l2encap.red]
          segs:
            description: Segments in the order in which packets visit them.
            type: list
            elements: str
      realms:
        description:
          - Realms for routing by class, V(4), or with that of the source V(3/4). V(0) takes them away. IPv4 only.
        type: str
        version_added: 0.2.0
      expires:
        description:
          - For how many seconds the route exists. V(0) is for ever. IPv6 only.
          - Lifetimes count down. A number is fulfilled while at least half of it is left and no more than it, and is
            set anew otherwise. So a second run changes nothing, and a task that runs often enough keeps the route.
        type: int
        version_added: 0.2.0
      pref:
        description: Preference among routes of one metric (RFC 4191). IPv6 only.
        type: str
        choices: [low, medium, high]
        version_added: 0.2.0
      state:
        description:
          - V(absent) removes the route if everything that the entry names agrees with it, else leaves it alone.
          - Of a route with several next hops, those that are named go and the others stay with all they have. Weights
            are not compared.
        type: str
        choices: [present, absent]
        default: present
"""
