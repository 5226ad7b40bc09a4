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
  document:
    description:
      - The three lists as the action plugin of this module packs them, after it has checked them on the controller. It
        makes the option itself; playbooks leave it out.
    type: str
"""
