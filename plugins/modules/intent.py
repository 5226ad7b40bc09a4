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
  - Takes the whole intent of a host, its addresses, its own routes and its policies, and puts it into the kernel,
    FRR or BIRD, in one task, however many entries there are.
  - The intent is checked on the controller, before any connection is made, and goes to the host as one document. On the
    host it is compared with what is there; what the host or its daemon cannot carry is refused before the first write.
  - A run is one transaction. If any step fails, the host is as it was before.
  - Afterwards the kernel is the judge. The task fails where routes do not have the source that the intent says and
    nothing that the options allow has mended them; the message has a table of them.
  - What an earlier intent made and this one does not name goes. What is somebody else's stays.
  - One run at a time. A second one on the same host waits for O(lock_timeout), and then says who is at work.
options:
  backend:
    description: Who holds the intent on the host.
    type: str
    choices: [bird, frr, kernel]
    required: true
  state:
    description:
      - V(present) brings the host to what the intent says.
      - V(absent) takes off what earlier runs made, and nothing else.
    type: str
    choices: [absent, present]
    default: present
  kernel:
    description: Options of the back end V(kernel).
    type: dict
    default: {}
    suboptions:
      record:
        description:
          - File on the host where the back end writes down what it made, before the first change and after the last.
          - Keep it where a reboot removes it, as the reboot removes what is written in it.
        type: path
        default: /run/l3host.source_ip.kernel.json
      purge:
        description:
          - Whether to remove every route of our protocol number that the intent does not name, also those that
            O(kernel.record) does not know, in the tables that the intent and O(kernel.purge_tables) name.
        type: bool
        default: false
      purge_tables:
        description: Further tables that O(kernel.purge) looks at. With none at all it is V(main).
        type: list
        elements: str
        default: []
      force:
        description:
          - Whether policies may change routes that a daemon owns, and connected routes. Their owner may put its own
            back at any time.
        type: bool
        default: false
      missing:
        description: What to do when a policy selects no route. V(ignore), because the route may come later.
        type: str
        choices: [fail, ignore]
        default: ignore
      wait:
        description: For how many seconds to wait for the duplicate detection of IPv6 addresses.
        type: float
        default: 5
  bird:
    description: Options of the back end V(bird), BIRD 2 or 3.
    type: dict
    default: {}
    suboptions:
      mode:
        description:
          - V(edit) inserts one include and one call in each export filter concerned into O(bird.config). A filter that
            cannot be edited safely is refused, and the message prints the two lines to add.
          - V(manual) never touches O(bird.config). The operator has added the two lines; the function is kept, empty
            where the intent is, as long as he calls it.
          - V(render) writes the kernel protocols of O(bird.kernel_protocols) too, where the operator has none.
        type: str
        choices: [edit, manual, render]
        default: edit
      config:
        description: The operator's configuration.
        type: path
        default: /etc/bird/bird.conf
      include:
        description: Our file. A new one belongs to root, and O(bird.group) may read it.
        type: path
        default: /etc/bird/source_ip.conf
      socket:
        description: BIRD's control socket.
        type: path
        default: /run/bird/bird.ctl
      user:
        description: The user BIRD runs as. The new configuration is validated as this user.
        type: str
        default: bird
      group:
        description: The group that may read our file.
        type: str
        default: bird
      kernel_protocols:
        description:
          - The kernel protocols to write with O(bird.mode=render). They stay while they stand here, also when the
            intent is empty, since BIRD removes the routes of a kernel protocol that goes.
        type: list
        elements: dict
        default: []
        suboptions:
          family:
            description: The address family.
            type: str
            choices: [ipv4, ipv6]
            required: true
          table:
            description: The kernel table, by number or C(main). Default is C(main).
            type: raw
          bird_table:
            description:
              - The BIRD table. Default is V(master4) or V(master6) for the main table, else a table of our own.
              - A table that C(bird.conf) does not declare is declared.
            type: str
          metric:
            description: The metric of its routes. Default is V(32), as BIRD has it.
            type: int
          scan_time:
            description: Seconds between two looks at the kernel's table. Default is BIRD's own.
            type: int
          persist:
            description: Whether its routes stay in the kernel when BIRD ends.
            type: bool
          learn:
            description: Whether BIRD learns routes of others from the kernel.
            type: bool
          merge_paths:
            description: Whether several best routes become one with several nexthops.
            type: bool
          export:
            description: Which routes to export, by protocol. Default is V(any), all but connected ones.
            type: list
            elements: str
            choices: [any, babel, bgp, ospf, rip, static]
      tables:
        description:
          - Which BIRD table goes to which kernel table, where O(bird.config) does not tell, with O(bird.mode=manual).
        type: list
        elements: dict
        default: []
        suboptions:
          table:
            description: The kernel table, by number or C(main). Default is C(main).
            type: raw
          family:
            description: The address family.
            type: str
            choices: [ipv4, ipv6]
            required: true
          bird_table:
            description: The BIRD table.
            type: str
            required: true
      timeout:
        description:
          - Seconds after which BIRD takes a new configuration back by itself when this task does not confirm it, for
            example since the host cannot be reached any more. V(0) is never.
          - Long enough for the comparison that comes before the confirmation, O(bird.wait) seconds and some.
        type: int
        default: 0
      wait:
        description: For how many seconds the kernel may still differ after a change before that is a failure.
        type: int
        default: 5
      repair:
        description:
          - What to do when the kernel's routes have another source than BIRD exports. BIRD 3 does not write a route
            again when only its source changes, and no BIRD notices that the kernel stripped the source of an IPv6 route
            when its address went away for a moment.
          - V(lossless) loses no packet. With BIRD 2 the routes are written again in place (C(reload out)); with BIRD 3
            the source is set in the kernel, on exactly these routes.
          - V(withdraw) rejects and accepts exactly these destinations, which have no route for a moment.
          - V(restart) restarts the kernel protocols concerned. None of their routes is in the kernel for about a
            second.
          - V(report) changes nothing and fails with the routes and the commands that would repair them.
        type: str
        choices: [lossless, withdraw, restart, report]
        default: lossless
  frr:
    description: Options of the back end V(frr). The guide docs/frr.md says more.
    type: dict
    default: {}
    suboptions:
      prefix:
        description:
          - What the names of our prefix-lists and route-maps begin with. Changing it later orphans those of the old
            name.
        type: str
        default: SIP-
      tag:
        description: The tag that marks our static routes. Changing it later orphans those with the old tag.
        type: int
        default: 1330133
      conf:
        description: FRR's configuration file.
        type: path
        default: /etc/frr/frr.conf
      persist:
        description: Whether to write O(frr.conf). V(false) changes only the running FRR.
        type: bool
        default: true
      backup:
        description: Whether to keep a copy of O(frr.conf) beside it at each change.
        type: bool
        default: true
      service:
        description: The name of FRR's systemd service.
        type: str
        default: frr
      vtysh:
        description: The command C(vtysh), as a name or an absolute path.
        type: str
        default: vtysh
      repair:
        description:
          - What may be done about routes without their source, each value allowing what those before it allow.
          - V(none) only reports.
          - V(safe) does what loses no packet and no session.
          - V(routes) takes the affected static and BGP routes out for up to two seconds, or their source for six.
          - V(sessions) also clears BGP sessions and OSPF processes.
        type: str
        choices: [none, safe, routes, sessions]
        default: safe
      edit_kernel:
        description:
          - Whether O(frr.repair=safe) may set the source of a route in the kernel itself. FRR 10.2 to 10.6 does not
            give a changed source to a route that is installed.
        type: bool
        default: true
      delay:
        description:
          - Seconds to wait after a change before the kernel is asked. FRR applies a changed map after about five.
        type: float
        default: 6
      timeout:
        description: For how many seconds more to wait until all routes are right.
        type: float
        default: 15
      boot:
        description:
          - Whether to install three services, which bring addresses before FRR starts, judge and repair after it has
            started, and give back what FRR or the kernel drops while it runs. Needs systemd.
        type: bool
        default: true
      boot_wait:
        description: For how many seconds FRR's start may wait for addresses. It starts without them after that.
        type: int
        default: 30
      boot_watch:
        description: For how many seconds after its start FRR's routes are watched and repaired.
        type: int
        default: 60
  lock_timeout:
    description: For how many seconds to wait while another run is at work on the host.
    type: float
    default: 60
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.write_module
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
possible:
  description:
    - Repairs that were not made, because the options do not allow them or in check mode, each with what it loses.
    - At most 100 entries.
  returned: always, unless the intent was refused
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._backends._bird.options import OPTIONS as BIRD
from ..module_utils._backends._frr.options import OPTIONS as FRR
from ..module_utils._backends._kernel.options import OPTIONS as KERNEL
from ..module_utils._backends.task import run_intent
from ..module_utils._change.boundary import NETNS, answer
from ..module_utils._intent.options import INTENT


def main() -> None:
    """Ansible's door."""
    module = AnsibleModule(
        argument_spec={
            "backend": {"type": "str", "choices": ["bird", "frr", "kernel"], "required": True},
            "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
            "bird": {"type": "dict", "default": {}, "options": BIRD},
            "frr": {"type": "dict", "default": {}, "options": FRR},
            "kernel": {"type": "dict", "default": {}, "options": KERNEL},
            "lock_timeout": {"type": "float", "default": 60},
            **INTENT,
            **NETNS,
        },
        supports_check_mode=True,
    )
    answer(module, lambda: run_intent(module))


if __name__ == "__main__":
    main()
