#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: route
short_description: Manage whole routes, their preferred source included
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Makes routes present or absent in the kernel, any number in one task, IPv4 and IPv6 mixed.
  - A route is identified as the kernel does it, by table, destination, metric and tos (IPv4) or from (IPv6). The source
    is not part of that, so that a changed source changes the route in place.
  - What an entry names is set. What it does not name is kept as the route has it. A new route gets the kernel's
    defaults, and O(protocol).
  - The next hop, that is O(routes[].gateway), O(routes[].device), O(routes[].nexthops), O(routes[].nexthop_id) and
    O(routes[].onlink), counts as one thing. If what is named of it agrees with the route it is kept, else it is
    replaced by exactly what is named. So a device alone keeps the gateway of a route that leaves through it.
  - A metric that is not named means the kernel's default, none for IPv4 and 1024 for IPv6. If no route has that, it
    means the only route to the destination, unless a daemon owns it. In all other cases the task fails and lists them.
  - Routes live in the kernel until they are removed, their source or device goes away, or the host restarts.
options:
  routes_file:
    description:
      - Path to a file on the host with more entries of O(routes), as one JSON list.
      - For a hundred thousand routes, which then need not travel to the host with each task.
    type: path
  document:
    description:
      - The entries of O(routes) as the action plugin of this module packs them where there are many, so that Ansible
        does not template and send them one by one. It makes the option itself; playbooks leave it out.
    type: str
  purge:
    description:
      - Whether to remove routes of our own O(protocol) that O(routes) does not name. Routes of any other protocol
        number are never touched.
    type: bool
    default: false
  purge_tables:
    description:
      - Tables that O(purge) looks at, beside those that O(routes) names.
      - With neither, V(main).
    type: list
    elements: str
    default: []
  protocol:
    description: Protocol of new routes, and of those that O(purge) removes. The default is our own number, 133.
    type: str
  force:
    description: Whether to change or remove routes that a daemon owns. It may put its own back at any time.
    type: bool
    default: false
  planned_addresses:
    description:
      - Addresses to count as present in check mode, because the task that adds them did not run.
      - Has no meaning outside check mode.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - l3host.source_ip._route
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.write_module
  - l3host.source_ip._netns
  - l3host.source_ip._netns.pyroute2
seealso:
  - module: l3host.source_ip.prefsrc
  - module: l3host.source_ip.address
  - name: ip-route(8)
    description: The words and their meaning.
    link: https://man7.org/linux/man-pages/man8/ip-route.8.html
"""

EXAMPLES = r"""
- name: One destination leaves from the loopback
  l3host.source_ip.route:
    routes:
      - destination: 93.184.216.34/32
        gateway: 172.20.20.1
        source: 192.0.2.2

- name: Two providers, two tables, and nothing of ours besides
  l3host.source_ip.route:
    routes:
      - {destination: 0.0.0.0/0, gateway: 10.0.0.254, source: 10.0.0.1, table: 100}
      - {destination: 0.0.0.0/0, gateway: 10.1.0.254, source: 10.1.0.1, table: 200}
      - {destination: "::/0", gateway: "2001:db8::fe", source: "2001:db8::1", table: 100, metrics: {mtu: 1400}}
    purge: true

- name: A hundred thousand routes, from a file that is on the host
  l3host.source_ip.route:
    routes_file: /etc/source-ip/routes.json

- name: Balance over two next hops
  l3host.source_ip.route:
    routes:
      - destination: 198.51.100.0/24
        source: 192.0.2.2
        nexthops:
          - {gateway: 10.0.0.254, weight: 2}
          - {gateway: 10.1.0.254}
"""

RETURN = r"""
results:
  description: What was done to each route, changes first. At most 1000 entries.
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
        - V(created), V(changed), V(removed), V(unchanged) or V(missing).
        - After a failure V(failed) and V(undone).
      type: str
      sample: created
    before:
      description: The route before, as C(ip route) prints it.
      type: str
    after:
      description: The route after.
      type: str
      sample: 198.51.100.0/24 via 10.0.0.254 dev eth0 proto 133 src 192.0.2.2
counts:
  description: How many routes met each action.
  returned: success
  type: dict
  sample: {created: 1, changed: 0, removed: 0, unchanged: 0, missing: 0}
omitted:
  description: How many routes RV(results) leaves out.
  returned: success
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._base.names import METRICS
from ..module_utils._change.boundary import NETNS, run
from ..module_utils._routes.write import route_task


def main() -> None:
    """Ansible's door."""
    encap = {
        "type": {"type": "str", "required": True, "choices": ["none", "mpls", "ip", "ip6", "seg6"]},
        "labels": {"type": "list", "elements": "int"},
        **{name: {"type": "int"} for name in ("id", "ttl", "tos", "hoplimit", "tc")},
        **{name: {"type": "str"} for name in ("src", "dst")},
        "flags": {"type": "list", "elements": "str"},
        "mode": {"type": "str", "choices": ["inline", "encap", "l2encap", "encap.red", "l2encap.red"]},
        "segs": {"type": "list", "elements": "str"},
    }
    nexthops = {
        "gateway": {"type": "str"},
        "device": {"type": "str"},
        "weight": {"type": "int", "default": 1},
        "onlink": {"type": "bool"},
        "encap": {"type": "dict"},
        "realms": {"type": "str"},
    }
    routes = {
        "destination": {"type": "str"},
        "gateway": {"type": "str"},
        "device": {"type": "str"},
        "nexthops": {"type": "list", "elements": "dict", "options": nexthops},
        "nexthop_id": {"type": "int"},
        "source": {"type": "str"},
        "metric": {"type": "int"},
        "table": {"type": "str"},
        "vrf": {"type": "str"},
        "protocol": {"type": "str"},
        "scope": {"type": "str"},
        "type": {"type": "str", "choices": ["unicast", "local", "blackhole", "unreachable", "prohibit", "throw"]},
        "onlink": {"type": "bool"},
        "tos": {"type": "str"},
        "from": {"type": "str"},
        "locked": {"type": "list", "elements": "str"},
        "encap": {"type": "dict", "options": encap},
        "realms": {"type": "str"},
        "expires": {"type": "int"},
        "pref": {"type": "str", "choices": ["low", "medium", "high"]},
        "metrics": {
            "type": "dict",
            "options": {
                **{name: {"type": "int"} for name in METRICS},
                "congctl": {"type": "str"},
                "features": {"type": "str"},
            },
        },
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    module = AnsibleModule(
        argument_spec={
            "routes": {"type": "list", "elements": "dict", "options": routes},
            "routes_file": {"type": "path"},
            "document": {"type": "str", "no_log": True},
            "purge": {"type": "bool", "default": False},
            "purge_tables": {"type": "list", "elements": "str", "default": []},
            "protocol": {"type": "str"},
            "force": {"type": "bool", "default": False},
            "planned_addresses": {"type": "list", "elements": "str", "default": []},
            **NETNS,
        },
        required_one_of=[("routes", "routes_file", "document")],
        supports_check_mode=True,
    )
    run(module, route_task)


if __name__ == "__main__":
    main()
