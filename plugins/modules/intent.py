#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intent
short_description: Bring a host to what its source IP intent says, through one back end
version_added: 0.2.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Takes the whole intent of a host, its addresses, its own routes and its policies, and puts it into the kernel, a
    routing daemon (FRR, BIRD) or the manager of its devices (systemd-networkd, NetworkManager, netplan,
    ifupdown), in one task, however many entries there are.
  - The intent is checked on the controller, before any connection is made, and goes to the host as one document. On the
    host it is compared with what is there; what the host or its daemon cannot carry is refused before the first write.
  - A run is one transaction. If any step fails, the host is as it was before.
  - Afterwards the kernel is the judge. The task fails where routes do not have the source that the intent says and
    nothing that the options allow has mended them; the message has a table of them.
  - What the task does not say of a back end, the variables of its role say, such as C(bird_config) or C(kernel_record).
  - What an earlier intent made and this one does not name goes. What is somebody else's stays.
  - Nothing goes by accident. Without any of the three lists the task fails; so it does where all of them are empty and
    the host has what an earlier intent made, which needs O(state=absent). A variable of the host that begins with
    C(source_ip_) and that nothing reads is refused, with the name that was probably meant.
  - Warns of what stands in the way on the host, at each run and in check mode, with the setting, the file or the rule
    and what to do - replies that strict C(rp_filter) drops, rules of NAT that replace the source, IPv6 addresses that
    go when their device is set down, routes that expire, two managers of one device, a manager's file that cloud-init
    writes at boot.
  - One run at a time. A second one on the same host waits for O(lock_timeout), and then says who is at work.
options:
  backend:
    description:
      - Who holds the intent on the host.
      - V(auto) leaves it where an earlier run put it; else it is the routing daemon that runs, FRR with zebra or BIRD
        with a kernel protocol; else the manager of the devices that the intent is about, if it can hold all of the
        intent; else the kernel. Where two would do, it is refused. RV(backend) and RV(backend_why) say what was found,
        and who manages the devices. What the back end found cannot hold is then refused on the host.
    type: str
    choices: [auto, bird, frr, ifupdown, kernel, netplan, networkd, networkmanager]
    required: true
  state:
    description:
      - V(present) brings the host to what the intent says.
      - V(absent) takes off what earlier runs made, and nothing else.
    type: str
    choices: [absent, present]
    default: present
  verify:
    description:
      - Whether to ask kernel, socket and wire afterwards, in the same task, as M(l3host.source_ip.intent_info) does.
        The task fails where one of the first 200 destinations does not get the source of the intent, and RV(proof)
        says what was found.
      - Nothing is asked with O(state=absent), nor in check mode where something would be changed.
    type: bool
    default: false
  wire:
    description: What O(verify) does on the wire, as O(l3host.source_ip.intent_info#module:wire).
    type: str
    choices: [always, never, reachable]
    default: reachable
  lock_timeout:
    description: For how many seconds to wait while another run is at work on the host.
    type: float
    default: 60
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.write_module
  - l3host.source_ip._backends
  - l3host.source_ip._intent
  - l3host.source_ip._netns
seealso:
  - module: l3host.source_ip.source_info
  - module: l3host.source_ip.prefsrc
  - module: l3host.source_ip.route
"""

EXAMPLES = r"""
- name: What the host's variables source_ip_* say, in the kernel
  l3host.source_ip.intent:
    backend: kernel

- name: Whatever DHCP brings leaves from the loopback
  l3host.source_ip.intent:
    backend: kernel
    addresses:
      - {address: 192.0.2.2/32, device: lo}
    policies:
      - {protocols: [dhcp], destinations: [0.0.0.0/0], match: orlonger, source: 192.0.2.2}

- name: Whatever BIRD learns by BGP leaves from the loopback
  l3host.source_ip.intent:
    backend: bird
    policies:
      - {protocols: [bgp], destinations: [0.0.0.0/0], match: orlonger, source: 192.0.2.2}

- name: The same, and proof that kernel, socket and wire do it
  l3host.source_ip.intent:
    backend: auto
    verify: true

- name: Take off what earlier runs made
  l3host.source_ip.intent:
    backend: kernel
    state: absent
"""

RETURN = r"""
backend:
  description: The back end that holds the intent.
  returned: success
  type: str
  sample: kernel
backend_why:
  description: Why it is that one, with O(backend=auto) what was found on the host.
  returned: success
  type: str
  sample: FRR 10.3 runs here, with zebra
results:
  description:
    - What was done to each address and route, changes first. At most 1000 entries. Of the back end V(kernel); empty for
      others, whose changes are lines of configuration and in the diff.
  returned: success
  type: list
  elements: dict
  sample:
    - destination: 198.51.100.0/24
      action: changed
      before: 198.51.100.0/24 via 10.0.0.254 dev eth0 proto static
      after: 198.51.100.0/24 via 10.0.0.254 dev eth0 proto static src 192.0.2.2
counts:
  description: How many addresses and routes met each action.
  returned: success
  type: dict
  sample: {created: 0, changed: 1, removed: 0, unchanged: 0, missing: 0}
omitted:
  description: How many entries RV(results) leaves out.
  returned: success
  type: int
  sample: 0
checked:
  description: How many routes or entries of the intent were judged.
  returned: success
  type: int
  sample: 1
findings:
  description: Where the kernel does not hold what the intent says. At most 100 entries.
  returned: always, unless the intent was refused
  type: list
  elements: dict
  contains:
    destination:
      description: Destination of the route.
      type: str
    vrf:
      description: Its VRF, null for the default one.
      type: str
    table:
      description: Number of its table where it is not that of the VRF.
      type: int
    protocol:
      description: Its protocol in a word of the intent.
      type: str
    expected:
      description: The source of the intent, null where it names none.
      type: str
    actual:
      description: The source in the kernel, null where there is none.
      type: str
    problem:
      description: What is wrong, as a word.
      type: str
    why:
      description: What is wrong, in the words of the kernel or the daemon.
      type: str
    repair:
      description: What would mend it.
      type: str
findings_count:
  description: How many findings there are.
  returned: always, unless the intent was refused
  type: int
  sample: 0
repaired:
  description: Repairs that were made. At most 100 entries.
  returned: always, unless the intent was refused
  type: list
  elements: dict
missing_library:
  description: The library that the host lacks, with the version that is needed.
  returned: where the task failed for want of it
  type: str
  sample: pyroute2 >= 0.7.2
proof:
  description:
    - What M(l3host.source_ip.intent_info) answers without O(l3host.source_ip.intent_info#module:audit), but for
      RV(l3host.source_ip.intent_info#module:connections) and RV(l3host.source_ip.intent_info#module:notes).
  returned: with O(verify), once nothing is left to do
  type: dict
  sample: {checked: 1, omitted: 0, findings_count: 0, findings: [], table: ""}
warnings:
  description:
    - What stands in the way of the intent on this host, one sentence for each kind of trouble, and what the back end
      has to say of its plan.
  returned: where there is any
  type: list
  elements: str
  sample:
    - >-
      net.ipv4.conf.eth1.rp_filter = 1: the kernel drops replies to 192.0.2.2 from 198.51.100.0/24, which come in by
      eth1 while the way back leaves by eth0; set net.ipv4.conf.eth1.rp_filter to 2, or add a rule (`source_ip_rules`)
      that leads packets from this source to a table that leaves by its device
possible:
  description:
    - Repairs that were not made, because the options do not allow them or in check mode, each with what it loses.
    - At most 100 entries.
  returned: always, unless the intent was refused
  type: list
  elements: dict
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._backends.choose import CHOICES, OPTIONS
from ..module_utils._change.boundary import NETNS, answer
from ..module_utils._intent.options import INTENT, WIRE


def main() -> None:
    """Ansible's door."""
    module = AnsibleModule(
        argument_spec={
            "backend": {"type": "str", "choices": CHOICES, "required": True},
            "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
            **{name: {"type": "dict", "default": {}, "options": spec} for name, spec in OPTIONS.items()},
            "verify": {"type": "bool", "default": False},
            "wire": WIRE,
            "lock_timeout": {"type": "float", "default": 60},
            **INTENT,
            **NETNS,
        },
        supports_check_mode=True,
    )
    answer(module, lambda: _run(module))


def _run(module: AnsibleModule) -> dict[str, t.Any]:
    from ..module_utils._backends.task import run_intent  # here its many modules are compiled once, as `answer` has it

    return run_intent(module)


if __name__ == "__main__":
    main()
