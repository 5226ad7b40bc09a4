#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_sources
short_description: Judge, and on request repair, the sources of FRR's routes
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Compares each route that FRR has written into the kernel with the intent. The kernel is the judge, because FRR's own
    commands give back what was configured, also where it took no effect.
  - Finds routes without their source, with another one, with one that an earlier intent left behind, routes the kernel
    refused because their source was missing, and sources the host lacks.
  - Repairs what O(repair) allows, from the harmless to the disruptive, and returns the commands for the rest.
  - The role P(l3host.source_ip.frr#role) uses it, and a service of the role runs the same code after each start of FRR.
extends_documentation_fragment:
  - l3host.source_ip._attributes
attributes:
  check_mode:
    support: full
    details:
      - In check mode nothing is repaired; C(changed) says whether something would be.
  diff_mode:
    support: full
  idempotent:
    support: full
requirements:
  - C(vtysh) and C(ip) on the host
options:
  intent:
    description: The value C(intent) of the filter P(l3host.source_ip.frr_plan#filter).
    type: dict
    required: true
  settings:
    description: The value C(settings) of the filter P(l3host.source_ip.frr_plan#filter).
    type: dict
    required: true
  repair:
    description:
      - What may be done to routes that are wrong, each value allowing what those before it allow.
      - V(none) does nothing.
      - V(safe) does what loses no packet and no session. Routes the kernel had refused are offered again; the source of
        a route that FRR will not touch is set in the kernel, where FRR leaves it until its protocol says something new
        about the route (see M(l3host.source_ip.frr_boot)).
      - V(routes) takes the affected static and BGP routes out and puts them back, which loses them for some seconds.
      - V(sessions) clears BGP sessions and OSPF processes.
    type: str
    choices: [none, safe, routes, sessions]
    default: none
  kernel_edit:
    description: Whether V(safe) may set the source of a route of FRR in the kernel.
    type: bool
    default: true
  delay:
    description: Seconds to wait before the first judgement. FRR applies a changed map after about five.
    type: float
    default: 0
  timeout:
    description: For how many seconds more to wait until all is right.
    type: float
    default: 0
  limit:
    description: How many routes to return in RV(wrong) and RV(repaired).
    type: int
    default: 20
  vtysh:
    description: The command.
    type: str
    default: vtysh
seealso:
  - module: l3host.source_ip.frr_config
"""

EXAMPLES = r"""
- name: Judge only
  l3host.source_ip.frr_sources:
    intent: "{{ plan.intent }}"
    settings: "{{ plan.settings }}"
"""

RETURN = r"""
checked:
  description: Number of routes the intent speaks of.
  returned: always
  type: int
  sample: 10004
wrong_count:
  description: Number of routes that are wrong, after the repair if there was one.
  returned: always
  type: int
  sample: 0
wrong:
  description: The first of them.
  returned: always
  type: list
  elements: dict
  contains:
    destination:
      description: The route.
      type: str
    protocol:
      description: What FRR learned it from.
      type: str
    vrf:
      description: Its VRF, empty for the default one.
      type: str
    table:
      description: Its kernel table.
      type: int
    expected:
      description: The source of the intent.
      type: str
    actual:
      description: The source in the kernel.
      type: str
    problem:
      description: V(unset), V(different), V(leftover) or V(rejected).
      type: str
missing:
  description: Sources of the intent that the host does not have.
  returned: always
  type: list
  elements: str
absent_vrfs:
  description: VRFs of the intent that the host does not have.
  returned: always
  type: list
  elements: str
repaired:
  description: What was done, each step with C(command), C(why) and what it C(loses).
  returned: always
  type: list
  elements: dict
possible:
  description: What else could be done, with the O(repair) it needs as C(level).
  returned: always
  type: list
  elements: dict
errors:
  description: Words of commands that failed.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._backends._frr.host import CommandError, Host
from ..module_utils._backends._frr.report import sources


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "intent": {"type": "dict", "required": True},
            "settings": {"type": "dict", "required": True},
            "repair": {"type": "str", "choices": ["none", "safe", "routes", "sessions"], "default": "none"},
            "kernel_edit": {"type": "bool", "default": True},
            "delay": {"type": "float", "default": 0},
            "timeout": {"type": "float", "default": 0},
            "limit": {"type": "int", "default": 20},
            "vtysh": {"type": "str", "default": "vtysh"},
        },
        supports_check_mode=True,
    )
    try:
        result = sources(Host(module.params["vtysh"]), module.params, module.check_mode)
    except CommandError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
