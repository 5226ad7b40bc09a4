# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The intent, documented once. PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  addresses:
    description:
      - The addresses that must exist for the sources to work, usually a loopback C(/32) and C(/128).
      - Default is the variable C(source_ip_addresses) of the host.
    type: list
    elements: dict
    suboptions:
      address:
        description: Address with its prefix length. Without one it is V(/32) or V(/128).
        type: str
        required: true
      device:
        description: Name of the device.
        type: str
        required: true
      preferred_lifetime:
        description:
          - V(0) is an address that is there, but that is chosen only where something names it. No other lifetime holds
            for ever.
          - The kernel back end alone has it.
        type: int
        version_added: 0.2.0
  routes:
    description:
      - The routes that are ours, each with its source.
      - Default is the variable C(source_ip_routes) of the host.
    type: list
    elements: dict
    suboptions:
      destination:
        description: Destination as a prefix, or V(default).
        type: str
        required: true
      source:
        description: Address that packets leave with.
        type: str
        required: true
      gateway:
        description: Address of the next router.
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
            description: Address of the next router.
            type: str
          device:
            description: Device to leave through.
            type: str
          weight:
            description: Share of the flows, 1 to 256.
            type: int
          onlink:
            description: Whether to take the gateway for reachable on the device, whatever the addresses say.
            type: bool
      metric:
        description: Metric; the route with the lowest one is used.
        type: int
      table:
        description: Number of the routing table. Default is V(main).
        type: raw
      vrf:
        description: VRF device whose table is meant, instead of O(routes[].table).
        type: str
      onlink:
        description: Whether to take the gateway for reachable on the device, whatever the addresses say.
        type: bool
      metrics:
        description: Attributes of the path that are numbers, such as V(mtu), as in M(l3host.source_ip.route).
        type: dict
  policies:
    description:
      - Sources for routes that are somebody else's, such as a daemon, DHCP or the kernel brings.
      - The longest destination counts, and for the same destination V(exact) before V(orlonger).
      - Default is the variable C(source_ip_policies) of the host.
    type: list
    elements: dict
    suboptions:
      name:
        description: A name for messages.
        type: str
      destinations:
        description: Prefixes, IPv4 and IPv6.
        type: list
        elements: str
        required: true
      match:
        description: Whether only routes to exactly these destinations are meant, or also to prefixes inside them.
        type: str
        choices: [exact, orlonger]
      except:
        description: Prefixes to leave alone, with everything inside them.
        type: list
        elements: str
      protocols:
        description: Which routes by their protocol, such as V(bgp), V(ospf), V(static). Without it, all but our own.
        type: list
        elements: str
      table:
        description: Number of the routing table. Default is V(main).
        type: raw
      vrf:
        description: VRF device whose table is meant, instead of O(policies[].table).
        type: str
      source:
        description: One address, or a mapping with C(ipv4) and C(ipv6).
        type: raw
        required: true
  rules:
    description:
      - Policy rules that are ours. O(l3host.source_ip.rule#module:rules) describes them; those here have our protocol
        and always a priority.
      - The kernel back end holds them. V(networkd) and V(networkmanager) hold them but for O(rules[].dscp),
        O(rules[].tun_id), O(rules[].l3mdev), O(rules[].suppress_ifgroup), O(rules[].realms), O(rules[].goto) and the
        action V(nop), and give them the protocol V(static); rules of one priority they bring in no certain order, so
        two that may take one packet have to differ in it. The others hold none.
      - Default is the variable C(source_ip_rules) of the host.
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      family:
        description: The family, where neither O(rules[].from) nor O(rules[].to) says it.
        type: str
        choices: [ipv4, ipv6, both]
      priority:
        description: Where the rule comes among the others, the lowest first.
        type: int
        required: true
      not:
        description: Whether to select what the selectors do not.
        type: bool
      from:
        description: Prefix that the source of packets must be in.
        type: str
      to:
        description: Prefix that the destination of packets must be in.
        type: str
      iif:
        description: Device that packets came in by.
        type: str
      oif:
        description: Device that the socket is bound to.
        type: str
      fwmark:
        description: Mark of packets, with a mask or without one.
        type: str
      uidrange:
        description: User ids of the socket's owner.
        type: str
      ipproto:
        description: Protocol above IP.
        type: str
      sport:
        description: Source ports.
        type: str
      dport:
        description: Destination ports.
        type: str
      tos:
        description: Type of service.
        type: str
      dscp:
        description: Differentiated services code point.
        type: str
      tun_id:
        description: Number of the tunnel that packets came out of.
        type: str
      l3mdev:
        description: Whether to look up the table of the packet's VRF.
        type: bool
      table:
        description: Number of the routing table to look up. Default is V(main).
        type: raw
      vrf:
        description: VRF device whose table is meant, instead of O(rules[].table).
        type: str
      suppress_prefixlength:
        description: Look further where the route found is of this prefix length or a shorter one.
        type: int
      suppress_ifgroup:
        description: Look further where the route found leaves by a device of this group.
        type: str
      realms:
        description: Realms, for statistics.
        type: str
      action:
        description: What to do with packets that are selected.
        type: str
        choices: [lookup, goto, nop, blackhole, unreachable, prohibit]
      goto:
        description: Priority to go on at.
        type: int
  labels:
    description:
      - Labels of the RFC 6724 policy table. IPv6 prefers a source whose label is the destination's.
      - The kernel back end holds them, and no other does.
      - Default is the variable C(source_ip_labels) of the host.
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      prefix:
        description: IPv6 prefix.
        type: str
        required: true
      label:
        description: Number of the label.
        type: int
        required: true
      device:
        description: Device that the label is for. Default is every one.
        type: str
  uplinks:
    description:
      - The short form for a host with several uplinks. It stands for addresses, routes and rules, which
        C(--check --diff) shows, and the filter P(l3host.source_ip.uplinks#filter).
      - Answers leave by the uplink that the question came in by, each with its own source. New connections leave by the
        uplink with the greatest O(uplinks[].weight) whose device is up.
      - The back ends that have rules hold them; of uplinks in VRFs, every one that holds routes in VRFs.
      - Default is the variable C(source_ip_uplinks) of the host.
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      name:
        description: A name for messages.
        type: str
        required: true
      device:
        description: The device.
        type: str
        required: true
      gateway:
        description:
          - One address, or a mapping with C(ipv4) and C(ipv6). Each family that has an address has a gateway.
          - Gateways that DHCP or router advertisements bring are refused.
        type: raw
        required: true
      addresses:
        description: The addresses with the length of their subnet. The first one of each family is the source.
        type: list
        elements: str
        required: true
      weight:
        description:
          - Which uplink new connections take, the greatest first, of equal ones the first of the list. Default is V(1).
          - V(0) is never taken by new connections.
        type: int
      table:
        description: Number of the uplink's own table. Default is V(101) for the first of the list, and so on.
        type: int
      vrf:
        description: VRF that the device is in. The uplink has its routes there, and no rules.
        type: str
      onlink:
        description: Whether the gateway is reachable on the device, though it is in no subnet of the addresses.
        type: bool
  document:
    description:
      - The lists as the action plugin of this module packs them, after it has checked them on the controller. It
        makes the option itself; playbooks leave it out.
    type: str
"""
