#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nexthop
short_description: Manage nexthop objects and groups
version_added: 0.2.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Makes nexthop objects (C(ip nexthop)) present or absent in the kernel, groups of them included.
  - An object is shared by all routes that name it by O(nexthops[].id), with
    O(l3host.source_ip.route#module:routes[].nexthop_id). It has a number of its own, and outlives each of its routes.
    That is why it is an object of a task of its own, and no option of a route. Where an object changes, all its routes
    do at once.
  - What an entry names is set, and what it does not name is kept. The way out, that is O(nexthops[].gateway) and
    O(nexthops[].device), O(nexthops[].group), or O(nexthops[].blackhole), counts as one thing. If what is named of it
    agrees with the object it is kept, else it is replaced by exactly what is named.
  - Members are made before the groups that name them, and groups removed before their members. When the kernel refuses
    anything, what was done is undone.
  - The kernel removes the routes of an object together with it, without a word. So an object is not removed while
    routes use it, nor while it is a member of a group that stays.
  - IPv6 routes of one object share one source, see M(l3host.source_ip.route).
options:
  nexthops:
    description: The objects.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: Number of the object.
        type: int
        required: true
      gateway:
        description:
          - Address of the next router.
          - V(none) says that there is none, because destinations are on the link of O(nexthops[].device).
        type: str
      device:
        description: Device to leave through. A new object that is no group and no blackhole needs one.
        type: str
      onlink:
        description: Whether to take the gateway for reachable on the device, whatever the addresses say.
        type: bool
      encap:
        description:
          - What packets are wrapped in, in the form of O(l3host.source_ip.route#module:routes[].encap).
        type: dict
      blackhole:
        description: Whether routes of the object throw packets away.
        type: bool
      family:
        description:
          - Family of an object without a gateway. For a new one the default is V(ipv4).
          - With a gateway, its family counts.
        type: str
        choices: [ipv4, ipv6]
      group:
        description: The members of a group. Others are none.
        type: list
        elements: dict
        suboptions:
          id:
            description: Number of the member.
            type: int
            required: true
          weight:
            description: Share of the flows, 1 to 256.
            type: int
            default: 1
      protocol:
        description: Protocol of the object, by name or number. For new ones the default is O(protocol).
        type: str
      state:
        description:
          - V(absent) removes the object if everything that the entry names agrees with it, else leaves it alone.
        type: str
        choices: [present, absent]
        default: present
  protocol:
    description: Protocol of new objects. The default is our own number, 133.
    type: str
  force:
    description: Whether to change or remove objects that a daemon owns. It may put its own back at any time.
    type: bool
    default: false
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.write_module
  - l3host.source_ip._netns
  - l3host.source_ip._netns.pyroute2
seealso:
  - module: l3host.source_ip.route
  - name: ip-nexthop(8)
    description: The words and their meaning.
    link: https://man7.org/linux/man-pages/man8/ip-nexthop.8.html
"""

EXAMPLES = r"""
- name: Two ways out, and a group that shares the flows among them
  l3host.source_ip.nexthop:
    nexthops:
      - {id: 7, gateway: 10.0.0.254, device: eth0}
      - {id: 8, gateway: 10.1.0.254, device: eth1}
      - {id: 9, group: [{id: 7, weight: 3}, {id: 8}]}

- name: Routes over it
  l3host.source_ip.route:
    routes:
      - {destination: 198.51.100.0/24, nexthop_id: 9, source: 192.0.2.2}

- name: Take one way out of the group, for all its routes at once
  l3host.source_ip.nexthop:
    nexthops:
      - {id: 9, group: [{id: 8}]}
      - {id: 7, state: absent}
"""

RETURN = r"""
results:
  description: What was done to each object, changes first. At most 1000 entries.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Number of the object.
      type: str
      sample: "9"
    action:
      description:
        - V(created), V(changed), V(removed), V(unchanged) or V(missing).
        - After a failure V(failed) and V(undone).
      type: str
      sample: created
    before:
      description: The object before, as C(ip nexthop) prints it.
      type: str
    after:
      description: The object after.
      type: str
      sample: id 9 group 7,3/8 proto 133
counts:
  description: How many objects met each action.
  returned: success
  type: dict
  sample: {created: 1, changed: 0, removed: 0, unchanged: 0, missing: 0}
omitted:
  description: How many objects RV(results) leaves out.
  returned: success
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._change.boundary import NETNS, run
from ..module_utils._nexthops.task import nexthop_task


def main() -> None:
    """Ansible's door."""
    member = {"id": {"type": "int", "required": True}, "weight": {"type": "int", "default": 1}}
    nexthop = {
        "id": {"type": "int", "required": True},
        "gateway": {"type": "str"},
        "device": {"type": "str"},
        "onlink": {"type": "bool"},
        "encap": {"type": "dict"},
        "blackhole": {"type": "bool"},
        "family": {"type": "str", "choices": ["ipv4", "ipv6"]},
        "group": {"type": "list", "elements": "dict", "options": member},
        "protocol": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    module = AnsibleModule(
        argument_spec={
            "nexthops": {"type": "list", "elements": "dict", "required": True, "options": nexthop},
            "protocol": {"type": "str"},
            "force": {"type": "bool", "default": False},
            **NETNS,
        },
        supports_check_mode=True,
    )
    run(module, nexthop_task)


if __name__ == "__main__":
    main()
