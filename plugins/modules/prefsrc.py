#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prefsrc
short_description: Set or clear the preferred source of routes that exist
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Sets the preferred source of existing routes, the address that packets leave with when their socket is not bound.
  - Everything else about a route is kept to the byte, such as metrics and their locks, congestion control, realm,
    weights, onlink hops, IPv4 via IPv6 gateways, nexthop objects, encapsulation, lifetime and preference.
  - A route is replaced in place, so that no packet meets a missing route.
  - What is set lives in the kernel until something replaces the route, its source is removed, its device goes down or
    the host restarts. Sockets that are connected keep the source they have.
options:
  routes:
    description:
      - Which routes get which source.
      - All entries are validated before the first write, and a refusal by the kernel takes the whole task back.
      - Where several entries select one route, the longest destination counts, and for the same destination the entry
        without O(routes[].within). Setting goes before clearing. If two are equal in this, their sources must be too.
    type: list
    elements: dict
    required: true
    suboptions:
      destination:
        description:
          - Destination of the route as a prefix. An address alone is a host route.
          - V(default) takes its family from O(routes[].source) or O(routes[].gateway).
        type: str
        required: true
      source:
        description:
          - Address that the route's packets leave with. Required with O(routes[].state=present).
          - It must be an address of the host, of the same family, and neither tentative nor in another VRF.
          - With O(routes[].state=absent), routes with another source are left as they are.
        type: str
      within:
        description: Whether to select all routes inside O(routes[].destination), itself included.
        type: bool
        default: false
      except:
        description: Prefixes to leave alone, with all routes inside them. For O(routes[].within).
        type: list
        elements: str
        default: []
      except_protocols:
        description: Protocols whose routes are left alone, by name or number.
        type: list
        elements: str
        default: []
      table:
        description:
          - Routing table, by number or name; V(all) for every table. Default is V(main).
          - An entry of one table goes before one of all tables for the same destination.
        type: str
      vrf:
        description: VRF device whose table is meant, instead of O(routes[].table).
        type: str
      protocol:
        description: Only routes of this protocol, by name such as V(static) or by number.
        type: str
      device:
        description: Only routes that leave through this device.
        type: str
      gateway:
        description: Only routes with this gateway.
        type: str
      metric:
        description: Only routes with this metric. For IPv6 the kernel's default is 1024.
        type: int
      from:
        description:
          - Only IPv6 routes that are for the packets from this prefix; V(::/0) means those that are for all packets.
          - When not specified, routes of both kinds.
        type: str
        version_added: 0.2.0
      state:
        description: V(present) sets the source, V(absent) clears it.
        type: str
        choices: [present, absent]
        default: present
  force:
    description:
      - Whether to change routes that a daemon owns, or the kernel's connected routes, by their protocol number.
      - Their owner may replace them at any time. Change its configuration instead, which the message names.
    type: bool
    default: false
  missing:
    description: What to do when an entry selects no route.
    type: str
    choices: [fail, ignore]
    default: fail
  dead:
    description:
      - What to do with a route while one of its next hops is dead, that is, its device is down or no subnet holds its
        gateway any more. As long as that is so the kernel takes no change of such a route.
      - With V(ignore) the route is left as it is, with a warning, and all others get their source.
    type: str
    choices: [fail, ignore]
    default: fail
    version_added: 0.2.0
  planned_addresses:
    description:
      - Addresses to count as present in check mode, because the task that adds them did not run.
      - Has no meaning outside check mode.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.write_module
  - l3host.source_ip._netns
  - l3host.source_ip._netns.pyroute2
seealso:
  - module: l3host.source_ip.route
  - module: l3host.source_ip.source_info
  - name: ip-route(8)
    description: The C(src) of a route.
    link: https://man7.org/linux/man-pages/man8/ip-route.8.html
"""

EXAMPLES = r"""
- name: Leave from the loopback towards one prefix
  l3host.source_ip.prefsrc:
    routes:
      - destination: 198.51.100.0/24
        source: 192.0.2.2

- name: Leave from the loopback on every static route, IPv4 and IPv6
  l3host.source_ip.prefsrc:
    routes:
      - {destination: 0.0.0.0/0, within: true, protocol: static, source: 192.0.2.2}
      - {destination: "::/0", within: true, protocol: static, source: "2001:db8:ff::2"}
    missing: ignore

- name: Let the kernel choose again
  l3host.source_ip.prefsrc:
    routes:
      - destination: 198.51.100.0/24
        state: absent
"""

RETURN = r"""
results:
  description: What was done to each selected route, changes first. At most 1000 entries.
  returned: always
  type: list
  elements: dict
  contains:
    destination:
      description: Destination of the route.
      type: str
      sample: 198.51.100.0/24
    action:
      description:
        - V(changed), V(unchanged) or V(missing); V(dead) with O(dead=ignore).
        - V(removed) for an IPv4 route beside which there is another that says the same but for the source, as of an
          owner who has written its own again; the kernel takes no two that say the same.
        - After a failure V(failed) and V(undone).
      type: str
      sample: changed
    before:
      description: The route before, as C(ip route) prints it.
      type: str
      sample: 198.51.100.0/24 via 10.0.0.254 dev eth0 proto static
    after:
      description: The route after.
      type: str
      sample: 198.51.100.0/24 via 10.0.0.254 dev eth0 proto static src 192.0.2.2
counts:
  description: How many routes met each action; C(dead) only where there are such.
  returned: success
  type: dict
  sample: {created: 0, changed: 1, removed: 0, unchanged: 0, missing: 0}
omitted:
  description: How many routes RV(results) leaves out.
  returned: success
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._change.boundary import NETNS, run
from ..module_utils._routes.write import prefsrc_task


def main() -> None:
    """Ansible's door."""
    routes = {
        "destination": {"type": "str", "required": True},
        "source": {"type": "str"},
        "within": {"type": "bool", "default": False},
        "except": {"type": "list", "elements": "str", "default": []},
        "except_protocols": {"type": "list", "elements": "str", "default": []},
        "table": {"type": "str"},
        "vrf": {"type": "str"},
        "protocol": {"type": "str"},
        "device": {"type": "str"},
        "gateway": {"type": "str"},
        "metric": {"type": "int"},
        "from": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    module = AnsibleModule(
        argument_spec={
            "routes": {"type": "list", "elements": "dict", "required": True, "options": routes},
            "force": {"type": "bool", "default": False},
            "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
            "dead": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
            "planned_addresses": {"type": "list", "elements": "str", "default": []},
            **NETNS,
        },
        supports_check_mode=True,
    )
    run(module, prefsrc_task)


if __name__ == "__main__":
    main()
