#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intent_info
short_description: Compare what a host really does with its source IP intent
version_added: 0.2.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Asks the kernel, a real socket and the wire for the source towards each destination of an intent, and tells where
    they differ from it.
  - For each route of the intent, one address inside its destination is asked for. For policies, one inside each route
    that the host has now and that the policy is for.
  - Routes of another table, which only policy rules lead to, are compared with the table alone.
  - The intent is checked on the controller, before any connection is made.
  - What the task does not say of a back end, the variables of its role say, such as C(bird_config) or C(kernel_record).
  - With O(audit) the back end is read as well, and asked what it would change; and the connections that are open now
    are compared with the intent.
options:
  audit:
    description:
      - Whether to look for all that is wrong, in one task. RV(findings) then also tells of drift of configuration,
        kernel and record (V(drift)), of an intent that nobody has applied (V(not_applied)), of pieces of ours that no
        intent names (V(orphan)), of sources that the host has lost (V(stale)), of a source borrowed from a bridge of
        containers (V(borrowed)), of a second route to a destination that wins (V(twofold)), of what the back end would
        refuse (V(refused)), of a daemon that does not answer (V(silent)), and of what the keeper cannot keep or that it
        does not run (V(unkept)).
      - RV(notes) then has what stands in the way of the intent on the host, as M(l3host.source_ip.intent) warns of it.
      - Nothing is changed. A host without an intent is no error, and RV(notes) says so.
      - Needs root, as the back end does. The options of the back end are those of M(l3host.source_ip.intent).
    type: bool
    default: false
  backend:
    description:
      - What carries the intent. Policies for FRR or BIRD are for the routes these install, policies for the kernel for
        all routes but our own.
      - The kernel does not tell by which protocol BIRD learned a route. Where that makes a difference to the policies,
        any of their sources is accepted.
      - V(auto) finds it on the host, as O(l3host.source_ip.intent#module:backend) does.
    type: str
    choices: [auto, bird, frr, ifupdown, kernel, netplan, networkd, networkmanager]
    default: kernel
  wire:
    description:
      - To see the wire, one UDP datagram of 39 bytes is sent to port 9 (discard) of each address, and captured on its
        way out.
      - V(reachable) compares the packet, where one was seen. None is seen where the next hop does not answer ARP or
        neighbour discovery.
      - V(always) counts it as a difference where none was seen, and V(never) sends none.
    type: str
    choices: [always, never, reachable]
    default: reachable
  missing:
    description: Whether a policy for which the host has no route counts as a difference.
    type: str
    choices: [fail, ignore]
    default: ignore
  limit:
    description: How many addresses to ask for at most. The routes of the intent come first.
    type: int
    default: 200
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.info_module
  - l3host.source_ip._backends
  - l3host.source_ip._intent
  - l3host.source_ip._netns
seealso:
  - module: l3host.source_ip.intent
  - module: l3host.source_ip.source_info
  - module: l3host.source_ip.probe
"""

EXAMPLES = r"""
- name: Does the host do what its variables source_ip_* say?
  l3host.source_ip.intent_info:
  register: proof

- name: Show where it does not
  ansible.builtin.debug:
    msg: "{{ proof.findings }}"

- name: All that is wrong on the host, without sending a packet
  l3host.source_ip.intent_info:
    audit: true
    wire: never
"""

RETURN = r"""
backend:
  description: What carries the intent.
  returned: success
  type: str
  sample: kernel
backend_why:
  description: Why it is that one, with O(backend=auto) what was found on the host.
  returned: success
  type: str
  sample: the task names it
checked:
  description: How many destinations were asked for.
  returned: success
  type: int
  sample: 3
omitted:
  description: How many more were left out by O(limit).
  returned: success
  type: int
  sample: 0
answers:
  description: What was said of each destination.
  returned: success
  type: list
  elements: dict
  contains:
    destination:
      description: The address that was asked for, or the prefix where none was.
      type: str
      sample: 198.51.100.34
    prefix:
      description: The destination of the intent or of the route that the address stands for.
      type: str
      sample: 198.51.100.0/24
    vrf:
      description: The VRF of the question, null for the default one.
      type: str
    expected:
      description: The source of the intent, or those it allows, joined by C(or).
      type: str
      sample: 192.0.2.2
    kernel:
      description: The source by the kernel's look-up.
      type: str
      sample: 192.0.2.2
    device:
      description: The device that packets leave by.
      type: str
      sample: eth0
    gateway:
      description: The gateway.
      type: str
      sample: 10.0.0.254
    table:
      description: The number of the table that answered.
      type: int
      sample: 254
    reason:
      description: Why it is this source, as a word of RV(l3host.source_ip.source_info#module:sources[].reason).
      type: str
      sample: prefsrc
    explanation:
      description: The same as a sentence.
      type: str
      sample: "198.51.100.0/24 via 10.0.0.254 dev eth0: the route carries src 192.0.2.2."
    owner:
      description: V(ours), or the protocol of the route that answered.
      type: str
      sample: ours
    route:
      description: That route in a line, as C(ip route) prints it.
      type: str
    socket:
      description: What a real socket got, or its error.
      type: str
      sample: 192.0.2.2
    wire:
      description: The source of the packet, V(not seen), or null where none was sent.
      type: str
      sample: not seen
    good:
      description: Whether all of it is as the intent says.
      type: bool
      sample: true
findings:
  description: Where the host differs from the intent, in the form of RV(l3host.source_ip.intent#module:findings).
  returned: success
  type: list
  elements: dict
findings_count:
  description: How many findings there are.
  returned: success
  type: int
  sample: 0
table:
  description: The answers that are not as the intent says, as aligned text; empty where there are none.
  returned: success
  type: str
asked:
  description: When the host was asked, by its own clock.
  returned: success
  type: str
  sample: "2026-11-25T08:00:00Z"
kernel:
  description: The release of its kernel.
  returned: success
  type: str
  sample: 6.12.0
connections:
  description:
    - The open connections that the intent is about, null without O(audit). Those that a client has made to a port of
      this host are not judged.
  returned: success
  type: dict
  sample:
    checked: 12
    incoming: 3
    omitted: 0
    differing:
      - protocol: tcp
        source: 10.0.0.1
        sport: 40422
        destination: 198.51.100.34
        dport: 443
        device: null
        vrf: null
        expected: 192.0.2.2
        process: curl
        unit: backup.service
keeper:
  description:
    - What the keeper says of itself (O(kernel.keep)); null without O(audit), and where none has run since the boot.
  returned: success
  type: dict
  contains:
    state:
      description: V(holds), V(waits) for RV(keeper.waiting), V(trouble) where it cannot judge, or V(ended).
      type: str
      sample: holds
    runs:
      description: Whether its process is there.
      type: bool
      sample: true
    pid:
      description: Its process id.
      type: int
      sample: 412
    since:
      description: When it started.
      type: str
      sample: "2026-11-25T08:00:00Z"
    backend:
      description: The back end of the intent that it keeps.
      type: str
      sample: kernel
    checked:
      description: How many entries it has judged at its last look.
      type: int
      sample: 3
    repairs:
      description: How many repairs it has made since it started.
      type: int
      sample: 2
    last:
      description: The last of them, the latest first, with C(time), C(what), C(before) and C(after). At most 20.
      type: list
      elements: dict
    waiting:
      description: What cannot be as the intent says now, with C(what) and C(why). At most 20.
      type: list
      elements: dict
    waiting_count:
      description: How many entries wait.
      type: int
      sample: 0
    error:
      description: Why its last look failed.
      type: str
    document_error:
      description: Why it cannot read the intent on the host; it then keeps the one that it read before.
      type: str
    version:
      description: The version of this form.
      type: int
      sample: 1
notes:
  description:
    - What there is to say of the host and is no difference.
    - With O(audit) also what M(l3host.source_ip.intent) would warn of, such as replies that C(rp_filter) drops and
      rules of NAT that replace the source.
  returned: success
  type: list
  elements: str
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._backends.choose import CHOICES, OPTIONS
from ..module_utils._change.boundary import NETNS, run
from ..module_utils._intent.options import INTENT, WIRE

if t.TYPE_CHECKING:
    from ..module_utils._netlink.kernel import Kernel


def main() -> None:
    """Ansible's door."""
    module = AnsibleModule(
        argument_spec={
            "backend": {"type": "str", "choices": CHOICES, "default": "kernel"},
            "wire": WIRE,
            "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "ignore"},
            "limit": {"type": "int", "default": 200},
            "audit": {"type": "bool", "default": False},
            **{name: {"type": "dict", "default": {}, "options": options} for name, options in OPTIONS.items()},
            **INTENT,
            **NETNS,
        },
        supports_check_mode=True,
    )
    run(module, _prove)


def _prove(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    from ..module_utils._backends.info import prove_intent  # here its many modules are compiled once, as `run` has it

    return prove_intent(module, kernel)


if __name__ == "__main__":
    main()
