#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_boot
short_description: Services that give FRR's routes their sources when FRR starts, and while it runs
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - FRR may start before an address is there, and then leaves the routes that name it out of the kernel for good.
    FRR 10.2 to 10.6 may also write static routes before the map that gives them a source is there.
  - One service adds addresses and waits for every source before FRR starts. One judges and repairs the routes for a
    while after FRR has started, with the code of M(l3host.source_ip.frr_sources).
  - One follows the kernel's events while FRR runs. FRR 10.2 to 10.6 writes an installed route again without a source
    that was set in the kernel, whenever its protocol says anything new about it; the source is set again within a
    second. A source that disappeared and returns brings back the routes that went with it. It does nothing that loses
    a packet, and nothing at all with O(repair=none).
  - Writes the units C(l3host-source-ip-frr-addresses.service), C(l3host-source-ip-frr-repair.service) and
    C(l3host-source-ip-frr-watch.service), their code in C(/usr/local/lib/l3host-source-ip) and the intent in
    C(/etc/l3host-source-ip/frr.json), and enables the units. All are wanted by FRR's service, so they run at each of
    its starts. The module itself starts only the last one, where something changed and FRR runs.
extends_documentation_fragment:
  - l3host.source_ip._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Of the intent, in JSON, and the names of the other files.
  idempotent:
    support: full
requirements:
  - systemd and /usr/bin/python3 on the host
options:
  addresses:
    description: Addresses to add before FRR starts.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: The address with its prefix length.
        type: str
        required: true
      device:
        description: The device.
        type: str
        required: true
  sources:
    description: Addresses FRR's start waits for.
    type: list
    elements: str
    default: []
  intent:
    description: The value C(intent) of the filter P(l3host.source_ip.frr_plan#filter).
    type: dict
    default: {}
  settings:
    description: The value C(settings) of the filter P(l3host.source_ip.frr_plan#filter).
    type: dict
    default: {}
  repair:
    description:
      - As in M(l3host.source_ip.frr_sources).
      - What follows the kernel's events never goes beyond V(safe).
    type: str
    choices: [none, safe, routes, sessions]
    default: safe
  kernel_edit:
    description: As in M(l3host.source_ip.frr_sources).
    type: bool
    default: true
  wait:
    description: For how many seconds FRR's start may wait for addresses.
    type: int
    default: 30
  watch:
    description: For how many seconds after its start FRR's routes are watched.
    type: int
    default: 60
  service:
    description: The name of FRR's systemd service.
    type: str
    default: frr
  vtysh:
    description: The command.
    type: str
    default: vtysh
  state:
    description: Whether the services are to be there.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: An address before each start of FRR
  l3host.source_ip.frr_boot:
    addresses:
      - {address: 192.0.2.1/32, device: lo}
    sources: [192.0.2.1]
    intent: "{{ plan.intent }}"
    settings: "{{ plan.settings }}"
"""

RETURN = r"""
files:
  description: Files that were written or removed.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._backends._frr.files import boot
from ..module_utils._backends._frr.host import CommandError


def main() -> None:
    address = {"address": {"type": "str", "required": True}, "device": {"type": "str", "required": True}}
    module = AnsibleModule(
        argument_spec={
            "addresses": {"type": "list", "elements": "dict", "default": [], "options": address},
            "sources": {"type": "list", "elements": "str", "default": []},
            "intent": {"type": "dict", "default": {}},
            "settings": {"type": "dict", "default": {}},
            "repair": {"type": "str", "choices": ["none", "safe", "routes", "sessions"], "default": "safe"},
            "kernel_edit": {"type": "bool", "default": True},
            "wait": {"type": "int", "default": 30},
            "watch": {"type": "int", "default": 60},
            "service": {"type": "str", "default": "frr"},
            "vtysh": {"type": "str", "default": "vtysh"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        result = boot(module.params, module.check_mode)
    except (CommandError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
